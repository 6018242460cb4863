"""The table of every key: its kind, default and variables, and what a project may say about it.

Reading, checking, `config show` and the documentation are all driven by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from loki_core.frozen import dataclass
from loki_core.settings import grants, strictness, structures, values
from loki_core.settings.strictness import Rule
from loki_core.settings.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable that sets a key.

    Attributes:
        inverted: it says the opposite of the key.
        only_when_true: it counts when true and says nothing when false, as Loki Mode reads it.
    """

    name: str
    inverted: bool = False
    only_when_true: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    Attributes:
        name: the dotted path in the file.
        value: how it is read and shown.
        default: what holds when nothing sets it; None is "not set".
        variables: what sets it in the environment, the strongest first.
        needs_trust: it counts from a project file only once that is trusted.
        is_stricter: when it counts from an untrusted project file.
        is_refused_in_projects: not even a trusted project may give it.
    """

    name: str
    value: Value
    default: Any = None
    variables: tuple[Variable, ...] = ()
    needs_trust: bool = False
    is_stricter: Rule = strictness.never
    is_refused_in_projects: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """The attributes that lead to the value in Settings."""
        return tuple(self.name.removeprefix("enterprise.").split("."))

    @property
    def may_be_null(self) -> bool:
        """Whether `key:` with nothing behind it means "not set".

        Not so for the lists that restrict: a list whose items were commented out would allow everybody.
        """
        return self.default is None or self.value.may_be_null


def _key(name: str, value: Value, default: Any = None, *variables: str, rule: Rule = strictness.never) -> Key:
    return Key(
        name=name,
        value=value,
        default=default,
        variables=tuple(Variable(name=variable) for variable in variables),
        is_stricter=rule,
    )


def _trusted(name: str, value: Value, default: Any = None, *variables: str, never_project: bool = False) -> Key:
    return Key(
        name=name,
        value=value,
        default=default,
        variables=tuple(Variable(name=variable) for variable in variables),
        needs_trust=True,
        is_refused_in_projects=never_project,
    )


_FLAG = values.Flag()
_TEXT = values.Text()
_PATH = values.FilePath()
_DAYS = values.WholeNumber(least=1, most=36_500, unit="days")
_TOKEN = values.Text(shape="text without white space", pattern=r"\S+")
_HOST = values.Text(shape="a host name or address", pattern=r"[0-9A-Za-z:._%-]+")
_PORT = values.WholeNumber(least=1, most=65_535)
_NAMES = structures.Names()
_NO_NETWORKS = structures.Names(structures.check_network, may_be_empty=True)
_DOMAINS = structures.Names(structures.check_domain, splits=True)
_OIDC_SCOPES = structures.Names(structures.check_scope_token, splits=True)
_EMPTY: Mapping[str, Any] = MappingProxyType({})

KEYS: tuple[Key, ...] = (
    _key("enterprise.auth.enabled", _FLAG, None, "LOKI_ENTERPRISE_AUTH", rule=strictness.switches_auth_on),
    _trusted("enterprise.auth.oidc.issuer", values.WebAddress(is_issuer=True), None, "LOKI_OIDC_ISSUER"),
    _trusted("enterprise.auth.oidc.client_id", _TOKEN, None, "LOKI_OIDC_CLIENT_ID"),
    _trusted("enterprise.auth.oidc.audience", _TOKEN, None, "LOKI_OIDC_AUDIENCE"),
    _trusted("enterprise.auth.oidc.scopes", _OIDC_SCOPES, ("openid", "email", "profile"), "LOKI_OIDC_SCOPES"),
    _trusted(
        "enterprise.auth.oidc.client_secret",
        values.HiddenText(),
        None,
        "LOKI_OIDC_CLIENT_SECRET",
        never_project=True,
    ),
    _trusted("enterprise.auth.oidc.client_secret_file", _PATH, None, "LOKI_OIDC_CLIENT_SECRET_FILE"),
    _trusted("enterprise.auth.oidc.ca_file", _PATH, None, "LOKI_OIDC_CA_FILE"),
    _trusted("enterprise.auth.oidc.roles_claim", _TEXT, None, "LOKI_OIDC_ROLES_CLAIM"),
    _trusted("enterprise.auth.oidc.role_mapping", structures.NameMap(), _EMPTY),
    _trusted("enterprise.auth.oidc.default_role", _TOKEN, None, "LOKI_OIDC_DEFAULT_ROLE"),
    _trusted("enterprise.auth.oidc.allowed_domains", _DOMAINS, (), "LOKI_OIDC_ALLOWED_DOMAINS"),
    _trusted("enterprise.auth.oidc.allowed_subjects", _NAMES, ()),
    _trusted("enterprise.auth.oidc.allowed_clients", _NAMES, ()),
    _key("enterprise.tokens.default_expiration_days", _DAYS, 90, rule=strictness.lower),
    _key("enterprise.tokens.max_expiration_days", _DAYS, None, rule=strictness.lower),
    _key(
        "enterprise.tokens.max_active_per_user",
        values.WholeNumber(least=1, most=1_000_000),
        None,
        rule=strictness.lower,
    ),
    _key("enterprise.tokens.allow_never", _FLAG, True, rule=strictness.only_false),
    _key(
        "enterprise.tokens.rotation_grace_hours",
        values.WholeNumber(least=0, most=720, unit="hours"),
        24,
        rule=strictness.lower,
    ),
    _trusted("enterprise.rbac.custom_roles", grants.Roles(), ()),
    _trusted("enterprise.rbac.custom_scopes", grants.Scopes(), ()),
    _key(
        "enterprise.sessions.idle_minutes",
        values.WholeNumber(least=1, most=10_080, unit="minutes"),
        30,
        rule=strictness.lower,
    ),
    _key(
        "enterprise.sessions.absolute_hours",
        values.WholeNumber(least=1, most=720, unit="hours"),
        12,
        rule=strictness.lower,
    ),
    Key(
        name="enterprise.audit.enabled",
        value=_FLAG,
        default=True,
        variables=(
            Variable(name="LOKI_ENTERPRISE_AUDIT", only_when_true=True),
            Variable(name="LOKI_AUDIT_DISABLED", inverted=True),
        ),
        is_stricter=strictness.only_true,
    ),
    _key("enterprise.audit.retention_days", _DAYS, 90, rule=strictness.higher),
    _key("enterprise.audit.max_file_size", values.WholeNumber(least=1, most=4096, unit="MB"), 10),
    _trusted("enterprise.audit.second_sink", values.FileOrWord("syslog"), None),
    # Not marked T, but a project that names the host would receive the log: never stricter comes to the same.
    _key("enterprise.audit.syslog.host", _HOST, None, "LOKI_AUDIT_SYSLOG_HOST"),
    _key("enterprise.audit.syslog.port", _PORT, 514, "LOKI_AUDIT_SYSLOG_PORT"),
    _key(
        "enterprise.audit.syslog.proto",
        values.Text(shape="udp, tcp or tls", pattern="udp|tcp|tls"),
        "udp",
        "LOKI_AUDIT_SYSLOG_PROTO",
    ),
    _trusted("enterprise.audit.syslog.ca_file", _PATH, None, "LOKI_AUDIT_SYSLOG_CA_FILE"),
    _key("enterprise.tls.enabled", _FLAG, False, "LOKI_TLS_ENABLED", rule=strictness.only_true),
    _trusted("enterprise.tls.cert", _PATH, None, "LOKI_TLS_CERT"),
    _trusted("enterprise.tls.key", _PATH, None, "LOKI_TLS_KEY"),
    _trusted("server.host", _HOST, "127.0.0.1", "LOKI_HOST"),
    _key("server.port", _PORT, 57_374, "LOKI_PORT"),
    _trusted("server.public_url", values.WebAddress(), "http://localhost:57374", "LOKI_PUBLIC_URL"),
    _trusted("server.trusted_proxies", _NO_NETWORKS, ()),
    _trusted("session.command", structures.Command(), ()),
    _trusted("session.sinks", structures.CommandMap(), _EMPTY),
    _trusted(
        "store.url",
        values.Text(
            shape="file, or an address such as postgresql://host/name",
            pattern=r"file|[a-z][a-z0-9+.-]*://\S+",
        ),
        "file",
        "LOKI_STORE_URL",
    ),
    _key("store.allow_network_fs", _FLAG, False, rule=strictness.only_false),
)

KEYS_BY_NAME: Mapping[str, Key] = MappingProxyType({key.name: key for key in KEYS})

SHARED = frozenset({"", "enterprise"})
"""Mappings that hold keys of others too: what is unknown in them is left alone."""
