"""Notes of uses: never in the way, never too many, and written before a short script ends."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.core.faults.family import ask_child, find_refusal, open_home, run_alone
from tests.core.faults.mounts import begin_private_mounts, fill, mount_tmpfs, remount, require_mounts
from tests.support.fresh_process import run_python

USAGE = ".loki/dashboard/usage.jsonl"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _generate(home: str, name: str = "one") -> str:
    with open_home(home) as loki:
        return loki.tokens.generate(name).secret.reveal()


def _verify_thrice(home: str, secret: str) -> list[str]:
    with open_home(home) as loki:
        return [find_refusal(lambda: loki.authenticate(secret)) for _ in range(3)]


def spoil_the_notes(home: str, kind: str) -> list[str]:
    """Verify where no use can be noted."""
    begin = {"full": 1024, "read-only": 1024}.get(kind)
    if begin:
        begin_private_mounts()
        mount_tmpfs(Path(home), begin)
    secret = ask_child(lambda: _generate(home))
    file = Path(home, USAGE)
    if kind == "full":
        fill(Path(home))
    elif kind == "read-only":
        remount(Path(home), "ro")
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "directory":
        file.mkdir()
    elif kind == "symlink":
        file.symlink_to("/dev/full")
    refused: list[str] = ask_child(lambda: _verify_thrice(home, secret))
    return refused


@pytest.mark.parametrize("kind", ["full", "read-only", "pipe", "directory", "symlink"])
def test_verification_goes_on_where_no_use_can_be_noted(kind: str, child_environ: dict[str, str]) -> None:
    if kind in {"full", "read-only"}:
        require_mounts()
    assert run_alone(spoil_the_notes, child_environ["HOME"], kind, environ=child_environ) == ["", "", ""]


def test_a_script_that_ends_at_once_has_noted_the_use(child_environ: dict[str, str]) -> None:
    code = """
        import pathlib, sys, loki_core
        loki = loki_core.open()
        issued = loki.tokens.generate("short")
        loki.authenticate(issued.secret.reveal(), address="192.0.2.7")
        if sys.argv[1] == "raise":
            raise SystemExit(3)
    """
    notes = []
    for ending in ("return", "raise"):
        home = Path(child_environ["HOME"], ending)
        home.mkdir()
        done = run_python(code, ending, env={**child_environ, "HOME": str(home)})
        assert (done.returncode, done.stderr) == (0 if ending == "return" else 3, "")
        notes.append("192.0.2.7" in (home / USAGE).read_text())
    assert notes == [True, True]


def note_in_a_minute(home: str) -> list[int]:
    """Verify many times within minutes of an injected clock and count the notes."""

    def verify() -> list[int]:
        now, counts = NOON, []
        with open_home(home, clock=lambda: now) as loki:
            secrets = [loki.tokens.generate(name).secret.reveal() for name in ("one", "two")]
            for seconds in (0, 59, 60, 119, 120):
                now = NOON + timedelta(seconds=seconds)
                for _ in range(500):
                    for secret in secrets:
                        for address in ("192.0.2.1", "192.0.2.2"):
                            loki.authenticate(secret, address=address)
                loki._parts.journal.close()
                counts.append(len(Path(home, USAGE).read_text().splitlines()))
        return counts

    counts: list[int] = ask_child(verify)
    return counts


def test_a_use_is_noted_at_most_once_a_minute_for_each_token_and_address(child_environ: dict[str, str]) -> None:
    counts: Any = run_alone(note_in_a_minute, child_environ["HOME"], environ=child_environ)
    assert counts == [4, 4, 8, 8, 12]
