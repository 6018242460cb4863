"""A whole installation: what it says of its seals, and that a program's end signs what it did."""

from __future__ import annotations

import json
from pathlib import Path

from tests.core.audit.seals import check_seals, find_bytes, read_lines
from tests.core.workshop import Workshop
from tests.support.fresh_process import run_python


def test_a_program_that_ends_without_closing_has_signed_what_it_did(child_environ: dict[str, str]) -> None:
    code = """
        import loki_core
        loki = loki_core.open()
        for number in range(3):
            loki.tokens.generate(f"ci-{number}")
    """
    done = run_python(code, env=child_environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert check_seals(Path(child_environ["HOME"], ".loki/dashboard/audit"))[-1]["count"] == 3


def test_every_process_signs_what_it_wrote_and_the_store_carries_the_head_before_it(workshop: Workshop) -> None:
    audit = workshop.dashboard / "audit"
    for number in range(1, 4):
        loki = workshop.open()
        loki.tokens.generate(f"ci-{number}")
        loki.close()
        assert check_seals(audit)[-1]["count"] == number
        kept = workshop.read().get("audit_head")
        assert (kept is not None and kept["count"]) == (number > 1 and number - 1)
    assert kept is not None
    assert kept["first_key"] == read_lines(audit / "keys.jsonl")[0]["public_key"]


def test_a_log_that_is_set_back_does_not_take_away_what_shows_it(workshop: Workshop, tmp_path: Path) -> None:
    for number in range(4):
        loki = workshop.open()
        loki.tokens.generate(f"ci-{number}")
        loki.close()
    newest = workshop.read()["audit_head"]
    audit = workshop.dashboard / "audit"
    for name in ("heads.jsonl", "audit-2026-03-01.jsonl"):
        lines = (audit / name).read_bytes().splitlines(keepends=True)
        (audit / name).write_bytes(b"".join(lines[:1]))
    (workshop.dashboard / "keys").rename(tmp_path / "keys")
    loki = workshop.open()
    loki.tokens.generate("afterwards")
    loki.close()
    assert workshop.read()["audit_head"] == newest


def test_whoever_made_the_first_key_of_a_log_can_show_it(workshop: Workshop) -> None:
    loki = workshop.open()
    assert loki.audit_first_key == ""
    loki.tokens.generate("ci-bot")
    loki.close()
    assert loki.audit_first_key == read_lines(workshop.dashboard / "audit/keys.jsonl")[0]["public_key"]
    other = workshop.open()
    other.tokens.generate("other")
    other.close()
    assert other.audit_first_key == ""


def test_the_health_says_how_far_the_log_is_signed(workshop: Workshop) -> None:
    loki = workshop.open()

    def codes() -> dict[str, str]:
        return {finding.code: finding.severity for finding in loki.health()}

    assert "audit_sealed" not in codes()
    assert "audit_unsealed" not in codes()
    loki.tokens.generate("ci-bot")
    loki.close()
    assert codes()["audit_sealed"] == "ok"
    (workshop.dashboard / "keys/audit-key.json").unlink()
    assert codes()["audit_unsealed"] == "warning"


def test_the_private_key_is_in_its_file_alone_and_in_no_output(child_environ: dict[str, str]) -> None:
    code = """
        import sys
        from loki_core.cli.main import run
        sys.argv = ["loki", *sys.argv[1:]]
        run()
    """
    shown = ""
    for words in ("token generate ci-bot", "token list --json", "doctor --json", "audit tail --json", "status"):
        done = run_python(code, "enterprise", *words.split(), env=child_environ)
        shown += done.stdout + done.stderr
    home = Path(child_environ["HOME"])
    file = home / ".loki/dashboard/keys/audit-key.json"
    key = json.loads(file.read_bytes())["private_key"]
    assert "ci-bot" in shown
    assert key not in shown
    assert find_bytes(home, key.encode()) == [str(file.relative_to(home))]
