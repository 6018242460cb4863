"""The dialogs of the Audit screen: an entry in full, what to note of the log, and what verifying it finds."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from loki_core import AuditEntry, Loki, Problem, ProblemKind, Verdict, Witness, spell_head, spell_key
from loki_tui.audit.rows import build_row
from loki_tui.dialogs.entry import EntryDialog
from loki_tui.dialogs.head_section import lay_out
from loki_tui.dialogs.heads import HeadsDialog
from loki_tui.dialogs.verdict import compose_verdict, describe_title
from loki_tui.dialogs.verification import VerificationDialog
from tests.tui.audit_samples import find_directory, list_uses, make_entry, write_log
from tests.tui.dialogs.stage import HOSTILE, START, Clock, on_stage

HOSTILE_TEXT = f"{HOSTILE}\x1b]0;pwned\x07\u202e"


def open_entry(loki: Loki, number: int = 0) -> EntryDialog:
    line = list(loki.audit.entries())[number]
    return EntryDialog(loki, build_row(line, 0), line, {"tok-000000000001": "ci-bot"})


def seal(loki: Loki, clock: Clock, count: int = 3) -> Path:
    """Write a few entries, signed, and return the log's file."""
    for number in range(count):
        clock.move(minutes=2)
        loki.tokens.generate(f"svc-{number}")
        loki.flush()
    loki.close()
    (file,) = find_directory(Path(loki.settings.dashboard).parents[1]).glob("audit-*.jsonl")
    return file


async def test_an_entry_is_shown_whole_with_its_hash_its_line_and_as_it_is_stored(loki: Loki, clock: Clock) -> None:
    seal(loki, clock)
    line = next(iter(loki.audit.entries()))
    async with on_stage(open_entry(loki), size=(90, 60)) as stage:
        await stage.until_shown("audit-2026-11-23.jsonl, line 3")
        for part in (
            "Entry #3: auth.token.create",
            "2026-11-23 20:07:00.000Z, just now",
            f"token svc-2 ({line.entry.resource_id})",
            "expires_at 2027-02-21",
            line.fields["_integrity_hash"],
            '"user_id"',
        ):
            assert part in stage.text


async def test_what_a_caller_says_of_itself_is_under_claimed(loki: Loki, isolated_home: Path) -> None:
    entry = make_entry(
        timestamp=START, user_agent="Grafana/11", details={"claimed": {"SUDO_USER": "mallory"}, "count": 3}
    )
    write_log(isolated_home, [entry])
    async with on_stage(open_entry(loki), size=(90, 40)) as stage:
        await stage.until_shown("line 1")
        lines = [line.strip("│ ").strip() for line in stage.text.split("\n")]
        at = lines.index("Claimed   SUDO_USER mallory")
        assert lines[at + 1] == "agent Grafana/11"
        assert "What      token ci-bot (tok-000000000001)" in lines
        assert "Details   count 3" in lines


async def test_hostile_text_in_every_field_is_text_in_the_dialog(loki: Loki, isolated_home: Path) -> None:
    """Threat: terminal markup and escape injection from the log."""
    texts: dict[str, Any] = dict.fromkeys(
        ("user_id", "resource_type", "resource_id", "token_id", "ip_address", "user_agent", "error"), HOSTILE_TEXT
    )
    details = {HOSTILE_TEXT: [HOSTILE_TEXT], "claimed": {HOSTILE_TEXT: HOSTILE_TEXT}, "name": HOSTILE_TEXT}
    write_log(isolated_home, [AuditEntry(timestamp=START, event=HOSTILE_TEXT, success=False, details=details, **texts)])
    async with on_stage(open_entry(loki), size=(100, 60)) as stage:
        await stage.until_shown("line 1")
        assert stage.text.count(HOSTILE) > 8
        assert not any(character in stage.text for character in "\x1b\x07\u202e")
        for y in range(60):
            for x in range(0, 100, 3):
                assert "quit" not in str(stage.app.screen.get_style_at(x, y).meta.get("@click", ""))


async def test_an_entry_whose_file_is_gone_says_so(loki: Loki, clock: Clock) -> None:
    file = seal(loki, clock)
    dialog = open_entry(loki)
    file.unlink()
    async with on_stage(dialog, size=(90, 60)) as stage:
        await stage.until_shown("which is not there any more")


async def test_head_and_first_key_are_shown_as_the_words_that_can_be_given_back(loki: Loki, clock: Clock) -> None:
    seal(loki, clock)
    head = loki.audit.newest_head
    assert head is not None
    async with on_stage(HeadsDialog(loki), size=(80, 50)) as stage:
        await stage.until_shown("First public key")
        assert f"up to line {head['count']}" in stage.text
        shown = stage.text.split()
        for words in (spell_head(head["count"], head["last_hash"]), spell_key(head["first_key"])):
            assert set(words.split()) <= set(shown)
        assert "▀▀▀▀▀▀▀" in stage.text
        assert 'loki enterprise audit verify --head "WORDS"' in stage.text
    async with on_stage(HeadsDialog(loki), size=(60, 50)) as stage:
        await stage.until_shown("First public key")
        assert "▀▀▀" not in stage.text


