"""Reading our keys out of a file and out of the environment, each value with its origin."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from loki_core.errors import ConfigurationError
from loki_core.frozen import dataclass
from loki_core.settings.document import Kind, Node, parse_document
from loki_core.settings.keys import KEYS, KEYS_BY_NAME, SHARED, Key, Variable
from loki_core.settings.origin import Origin, Source
from loki_core.settings.safefile import SafeFile
from loki_core.settings.values import Base, Flag
from loki_core.settings.wrong import Wrong, quote_name

Report = Callable[[ConfigurationError], None]
"""Takes an error: raises it, or collects it."""

SECTIONS = frozenset(
    ".".join(parts[:length]) for key in KEYS for parts in [key.name.split(".")] for length in range(len(parts))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A value and where it comes from."""

    value: Any
    origin: Origin


def raise_error(error: ConfigurationError) -> None:
    """Raise it: what is done with the first error, except when all are wanted."""
    raise error


def read_file(file: SafeFile, label: str, user_home: Path, report: Report = raise_error) -> dict[str, Found]:
    """Return the values of our keys in a configuration file.

    Args:
        file: the file as it was read.
        label: the file as it is named in errors.
        user_home: what `~/` in a path means.
        report: what to do with an error.

    Raises:
        ConfigurationError: it is no YAML mapping; or, by the default `report`, a key of ours is unknown,
            comes twice or has a value of the wrong kind.
    """
    root = parse_document(file.data, label)
    base = Base(directory=file.path.parent, user_home=user_home)
    found: dict[str, Found] = {}
    for name, line, node in _walk(root, "", label, report) if root else ():
        key = KEYS_BY_NAME[name]
        try:
            is_unset = node.kind is Kind.NULL and key.may_be_null
            value = key.default if is_unset else key.value.parse_node(node, base)
        except Wrong as wrong:
            report(_place(wrong, name, label, line))
            continue
        origin = Origin(source=Source.FILE, file=file.path, line=line, label=label)
        found[name] = Found(value=value, origin=origin)
    return found


def _walk(section: Node, name: str, label: str, report: Report) -> Iterator[tuple[str, int, Node]]:
    seen: dict[str, int] = {}
    for key, node in section.pairs():
        try:
            child = _name_child(key, name, seen)
        except Wrong as wrong:
            report(_place(wrong, name, label, key.line))
            continue
        if child is None:
            continue
        seen[child] = key.line
        if child not in SECTIONS:
            yield child, key.line, node
        elif node.kind is Kind.MAPPING:
            yield from _walk(node, child, label, report)
        elif node.kind is not Kind.NULL:
            problem = Wrong(f"is {node.kind}, not a mapping", "write its keys below it", line=node.line)
            report(_place(problem, child, label, key.line))


def _name_child(key: Node, parent: str, seen: Mapping[str, int]) -> str | None:
    # A merge would bring in keys that stand elsewhere, and one of ours might be among them.
    if key.is_scalar and key.is_merge:
        raise Wrong("has a merge key (<<), which is not read here", "write the keys out", line=key.line)
    name = f"{parent}.{key.text}".lstrip(".") if key.is_scalar else ""
    if name not in KEYS_BY_NAME and (name not in SECTIONS or not name):
        if parent in SHARED:
            return None
        raise _refuse_unknown(key, parent)
    if name in seen:
        raise Wrong(f"has {quote_name(key.text)} twice, first on line {seen[name]}", "keep one of them", line=key.line)
    return name


def _refuse_unknown(key: Node, parent: str) -> Wrong:
    known = list_children(parent)
    if not key.is_scalar:
        return Wrong("has a key that is not a name", f"known: {', '.join(known)}", line=key.line)
    nearest = difflib.get_close_matches(key.text[:100].lower(), known, n=1, cutoff=0.5)
    remedy = f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(known)}"
    return Wrong(f"has an unknown key {quote_name(key.text)}", remedy, line=key.line)


def list_children(section: str) -> list[str]:
    """Return the names of a section's keys and subsections, in the order of the table."""
    prefix = f"{section}." if section else ""
    names = (key.name.removeprefix(prefix).split(".")[0] for key in KEYS if key.name.startswith(prefix))
    return list(dict.fromkeys(names))


def _place(wrong: Wrong, name: str, label: str, line: int) -> ConfigurationError:
    subject = f"{name}{wrong.within}" or "the top level"
    return ConfigurationError(f"{label}:{wrong.line or line}: {subject} {wrong.what}", remedy=wrong.remedy)


def read_environment(environ: Mapping[str, str], base: Base, report: Report = raise_error) -> dict[str, Found]:
    """Return the values of our keys in the environment; an empty variable counts as absent.

    Raises:
        ConfigurationError: by the default `report`, a variable has a value of the wrong kind.
    """
    found: dict[str, Found] = {}
    for key in KEYS:
        for variable in key.variables:
            text = environ.get(variable.name, "").strip()
            if not text:
                continue
            try:
                value = _read_variable(key, variable, text, base)
            except Wrong as wrong:
                report(ConfigurationError(f"{variable.name} {wrong.what}", remedy=wrong.remedy))
                continue
            if value is not None and key.name not in found:
                origin = Origin(source=Source.ENVIRONMENT, variable=variable.name)
                found[key.name] = Found(value=value, origin=origin)
    return found


def _read_variable(key: Key, variable: Variable, text: str, base: Base) -> Any:
    value = key.value.parse_text(text, base)
    if isinstance(key.value, Flag):
        if variable.only_when_true and not value:
            return None
        return not value if variable.inverted else value
    return value
