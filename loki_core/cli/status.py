"""`status`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from loki_core import __version__
from loki_core.cli import output
from loki_core.cli.columns import format_fields
from loki_core.cli.failure import clean
from loki_core.cli.opening import open_loki

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Loki, Settings, Summary
    from loki_core.cli.arguments import Parser


def declare(parser: Parser) -> None:
    """Add the arguments: there are none."""


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_loki() as loki:
        summary = loki.tokens.summary()
        if options.json:
            output.write_json(_describe(loki, summary))
        else:
            output.write(_format(loki, summary))
    return 0


def _gives_full_access(loki: Loki) -> bool:
    return loki.settings.auth.accepts_oidc and loki.oidc.gives_full_access


def _describe(loki: Loki, summary: Summary) -> dict[str, Any]:
    settings = loki.settings
    policy = settings.tokens
    return {
        "version": __version__,
        "store": loki.store_label,
        "actor": loki.actor.subject,
        "tokens": {
            "total": summary.total,
            "usable": summary.usable,
            "never_used": summary.never_used,
            "unlimited": summary.unlimited,
            "never_expiring": summary.never_expiring,
            **{str(status): count for status, count in summary.by_status.items()},
        },
        "auth": {
            "enabled": settings.auth.is_on,
            "tokens": settings.auth.accepts_tokens,
            "oidc": settings.auth.accepts_oidc,
            "issuer": settings.auth.oidc.issuer,
            "oidc_full_access": _gives_full_access(loki),
        },
        "policy": {
            "default_expiration_days": policy.default_expiration_days,
            "max_expiration_days": policy.max_expiration_days,
            "max_active_per_user": policy.max_active_per_user,
            "allow_never": policy.allow_never,
            "rotation_grace_hours": policy.rotation_grace_hours,
        },
        "audit": {
            "enabled": settings.audit.enabled,
            "log": loki.audit_label,
            "syslog": settings.audit.syslog.address or None,
        },
        "config": {
            "files": [os.fspath(path) for path in settings.files],
            "ignored": [ignored.key for ignored in settings.ignored],
        },
    }


def _format(loki: Loki, summary: Summary) -> str:
    settings = loki.settings
    states = ", ".join(f"{count} {status}" for status, count in summary.by_status.items() if count)
    ignored = len(settings.ignored)
    return format_fields(
        [
            ("Version", __version__),
            ("Store", clean(loki.store_label)),
            ("Tokens", f"{summary.total}" + (f" ({states})" if states else "")),
            (
                "Usable",
                f"{summary.usable}, {summary.unlimited} of them with *, {summary.never_expiring} without end",
            ),
            ("You", f"{clean(loki.actor.subject)}, {clean(', '.join(loki.actor.scopes))}"),
            ("API", _format_auth(settings)),
            ("Sign-in", _format_provider(loki)),
            ("New tokens", _format_policy(settings)),
            ("Audit log", clean(loki.audit_label)),
            ("Syslog", clean(settings.audit.syslog.address)),
            ("Configuration", clean(", ".join(map(str, settings.files))) or "none, the defaults hold"),
            ("Ignored", f"{ignored} settings of an untrusted project (see config show)" if ignored else ""),
        ]
    )


def _format_auth(settings: Settings) -> str:
    if not settings.auth.is_on:
        return "authentication is off (set LOKI_ENTERPRISE_AUTH=true)"
    ways = [("tokens", settings.auth.accepts_tokens), ("sign-in", settings.auth.accepts_oidc)]
    return f"authentication is on: {' and '.join(way for way, accepted in ways if accepted)}"


def _format_provider(loki: Loki) -> str:
    settings = loki.settings
    if settings.auth.oidc.issuer is None:
        return "no identity provider is configured"
    text = clean(settings.auth.oidc.issuer)
    if not settings.auth.accepts_oidc:
        text += ", switched off"
    elif _gives_full_access(loki):
        text += "; everyone who may sign in has full access"
    return text


def _format_policy(settings: Settings) -> str:
    policy = settings.tokens
    parts = [f"{policy.default_expiration_days} days by default"]
    if policy.max_expiration_days is not None:
        parts.append(f"{policy.max_expiration_days} at most")
    elif not policy.allow_never:
        parts.append("never without an end")
    if policy.max_active_per_user is not None:
        parts.append(f"{policy.max_active_per_user} usable ones a user")
    parts.append(f"{policy.rotation_grace_hours} h of grace when rotated")
    return ", ".join(parts)
