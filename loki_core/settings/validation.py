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
from loki_core.settings.layers import Rank
from loki_core.settings.places import find_places
from loki_core.settings.reader import SECTIONS, list_children, read_file
from loki_core.settings.safefile import SafeFile, find_file
from loki_core.settings.sources import list_store_owners, read_own, read_project
from loki_core.settings.wrong import quote_name


class Validation(NamedTuple):
    """What is to be said about a file.

    Attributes:
        problems: what is wrong, in the file's order; none when the file will be taken.
        notes: keys that are left alone because they are not ours, but look as if they were meant to be.
    """

    problems: tuple[ConfigurationError, ...]
    notes: tuple[str, ...]


def validate_file(path: Path, *, environ: Mapping[str, str] | None = None, user_home: Path | None = None) -> Validation:
    """Return what is wrong with a configuration file, without using it.

    Args:
        path: the file; one named `.loki/config.yaml` outside the user's home is judged as a project's.
        environ: the environment, by default `os.environ`.
        user_home: the user's home directory; by default `HOME`.
    """
    path = Path(os.path.abspath(path))
    places = find_places(os.environ if environ is None else environ, path.parent, user_home)
    label = places.get_label(path)
    is_project = path.parent.name == ".loki" and not _is_same(path.parent, places.home)
    owners = list_store_owners(places) if path == places.home_file else ()
    problems: list[ConfigurationError] = []
    notes: tuple[str, ...] = ()
    try:
        file = find_file(path, label, follows_links=not is_project, owners=owners)
        if file is None:
            raise ConfigurationError(f"{label}: there is no such file", remedy="name one that exists")
        read_file(file, label, places.user_home, problems.append)
        notes = tuple(_list_strays(file, label))
        if not problems:
            found = read_project(file, places) if is_project else read_own(file, places)
            build_settings(places, [(Rank.PROJECT if is_project else Rank.HOME, found)])
    except ConfigurationError as error:
        problems.append(error)
    return Validation(tuple(problems), notes)


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
