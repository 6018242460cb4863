"""Loading the settings: environment over the project's file over the user's file over the defaults.

Nothing is created, written or asked of a network, and YAML is imported only when there is a file to read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from loki_core.errors import ConfigurationError
from loki_core.settings import checks, sections, trust
from loki_core.settings.keys import KEYS
from loki_core.settings.layers import Layer, Rank, lay_over, sift_project
from loki_core.settings.origin import IgnoredKey, Source
from loki_core.settings.places import Places, find_places
from loki_core.settings.reader import Found, read_environment, read_file
from loki_core.settings.safefile import SafeFile, find_file, quote_path
from loki_core.settings.sections import Settings
from loki_core.settings.values import Base

_T = TypeVar("_T")


def load_settings(environ: Mapping[str, str], directory: Path, *, user_home: Path | None = None) -> Settings:
    """Return what is configured.

    Args:
        environ: the environment, such as `os.environ`; empty variables count as absent.
        directory: where the program was started; its `.loki/config.yaml` is the project's file.
        user_home: the user's home directory; by default `HOME`.

    Raises:
        ConfigurationError: something is wrong, unsafe or unreadable; the message names file and line, or the
            variable, and the remedy says what to write.
    """
    places = find_places(environ, directory, user_home)
    files: list[Path] = []
    layers: list[Layer] = []
    ignored: tuple[IgnoredKey, ...] = ()
    own = find_named_file(places) if places.named else find_home_file(places)
    if own is not None:
        label = places.get_label(own.path)
        found = read_file(own, label, places.user_home)
        check_secret_is_hidden(own, found, label)
        layers.append((Rank.HOME, found))
        files.append(own.path)
    environment = read_environment(environ, Base(directory=places.directory, user_home=places.user_home))
    project = None if places.named else find_project_file(places, own)
    if project is not None:
        found = read_project(project, places)
        reason = find_distrust(project, places)
        if reason:
            without = lay_over([*layers, (Rank.ENVIRONMENT, environment)])
            found, ignored = sift_project(found, without.values, reason)
        layers.append((Rank.PROJECT, found))
        files.append(project.path)
    return _build_settings(places, [*layers, (Rank.ENVIRONMENT, environment)], ignored, tuple(files))


def find_named_file(places: Places) -> SafeFile:
    """Return the file that `LOKI_CONFIG` names.

    Raises:
        ConfigurationError: it does not exist, is not safe or cannot be read.
    """
    assert places.named is not None  # noqa: S101 - the caller looked
    file = find_file(places.named, places.get_label(places.named))
    if file is None:
        raise ConfigurationError(
            f"LOKI_CONFIG names {places.get_label(places.named)}, which does not exist",
            remedy="correct or unset LOKI_CONFIG",
        )
    return file


def find_home_file(places: Places) -> SafeFile | None:
    """Return the user's file, or None when there is none.

    Raises:
        ConfigurationError: it is not safe or cannot be read.
    """
    path = places.home_file
    return find_file(path, places.get_label(path), owners=find_store_owner(places))


def find_project_file(places: Places, own: SafeFile | None) -> SafeFile | None:
    """Return the project's file, or None when there is none, or when it is the user's own file.

    Raises:
        ConfigurationError: it is a link, is not safe or cannot be read.
    """
    path = places.project_file
    try:
        if os.path.samefile(path.parent, places.home):
            return None
    except (OSError, ValueError):
        pass
    file = find_file(path, places.get_label(path), follows_links=False)
    return None if file is None or (own is not None and file.identity == own.identity) else file


def find_store_owner(places: Places) -> tuple[int, ...]:
    """Return, as root, the owner of the home directory, whose files are taken too; else nobody."""
    if os.geteuid() != 0:
        return ()
    try:
        return (os.stat(places.home).st_uid,)
    except (OSError, ValueError):
        return ()


def read_project(file: SafeFile, places: Places) -> dict[str, Found]:
    """Return what a project's file says.

    Raises:
        ConfigurationError: it breaks a rule, or holds a secret.
    """
    label = places.get_label(file.path)
    found = read_file(file, label, places.user_home)
    for key in KEYS:
        if key.is_refused_in_projects and key.name in found and found[key.name].value is not None:
            raise ConfigurationError(
                f"{found[key.name].origin.place}: {key.name} must not stand in a project's file",
                remedy=f"renew the secret, and put it into {places.get_label(places.home_file)}",
            )
    return found


def find_distrust(file: SafeFile, places: Places) -> str | None:
    """Return why a project's file is not trusted, or None when it is.

    Raises:
        ConfigurationError: the record of trusted files cannot be believed.
    """
    identity = trust.identify(file)
    digest = trust.load_trusted(places, find_store_owner(places)).get(str(identity.path))
    if digest == identity.sha256:
        return None
    return "not trusted" if digest is None else "changed since it was trusted"


def check_secret_is_hidden(file: SafeFile, found: Mapping[str, Found], label: str) -> None:
    """Refuse a secret in a file that everyone can read.

    Raises:
        ConfigurationError: with the command that mends it.
    """
    for key in KEYS:
        if key.is_refused_in_projects and key.name in found and file.mode & 0o004:
            raise ConfigurationError(
                f"{label}:{found[key.name].origin.line}: holds a secret, and others can read it",
                remedy=f"chmod 600 {quote_path(file.path)}",
            )


def _build_settings(
    places: Places, layers: list[Layer], ignored: tuple[IgnoredKey, ...], files: tuple[Path, ...]
) -> Settings:
    layered = lay_over(layers)
    values, origins, ranks = layered.values, layered.origins, layered.ranks
    checks.check_provider(values, origins)
    checks.check_grants(values, origins)
    overruled = checks.settle_client_secret(values, origins, ranks)
    if overruled:
        values[overruled] = None
    days = checks.settle_expiration(values, origins, ranks)
    if days != values["enterprise.tokens.default_expiration_days"]:
        values["enterprise.tokens.default_expiration_days"] = days
        origins["enterprise.tokens.default_expiration_days"] = origins[
            "enterprise.tokens.max_expiration_days"
        ]
    if values["enterprise.auth.oidc.audience"] is None:
        values["enterprise.auth.oidc.audience"] = values["enterprise.auth.oidc.client_id"]
    if origins["server.public_url"].source is Source.DEFAULT:
        values["server.public_url"] = checks.derive_public_url(values)
    get = _Getter(values)
    return Settings(
        home=places.home,
        auth=get.build(
            sections.AuthSettings,
            "enterprise.auth",
            is_forced_off=checks.is_auth_forced_off(values, origins),
            oidc=get.build(sections.OidcSettings, "enterprise.auth.oidc"),
        ),
        tokens=get.build(sections.TokenSettings, "enterprise.tokens"),
        rbac=get.build(sections.RbacSettings, "enterprise.rbac"),
        sessions=get.build(sections.SessionsSettings, "enterprise.sessions"),
        audit=get.build(
            sections.AuditSettings,
            "enterprise.audit",
            syslog=get.build(sections.SyslogSettings, "enterprise.audit.syslog"),
        ),
        tls=get.build(sections.TlsSettings, "enterprise.tls"),
        server=get.build(sections.ServerSettings, "server"),
        session=get.build(sections.SessionSettings, "session"),
        store=get.build(sections.StoreSettings, "store"),
        origins=MappingProxyType(origins),
        ignored=ignored,
        files=files,
    )


@dataclass(frozen=True, slots=True)
class _Getter:
    values: Mapping[str, Any]

    def build(self, section: type[_T], prefix: str, **given: Any) -> _T:
        # The field names are the key names: a test holds the table and the sections together.
        names = [field.name for field in fields(section) if field.name not in given]  # type: ignore[arg-type]
        return section(**given, **{name: self.values[f"{prefix}.{name}"] for name in names})
