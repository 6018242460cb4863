"""loki_core: tokens, roles and who is calling, for Loki Mode.

loki = loki_core.open()
issued = loki.tokens.generate("ci-bot", scopes=["read", "write"], expires_days=30)
principal = loki.authenticate(issued.secret.reveal())
principal.require("write")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loki_core.administration.looking import PolicyFinding
    from loki_core.administration.removing import Revocation
    from loki_core.audit.events import AuditEntry, AuditEvent
    from loki_core.audit.levels import Level
    from loki_core.audit.lines import LoggedLine, StoredLine, read_line
    from loki_core.audit.query import Query
    from loki_core.audit.summary import AuditSummary, Tally, count_failures
    from loki_core.audit.verdict import Problem, ProblemKind, Verdict, Witness
    from loki_core.audit.words import spell_head, spell_key
    from loki_core.audit_trail import AuditTrail, Follower
    from loki_core.delivery import SecretFile, remove_secret_file, send_to_sink, write_secret_file
    from loki_core.errors import (
        AuditUnavailable,
        AuthenticationError,
        AuthorizationError,
        Cancelled,
        ConfigurationError,
        InvalidInput,
        InvalidTokenError,
        LokiError,
        NotFound,
        ProviderUnavailable,
        Refused,
        SignInFailed,
        StorageError,
        StoreBusy,
    )
    from loki_core.hardening import harden_process
    from loki_core.interfaces import AuditSink, Clock, Finding, Store
    from loki_core.minting import Draft
    from loki_core.oidc.session import Session, SignedOut
    from loki_core.pending_sign_in import PendingSignIn
    from loki_core.principal import Method, Principal
    from loki_core.qr import draw_qr
    from loki_core.roles import Role, RoleCatalog
    from loki_core.scopes import ALL, Decision, Scope, ScopeCatalog
    from loki_core.services import Loki
    from loki_core.services import open_loki as open  # noqa: A004
    from loki_core.settings import Settings, load_settings
    from loki_core.sign_in import SignIn
    from loki_core.text import is_printable, safe_text
    from loki_core.token_manager import TokenManager
    from loki_core.tokens.listing import Summary
    from loki_core.tokens.names import LONGEST_NAME, is_id
    from loki_core.tokens.policy import DEFAULT, LONGEST_GRACE_HOURS, ExpiresDays, TokenPolicy, parse_expiry
    from loki_core.tokens.secret import Secret, holds_secret, redact
    from loki_core.tokens.status import Status
    from loki_core.tokens.token import IssuedToken, Token, Use
    from loki_core.version import __version__

# Names are loaded when they are first used: importing the package costs nothing that is not needed.
_PLACES = {
    "audit.events": ("AuditEntry", "AuditEvent"),
    "audit.levels": ("Level",),
    "audit.lines": ("LoggedLine", "StoredLine", "read_line"),
    "audit.query": ("Query",),
    "audit.summary": ("AuditSummary", "Tally", "count_failures"),
    "audit.verdict": ("Problem", "ProblemKind", "Verdict", "Witness"),
    "audit.words": ("spell_head", "spell_key"),
    "audit_trail": ("AuditTrail", "Follower"),
    "errors": (
        "AuditUnavailable",
        "AuthenticationError",
        "AuthorizationError",
        "Cancelled",
        "ConfigurationError",
        "InvalidInput",
        "InvalidTokenError",
        "LokiError",
        "NotFound",
        "ProviderUnavailable",
        "Refused",
        "SignInFailed",
        "StorageError",
        "StoreBusy",
    ),
    "interfaces": ("AuditSink", "Clock", "Finding", "Store"),
    "minting": ("Draft",),
    "oidc.session": ("Session", "SignedOut"),
    "pending_sign_in": ("PendingSignIn",),
    "principal": ("Method", "Principal"),
    "qr": ("draw_qr",),
    "roles": ("Role", "RoleCatalog"),
    "scopes": ("ALL", "Decision", "Scope", "ScopeCatalog"),
    "services": ("Loki", "open_loki"),
    "settings": ("Settings", "load_settings"),
    "sign_in": ("SignIn",),
    "tokens.names": ("LONGEST_NAME", "is_id"),
    "delivery": ("SecretFile", "remove_secret_file", "send_to_sink", "write_secret_file"),
    "hardening": ("harden_process",),
    "text": ("is_printable", "safe_text"),
    "administration.looking": ("PolicyFinding",),
    "administration.removing": ("Revocation",),
    "token_manager": ("TokenManager",),
    "tokens.listing": ("Summary",),
    "tokens.policy": ("DEFAULT", "ExpiresDays", "LONGEST_GRACE_HOURS", "parse_expiry", "TokenPolicy"),
    "tokens.secret": ("holds_secret", "redact", "Secret"),
    "tokens.status": ("Status",),
    "tokens.token": ("IssuedToken", "Token", "Use"),
    "version": ("__version__",),
}
_HOMES = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "ALL",
    "DEFAULT",
    "LONGEST_GRACE_HOURS",
    "LONGEST_NAME",
    "AuditEntry",
    "AuditEvent",
    "AuditSink",
    "AuditSummary",
    "AuditTrail",
    "AuditUnavailable",
    "AuthenticationError",
    "AuthorizationError",
    "Cancelled",
    "Clock",
    "ConfigurationError",
    "Decision",
    "Draft",
    "ExpiresDays",
    "Finding",
    "Follower",
    "InvalidInput",
    "InvalidTokenError",
    "IssuedToken",
    "Level",
    "LoggedLine",
    "Loki",
    "LokiError",
    "Method",
    "NotFound",
    "PendingSignIn",
    "PolicyFinding",
    "Principal",
    "Problem",
    "ProblemKind",
    "ProviderUnavailable",
    "Query",
    "Refused",
    "Revocation",
    "Role",
    "RoleCatalog",
    "Scope",
    "ScopeCatalog",
    "Secret",
    "SecretFile",
    "Session",
    "Settings",
    "SignIn",
    "SignInFailed",
    "SignedOut",
    "Status",
    "StorageError",
    "Store",
    "StoreBusy",
    "StoredLine",
    "Summary",
    "Tally",
    "Token",
    "TokenManager",
    "TokenPolicy",
    "Use",
    "Verdict",
    "Witness",
    "__version__",
    "count_failures",
    "draw_qr",
    "harden_process",
    "holds_secret",
    "is_id",
    "is_printable",
    "load_settings",
    "open",
    "parse_expiry",
    "read_line",
    "redact",
    "remove_secret_file",
    "safe_text",
    "send_to_sink",
    "spell_head",
    "spell_key",
    "write_secret_file",
]


def __getattr__(name: str) -> Any:
    wanted = "open_loki" if name == "open" else name
    if wanted not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[wanted]}"), wanted)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
