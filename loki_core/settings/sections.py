"""What is configured, by section. Plain data: every part takes the section that it needs and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from loki_core.frozen import dataclass, field
from loki_core.roles import Role, RoleCatalog
from loki_core.scopes import Scope, ScopeCatalog
from loki_core.settings.origin import DEFAULT, IgnoredKey, Origin
from loki_core.tokens.policy import TokenPolicy
from loki_core.tokens.secret import Secret


def _get_nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """The identity provider: `enterprise.auth.oidc`.

    Attributes:
        audience: what a JWT must be meant for; the client id unless something else is configured.
        client_secret: as given inline; `load_client_secret` also reads the file.
        roles_claim: a dotted path into the claims, as written.
        role_mapping: from a value of that claim to the name of a role.
    """

    issuer: str | None = None
    client_id: str | None = None
    audience: str | None = None
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    client_secret: Secret | None = None
    client_secret_file: Path | None = None
    ca_file: Path | None = None
    roles_claim: str | None = None
    role_mapping: Mapping[str, str] = field(default_factory=_get_nothing)
    default_role: str | None = None
    allowed_domains: tuple[str, ...] = ()
    allowed_subjects: tuple[str, ...] = ()
    allowed_clients: tuple[str, ...] = ()

    @property
    def is_configured(self) -> bool:
        """Whether there is a provider to sign in with."""
        return self.issuer is not None and self.client_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Who must prove themselves over HTTP: `enterprise.auth`.

    Attributes:
        enabled: the flag as configured, or None when nothing sets it.
        is_forced_off: `LOKI_ENTERPRISE_AUTH=false` stands against a provider that only a file names.
    """

    enabled: bool | None = None
    is_forced_off: bool = False
    oidc: OidcSettings = field(default_factory=OidcSettings)

    @property
    def is_on(self) -> bool:
        """Whether HTTP callers must prove who they are."""
        return self.accepts_tokens or self.accepts_oidc

    @property
    def accepts_tokens(self) -> bool:
        """Whether a `loki_` secret is a credential over HTTP."""
        return self.enabled is True

    @property
    def accepts_oidc(self) -> bool:
        """Whether the provider's users may sign in."""
        return self.oidc.is_configured and not self.is_forced_off


TokenSettings = TokenPolicy
"""What may be minted: `enterprise.tokens`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RbacSettings:
    """Roles and scopes beyond the built-in ones: `enterprise.rbac`."""

    custom_roles: tuple[Role, ...] = ()
    custom_scopes: tuple[Scope, ...] = ()

    def build_scopes(self) -> ScopeCatalog:
        """Return the scopes that exist here."""
        return ScopeCatalog(self.custom_scopes)

    def build_roles(self, scopes: ScopeCatalog | None = None) -> RoleCatalog:
        """Return the roles that exist here.

        Args:
            scopes: the catalog to check them against, when it is built already.
        """
        return RoleCatalog(self.build_scopes() if scopes is None else scopes, self.custom_roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsSettings:
    """How long a browser's sign-in lasts: `enterprise.sessions`."""

    idle_minutes: int = 30
    absolute_hours: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogSettings:
    """Where audit lines go besides the log: `enterprise.audit.syslog`. No host means nowhere.

    Attributes:
        port: by default 6514 for tls and 514 else.
        proto: udp, tcp or tls.
        ca_file: the certificates that the receiver's must be signed by; by default those of the system.
    """

    host: str | None = None
    port: int = 514
    proto: str = "udp"
    ca_file: Path | None = None

    @property
    def address(self) -> str:
        """Where that is in one word, such as `tls://loghost:6514`, or "" for nowhere."""
        if self.host is None:
            return ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.proto}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """The audit log: `enterprise.audit`.

    Attributes:
        retention_days: how many days of it are kept.
        max_file_size: of one file, in MB.
        second_sink: where a copy of each head goes: the path of a file, `syslog`, or None.
    """

    enabled: bool = True
    retention_days: int = 90
    max_file_size: int = 10
    second_sink: Path | str | None = None
    syslog: SyslogSettings = field(default_factory=SyslogSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """HTTPS: `enterprise.tls`."""

    enabled: bool = False
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The HTTP API: `server`.

    Attributes:
        public_url: how browsers reach it, without a slash at the end.
        trusted_proxies: addresses and networks whose forwarding headers are believed.
    """

    host: str = "127.0.0.1"
    port: int = 57374
    public_url: str = "http://localhost:57374"
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """The command that does the work, and the sinks that secrets may be sent to: `session`."""

    command: tuple[str, ...] = ()
    sinks: Mapping[str, tuple[str, ...]] = field(default_factory=_get_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where tokens live: `store`. The address may hold a password, so it is not in the `repr`."""

    url: str = field(default="file", repr=False)
    allow_network_fs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is configured, and where each value comes from.

    Attributes:
        home: `LOKI_HOME`, or `.loki` in the user's home directory. It need not exist.
        origins: where the value of each dotted key comes from; what is not in it is a default.
        ignored: what an untrusted project file says in vain.
        files: the configuration files that were read, the weakest first.
    """

    home: Path
    auth: AuthSettings = field(default_factory=AuthSettings)
    tokens: TokenSettings = field(default_factory=TokenSettings)
    rbac: RbacSettings = field(default_factory=RbacSettings)
    sessions: SessionsSettings = field(default_factory=SessionsSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    tls: TlsSettings = field(default_factory=TlsSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    session: SessionSettings = field(default_factory=SessionSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    origins: Mapping[str, Origin] = field(default_factory=_get_nothing, repr=False)
    ignored: tuple[IgnoredKey, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def dashboard(self) -> Path:
        """The directory of the token store and the audit log."""
        return self.home / "dashboard"

    def get_origin(self, key: str) -> Origin:
        """Return where the value of a dotted key, such as `server.port`, comes from."""
        return self.origins.get(key, DEFAULT)
