"""What others wrote into the log, or brought us to write: it does nothing to whoever reads it, and tells no secret."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

import loki_core
from loki_core.audit.chain import GENESIS, seal_entry
from loki_core.audit.events import AuditEntry
from loki_core.frozen import replace
from tests.core.cli.audit_stage import CREATED, FAILED, get_log, make_foreign_line, make_lines, write_log
from tests.core.cli.program import Program
from tests.support.fixtures import StartPty

READING = [
    "audit tail",
    "audit tail --json",
    "audit search",
    "audit search --json",
    "audit search --text x",
    "audit summary --days 3650",
    "audit summary --days 3650 --json",
    "audit export --output -",
    "audit export --output - --format csv",
    "audit export --output - --format cef",
    "audit verify",
    "audit verify --json",
]
EVIL = "x\x1b[2J\x1b]52;c;AAAA\x07\u202ecod\r\nPASS\x9b31m[red]boo[/red]\u2028\U000e0041\x00"


def _make_hostile_lines() -> Iterator[bytes]:
    """Yield lines with hostile text in every field: of ours, and of a writer that escapes nothing."""
    hostile = replace(
        FAILED,
        event=EVIL,
        user_id=EVIL,
        resource_id=EVIL,
        token_id=EVIL,
        ip_address=EVIL,
        user_agent=EVIL,
        error=EVIL,
        details={"name": EVIL, EVIL: [EVIL]},
    )
    yield from make_lines([hostile, replace(CREATED, details={"name": "[bold]markup[/bold] \u202e"})])
    fields = dict.fromkeys(("event", "user_id", "user_agent", "ip_address", "error", EVIL), EVIL)
    yield make_foreign_line(**fields, success=False)
    text = json.dumps({"timestamp": "2026-03-01T12:31:00+00:00", "user_id": "\x9b2J\x7f\u202e"}, ensure_ascii=False)
    yield text.encode() + b"\n"
    yield b'{\r"timestamp":\t"2026-03-01T12:32:00+00:00"}\n'


@pytest.mark.parametrize("command", READING)
def test_terminal_injection_nothing_in_the_log_moves_a_cursor_or_turns_the_text(loki: Program, command: str) -> None:
    write_log(loki, "audit-2026-03-01.jsonl", b"".join(_make_hostile_lines()))
    answer = loki(command)
    assert answer.status == 0 or "verify" in command, answer
    assert answer.err == ""
    lines = answer.out.replace("\r\n", "\n").split("\n")
    assert all(line.isprintable() for line in lines), command
    assert "\u202e" not in answer.out


def test_terminal_injection_a_terminal_gets_no_escape_sequence_but_colours(loki: Program, start_pty: StartPty) -> None:
    write_log(loki, "audit-2026-03-01.jsonl", b"".join(_make_hostile_lines()))
    for command in ("tail", "search", "summary --days 3650"):
        terminal = start_pty([*loki.argv, "enterprise", "audit", *command.split()], columns=160)
        assert terminal.wait() == 0
        for sequence in (b"\x1b[2J", b"\x1b]52", b"\x9b", b"\x07", "\u202e".encode()):
            assert sequence not in terminal.raw, command
        if "summary" not in command:
            assert "[bold]markup[/bold]" in terminal.text


def test_log_line_injection_no_text_makes_a_line_of_its_own(loki: Program) -> None:
    """Log forging (CWE-117): a line break in a name or a user agent."""
    forged = make_foreign_line(user_id="os:root")[:-1].decode()
    environ = {name: value for name, value in loki.environ.items() if name in ("HOME", "PATH")}
    with loki_core.open(environ=environ) as opened:
        agent = f"curl\n{forged}\n"
        with pytest.raises(loki_core.AuthenticationError):
            opened.authenticate("nonsense", address=f"10.0.0.9\n{forged}", agent=agent)
        opened.acting_as(opened.actor, agent=agent).tokens.generate("ci-bot", note="")
    (file,) = get_log(loki).glob("audit-*.jsonl")
    lines = file.read_bytes().splitlines()
    assert len(lines) == 2
    assert all(json.loads(line)["user_id"] != "os:root" or json.loads(line)["action"] == "create" for line in lines)
    assert len(loki.do("audit tail --json").out.splitlines()) == 2
    assert len(loki.do("audit export --output - --format cef").out.splitlines()) == 2
    assert len(list(csv.reader(io.StringIO(loki.do("audit export --output - --format csv").out)))) == 3


# -- secrets

SECRET = "loki_" + "CANARYcanary0" * 3 + "CANARYcan0"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARYcanary0-_"
CLIENT_SECRET = "CANARYcanary/of a 'client' \"secret\""
HEADER = "Authorization: Basic Q0FOQVJZOmNhbmFyeTA="
CANARIES = {
    "secret": SECRET,
    "jwt": JWT,
    "client secret": CLIENT_SECRET,
    "header": HEADER,
    "bearer": "Bearer " + "C4" * 9,
}
TRACES = ("CANARYcanary", "Q0FOQVJZ", "DQU5BUlk", "C4" * 9)


def _hide(text: str) -> dict[str, Any]:
    """Return the fields of an entry with a text in each of them."""
    return {
        **dict.fromkeys(("user_id", "resource_id", "token_id", "ip_address", "user_agent", "error"), f"x {text} y"),
        "details": {"name": text, "nested": [{"note": f"({text})"}], f"key {text}": 1},
    }


@pytest.mark.parametrize("canary", CANARIES)
def test_no_output_holds_a_secret_that_another_program_wrote_into_the_log(loki: Program, canary: str) -> None:
    text = CANARIES[canary]
    whole = {"timestamp": "2026-03-01T12:00:00+00:00", "event": f"auth {text}", "success": False, **_hide(text)}
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in text)
    lines = [
        json.dumps(whole),
        json.dumps(whole, ensure_ascii=False, separators=(",", ":")),
        json.dumps({**whole, **_hide("@@")}).replace("@@", escaped).replace(f"auth {text}", "auth"),
    ]
    write_log(loki, "audit-2026-03-01.jsonl", "".join(f"{line}\n" for line in lines).encode())
    for command in READING:
        answer = loki(command, env={"LOKI_OIDC_CLIENT_SECRET": CLIENT_SECRET})
        assert answer.status == 0 or "verify" in command, answer
        assert not any(trace in answer.out for trace in TRACES), command
        if command in ("audit tail --json", "audit search --json", "audit export --output -"):
            _check_values(answer.out)
    shown = loki(f"audit search --event {shlex.quote('CANARYcanary0')}")
    assert shown.status == 2


def _check_values(out: str) -> None:
    """See that no JSON string in an answer spells a secret out in escapes."""
    for line in out.splitlines():
        found = json.loads(line.rstrip(",")) if line.startswith("{") else {}
        assert not any(trace in json.dumps(found, ensure_ascii=False).replace("\\", "") for trace in TRACES), line


@pytest.mark.parametrize("canary", CANARIES)
def test_the_library_writes_no_secret_into_the_log_wherever_it_is_given(loki: Program, canary: str) -> None:
    text = CANARIES[canary]
    environ = {name: value for name, value in loki.environ.items() if name in ("HOME", "PATH")}
    environ["LOKI_OIDC_CLIENT_SECRET"] = CLIENT_SECRET
    with loki_core.open(environ=environ) as opened:
        opened.tokens.generate("ci-bot")
        acting = opened.acting_as(opened.actor, address=text, agent=text)
        try:
            acting.tokens.generate(f"bot {text}", note=f"note {text}")
        except loki_core.InvalidInput:
            acting.tokens.generate("bot")
        for credential in (text, SECRET, JWT):
            with pytest.raises(loki_core.AuthenticationError):
                opened.authenticate(credential, address=text, agent=text)
        opened._parts.sink.record(AuditEntry(timestamp=opened.clock(), event="auth.fail", **_hide(text)))
    for file in get_log(loki).iterdir():
        content = file.read_bytes()
        assert not any(trace.encode() in content for trace in TRACES), content
    assert len(loki.do("audit tail --json").out.splitlines()) >= 4


def test_a_secret_that_is_masked_in_a_line_leaves_the_others_as_they_are_stored(loki: Program) -> None:
    clean, _ = seal_entry(CREATED, GENESIS, 1)
    write_log(loki, "audit-2026-03-01.jsonl", clean + b"\n" + make_foreign_line(user_agent=SECRET))
    first, second = loki.do("audit tail --json").out.splitlines()
    assert first.encode() == clean
    assert json.loads(second) == {**json.loads(make_foreign_line()), "user_agent": "loki_***"}
