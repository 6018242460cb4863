"""What each rule says of a token, and which role would result: for people who set up a provider.

Signature rules stop at the first that is broken, as a validation does. The rules about claims are each looked at by
themselves, because whoever has an old token wants to know whether it was good but for its age.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from loki_core.frozen import dataclass
from loki_core.oidc import rules
from loki_core.oidc.claim_rules import Presented
from loki_core.oidc.compact import Compact, parse_compact
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.jws import verify_signature
from loki_core.oidc.key import Key
from loki_core.oidc.key_set import KeySet
from loki_core.oidc.refusal import LONGEST_REASON, Broken, Refusal
from loki_core.oidc.role_mapping import ROLE_RULES, RoleDecision, RoleMapping
from loki_core.oidc.rules import JWS_RULES, Rule
from loki_core.oidc.validation import list_claim_rules, parse_claims
from loki_core.text import safe_text


class Outcome(StrEnum):
    """What became of a rule."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule, what became of it, and why, when it is broken or could not be looked at."""

    rule: Rule
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What every rule says of a token.

    Attributes:
        lines: every rule of the profile, in order.
        decision: the role that results or, of a token that is refused, would result if it were good; None when none
            does or the claims cannot be read.
    """

    lines: tuple[Line, ...]
    decision: RoleDecision | None

    @property
    def is_accepted(self) -> bool:
        """Whether the token holds every rule."""
        return all(line.outcome is Outcome.PASS for line in self.lines)


def explain_token(
    token: str, keys: KeySet | None, expected: Expectation, mapping: RoleMapping, now: datetime
) -> Explanation:
    """Return what every rule says of a token.

    Args:
        token: whatever was given as one.
        keys: the provider's, or None when they cannot be had: the signature is then not looked at.
        expected: what the token must be.
        mapping: the rules about people.
        now: the time, aware.
    """
    found: dict[Rule, Line] = {}
    decision = None
    try:
        compact = parse_compact(token)
        lines, key = _explain_signature(compact, keys)
        found |= lines
        claims = parse_claims(compact)
        found |= _explain_claims(Presented(compact, claims, expected, now.timestamp(), key))
        decision = mapping.suppose(claims)
        found |= _follow(ROLE_RULES, None)
    except Refusal as refusal:
        sequence = next(each for each in (JWS_RULES, (rules.CLAIMS,), ROLE_RULES) if refusal.rule in each)
        found |= _follow(sequence, refusal)
    every = (*JWS_RULES, rules.CLAIMS, *(each.rule for each in list_claim_rules(expected)), *ROLE_RULES)
    return Explanation(
        lines=tuple(found.get(rule) or Line(rule=rule, outcome=Outcome.NOT_REACHED) for rule in every),
        decision=decision,
    )


def _follow(sequence: Sequence[Rule], refusal: Refusal | None) -> dict[Rule, Line]:
    """Return the lines of rules that are looked at in turn, up to the one that was broken."""
    lines = {}
    for rule in sequence:
        if refusal is not None and rule == refusal.rule:
            lines[rule] = Line(rule=rule, outcome=Outcome.FAIL, reason=refusal.reason)
            break
        lines[rule] = Line(rule=rule, outcome=Outcome.PASS)
    return lines


def _explain_signature(compact: Compact, keys: KeySet | None) -> tuple[dict[Rule, Line], Key | None]:
    if keys is None:
        reason = "the provider's keys cannot be had"
        held = _follow(JWS_RULES[: JWS_RULES.index(rules.KEY)], None)
        return held | {rules.KEY: Line(rule=rules.KEY, outcome=Outcome.NOT_REACHED, reason=reason)}, None
    try:
        key = verify_signature(compact, keys)
    except Refusal as refusal:
        return _follow(JWS_RULES, refusal), None
    return _follow(JWS_RULES, None), key


def _explain_claims(presented: Presented) -> dict[Rule, Line]:
    lines = _follow((rules.CLAIMS,), None)
    for rule, check in list_claim_rules(presented.expected):
        try:
            check(presented)
            lines[rule] = Line(rule=rule, outcome=Outcome.PASS)
        except Broken as broken:
            lines[rule] = Line(rule=rule, outcome=Outcome.FAIL, reason=safe_text(broken, limit=LONGEST_REASON))
    return lines
