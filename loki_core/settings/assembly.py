"""Putting the settings together from files and environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from loki_core.settings import checks, sections
from loki_core.settings.layers import Layer, Rank, lay_over, sift_project
from loki_core.settings.origin import DEFAULT, IgnoredKey, Source
from loki_core.settings.places import Places
from loki_core.settings.reader import read_environment
from loki_core.settings.sections import Settings
from loki_core.settings.sources import find_home_file, find_project_file, get_named_file, read_own, read_project
from loki_core.settings.values import Base

_T = TypeVar("_T")


def assemble_settings(environ: Mapping[str, str], places: Places) -> Settings:
    """Return what files and environment say.

    Raises:
        ConfigurationError: something is wrong, unsafe or unreadable.
    """
    files: list[Path] = []
    layers: list[Layer] = []
    ignored: tuple[IgnoredKey, ...] = ()
    own = get_named_file(places) if places.named else find_home_file(places)
    if own is not None:
        layers.append((Rank.HOME, read_own(own, places)))
        files.append(own.path)
    environment = read_environment(environ, Base(directory=places.directory, user_home=places.user_home))
    project = None if places.named else find_project_file(places, own)
    if project is not None:
        from loki_core.settings.trust import find_distrust  # only projects need it

        found = read_project(project, places)
        reason = find_distrust(project, places)
        if reason:
            without = lay_over([*layers, (Rank.ENVIRONMENT, environment)])
            found, ignored = sift_project(found, without.values, reason)
        layers.append((Rank.PROJECT, found))
        files.append(project.path)
    return build_settings(places, [*layers, (Rank.ENVIRONMENT, environment)], ignored, tuple(files))


def build_settings(
    places: Places, layers: list[Layer], ignored: tuple[IgnoredKey, ...] = (), files: tuple[Path, ...] = ()
) -> Settings:
    """Return what holds when the layers lie over each other, after the checks between keys.

    Raises:
        ConfigurationError: two values do not fit together.
    """
    layered = lay_over(layers)
    values, origins, ranks = layered.values, layered.origins, layered.ranks
    checks.check_provider(values, origins)
    checks.check_grants(values, origins)
    checks.check_syslog(values, origins)
    overruled = checks.find_overruled_secret(values, origins, ranks)
    if overruled:
        values[overruled] = None
        origins[overruled] = DEFAULT
    days = checks.settle_expiration(values, origins, ranks)
    if days != values["enterprise.tokens.default_expiration_days"]:
        values["enterprise.tokens.default_expiration_days"] = days
        origins["enterprise.tokens.default_expiration_days"] = origins["enterprise.tokens.max_expiration_days"]
    if values["enterprise.auth.oidc.audience"] is None:
        values["enterprise.auth.oidc.audience"] = values["enterprise.auth.oidc.client_id"]
    if origins["server.public_url"].source is Source.DEFAULT:
        values["server.public_url"] = checks.derive_public_url(values)
    if origins["enterprise.audit.syslog.port"].source is Source.DEFAULT:
        values["enterprise.audit.syslog.port"] = checks.derive_syslog_port(values)

    def build(section: type[_T], prefix: str, **given: Any) -> _T:
        # The field names are the key names: a test holds the table and the sections together.
        names = [field.name for field in fields(section) if field.name not in given]  # type: ignore[arg-type]
        return section(**given, **{name: values[f"{prefix}.{name}"] for name in names})

    return Settings(
        home=places.home,
        auth=build(
            sections.AuthSettings,
            "enterprise.auth",
            is_forced_off=checks.is_auth_forced_off(values, origins),
            oidc=build(sections.OidcSettings, "enterprise.auth.oidc"),
        ),
        tokens=build(sections.TokenSettings, "enterprise.tokens"),
        rbac=build(sections.RbacSettings, "enterprise.rbac"),
        sessions=build(sections.SessionsSettings, "enterprise.sessions"),
        audit=build(
            sections.AuditSettings,
            "enterprise.audit",
            syslog=build(sections.SyslogSettings, "enterprise.audit.syslog"),
        ),
        tls=build(sections.TlsSettings, "enterprise.tls"),
        server=build(sections.ServerSettings, "server"),
        session=build(sections.SessionSettings, "session"),
        store=build(sections.StoreSettings, "store"),
        origins=MappingProxyType(
            {name: origin for name, origin in origins.items() if origin.source is not Source.DEFAULT}
        ),
        ignored=ignored,
        files=files,
    )
