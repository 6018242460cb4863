"""What is said of a token, rule by rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loki_core.oidc.expectation import Expectation
from loki_core.oidc.explain import Explanation, Outcome, explain_token
from loki_core.oidc.key_set import KeySet
from loki_core.oidc.refusal import Refusal
from loki_core.oidc.role_mapping import ROLE_RULES
from loki_core.oidc.rules import JWS_RULES
from loki_core.oidc.validation import list_claim_rules
from tests.core.oidc.people import COMMON, ENTRA, TENANT, expect, make_mapping
from tests.core.oidc.signer import (
    ACCESS_TOKEN,
    ID_TOKEN,
    NOW,
    SECONDS,
    Signer,
    check,
    encode,
    get_signer,
    make_access_claims,
    make_claims,
)

MAPPING = make_mapping(role_mapping={"ops": "operator"})


def explain(token: str, keys: KeySet | None = None, expected: Expectation = ID_TOKEN) -> Explanation:
    """Return what is said of a token of the usual signer."""
    return explain_token(token, keys or get_signer().keys, expected, MAPPING, NOW)


def list_outcomes(explanation: Explanation, outcome: Outcome) -> list[str]:
    """Return the names of the rules of which this became."""
    return [line.rule.name for line in explanation.lines if line.outcome is outcome]


@pytest.mark.parametrize("expected", [ID_TOKEN, ACCESS_TOKEN], ids=["ID token", "access token"])
def test_a_good_token_passes_every_rule_and_shows_its_role(expected: Expectation) -> None:
    make = make_access_claims if expected.takes_access_tokens else make_claims
    explanation = explain(get_signer().sign(make(groups=["ops"])), expected=expected)
    assert explanation.is_accepted
    assert {line.outcome for line in explanation.lines} == {Outcome.PASS}
    assert explanation.decision is not None
    assert explanation.decision.role.name == "operator"


def test_every_rule_is_there_once_and_in_the_order_of_the_validation() -> None:
    for token in ("", "a.b.c", get_signer().sign(make_claims()), get_signer().sign(b"x")):
        names = [line.rule.name for line in explain(token).lines]
        assert names == [
            *(rule.name for rule in JWS_RULES),
            "claims",
            *(each.rule.name for each in list_claim_rules(ID_TOKEN)),
            *(rule.name for rule in ROLE_RULES),
        ]
        assert len(set(names)) == len(names)


def test_an_old_token_shows_what_else_is_wrong_and_which_role_it_would_give() -> None:
    token = get_signer().sign(make_claims(exp=SECONDS - 3600, aud="another", groups=["ops"]))
    explanation = explain(token)
    assert list_outcomes(explanation, Outcome.FAIL) == ["audience", "other_audiences", "expiry"]
    assert list_outcomes(explanation, Outcome.NOT_REACHED) == []
    assert not explanation.is_accepted
    assert explanation.decision is not None


def test_after_a_broken_rule_about_form_nothing_else_is_reached() -> None:
    signer = get_signer()
    explanation = explain(signer.sign(make_claims(), signer.make_header(crit=["x"])))
    assert list_outcomes(explanation, Outcome.PASS) == ["size", "form", "header", "algorithm"]
    assert list_outcomes(explanation, Outcome.FAIL) == ["critical"]
    assert len(list_outcomes(explanation, Outcome.NOT_REACHED)) == len(explanation.lines) - 5


def test_the_claims_of_a_token_with_a_bad_signature_are_shown_and_it_is_refused() -> None:
    explanation = explain(Signer("ES256").sign(make_claims(groups=["ops"])))
    assert list_outcomes(explanation, Outcome.FAIL) == ["signature"]
    assert not explanation.is_accepted
    assert explanation.decision is not None


def test_without_keys_the_signature_is_not_reached_and_nothing_is_accepted() -> None:
    token = get_signer().sign(make_claims(groups=["ops"]))
    explanation = explain_token(token, None, ID_TOKEN, MAPPING, NOW)
    assert list_outcomes(explanation, Outcome.NOT_REACHED) == ["key", "key_algorithm", "signature"]
    assert not explanation.is_accepted
    (line,) = [line for line in explanation.lines if line.rule.name == "key"]
    assert line.reason == "the provider's keys cannot be had"


def test_without_keys_a_token_of_one_of_many_tenants_is_explained_too() -> None:
    token = get_signer().sign(make_claims(iss=ENTRA, tid=TENANT))
    explanation = explain_token(token, None, expect(COMMON), MAPPING, NOW)
    assert list_outcomes(explanation, Outcome.FAIL) == ["role"]


def test_claims_that_cannot_be_read_end_it() -> None:
    explanation = explain(get_signer().sign(b"x"))
    assert list_outcomes(explanation, Outcome.FAIL) == ["claims"]
    assert explanation.decision is None


def test_a_person_without_a_role_is_shown_why() -> None:
    explanation = explain(get_signer().sign(make_claims(groups=["staff"])))
    assert list_outcomes(explanation, Outcome.FAIL) == ["role"]
    assert "'staff'" in explanation.lines[-1].reason
    assert explanation.decision is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        f"{encode({'alg': 'none'})}..",
        get_signer().sign(b"[]"),
        get_signer().sign(make_claims(iss="x", aud="y", exp=1)),
        get_signer().sign(make_claims(sub=None, exp=None)),
        get_signer().sign(make_claims(), get_signer().make_header(kid="other")),
        Signer("ES256").sign(make_claims(iss="x")),
    ],
)
def test_the_first_broken_rule_is_the_one_that_a_validation_names(token: str) -> None:
    explanation = explain(token)
    (first, *_) = [line for line in explanation.lines if line.outcome is Outcome.FAIL]
    with pytest.raises(Refusal) as caught:
        check(token)
    assert (caught.value.rule, caught.value.reason) == (first.rule, first.reason)


BREAKING: dict[str, dict[str, Any]] = {
    "event": {"events": {}},
    "kind": {"token_use": "access"},
    "issuer": {"iss": "x"},
    "audience": {"aud": "x"},
    "party": {"azp": "x"},
    "expiry": {"exp": 1},
    "issued": {"iat": SECONDS + 999},
    "not_before": {"nbf": SECONDS + 999},
    "subject": {"sub": ""},
}


@pytest.mark.parametrize("first", BREAKING)
def test_of_several_broken_rules_the_first_in_the_standards_order_is_named(first: str) -> None:
    names = list(BREAKING)
    changes: dict[str, Any] = {}
    for name in names[names.index(first) :]:
        changes |= BREAKING[name]
    with pytest.raises(Refusal) as caught:
        check(get_signer().sign(make_claims(**changes)))
    assert caught.value.rule.name == first


def test_every_reason_is_one_printable_line() -> None:
    hostile = "\x1b[2J\n\u202e" + "x" * 500
    for name in ("iss", "aud", "sub", "azp", "exp", "typ", "token_use", "groups"):
        explanation = explain(get_signer().sign(make_claims(**{name: hostile})))
        assert all(line.reason.isprintable() and len(line.reason) <= 300 for line in explanation.lines)


def test_time_is_an_argument() -> None:
    token = get_signer().sign(make_claims(groups=["ops"]))
    late = explain_token(token, get_signer().keys, ID_TOKEN, MAPPING, NOW + timedelta(hours=1))
    assert list_outcomes(late, Outcome.FAIL) == ["expiry"]
