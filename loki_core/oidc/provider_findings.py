"""What is right and wrong with a provider for this configuration, in plain words. Pure: documents in, findings out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from loki_core.interfaces import Finding
from loki_core.oidc.algorithms import ALGORITHMS
from loki_core.oidc.device_flow import OFFLINE, choose_scopes
from loki_core.oidc.discovery import DEVICE_GRANT, ProviderMetadata
from loki_core.oidc.key_set import KeySet
from loki_core.text import safe_text

if TYPE_CHECKING:
    from loki_core.settings import OidcSettings

_DEVICE_REMEDY = "switch on the device authorization grant (RFC 8628) at the provider, or sign in by browser"
_LARGEST_SKEW = 30.0


def judge_metadata(metadata: ProviderMetadata, settings: OidcSettings) -> Iterator[Finding]:
    """Yield what the provider's description of itself means for this configuration."""
    yield Finding(code="issuer", severity="ok", message=f"the provider calls itself {safe_text(metadata.issuer)}")
    for problem in metadata.problems:
        yield Finding(
            code="endpoint_refused", severity="warning", message=problem, remedy="correct the address at the provider"
        )
    yield _judge_algorithms(metadata)
    yield from _judge_device_login(metadata)
    yield from _judge_browser_login(metadata)
    yield from _judge_scopes(metadata, settings)
    if metadata.revocation_endpoint is None:
        yield Finding(
            code="no_revocation",
            severity="info",
            message="the provider has no revocation endpoint: signing out here ends nothing there",
        )


def _judge_algorithms(metadata: ProviderMetadata) -> Finding:
    offered = metadata.algorithms
    if offered is None or offered & set(ALGORITHMS):
        shown = "" if offered is None else f": {', '.join(sorted(offered & set(ALGORITHMS)))}"
        return Finding(code="algorithms", severity="ok", message=f"its ID tokens have signatures that we check{shown}")
    return Finding(
        code="algorithms",
        severity="error",
        message=f"its ID tokens have no signature that we check ({safe_text(', '.join(sorted(offered)), limit=100)})",
        remedy="let the provider sign with RS256 or ES256",
    )


def _judge_device_login(metadata: ProviderMetadata) -> Iterator[Finding]:
    if metadata.device_endpoint is None or metadata.token_endpoint is None:
        yield Finding(
            code="device_flow_unavailable",
            severity="warning",
            message="the provider offers no device login: loki enterprise login cannot work",
            remedy=_DEVICE_REMEDY,
        )
    elif metadata.grants is not None and DEVICE_GRANT not in metadata.grants:
        yield Finding(
            code="device_grant_unlisted",
            severity="info",
            message="the provider has an address for device login, but does not list the grant",
            remedy=f"if loki enterprise login fails: {_DEVICE_REMEDY}",
        )
    else:
        yield Finding(code="device_login", severity="ok", message="the provider offers device login")


def _judge_browser_login(metadata: ProviderMetadata) -> Iterator[Finding]:
    if metadata.authorization_endpoint is None or metadata.token_endpoint is None:
        yield Finding(
            code="no_browser_login", severity="info", message="the provider offers no login by redirect of a browser"
        )
    elif metadata.challenge_methods is not None and "S256" not in metadata.challenge_methods:
        yield Finding(
            code="no_pkce",
            severity="warning",
            message="the provider does not list PKCE with S256, which the login by browser uses",
            remedy="switch it on at the provider",
        )
    else:
        yield Finding(code="browser_login", severity="ok", message="the provider offers login by browser")


def _judge_scopes(metadata: ProviderMetadata, settings: OidcSettings) -> Iterator[Finding]:
    asked = choose_scopes(settings.scopes, metadata)
    if "openid" not in asked:
        yield Finding(
            code="no_openid",
            severity="error",
            message="without the scope openid the provider gives no ID token",
            remedy="put openid into enterprise.auth.oidc.scopes",
        )
    unknown = sorted(set(asked) - metadata.scopes) if metadata.scopes is not None else []
    if unknown:
        yield Finding(
            code="scopes_unlisted",
            severity="info",
            message=f"the provider does not list the scopes {safe_text(', '.join(unknown), limit=200)}",
            remedy="many lists are incomplete; if sign-in fails, change enterprise.auth.oidc.scopes",
        )
    if OFFLINE not in asked:
        yield Finding(
            code="no_renewal",
            severity="info",
            message="a sign-in ends when its ID token does, because offline_access is not asked for",
            remedy="put offline_access into enterprise.auth.oidc.scopes, if the provider has it",
        )


def judge_keys(keys: KeySet) -> Iterator[Finding]:
    """Yield which of the provider's keys are used, and why the others are not."""
    shown = ", ".join(
        safe_text(key.kid, limit=40) if key.kid is not None else "one without a name" for key in keys.keys
    )
    count = len(keys.keys)
    what = "1 key" if count == 1 else f"{count} keys"
    yield Finding(code="keys", severity="ok", message=f"the provider has {what} to check signatures with: {shown}")
    if count > 1 and any(key.kid is None for key in keys.keys):
        yield Finding(
            code="key_unnamed",
            severity="warning",
            message="a key has no kid, and there are several: what it signed is not taken",
            remedy="let the provider name its keys",
        )
    for dropped in keys.dropped:
        name = "" if dropped.kid is None else f" ({safe_text(dropped.kid, limit=40)})"
        yield Finding(
            code="key_dropped", severity="info", message=f"key {dropped.position}{name} is not used: {dropped.reason}"
        )


def judge_clock(said_at: datetime | None, now: datetime) -> Iterator[Finding]:
    """Yield whether the provider's clock and ours agree.

    Args:
        said_at: the time that the provider put on its answer, if it did.
        now: ours.
    """
    if said_at is None:
        return
    skew = (said_at - now).total_seconds()
    if abs(skew) <= _LARGEST_SKEW:
        yield Finding(code="clock", severity="ok", message="the provider's clock and ours agree")
        return
    where = "ahead of" if skew > 0 else "behind"
    yield Finding(
        code="clock",
        severity="error" if abs(skew) > 2 * _LARGEST_SKEW else "warning",
        message=f"the provider's clock is {abs(skew):.0f} s {where} ours: fresh tokens may be refused",
        remedy="set the clock here (NTP)",
    )
