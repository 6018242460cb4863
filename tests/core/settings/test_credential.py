from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from loki_core.errors import ConfigurationError
from loki_core.settings.credential import find_credential, load_client_secret
from loki_core.settings.sections import OidcSettings
from tests.core.settings.conftest import run_as_nobody, write

SECRET = "loki_" + "B" * 49


def reveal(environ: dict[str, str], directory: Path | None = None) -> str | None:
    secret = find_credential(environ, directory)
    return None if secret is None else secret.reveal()


def refuse(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        find_credential(environ)
    assert "BBBB" not in str(caught.value)
    assert caught.value.remedy
    return caught.value.message


def test_without_the_variables_there_is_no_credential() -> None:
    assert find_credential({}) is None
    assert find_credential({"LOKI_TOKEN": " ", "LOKI_TOKEN_FILE": ""}) is None


@pytest.mark.parametrize("text", [SECRET, SECRET + "\n", SECRET + "\r\n"])
def test_one_line_break_at_the_end_is_taken_off(tmp_path: Path, text: str) -> None:
    assert reveal({"LOKI_TOKEN": text}) == SECRET
    assert reveal({"LOKI_TOKEN_FILE": str(write(tmp_path / "t", text))}) == SECRET


def test_what_else_stands_around_it_is_kept(tmp_path: Path) -> None:
    assert reveal({"LOKI_TOKEN_FILE": str(write(tmp_path / "t", f" {SECRET}\n\n"))}) == f" {SECRET}\n"


def test_a_relative_path_starts_from_the_directory_and_a_tilde_is_the_home(tmp_path: Path) -> None:
    write(tmp_path / "t", SECRET)
    assert reveal({"LOKI_TOKEN_FILE": "t"}, tmp_path) == SECRET
    assert reveal({"LOKI_TOKEN_FILE": "~/t", "HOME": str(tmp_path)}) == SECRET


def test_both_variables_at_once_are_refused(tmp_path: Path) -> None:
    assert "both set" in refuse({"LOKI_TOKEN": SECRET, "LOKI_TOKEN_FILE": str(write(tmp_path / "t", SECRET))})


def test_a_secret_that_was_put_into_the_file_variable_is_not_repeated() -> None:
    assert refuse({"LOKI_TOKEN_FILE": SECRET}) == "the file that LOKI_TOKEN_FILE names does not exist"


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\xfe", b"x" * 20_000])
def test_a_file_that_holds_no_credential_is_refused(tmp_path: Path, data: bytes) -> None:
    refuse({"LOKI_TOKEN_FILE": str(write(tmp_path / "t", data))})


def test_a_credential_beyond_all_length_is_refused() -> None:
    assert "too long" in refuse({"LOKI_TOKEN": "B" * 20_000})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_token_file_that_others_can_read_is_refused_unless_it_is_roots(tmp_path: Path) -> None:
    path = write(tmp_path / "t", SECRET, mode=0o444)
    nobody = pwd.getpwnam("nobody")

    def answer() -> str:
        return reveal({"LOKI_TOKEN_FILE": str(path)}, tmp_path) or ""

    assert run_as_nobody(answer, tmp_path) == SECRET  # how container platforms mount secrets
    os.chown(path, nobody.pw_uid, nobody.pw_gid)
    assert run_as_nobody(answer, tmp_path) == "the file that LOKI_TOKEN_FILE names can be read by others"
    os.chmod(path, 0o400)
    assert run_as_nobody(answer, tmp_path) == SECRET
    os.chown(path, 12345, -1)
    os.chmod(path, 0o444)
    assert "belongs to 12345" in run_as_nobody(answer, tmp_path)


def test_a_token_file_that_others_can_write_or_that_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "others can write" in refuse({"LOKI_TOKEN_FILE": str(write(tmp_path / "t", SECRET, mode=0o602))})
    assert "not a regular file" in refuse({"LOKI_TOKEN_FILE": str(tmp_path)})
    assert "is empty" in refuse({"LOKI_TOKEN_FILE": os.devnull})


def test_a_mounted_secret_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path / "data" / "t", SECRET)
    (tmp_path / "t").symlink_to(tmp_path / "data" / "t")
    assert reveal({"LOKI_TOKEN_FILE": str(tmp_path / "t")}) == SECRET


def test_the_client_secret_comes_from_its_file(tmp_path: Path) -> None:
    secret = load_client_secret(OidcSettings(client_secret_file=write(tmp_path / "s", "hunter2\n")))
    assert secret is not None
    assert secret.reveal() == "hunter2"
    assert load_client_secret(OidcSettings()) is None
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_client_secret(OidcSettings(client_secret_file=tmp_path / "absent"))
