"""A new secret reaches somebody, or its token does not live."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.core.cli.program import DEADLINE, Program


def _states(loki: Program) -> list[bool]:
    """Whether each stored token is revoked."""
    return [record["revoked"] for record in loki.records.values()]


def _start_before_a_full_pipe(loki: Program, *, blocking: bool = True) -> tuple[subprocess.Popen[bytes], int]:
    """Start a `generate` that made its token and waits for room in the pipe to say so."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writing, blocking)
    process = loki.start("enterprise", "token", "generate", "ci-bot", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    limit = time.monotonic() + DEADLINE
    while not (loki.store.exists() and loki.records) and time.monotonic() < limit:
        time.sleep(0.01)
    with open(loki.store.with_name(".tokens.lock"), "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until then the token is being stored, and a signal would undo all of it
    assert _states(loki) == [False]
    return process, reading


@pytest.mark.parametrize("json", ["", "--json"])
def test_a_full_disk_behind_standard_output_leaves_no_live_token(loki: Program, json: str) -> None:
    with open("/dev/full", "wb") as full:
        process = loki.start(
            "enterprise", "token", "generate", "ci-bot", *json.split(), stdout=full, stderr=subprocess.PIPE
        )
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 4
    said = err.decode()
    (token_id,) = loki.records
    assert f"standard output cannot be written: No space left on device: {token_id} was revoked again" in said
    assert "loki_" not in said
    assert _states(loki) == [True]
    loki.do("token generate ci-bot")  # the name is free again


def test_a_reader_that_has_gone_leaves_no_live_token(loki: Program) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = loki.start("enterprise", "token", "generate", "ci-bot", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, _states(loki)) == (4, [True])
    assert b"standard output is closed: tok-" in err


def test_a_closed_standard_output_leaves_no_live_token_and_no_secret_in_the_store(loki: Program) -> None:
    loki.argv = ["sh", "-c", 'exec "$@" >&-', "sh", *loki.argv]
    answer = loki("token generate ci-bot")
    assert answer.status == 4
    assert _states(loki) == [True]
    assert b"IMPORTANT" not in b"".join(
        path.read_bytes() for path in (loki.home / ".loki").rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_secret_was_shown_revokes_the_token(loki: Program, number: signal.Signals) -> None:
    """Orphan tokens: a connection that drops between making a token and showing it leaves none."""
    process, reading = _start_before_a_full_pipe(loki)
    process.send_signal(number)
    _, err = process.communicate(timeout=DEADLINE)
    os.close(reading)
    assert process.returncode == 128 + number
    assert _states(loki) == [True]
    assert err.decode().startswith("loki: tok-")
    assert "was revoked again, because nobody saw its secret" in err.decode()


def test_a_signal_that_is_ignored_stays_ignored(loki: Program) -> None:
    """As under nohup: the answer is waited for, and the token lives."""
    loki.argv = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *loki.argv]
    process, reading = _start_before_a_full_pipe(loki)
    process.send_signal(signal.SIGHUP)
    with open(reading, "rb") as pipe:
        written = pipe.read()
    assert process.communicate(timeout=DEADLINE)[1] == b""
    assert (process.returncode, _states(loki)) == (0, [False])
    assert b"Token generated successfully!" in written


def test_a_pipe_that_does_not_block_is_waited_for(loki: Program) -> None:
    process, reading = _start_before_a_full_pipe(loki, blocking=False)
    with open(reading, "rb") as pipe:
        written = pipe.read()
    assert process.communicate(timeout=DEADLINE)[1] == b""
    assert (process.returncode, _states(loki)) == (0, [False])
    assert b"IMPORTANT" in written


def test_results_that_cannot_be_written_are_an_error_and_a_gone_reader_is_none(loki: Program) -> None:
    loki.do("token generate ci-bot")
    with open("/dev/full", "wb") as full:
        process = loki.start("enterprise", "token", "list", stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (4, b"loki: standard output cannot be written: No space left on device\n")
    reading, writing = os.pipe()
    os.close(reading)
    process = loki.start("enterprise", "token", "list", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (process.communicate(timeout=DEADLINE)[1], process.returncode) == (b"", 141)


def test_a_secret_goes_to_a_private_file_and_is_not_shown(loki: Program) -> None:
    path = loki.directory / "ci.token"
    answer = loki.do(f"token generate ci-bot --secret-file {path}")
    secret = path.read_text().strip()
    assert f"\nToken: written to {path}\n" in answer.out
    assert "IMPORTANT" not in answer.out
    assert secret not in answer.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert loki.do("token verify -", stdin=secret).out.startswith("Valid: ci-bot ")
    as_json = loki.do("token generate other-bot --secret-file other.token --json").json
    assert as_json["secret_file"] == str(loki.directory / "other.token")
    assert "token" not in as_json


def test_a_secret_file_that_exists_is_kept_and_no_token_is_made(loki: Program) -> None:
    path = loki.directory / "ci.token"
    path.write_text("mine")
    answer = loki(f"token generate ci-bot --secret-file {path}")
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert "exists already" in answer.err
    assert path.read_text() == "mine"
    assert not loki.store.exists()


def test_a_secret_file_is_removed_when_its_token_could_not_be_stored(loki: Program) -> None:
    loki.do("token generate first")
    (loki.store.parent / "audit").rename(loki.store.parent / "kept")
    (loki.store.parent / "audit").write_text("not a directory")
    answer = loki("token generate ci-bot --secret-file ci.token")
    assert answer.status == 4
    assert list(loki.directory.iterdir()) == []
    assert len(loki.records) == 1


def _configure_sinks(loki: Program, **sinks: list[str]) -> None:
    lines = "".join(f"    {name}: {argv!r}\n" for name, argv in sinks.items())
    (loki.home / ".loki").mkdir(mode=0o700, exist_ok=True)
    (loki.home / ".loki" / "config.yaml").write_text(f"session:\n  sinks:\n{lines}")


def test_a_sink_gets_the_secret_on_its_standard_input_alone(loki: Program, tmp_path: Path) -> None:
    got = tmp_path / "got"
    _configure_sinks(loki, vault=["sh", "-c", f"cat > {got}"], broken=["sh", "-c", "cat >/dev/null; exit 3"])
    answer = loki.do("token generate ci-bot --sink vault")
    assert "\nToken: sent to the sink vault\n" in answer.out
    assert loki.do("token verify", stdin=got.read_text()).status == 0
    failed = loki("token generate other-bot --sink broken")
    assert (failed.status, failed.out) == (1, "")
    assert len(loki.records) == 1
    assert "did you mean vault?" in loki("token generate other-bot --sink valt").err


def test_rotate_gives_a_new_secret_and_the_old_one_a_grace(loki: Program) -> None:
    old = loki.do("token generate ci-bot --scopes write,read --expires 30")
    new = loki.do("token rotate ci-bot --grace 2")
    assert new.out.startswith("Token rotated successfully!\n\nName: ci-bot\nID: tok-")
    assert f"\nReplaces: {old.token_id}, which works until 2" in new.out
    assert new.out.endswith("\nIMPORTANT: Save this token - it won't be shown again!\n")
    assert "\nScopes: write, read\n" in new.out
    for secret in (old.secret, new.secret):
        assert loki.do("token verify", stdin=secret).status == 0
    again = loki("token rotate ci-bot")
    assert (again.status, again.err.count("\n")) == (1, 1)
    assert new.token_id in again.err
    revoked = loki.do("token revoke ci-bot --json").json
    assert {each["id"] for each in revoked} == {old.token_id, new.token_id}


def test_rotate_with_no_grace_ends_the_old_secret_at_once(loki: Program) -> None:
    old = loki.do("token generate ci-bot --expires never")
    rotated = loki.do("token rotate ci-bot --grace 0 --expires 2099-12-31 --json").json
    assert rotated["expires_at"] == "2099-12-31T23:59:59+00:00"
    assert rotated["replaces"]["id"] == old.token_id
    assert loki("token verify --json", stdin=old.secret).json == {"valid": False, "code": "token_expired"}
    assert loki.do("token verify --json", stdin=rotated["token"]).json["valid"] is True


def test_a_rotation_that_nobody_saw_says_how_long_the_old_secret_works(loki: Program) -> None:
    old = loki.do("token generate ci-bot")
    with open("/dev/full", "wb") as full:
        process = loki.start("enterprise", "token", "rotate", "ci-bot", stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 4
    assert f"{old.token_id} works until 2" in err.decode()
    assert loki.do("token verify", stdin=old.secret).status == 0
