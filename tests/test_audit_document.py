"""What the document for auditors says of the log can be done with it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

import loki_core
from loki_core.audit.chain import dump_entry
from loki_core.audit.events import AuditEntry
from loki_core.audit.formats import FORMATS
from loki_core.audit.verdict import ProblemKind, Witness
from tests.core.workshop import NOON, Workshop
from tests.support.fresh_process import run_process

DOCUMENT = (Path(__file__).parent.parent / "docs" / "audit.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of three days, with a head for each."""
    workshop = Workshop(tmp_path / "loki")
    for name in ("one", "two ☃", "three"):
        loki = workshop.open()
        loki.tokens.generate(name)
        loki.close()
        workshop.clock.move(days=1)
    workshop.close()
    return workshop.dashboard / "audit"


@pytest.mark.parametrize("program", PROGRAMS, ids=["chain", "signatures"])
def test_the_programs_find_a_good_log_good_and_a_changed_one_not(log: Path, program: str) -> None:
    def run() -> int:
        return run_process([sys.executable, "-c", program], env={"PYTHONUTF8": "1"}, cwd=str(log)).returncode

    assert run() == 0
    changed = log / ("heads.jsonl" if "heads.jsonl" in program else "audit-2026-03-02.jsonl")
    content = changed.read_bytes()
    changed.write_bytes(
        content.replace(b'"count": 2', b'"count": 3').replace(b"auth.token.create", b"auth.token.revoke")
    )
    assert changed.read_bytes() != content
    assert run() == 1


def test_every_field_kind_witness_and_form_is_in_the_document(log: Path) -> None:
    fields = {"seq", "_integrity_hash", *dump_entry(AuditEntry(timestamp=NOON, event="x", user_id="y"))}
    for name in ("heads.jsonl", "keys.jsonl"):
        fields |= set(json.loads((log / name).read_bytes().splitlines()[-1]))
    for name in (*fields, *ProblemKind, *Witness, *FORMATS, *loki_core.Level):
        assert f"`{name}`" in DOCUMENT or name in ("json", "csv", "cef"), name