async def test_before_anything_is_signed_there_is_nothing_to_note(loki: Loki) -> None:
    async with on_stage(HeadsDialog(loki)) as stage:
        await stage.until_shown("Nothing is signed yet")


async def test_a_terminal_without_block_characters_gets_the_words_alone(
    loki: Loki, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(loki, clock)
    monkeypatch.setenv("LC_ALL", "C")
    async with on_stage(HeadsDialog(loki), size=(80, 50)) as stage:
        await stage.until_shown("First public key")
        assert "▀▀▀" not in stage.text
    async with on_stage(VerificationDialog(loki), size=(80, 50)) as stage:
        await stage.until_shown("The audit log is whole")
        assert "▀▀▀" not in stage.text


def test_words_are_numbered_in_columns_that_are_read_downwards() -> None:
    assert lay_out("a b c d e f g") == " 1 a         4 d         7 g\n 2 b         5 e\n 3 c         6 f"


async def test_a_whole_log_is_told_in_words_with_its_witnesses_and_its_head(loki: Loki, clock: Clock) -> None:
    seal(loki, clock)
    async with on_stage(VerificationDialog(loki), size=(80, 40)) as stage:
        await stage.until_shown("The audit log is whole")
        assert "ok: nothing was edited, removed, inserted, moved or cut off." in stage.text
        assert "3, signed up to #3" in stage.text
        assert "the head kept in the token store" in " ".join(stage.text.replace("│", " ").split())
        assert "Newest head: up to line 3" in stage.text
        await stage.press("escape")
        (verdict,) = stage.results
        assert verdict.ok


async def test_what_is_wrong_is_told_with_its_place_and_what_shows_it(loki: Loki, clock: Clock) -> None:
    file = seal(loki, clock, 5)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"viewer", b"admins") if b"viewer" in lines[1] else lines[1].replace(b"svc-1", b"svc-9")
    file.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    async with on_stage(VerificationDialog(loki), size=(80, 40)) as stage:
        await stage.until_shown("THE AUDIT LOG IS NOT WHOLE")
        assert "! 2 problems, the first one first:" in stage.text
        assert "edited: audit-2026-11-23.jsonl, line 2, entry #2" in stage.text
        assert "removed: audit-2026-11-23.jsonl, line 4, entry #4" in stage.text
        assert "; shown by the chain and its signed heads" in stage.text
        await stage.press("escape")
        (verdict,) = stage.results
        assert not verdict.ok


async def test_a_log_that_cannot_be_read_is_no_verdict(loki: Loki, clock: Clock) -> None:
    directory = seal(loki, clock).parent
    moved = directory.rename(directory.with_name("elsewhere"))
    directory.symlink_to(moved)
    async with on_stage(VerificationDialog(loki)) as stage:
        await stage.until_shown("It could not be verified.")
        await stage.press("escape")
        assert stage.results == [None]


async def test_verifying_can_be_left_at_any_time_and_ends_then(loki: Loki, isolated_home: Path) -> None:
    write_log(isolated_home, list_uses(3_000))
    dialog, gate, note = VerificationDialog(loki), threading.Event(), VerificationDialog._note_progress

    def hold(done: int, total: int) -> None:
        note(dialog, done, total)
        gate.wait(20)

    dialog._note_progress = hold  # type: ignore[method-assign]
    async with on_stage(dialog) as stage:
        await stage.until_shown("% of 1.")
        assert "Esc Cancel" in stage.text
        await stage.press("escape")
        assert stage.results == [None]
        gate.set()
        await stage.until(lambda: all(worker.is_finished for worker in stage.app.workers))
        assert dialog._verdict is None


def test_harmless_remarks_leave_the_log_whole_and_many_problems_are_counted() -> None:
    remark = Problem(
        kind=ProblemKind.FOREIGN_ENTRY, file="a", line=1, seq=None, message="another program", witness=Witness.CHAIN
    )
    wrong = Problem(kind=ProblemKind.FORGED, file="", line=0, seq=7, message="\x1b[2Jx", witness=Witness.NOTE)
    harmless = Verdict(entries=2, problems=(remark, remark, remark))
    assert describe_title(harmless).plain == "The audit log is whole"
    verdict = Verdict(entries=2, problems=(wrong,) * 300, witnesses=(Witness.NOTE,))
    told = [str(widget.render()) for widget in compose_verdict(verdict) if hasattr(widget, "content")]
    assert told[0] == "! 300 problems, the first one first:"
    assert told[1] == "forged: the log, line 0, entry #7"
    assert "\x1b" not in told[2]
    assert "and 100 more" in told
    assert json.dumps(told)
