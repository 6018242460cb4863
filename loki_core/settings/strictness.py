"""Whether a project's value is stricter than what holds without it. Pure.

A cloned repository may tighten, never loosen: each rule takes the project's value, the value that holds
without it, and everything that holds without it. What is neither (a port) is not stricter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Rule = Callable[[Any, Any, Mapping[str, Any]], bool]


def never(value: Any, base: Any, whole: Mapping[str, Any]) -> bool:
    """Nothing that this key can say is stricter."""
    return False


def lower(value: Any, base: Any, whole: Mapping[str, Any]) -> bool:
    """A lower limit is stricter; no limit is the loosest."""
    return value is not None and (base is None or value < base)


def higher(value: Any, base: Any, whole: Mapping[str, Any]) -> bool:
    """More is stricter, as with how long the log is kept."""
    return value is not None and base is not None and bool(value > base)


def only_true(value: Any, base: Any, whole: Mapping[str, Any]) -> bool:
    """Switching a protection on is stricter."""
    return value is True and base is not True


def only_false(value: Any, base: Any, whole: Mapping[str, Any]) -> bool:
    """Taking a permission away is stricter."""
    return value is False and base is not False


def switches_auth_on(value: Any, base: Any, whole: Mapping[str, Any]) -> bool:
    """Asking everyone for a credential is stricter, but only where nobody was asked before.

    With a provider configured, the flag does something else: it lets `loki_` secrets in beside the provider's
    users, which is looser.
    """
    has_provider = bool(whole["enterprise.auth.oidc.issuer"] or whole["enterprise.auth.oidc.client_id"])
    return only_true(value, base, whole) and not has_provider
