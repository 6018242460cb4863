"""A secret is in the answer that makes it, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.cli.program import DEADLINE, Program
from tests.support.fresh_process import run_python

LINES = [
    "status",
    "roles",
    "doctor",
    "whoami",
    "config path",
    "config show --origin",
    "config validate",
    "policy check max_expiration_days=1",
    "token list --all",
    "token show ci-bot",
    "token verify",
    "token explain write",
    "token generate ci-bot",
    "token generate x --scopes reed",
    "token rotate nobody",
    "token revoke ci-bot --dry-run",
    "token delete ci-bot --yes",
]


def test_no_other_answer_holds_the_canary(loki: Program) -> None:
    secret = loki.do("token generate ci-bot --scopes write").secret
    env = {"LOKI_TOKEN": secret}
    for line in LINES:
        for form in (line, f"{line} --json"):
            answer = loki(form, env=env)
            assert secret[5:25] not in answer.out + answer.err, form
            assert answer.err.count("\n") <= 1, form


def test_a_crash_says_one_line_without_values_and_exits_with_70(loki: Program) -> None:
    """A secret in a traceback: neither the message of the error nor any local variable is shown."""
    secret = "loki_" + "c" * 49
    code = f"""
        import sys
        from loki_core.cli import status
        from loki_core.cli.main import main

        def crash(options):
            canary = {secret!r}
            raise ValueError(f"about {{canary}} and \\x1b[2J")

        status.run = crash
        sys.exit(main(["enterprise", "status", *sys.argv[1:]]))
    """
    env = loki.environ
    plain = run_python(code, env=env)
    assert (plain.returncode, plain.stdout) == (70, "")
    assert plain.stderr == (
        "loki: unexpected error (ValueError): what was confirmed before is stored: set LOKI_DEBUG=1 to see where\n"
    )
    as_json = run_python(code, "--json", env=env)
    assert (as_json.returncode, as_json.stderr) == (70, "")
    assert '"code": "internal_error"' in as_json.stdout
    debug = run_python(code, env={**env, "LOKI_DEBUG": "1", "LOKI_TOKEN": secret})
    assert debug.returncode == 70
    assert "Traceback" in debug.stderr
    assert "ValueError: about ***" in debug.stderr
    assert "c" * 20 not in debug.stderr
    assert "\x1b" not in debug.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_list_and_the_environment_show_no_secret(loki: Program) -> None:
    """Process list and core dumps: while a secret is verified, other processes of its user cannot read it."""
    secret = loki.do("token generate ci-bot").secret
    process = loki.start("enterprise", "token", "verify", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(secret[:30].encode())
    process.stdin.flush()
    while process.poll() is None and not _is_reading_stdin(process.pid):
        os.sched_yield()
    assert b"loki_" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    # Not dumpable: the files below /proc/PID belong to root, whoever runs it.
    assert Path(f"/proc/{process.pid}/environ").stat().st_uid == 0
    out, _ = process.communicate(secret[30:].encode(), timeout=DEADLINE)
    assert out.startswith(b"Valid: ci-bot ")


def _is_reading_stdin(pid: int) -> bool:
    limits = Path(f"/proc/{pid}/limits").read_text()
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "S" and "Max core file size        0                    0" in limits


def test_a_long_random_text_where_a_name_belongs_is_not_repeated(loki: Program) -> None:
    half = "QDudAUhwvlJWzdmsDCeP5fZRVCrB4dxqoqcj"
    for line in (f"token show {half}", f"token generate x --scopes {half}", f"token generate x --sink {half}"):
        answer = loki(line)
        assert answer.status in (1, 2)
        assert half[:20] not in answer.err
        assert answer.err.count("\n") == 1
