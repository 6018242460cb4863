"""Reports of crashes: what is in them and what never is."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loki_tui.terminal.crash import describe_crash, format_crash, format_text_crash, write_report
from tests.support.environment import build_environ
from tests.support.fresh_process import run_python
from tests.tui.terminal.tiny_app import build_secret, fail

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def catch() -> Exception:
    try:
        try:
            fail()
        except RuntimeError as error:
            error.add_note(f"a note with {build_secret()}")
            raise ValueError(f"{build_secret()!r}\x1b[2J over\rthere") from error
    except ValueError as error:
        return error
    raise AssertionError


def test_a_report_has_the_frames_but_no_values_secrets_or_control_characters() -> None:
    """Threat: secret in tracebacks."""
    error = catch()
    text = format_crash(error, now=NOW, environ={"TERM": "xterm"})
    assert "in fail" in text
    assert "2026-11-24 12:00:00Z" in text
    assert build_secret()[:24] not in text
    assert text.count("loki_***") == 3
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", ["LOKI_TOKEN", "LOKI_OIDC_CLIENT_SECRET"])
def test_secrets_of_the_environment_are_masked_whatever_their_form(name: str) -> None:
    text = format_text_crash("refused: s3cr3t-Value!", now=NOW, environ={name: "s3cr3t-Value!"})
    assert "s3cr3t" not in text
    assert "refused: ***" in text


def test_the_paragraph_names_the_kind_of_error_and_never_its_text() -> None:
    words = describe_crash(catch(), Path("/tmp/report.txt"))
    assert "(ValueError)" in words
    assert "/tmp/report.txt" in words
    assert "over" not in words
    assert words.isprintable()


def test_a_report_is_private_whatever_the_umask_and_follows_no_link(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = write_report("text", tmp_path / "log", now=NOW)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o7777 == 0o600
    target = tmp_path / "target"
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(FileExistsError):
        write_report("text", tmp_path / "log", now=NOW)
    assert not target.exists()


def test_an_error_that_cannot_even_be_put_into_words_still_ends_in_a_paragraph(tmp_path: Path) -> None:
    code = """
        import sys
        from loki_tui.terminal.crash import report_crash

        class Unspeakable(Exception):
            def __str__(self):
                raise MemoryError

        sys.meta_path.clear()  # from here on nothing can be imported, as when no file can be opened
        sys.path_importer_cache.clear()
        print(report_crash(Unspeakable()))
    """
    done = run_python(code, env=build_environ(tmp_path / "home"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("loki-tui stopped on an unexpected error (Unspeakable).")
    assert "No report could be written" in done.stdout
