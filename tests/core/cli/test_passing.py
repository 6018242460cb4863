"""Two programs called `loki` on PATH: ours handles `enterprise`, and everything else goes to Loki Mode's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.core.cli.program import SCRIPT, Program


@pytest.fixture
def other(loki: Program, tmp_path: Path) -> Path:
    """Another `loki`, later on PATH, that says how it was called."""
    script = tmp_path / "other" / "loki"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nprintf "other:"\nprintf " <%s>" "$@"\nprintf "\\n"\nulimit -H -c\nexit 7\n')
    script.chmod(0o755)
    loki.environ["PATH"] += f"{os.pathsep}{script.parent}"
    return script


@pytest.mark.parametrize(
    "words",
    [["start", "./prd.md"], ["stop"], ["--version"], ["start", "a b", "--", "-x", "", "--json"], ["enterprises"]],
)
def test_other_subcommands_are_passed_on_unchanged(loki: Program, other: Path, words: list[str]) -> None:
    answer = loki.run(*words)
    assert answer.status == 7
    assert answer.out.splitlines()[0] == "other:" + "".join(f" <{word}>" for word in words)


def test_enterprise_is_ours(loki: Program, other: Path) -> None:
    assert loki.do("token list --json").out == "[]\n"
    assert loki("session").err == "loki: unknown command session: see loki enterprise --help\n"


def test_the_limits_that_protect_secrets_are_not_passed_on(loki: Program, other: Path) -> None:
    ours = subprocess.run(["sh", "-c", "ulimit -H -c"], capture_output=True, text=True, check=True, timeout=60)
    assert loki.run("start").out.splitlines()[1] == ours.stdout.strip()


def test_without_another_loki_an_unknown_subcommand_is_an_error(loki: Program) -> None:
    answer = loki.run("pause", "./prd.md")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err == "loki: unknown command pause: see loki --help\n"
    assert loki.run("--version").out.startswith("loki ")
    assert loki.run("--help").out.startswith("usage: loki COMMAND")
    assert loki.run().status == 2


def test_we_are_not_another_loki_by_a_link_a_copy_or_a_second_installation(loki: Program, tmp_path: Path) -> None:
    for name, text in {"copy": SCRIPT, "second": f"#!/usr/bin/env python3\n{SCRIPT}"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "loki").write_text(text)
        (tmp_path / name / "loki").chmod(0o755)
        loki.environ["PATH"] += f"{os.pathsep}{tmp_path / name}"
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "loki").symlink_to(loki.script)
    loki.environ["PATH"] += f"{os.pathsep}{tmp_path / 'link'}"
    assert loki.run("pause").err == "loki: unknown command pause: see loki --help\n"


def test_a_wrapper_around_us_does_not_pass_in_circles(loki: Program, tmp_path: Path) -> None:
    wrapper = tmp_path / "wrapper" / "loki"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(loki.argv)} "$@"\n')
    wrapper.chmod(0o755)
    loki.environ["PATH"] += f"{os.pathsep}{wrapper.parent}"
    answer = loki.run("pause")
    assert (answer.status, answer.err) == (2, "loki: unknown command pause: see loki --help\n")


def test_loki_core_never_passes_anything_on(loki: Program, other: Path) -> None:
    script = loki.script.parent / "loki-core"
    script.write_text(SCRIPT)
    loki.argv = [loki.argv[0], str(script)]
    assert loki.run("pause").err == "loki-core: unknown command pause: see loki-core --help\n"


def test_a_directory_or_a_file_without_its_bit_is_no_program(loki: Program, tmp_path: Path) -> None:
    (tmp_path / "directory" / "loki").mkdir(parents=True)
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "loki").write_text("text")
    loki.environ["PATH"] += f"{os.pathsep}{tmp_path / 'directory'}{os.pathsep}{tmp_path / 'file'}"
    assert loki.run("pause").status == 2


def test_the_installed_entry_points_are_the_same_program(loki: Program) -> None:
    scripts = Path(loki.argv[0]).parent
    for name in ("loki", "loki-core"):
        if not (scripts / name).exists():
            pytest.skip("not installed: pip install -e .")
        done = subprocess.run(
            [scripts / name, "enterprise", "token", "list", "--json"],
            env=loki.environ,
            capture_output=True,
            check=True,
            timeout=60,
        )
        assert done.stdout == b"[]\n"
