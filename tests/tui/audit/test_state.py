from pathlib import Path

import loki_core
from loki_core import Problem, ProblemKind, Verdict, Witness
from loki_tui.audit.state import AuditState, describe_state, find_state
from tests.tui.samples import NOW, open_store


def say(state: AuditState | None, verdict: Verdict | None = None) -> str:
    return "".join(span.text for span in describe_state(state, verdict))


def test_the_state_is_told_in_words() -> None:
    assert say(None) == ""
    assert say(AuditState(is_on=True)) == "audit unsealed"
    assert say(AuditState(is_on=True, sealed=1_204)) == "audit sealed #1204"
    assert say(AuditState(is_on=False)) == "AUDIT OFF"


def test_what_verifying_has_found_wrong_goes_before_everything_else() -> None:
    problem = Problem(
        kind=ProblemKind.EDITED,
        file="audit-2026-11-23.jsonl",
        line=3,
        seq=152,
        message="this line was changed",
        witness=Witness.CHAIN,
    )
    assert say(AuditState(is_on=True, sealed=4), Verdict(entries=4, problems=(problem,))) == "AUDIT NOT WHOLE"
    assert say(AuditState(is_on=True, sealed=4), Verdict(entries=4)) == "audit sealed #4"


def test_a_log_is_unsealed_then_sealed_and_its_first_key_is_that_of_whoever_made_it(tmp_path: Path) -> None:
    with open_store(tmp_path, clock=lambda: NOW) as loki:
        assert find_state(loki) == AuditState(is_on=True)
        loki.tokens.generate("ci-bot")
        loki.flush()
        state = find_state(loki)
        assert state.has_begun
        assert state.sealed is not None
    with open_store(tmp_path, clock=lambda: NOW) as other:
        assert find_state(other).has_begun is False
        assert find_state(other).sealed == 1


def test_a_log_that_was_switched_off_is_off(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "LOKI_AUDIT_DISABLED": "true"}
    with loki_core.open(environ=environ, directory=tmp_path, clock=lambda: NOW) as loki:
        assert find_state(loki) == AuditState(is_on=False)
