"""Checking one configuration file, for `config validate`: all its problems, and what may have been meant."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from loki_core.errors import ConfigurationError
from loki_core.settings.assembly import build_settings
from loki_core.settings.document import Kind, Node, parse_document
from loki_core.settings.keys import KEYS_BY_NAME
from loki_core.settings.layers import Layer, Rank
from loki_core.settings.places import Places, expand_path, find_places
from loki_core.settings.reader import SECTIONS, list_children, read_environment, read_file
from loki_core.settings.safefile import SafeFile, find_file
from loki_core.settings.sources import find_home_file, list_store_owners, read_own, read_project
from loki_core.settings.values import Base
from loki_core.settings.wrong import quote_name


class Validation(NamedTuple):
    """What is to be said about a file.

    Attributes:
        problems: what is wrong, in the file's order; none when the file will be taken.
        notes: keys that are left alone because they are not ours, but look as if they were meant to be.
    """

    problems: tuple[ConfigurationError, ...]
    notes: tuple[str, ...]


def validate_file(
    path: Path,
    *,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    user_home: Path | None = None,
) -> Validation:
    """Return what is wrong with a configuration file, whether it is in use or not.

    Rules between keys are judged with what stands around the file: the environment, and below a project's file
    the user's own.

    Args:
        path: the file; one named `.loki/config.yaml` outside the user's home is judged as a project's, trusted.
        environ: the environment, by default `os.environ`.
        directory: what a relative path starts from; by default the working directory.
        user_home: the user's home directory; by default `HOME`.
    """
    environ = os.environ if environ is None else environ
    places = find_places(environ, Path.cwd() if directory is None else directory, user_home)
    path = expand_path(str(path), places.directory, places.user_home)
    problems: list[ConfigurationError] = []
    notes: tuple[str, ...] = ()
    try:
        is_project = path.parent.name == ".loki" and not _is_same(path.parent, places.home)
        file = _get_file(path, places, is_project)
        label = places.get_label(path)
        read_file(file, label, places.user_home, problems.append)
        notes = tuple(_list_strays(file, label))
        if not problems:
            _check_together(file, places, environ, is_project)
    except ConfigurationError as error:
        problems.append(error)
    return Validation(tuple(problems), notes)


def _get_file(path: Path, places: Places, is_project: bool) -> SafeFile:
    label = places.get_label(path)
    owners = list_store_owners(places) if path == places.home_file else ()
    file = find_file(path, label, follows_links=not is_project, owners=owners)
    if file is None:
        raise ConfigurationError(f"{label}: there is no such file", remedy="name one that exists")
    return file


def _check_together(file: SafeFile, places: Places, environ: Mapping[str, str], is_project: bool) -> None:
    layers: list[Layer] = []
    if is_project:
        own = find_home_file(places)
        layers += [(Rank.HOME, read_own(own, places))] if own else []
        layers.append((Rank.PROJECT, read_project(file, places)))
    else:
        layers.append((Rank.HOME, read_own(file, places)))
    layers.append((Rank.ENVIRONMENT, read_environment(environ, Base(places.directory, places.user_home))))
    build_settings(places, layers)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _list_strays(file: SafeFile, label: str) -> list[str]:
    notes = []
    root = parse_document(file.data, label)
    for section, prefix in ((root, ""), (_find_enterprise(root), "enterprise.")):
        for key, _ in section.pairs() if section is not None else ():
            if not key.is_scalar or prefix + key.text in SECTIONS or prefix + key.text in KEYS_BY_NAME:
                continue
            meant = _guess(key.text, prefix)
            if meant:
                notes.append(f"{label}:{key.line}: {quote_name(prefix + key.text)} is left alone; {meant} is ours")
    return notes


def _find_enterprise(root: Node | None) -> Node | None:
    for key, node in root.pairs() if root is not None else ():
        if key.is_scalar and key.text == "enterprise" and node.kind is Kind.MAPPING:
            return node
    return None


def _guess(name: str, prefix: str) -> str | None:
    candidates = {child: prefix + child for child in list_children(prefix.rstrip("."))}
    if not prefix:
        candidates |= {child: f"enterprise.{child}" for child in list_children("enterprise")} | candidates
    nearest = difflib.get_close_matches(name[:100].lower(), candidates, n=1, cutoff=0.8)
    return candidates[nearest[0]] if nearest else None
