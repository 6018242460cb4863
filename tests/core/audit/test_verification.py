"""Verifying as it is asked for: by the library, with progress, with what was noted, and cancelled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import loki_core
from loki_core.audit.verification import verify_log
from loki_core.audit.verify_request import VerifyRequest
from tests.core.audit.tampering import Copy, list_problems
from tests.core.workshop import Workshop, refuses


def _write(workshop: Workshop, count: int = 5) -> loki_core.Loki:
    loki = workshop.open()
    for number in range(count):
        loki.tokens.generate(f"bot-{number}")
    return loki


def test_a_log_that_does_not_exist_yet_is_ok_and_empty(workshop: Workshop) -> None:
    verdict = workshop.open().audit.verify()
    assert (verdict.ok, verdict.entries, verdict.head) == (True, 0, None)
    assert not workshop.dashboard.exists()


def test_the_library_verifies_its_log_while_it_is_open_and_after(workshop: Workshop) -> None:
    loki = _write(workshop)
    assert loki.audit.verify().entries == 5
    loki.close()
    verdict = workshop.open().audit.verify()
    assert (verdict.ok, verdict.entries) == (True, 5)
    assert verdict.head is not None
    assert verdict.head.count == 5


def test_the_verdict_as_json_names_the_head_its_words_and_the_first_key(workshop: Workshop) -> None:
    _write(workshop).close()
    described = workshop.open().audit.verify().describe()
    json.dumps(described)
    assert list(described) == ["ok", "entries", "problems", "head", "words", "first_key", "witnesses"]
    head = described["head"]
    assert (head["count"], head["first_key"]) == (5, described["first_key"])
    assert "marks" not in head
    assert len(described["words"].split()) == 12


@pytest.mark.parametrize("kind", ["the head as JSON", "its words", "the first key", "the first key's words"])
def test_what_was_noted_can_be_given_back_and_fits_for_good(workshop: Workshop, kind: str) -> None:
    from loki_core.audit.words import spell_key

    loki = _write(workshop)
    loki.close()
    described = workshop.open().audit.verify().describe()
    noted = {
        "the head as JSON": json.dumps(described["head"]),
        "its words": described["words"],
        "the first key": described["first_key"],
        "the first key's words": spell_key(described["first_key"]),
    }[kind]
    workshop.clock.move(days=1)
    loki = workshop.open()
    loki.tokens.generate("later")
    loki.close()
    verdict = workshop.open().audit.verify(head=noted)
    assert verdict.ok
    assert "note" in verdict.witnesses


@pytest.mark.parametrize("noted", ["nonsense", "0" * 63, "{}", "{" * 5000, "abandon " * 12, '{"count": 1}', "1" * 9999])
def test_what_is_neither_head_nor_key_is_refused(workshop: Workshop, noted: str) -> None:
    with refuses("invalid_head"):
        _write(workshop).audit.verify(head=noted)


def test_verifying_needs_the_scope_audit(workshop: Workshop) -> None:
    loki = _write(workshop)
    issued = loki.tokens.generate("reader", scopes=["read"])
    reader = loki.acting_as(loki.authenticate(issued.secret.reveal()))
    with refuses("insufficient_scope"):
        reader.audit.verify()


def test_progress_is_told_up_to_the_end(copy: Copy) -> None:
    seen: list[tuple[int, int]] = []
    verify_log(str(copy.audit), VerifyRequest(progress=lambda done, total: seen.append((done, total))))
    total = sum(file.stat().st_size for file in [*copy.audit.glob("audit-*"), copy.audit / "heads.jsonl"])
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == ((0, total), (total, total))


def test_cancelling_ends_it_with_an_error_of_its_own(copy: Copy) -> None:
    asked = iter([False, False, True])
    with refuses("cancelled"):
        verify_log(str(copy.audit), VerifyRequest(is_cancelled=lambda: next(asked)))


def test_verifying_writes_nothing(copy: Copy) -> None:
    def look() -> dict[Path, tuple[int, int, bytes]]:
        return {
            file: (file.stat().st_mtime_ns, file.stat().st_ino, file.read_bytes() if file.is_file() else b"")
            for file in [copy.place, *copy.place.rglob("*")]
        }

    before = look()
    assert list_problems(copy.verify()) == []
    assert look() == before
