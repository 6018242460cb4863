"""The Audit screen in a terminal, while other processes write, fill, rotate, remove and tamper with the log."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

from tests.support.fresh_process import run_python
from tests.tui.journeys.conftest import StartConsole, StartInTmux
from tests.tui.journeys.console import Console, wait_until_gone
from tests.tui.journeys.installation import Installation
from tests.tui.journeys.test_hostile_names import BIDI, BROKEN, MARKUP, NAMES, STRAY, TITLE

_WRITE = """
    import sys, loki_core
    from datetime import UTC, datetime
    from loki_core import AuditEntry
    with loki_core.open() as loki:
        sink = loki._parts.sink
        for batch in range(int(sys.argv[2])):
            at = datetime.now(UTC)
            sink.record_all([
                AuditEntry(timestamp=at, event=sys.argv[1], user_id="os:other", user_agent="x" * 120,
                           resource_id=f"tok-{number:012x}")
                for number in range(int(sys.argv[3]))
            ])
"""


def _write(installation: Installation, event: str, batches: int, size: int) -> None:
    """Append entries in another process: so many batches of so many."""
    done = run_python(_WRITE, event, str(batches), str(size), env=installation.environ, cwd=str(installation.home))
    assert done.returncode == 0, done.stderr


def _open_audit(console: Console) -> None:
    console.wait_for(re.compile("not revoked|No tokens yet"))
    console.press("2")
    console.wait_for(re.compile("newest first|Nothing has been logged yet|more below|reading older"))


def test_what_another_process_does_comes_by_itself_is_held_by_p_and_found_by_the_filter(
    start_in_tmux: StartInTmux, installation: Installation
) -> None:
    installation.fill(*(f"svc-{number:02}" for number in range(12)))
    console = start_in_tmux()
    _open_audit(console)
    console.wait_for("12 shown")
    console.press("j", "j")
    console.wait_for(re.compile(r"^>.*svc-09", re.MULTILINE))

    installation.run_loki("token", "revoke", "svc-01")
    seen = console.wait_for("13 shown")
    assert re.search(r"^>.*svc-09", seen, re.MULTILINE)
    console.wait_for("auth.token.revoke")

    console.press("p")
    console.wait_for("paused, 0 new")
    installation.run_loki("token", "rotate", "svc-02")
    console.wait_for("paused, 1 new")
    assert "13 shown" in console.look()
    console.press("p")
    console.wait_for("14 shown")

    console.write("/event:rotate")
    console.wait_for("1 of 14 shown")
    console.press("Enter")
    console.wait_for(re.compile(r"^>.*auth.token.rotate", re.MULTILINE))

    # From the entry to its token, and back to the same filter.
    console.press("t")
    console.wait_for("Esc Back to Audit")
    console.wait_for(re.compile(r"^>.*svc-02", re.MULTILINE))
    console.press("Escape")
    console.wait_for("1 of 14 shown")
    console.press("Enter")
    console.wait_for(re.compile("─ Entry #14: auth.token.rotate"))
    console.press("Escape")
    wait_until_gone(console, "─ Entry #14")
    assert console.leave() == 0


def test_a_flood_a_full_file_and_a_log_that_goes_and_comes_back(
    start_console: StartConsole, installation: Installation
) -> None:
    installation.home.mkdir(exist_ok=True)
    config = installation.home / ".loki" / "config.yaml"
    config.parent.mkdir(mode=0o700)
    config.write_text("enterprise:\n  audit:\n    max_file_size: 1\n")
    config.chmod(0o600)
    installation.fill("svc-00")
    console = start_console()
    _open_audit(console)
    console.wait_for("1 shown")

    # A flood from another process, while keys are pressed: everything is there in the end, and the console lives.
    writer = subprocess.Popen(
        [sys.executable, "-c", "\n".join(line[4:] for line in _WRITE.split("\n")), "flood.one", "40", "100"],
        env=installation.environ,
        cwd=installation.home,
    )
    while writer.poll() is None:
        console.press("j", "k")
        time.sleep(0.05)  # as fast as a held key
    assert writer.returncode == 0
    console.wait_for(re.compile(r"4,001(?: newest)? shown"))
    directory = installation.file.parent / "audit"
    assert len(list(directory.glob("audit-*.*.jsonl"))) >= 1, "no file was full"

    _write(installation, "after.rotation", 1, 3)
    console.wait_for(re.compile(r"4,004 (?:newest )?shown"))
    console.press("g")
    console.wait_for(re.compile(r"^>.*after.rotation", re.MULTILINE))
    console.press("Enter")
    seen = console.wait_for(re.compile(r"audit-\d{4}-\d\d-\d\d\.jsonl, line \d"))
    assert "Entry #4,004" in seen or "Entry #4004" in seen
    console.press("Escape")
    wait_until_gone(console, "─ Entry")

    # It goes, and comes back.
    moved = directory.rename(directory.with_name("away"))
    console.wait_for("Nothing has been logged yet")
    moved.rename(directory)
    console.wait_for(re.compile(r"4,004 (?:newest )?shown"))
    console.wait_for(re.compile(r"^>.*after.rotation", re.MULTILINE))
    assert console.leave() == 0
    assert (console.terminal.screen.entries, console.terminal.screen.clears) == (1, 0)


def test_verifying_finds_what_was_tampered_with_and_tells_it_on_both_screens(
    start_in_tmux: StartInTmux, installation: Installation
) -> None:
    installation.fill(*(f"svc-{number:02}" for number in range(5)))
    console = start_in_tmux()
    _open_audit(console)
    console.press("v")
    console.wait_for("The audit log is whole")
    console.wait_for("▀▀▀▀▀▀▀")
    console.press("Escape")
    console.wait_for("verified whole")

    (file,) = (installation.file.parent / "audit").glob("audit-*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    console.press("v")
    console.wait_for("THE AUDIT LOG IS NOT WHOLE")
    console.wait_for(re.compile(r"removed: audit-\S+, line 3, entry #3"))
    console.press("Escape")
    console.wait_for("THE LOG IS NOT WHOLE")
    console.press("1")
    console.wait_for("not revoked")
    assert "AUDIT NOT WHOLE" in console.look()

    console.press("2", "h")
    seen = console.wait_for("Newest head: up to line 5")
    words = re.findall(r"\d+ ([a-z]+)", "\n".join(line[:40] for line in seen.split("\n")))
    told = json.loads(installation.run_loki("audit", "head", "--json").stdout)
    assert sorted(words) == sorted(told["words"].split())
    console.press("Escape")
    wait_until_gone(console, "Newest head")
    assert console.leave() == 0


def _write_hostile_log(installation: Installation) -> int:
    """Append lines by another writer's hand, with whatever there may be in every field."""
    directory = installation.file.parent / "audit"
    lines = [
        {
            "timestamp": "2026-01-01T00:00:00+00:00",
            **dict.fromkeys(
                ("event", "action", "user_id", "resource_type", "resource_id", "token_id", "ip_address", "user_agent"),
                name,
            ),
            "success": number % 2 == 0,
            "error": name,
            "details": {name: [name, {name: name}], "claimed": {name: name}, "name": name, "terminal": name},
            "_integrity_hash": name,
            name or "empty": name,
        }
        for number, name in enumerate(NAMES)
    ]
    lines += [{"timestamp": "2026-01-01T00:00:00+00:00", "details": broken, "user_id": broken} for broken in BROKEN]
    (file,) = directory.glob("audit-*.jsonl")
    with file.open("ab") as out:
        out.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        out.write(b'no json\n{"no": "time"}\n[]\n\xff\xfe\x00\n' + b"[" * 100_000 + b"\n" + b'{"half')
    return len(lines)


