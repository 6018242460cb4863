"""A YAML document as nodes with line numbers. Nothing in it is constructed, so no tag can run anything.

Attacks:
    An alias bomb ("billion laughs") grows only when aliases are followed: nodes are shared, and the readers
    of our keys look at most four levels deep.
    Deep nesting crashes libyaml's composer (a segmentation fault, not an exception), and many small nodes eat
    memory: both are counted in a first pass over the events, which neither recurses nor keeps anything.
    Merge keys (`<<`) and duplicate keys smuggle a second value past a reader's eye: refused where we read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from loki_core.errors import ConfigurationError
from loki_core.settings.wrong import Wrong, quote_name
from loki_core.text import safe_text
from loki_core.tokens.secret import redact

if TYPE_CHECKING:
    import yaml

MAX_DEPTH = 64
MAX_EVENTS = 50_000
_CORE = "tag:yaml.org,2002:"
_PYTHON = f"{_CORE}python/"
_NUMBER = re.compile(r"[-+]?[0-9]{1,9}\Z")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Kind(StrEnum):
    """What a node is."""

    NULL = "nothing"
    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    NUMBER = "a number"
    TEXT = "text"
    LIST = "a list"
    MAPPING = "a mapping"
    OTHER = "a value with a tag"


_SCALARS = {
    "null": Kind.NULL,
    "bool": Kind.BOOLEAN,
    "int": Kind.INTEGER,
    "float": Kind.NUMBER,
    "str": Kind.TEXT,
    "timestamp": Kind.TEXT,
    "value": Kind.TEXT,
    "merge": Kind.TEXT,
}


class Node:
    """One value of the document."""

    __slots__ = ("_node",)

    def __init__(self, node: yaml.Node) -> None:
        self._node: Any = node

    @property
    def line(self) -> int:
        """Its line, from 1."""
        return int(self._node.start_mark.line) + 1

    @property
    def kind(self) -> Kind:
        """What it is."""
        tag = str(self._node.tag)
        if self._node.id == "sequence":
            return Kind.LIST if tag == f"{_CORE}seq" else Kind.OTHER
        if self._node.id == "mapping":
            return Kind.MAPPING if tag == f"{_CORE}map" else Kind.OTHER
        return _SCALARS.get(tag.removeprefix(_CORE), Kind.OTHER) if tag.startswith(_CORE) else Kind.OTHER

    @property
    def is_scalar(self) -> bool:
        """Whether it is one plain value."""
        return self._node.id == "scalar" and self.kind is not Kind.OTHER

    @property
    def text(self) -> str:
        """A scalar's text as written, without quotes."""
        return str(self._node.value)

    def find_boolean(self) -> bool | None:
        """Return the truth value, or None when it is none."""
        return _BOOLEANS.get(self.text.lower()) if self.kind is Kind.BOOLEAN else None

    def find_integer(self) -> int | None:
        """Return the whole number, or None when it is none, or not written in plain decimal digits."""
        return int(self.text) if self.kind is Kind.INTEGER and _NUMBER.match(self.text) else None

    def items(self) -> Iterator[Node]:
        """Yield a list's values."""
        return (Node(item) for item in self._node.value)

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Yield a mapping's keys and values as they stand, duplicates too."""
        return ((Node(key), Node(value)) for key, value in self._node.value)

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Yield a mapping's names and values.

        Raises:
            Wrong: a name is not one plain value, comes twice, or is a merge key.
        """
        seen: dict[str, int] = {}
        for key, value in self.pairs():
            if not key.is_scalar:
                raise Wrong("has a key that is not a name", "write a plain name before the colon", line=key.line)
            name = key.text
            if key.is_merge:
                raise Wrong("has a merge key (<<), which is not read here", "write the keys out", line=key.line)
            if name in seen:
                raise Wrong(
                    f"has {quote_name(name)} twice, first on line {seen[name]}",
                    "keep one of them",
                    line=key.line,
                )
            seen[name] = key.line
            yield name, value

    @property
    def is_merge(self) -> bool:
        """Whether it is the key `<<`, unquoted."""
        return str(self._node.tag) == f"{_CORE}merge"


def parse_document(data: bytes, label: str) -> Node | None:
    """Return the document's root, or None when there is nothing in it.

    Args:
        data: what the file holds.
        label: the file as it is named in errors.

    Raises:
        ConfigurationError: it is not UTF-8, not YAML, not a mapping, nested or filled beyond all use, or has
            a tag that names a Python object.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{label}:{line}: not UTF-8", remedy="save the file as UTF-8") from None
    import yaml  # 25 ms, so only when there is a file

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_size(yaml.parse(text, Loader=loader), label)
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise _explain(error, label) from None
    except (ValueError, OverflowError) as error:  # from %YAML directives and numeric escapes out of range
        raise ConfigurationError(f"{label}: not YAML ({type(error).__name__})", remedy="correct the file") from None
    if root is None:
        return None
    _check_tags(root, label)
    node = Node(root)
    if node.kind is Kind.NULL:
        return None
    if node.kind is not Kind.MAPPING:
        raise ConfigurationError(
            f"{label}:{node.line}: {node.kind} instead of a mapping",
            remedy="write keys and values, as key: value",
        )
    return node


def _check_size(events: Iterator[Any], label: str) -> None:
    depth = 0
    for count, event in enumerate(events):
        name = type(event).__name__
        if name in ("SequenceStartEvent", "MappingStartEvent"):
            depth += 1
        elif name in ("SequenceEndEvent", "MappingEndEvent"):
            depth -= 1
        if depth > MAX_DEPTH or count > MAX_EVENTS:
            what = f"nested more than {MAX_DEPTH} deep" if depth > MAX_DEPTH else "too many values"
            raise ConfigurationError(
                f"{label}:{event.start_mark.line + 1}: {what}", remedy="a configuration needs no such thing"
            )


def _check_tags(root: Any, label: str) -> None:
    todo, seen = [root], {id(root)}
    while todo:
        node = todo.pop()
        if str(node.tag).startswith(_PYTHON):
            raise ConfigurationError(
                f"{label}:{node.start_mark.line + 1}: a tag names a Python object", remedy="remove the tag"
            )
        if node.id == "scalar":
            continue
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                if id(part) not in seen:
                    seen.add(id(part))
                    todo.append(part)


def _explain(error: yaml.YAMLError, label: str) -> ConfigurationError:
    # The error's context holds a piece of the file, which may be a secret: only problem and line are told.
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f"{label}:{mark.line + 1}" if mark is not None else label
    problem = redact(safe_text(getattr(error, "problem", "") or "", limit=80)) or "unacceptable characters"
    return ConfigurationError(f"{where}: not YAML: {problem}", remedy="correct the line")
