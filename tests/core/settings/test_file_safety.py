from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loki_core.settings import load_settings
from loki_core.settings.trust import trust_project
from tests.core.settings.conftest import World, run_as_nobody, write

SETTING = "server: {port: 81}"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
NOBODY = pwd.getpwnam("nobody")


def test_a_world_writable_config_is_refused_with_the_command_that_mends_it(world: World) -> None:
    os.chmod(world.write_home(SETTING), 0o602)
    error = world.fail()
    assert error.message == "~/.loki/config.yaml: others can write it"
    assert error.remedy == f"chmod go-w {world.home_file}"
    os.chmod(world.home_file, 0o600)
    assert world.load().server.port == 81


def test_a_world_writable_project_config_is_refused_even_when_it_is_trusted(world: World) -> None:
    world.write_project(SETTING)
    trust_project({}, world.project, user_home=world.user_home)
    os.chmod(world.project_file, 0o666)
    assert "others can write it" in world.fail().message


def test_a_world_writable_file_named_by_loki_config_is_refused(world: World, tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", SETTING, mode=0o606)
    assert "others can write it" in world.fail(LOKI_CONFIG=str(tmp_path / "x.yaml")).message


@AS_ROOT
def test_a_group_writable_config_is_refused_unless_the_group_is_the_owners_primary_one(world: World) -> None:
    os.chmod(world.write_home(SETTING), 0o660)
    assert world.load().server.port == 81
    os.chown(world.home_file, -1, NOBODY.pw_gid)
    assert "others can write it" in world.fail().message


@AS_ROOT
def test_a_project_config_of_someone_else_is_refused(world: World) -> None:
    os.chown(world.write_project(SETTING), NOBODY.pw_uid, NOBODY.pw_gid)
    error = world.fail()
    assert "./.loki/config.yaml: belongs to nobody, not to you" in error.message
    assert error.remedy == f"if you trust what it says: chown root {world.project_file}"


@AS_ROOT
def test_a_home_config_of_someone_else_is_refused(world: World) -> None:
    os.chown(world.write_home(SETTING), NOBODY.pw_uid, -1)
    assert "belongs to nobody" in world.fail().message


@AS_ROOT
def test_root_takes_the_home_config_of_the_stores_owner_but_not_their_project(world: World) -> None:
    os.chown(world.write_home(SETTING), NOBODY.pw_uid, NOBODY.pw_gid)
    os.chown(world.home_file.parent, NOBODY.pw_uid, NOBODY.pw_gid)
    assert world.load().server.port == 81
    os.chown(world.write_project(SETTING), NOBODY.pw_uid, NOBODY.pw_gid)
    assert "./.loki/config.yaml: belongs to nobody" in world.fail().message


@AS_ROOT
def test_a_config_of_roots_is_taken_by_everyone_but_a_third_persons_is_not(world: World, tmp_path: Path) -> None:
    named = write(tmp_path / "x.yaml", SETTING, mode=0o644)

    def load() -> str:
        return str(load_settings({"LOKI_CONFIG": str(named)}, Path("/"), user_home=world.user_home).server.port)

    assert run_as_nobody(load, tmp_path) == "81"
    os.chown(named, 12345, -1)
    assert "belongs to 12345, not to you" in run_as_nobody(load, tmp_path)


def test_a_symlinked_project_config_is_refused(world: World, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere.yaml", SETTING)
    world.project_file.parent.mkdir()
    world.project_file.symlink_to(tmp_path / "elsewhere.yaml")
    assert "./.loki/config.yaml: a symbolic link" in world.fail().message


def test_a_dangling_project_symlink_is_refused_too(world: World) -> None:
    world.project_file.parent.mkdir()
    world.project_file.symlink_to("nowhere")
    assert "a symbolic link" in world.fail().message


def test_a_home_config_may_be_a_symlink_because_people_keep_dotfiles_so(world: World, tmp_path: Path) -> None:
    write(tmp_path / "dotfiles" / "config.yaml", SETTING)
    world.home_file.parent.mkdir(mode=0o700)
    world.home_file.symlink_to(tmp_path / "dotfiles" / "config.yaml")
    assert world.load().server.port == 81


def test_the_target_of_a_home_symlink_is_held_to_the_same_rules(world: World, tmp_path: Path) -> None:
    write(tmp_path / "dotfiles" / "config.yaml", SETTING, mode=0o666)
    world.home_file.parent.mkdir(mode=0o700)
    world.home_file.symlink_to(tmp_path / "dotfiles" / "config.yaml")
    assert "others can write it" in world.fail().message


@AS_ROOT
def test_a_home_symlink_in_a_directory_that_others_can_write_is_refused(world: World, tmp_path: Path) -> None:
    write(tmp_path / "cloned" / "config.yaml", SETTING)
    world.home_file.parent.mkdir()
    os.chown(world.home_file.parent, NOBODY.pw_uid, -1)
    world.home_file.symlink_to(tmp_path / "cloned" / "config.yaml")
    assert "a symbolic link in a directory where others can write" in world.fail().message


def test_a_dangling_home_symlink_is_an_error_and_not_an_absent_file(world: World) -> None:
    world.home_file.parent.mkdir(mode=0o700)
    world.home_file.symlink_to("nowhere")
    assert "a symbolic link to a file that does not exist" in world.fail().message


def test_a_circle_of_symlinks_is_an_error(world: World) -> None:
    world.home_file.parent.mkdir(mode=0o700)
    world.home_file.symlink_to("config.yaml")
    assert "cannot be opened" in world.fail().message


@pytest.mark.parametrize("which", ["home_file", "project_file"])
def test_a_fifo_is_refused_without_waiting_for_its_writer(world: World, which: str) -> None:
    path: Path = getattr(world, which)
    path.parent.mkdir(mode=0o700)
    os.mkfifo(path, 0o600)
    signal.alarm(20)
    try:
        assert "not a regular file" in world.fail().message
    finally:
        signal.alarm(0)


@pytest.mark.parametrize("which", ["home_file", "project_file"])
def test_a_directory_in_place_of_the_file_is_refused(world: World, which: str) -> None:
    getattr(world, which).mkdir(parents=True, mode=0o700)
    assert "not a regular file" in world.fail().message


def test_a_device_is_refused(world: World) -> None:
    assert "not a regular file" in world.fail(LOKI_CONFIG="/dev/zero").message


def test_a_huge_file_is_refused_unread(world: World) -> None:
    world.write_home("# " + "x" * 1024 * 1024)
    assert "larger than 1048576 bytes" in world.fail().message
    os.truncate(world.home_file, 1 << 40)
    assert "larger than 1048576 bytes" in world.fail().message


def test_a_file_in_place_of_the_directory_is_an_absent_file(world: World) -> None:
    write(world.user_home / ".loki", "x")
    write(world.project / ".loki", "x")
    assert world.load().files == ()


@pytest.mark.parametrize("path", ["a\0b", "/" + "x" * 5000, "\udcff"])
def test_a_path_that_is_impossible_is_an_error_of_ours(world: World, path: str) -> None:
    assert str(world.fail(LOKI_CONFIG=path)).isprintable()


def test_the_remedy_quotes_a_path_for_the_shell(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "a b; rm -rf x.yaml", SETTING, mode=0o666)
    assert world.fail(LOKI_CONFIG=str(path)).remedy == f"chmod go-w '{path}'"


def test_a_start_with_nothing_configured_imports_neither_yaml_nor_the_table_of_keys(world: World) -> None:
    program = (
        "import sys; from pathlib import Path; from loki_core.settings import load_settings\n"
        "load_settings({'LOKI_TOKEN': 'x', 'LOKI_HOME': '/nonexistent'}, Path('/'))\n"
        "print([name for name in ('yaml', 'difflib', 'loki_core.settings.keys', 'shlex') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['difflib']")