def test_hostile_entries_are_text_in_the_table_the_strip_and_every_dialog(
    start_console: StartConsole, installation: Installation
) -> None:
    """Threat: terminal markup and escape injection from the log."""
    installation.fill("svc-00")
    count = 1 + _write_hostile_log(installation)
    console = start_console(lines=48, columns=120)
    console.wait_for("1 shown")
    console.press("2")
    console.wait_for(f"{count} shown")
    for _ in range(count):
        console.press("j")
    for shown in (MARKUP, STRAY, "pwned", "invoice"):
        console.press("g")
        console.write(f"/event:{shown}")
        console.wait_for(re.compile(rf"/ event:{re.escape(shown)} .*1 of {count} shown"))
        console.press("Enter")
        console.wait_for(re.compile(rf"^>.*{re.escape(shown)}", re.MULTILINE))
        seen = console.look()
        for number, line in enumerate(seen.split("\n"), 1):
            if shown in line:
                console.click(line.index(shown) + len(shown) // 2, number)
        console.press("Enter")
        console.wait_for("─ An entry of another program")
        console.press("G")
        console.press("Escape")
        wait_until_gone(console, "─ An entry of another")
        console.press("t")
        console.press("Escape")
        console.wait_for(re.compile(rf"(?<!of ){count} shown"))
    raw = re.sub(rb"\x1b\]22;[a-z-]*\x07", b"", console.terminal.raw)  # Textual sets the pointer's shape
    assert b"\x1b]0;" not in raw
    for character in "\u202e\u200b\ufeff\U000e0041\x07":
        assert character.encode() not in raw
    assert TITLE not in raw.decode(errors="replace")
    assert BIDI not in raw.decode(errors="replace")
    console.press("v")
    console.wait_for("such as Loki Mode")
    console.press("Escape")
    wait_until_gone(console, "Esc Close")
    assert console.leave() == 0
