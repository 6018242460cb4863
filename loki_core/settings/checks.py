"""The rules between keys. Pure: found values in, ConfigurationError out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from loki_core.errors import ConfigurationError, InvalidInput
from loki_core.roles import RoleCatalog
from loki_core.scopes import ScopeCatalog
from loki_core.settings.origin import DEFAULT, Origin, Source
from loki_core.tokens.secret import redact

Values = Mapping[str, Any]
Origins = Mapping[str, Origin]
Ranks = Mapping[str, int]
"""How strong the layer is that a key's value comes from: 0 for a default."""

_T = TypeVar("_T")
_OIDC = "enterprise.auth.oidc."
_TOKENS = "enterprise.tokens."
_SYSLOG = "enterprise.audit.syslog."


def check_provider(values: Values, origins: Origins) -> None:
    """Refuse half a provider: an issuer without a client id, or the reverse.

    Raises:
        ConfigurationError: one of the two is missing.
    """
    pair = {f"{_OIDC}issuer": "LOKI_OIDC_ISSUER", f"{_OIDC}client_id": "LOKI_OIDC_CLIENT_ID"}
    missing = [name for name in pair if values[name] is None]
    if len(missing) == 1:
        (present,) = pair.keys() - missing
        raise ConfigurationError(
            f"{origins[present].place}: {present} is set without {missing[0]}",
            remedy=f"set {missing[0]} or {pair[missing[0]]} too",
        )


def check_syslog(values: Values, origins: Origins) -> None:
    """Refuse what would be taken for protection and is none: a CA file without TLS, heads sent to no host.

    Raises:
        ConfigurationError: one of them is configured.
    """
    ca_file, proto, sink = f"{_SYSLOG}ca_file", values[f"{_SYSLOG}proto"], "enterprise.audit.second_sink"
    if values[ca_file] is not None and proto != "tls":
        raise ConfigurationError(
            f"{origins[ca_file].place}: {ca_file} is set, but {_SYSLOG}proto is {proto}",
            remedy=f"set {_SYSLOG}proto to tls, or leave the file out",
        )
    if values[sink] == "syslog" and values[f"{_SYSLOG}host"] is None:
        raise ConfigurationError(
            f"{origins[sink].place}: {sink} is syslog, but {_SYSLOG}host is not set",
            remedy=f"set {_SYSLOG}host or LOKI_AUDIT_SYSLOG_HOST too",
        )


def settle_expiration(values: Values, origins: Origins, ranks: Ranks) -> int:
    """Return the default life of a token in days, cut to the longest where a stronger layer set that.

    A default that nobody set, or that a weaker file set, gives way; one that was written beside the limit, or
    above it, is a mistake.

    Raises:
        ConfigurationError: the default is longer than the longest.
    """
    default, longest = f"{_TOKENS}default_expiration_days", f"{_TOKENS}max_expiration_days"
    days, most = int(values[default]), values[longest]
    if most is None or days <= most:
        return days
    if ranks[default] < ranks[longest]:
        return int(most)
    raise ConfigurationError(
        f"{origins[default].place}: {default} is {days}, more than {longest} ({most})",
        remedy=f"set it to at most {most}, or raise {longest}",
    )


def find_overruled_secret(values: Values, origins: Origins, ranks: Ranks) -> str | None:
    """Return which of the two ways to give the client secret is overruled by a stronger layer, or None.

    Raises:
        ConfigurationError: both are given in the same place.
    """
    inline, file = f"{_OIDC}client_secret", f"{_OIDC}client_secret_file"
    if values[inline] is None or values[file] is None:
        return None
    if ranks[inline] == ranks[file]:
        raise ConfigurationError(
            f"{origins[inline].place}: {inline} is set beside {file}",
            remedy="keep one of them, best the file",
        )
    return inline if ranks[inline] < ranks[file] else file


def check_grants(values: Values, origins: Origins) -> None:
    """Refuse custom scopes and roles that do not fit together, and mappings to roles that do not exist.

    Raises:
        ConfigurationError: with file and line.
    """
    custom = values["enterprise.rbac.custom_scopes"], values["enterprise.rbac.custom_roles"]
    mapping, default = values[f"{_OIDC}role_mapping"], values[f"{_OIDC}default_role"]
    if not (any(custom) or mapping or default):
        return
    scopes = _build(partial(ScopeCatalog, custom[0]), "enterprise.rbac.custom_scopes", origins)
    roles = _build(partial(RoleCatalog, scopes, custom[1]), "enterprise.rbac.custom_roles", origins)
    for role in mapping.values():
        _build(partial(roles.get_role, role), f"{_OIDC}role_mapping", origins)
    if default is not None:
        _build(partial(roles.get_role, default), f"{_OIDC}default_role", origins)


def _build(make: Callable[[], _T], name: str, origins: Origins) -> _T:
    try:
        return make()
    except InvalidInput as error:
        place = origins.get(name, DEFAULT).place
        raise ConfigurationError(f"{place}: {name}: {redact(error.message)}", remedy=redact(error.remedy)) from None


def is_auth_forced_off(values: Values, origins: Origins) -> bool:
    """Tell whether `LOKI_ENTERPRISE_AUTH=false` stands against a provider that only a file names."""
    flag = origins["enterprise.auth.enabled"]
    return (
        flag.source is Source.ENVIRONMENT
        and values["enterprise.auth.enabled"] is False
        and not any(origins[_OIDC + name].source is Source.ENVIRONMENT for name in ("issuer", "client_id"))
    )


def derive_syslog_port(values: Values) -> int:
    """Return the port when none is configured: the registered one of the protocol (RFC 5425 4.1, RFC 5426 3.3)."""
    return 6514 if values[f"{_SYSLOG}proto"] == "tls" else 514


def derive_public_url(values: Values) -> str:
    """Return the address for browsers when none is configured: this machine, with the port and scheme set."""
    scheme = "https" if values["enterprise.tls.enabled"] else "http"
    return f"{scheme}://localhost:{values['server.port']}"
