"""A token is refused, and by the rule that was meant: another one would hide that this one is missing."""

from __future__ import annotations

from typing import Any

import pytest

from loki_core.oidc import verify_jws
from loki_core.oidc.expectation import Expectation
from loki_core.oidc.key_set import KeySet
from loki_core.oidc.refusal import Refusal
from tests.core.oidc.signer import ID_TOKEN, check, get_signer


def refuse(token: Any, rule: str, expected: Expectation = ID_TOKEN, *, keys: KeySet | None = None) -> str:
    """Return why a validation refuses the token, by this rule."""
    with pytest.raises(Refusal) as caught:
        check(token, expected, keys=keys)
    return _get_reason(caught.value, rule)


def refuse_jws(token: Any, rule: str, key_set: Any = None) -> str:
    """Return why `verify_jws` refuses the token, by this rule."""
    with pytest.raises(Refusal) as caught:
        verify_jws(token, get_signer().jwks if key_set is None else key_set)
    return _get_reason(caught.value, rule)


def _get_reason(refusal: Refusal, rule: str) -> str:
    assert refusal.rule.name == rule, refusal.for_log
    assert refusal.reason.isprintable()
    return refusal.reason
