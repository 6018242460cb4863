"""The configuration: one table of keys, read from environment and files and checked, each with its origin."""

from loki_core.settings.loader import load_settings
from loki_core.settings.origin import IgnoredKey, Origin, Source
from loki_core.settings.sections import (
    AuditSettings,
    AuthSettings,
    OidcSettings,
    RbacSettings,
    ServerSettings,
    SessionSettings,
    SessionsSettings,
    Settings,
    StoreSettings,
    SyslogSettings,
    TlsSettings,
    TokenSettings,
)

__all__ = [
    "AuditSettings",
    "AuthSettings",
    "IgnoredKey",
    "OidcSettings",
    "Origin",
    "RbacSettings",
    "ServerSettings",
    "SessionSettings",
    "SessionsSettings",
    "Settings",
    "Source",
    "StoreSettings",
    "SyslogSettings",
    "TlsSettings",
    "TokenSettings",
    "load_settings",
]
