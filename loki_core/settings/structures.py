"""Lists and mappings: how each kind is read from a file and from a variable, and how it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from loki_core.settings.document import Kind, Node
from loki_core.settings.values import Base, Value, check_text, read_text
from loki_core.settings.wrong import Wrong, within
from loki_core.text import safe_text
from loki_core.tokens.secret import redact

Check = Callable[[str, int], str]
"""Takes an item and its line, returns it as it is kept, or raises Wrong."""


def keep_item(item: str, line: int) -> str:
    """Return any item."""
    return item


def check_scope_token(item: str, line: int) -> str:
    """Return a scope that can be sent to a provider (scope-token, RFC 6749, 3.3)."""
    if not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", item):
        raise Wrong("holds a scope with characters that no scope has", "write scopes such as openid", line=line)
    return item


def check_domain(item: str, line: int) -> str:
    """Return an e-mail domain in lower case."""
    domain = item.lower()
    if not re.fullmatch(r"[^\s@*/:.]+(\.[^\s@*/:.]+)+", domain):
        raise Wrong("holds something that is not a domain", "write domains such as example.com", line=line)
    return domain


def check_network(item: str, line: int) -> str:
    """Return an address or network; one that holds every address is refused."""
    import ipaddress  # not before it is needed

    try:
        network = ipaddress.ip_network(item, strict=False)
    except ValueError:
        network = None
    if network is None or network.prefixlen == 0:
        raise Wrong(
            "holds something that is not an address or a network",
            "write such as 10.0.0.7 or 10.0.0.0/24",
            line=line,
        )
    return item


class Names(Value):
    """A list of names, each kept once.

    An empty list is refused where nobody allowed would come to mean no limit.
    """

    def __init__(self, check: Check = keep_item, *, may_be_empty: bool = False, splits: bool = False) -> None:
        self.check = check
        self.may_be_empty = may_be_empty
        self.splits = splits
        self.shape = "a list of names, or names with commas" if splits else "a list, such as [a, b]"

    def _finish(self, items: list[str], line: int) -> tuple[str, ...]:
        if not items and not self.may_be_empty:
            raise Wrong("is empty", "name at least one, or remove the key", line=line)
        return tuple(dict.fromkeys(items))

    def parse_node(self, node: Node, base: Base) -> tuple[str, ...]:
        """Return the list's names, or those in a text with commas or spaces where that is unambiguous."""
        if node.kind is Kind.TEXT and self.splits:
            return self._split(node.text, node.line)
        if node.kind is not Kind.LIST:
            raise Wrong(f"is {node.kind}, not a list", f"write {self.shape}", line=node.line)
        return self._finish([self.check(read_text(item), item.line) for item in node.items()], node.line)

    def parse_text(self, text: str, base: Base) -> tuple[str, ...]:
        """Return the names between commas or spaces."""
        return self._split(text, 0)

    def _split(self, text: str, line: int) -> tuple[str, ...]:
        items = [check_text(item, line, 1000) for item in text.replace(",", " ").split()]
        return self._finish([self.check(item, line) for item in items], line)

    def show(self, value: tuple[str, ...]) -> str:
        """Return the names with commas."""
        return redact(safe_text(", ".join(value))) or "none"


def get_mapping(node: Node) -> Node:
    """Return the node when it is a mapping, or raise Wrong."""
    if node.kind is not Kind.MAPPING:
        raise Wrong(f"is {node.kind}, not a mapping", "write names and values, as name: value", line=node.line)
    return node


def check_name(name: str, line: int) -> str:
    """Return a mapping's name when it is fit for one, or raise Wrong."""
    try:
        return check_text(name, line, 1000)
    except Wrong as wrong:
        raise Wrong(f"has a name that {wrong.what}", wrong.remedy, line=line) from None


class NameMap(Value):
    """Names to names, as from a group to a role."""

    shape = "a mapping, such as {ops: operator}"

    def parse_node(self, node: Node, base: Base) -> Mapping[str, str]:
        """Return the mapping. Names stay as written, so that a group called 007 or on is found."""
        found = {}
        for name, value in get_mapping(node).entries():
            with within(name):
                found[check_name(name, value.line)] = read_text(value)
        if not found:
            raise Wrong("is empty", "map at least one name, or remove the key", line=node.line)
        return MappingProxyType(found)

    def show(self, value: Mapping[str, str]) -> str:
        """Return the pairs with commas."""
        return redact(safe_text(", ".join(f"{name}={to}" for name, to in value.items()))) or "none"


class Command(Value):
    """A program and its arguments, run without a shell."""

    shape = "a list, such as [loki-run, --prd, '{prd}']"

    def parse_node(self, node: Node, base: Base) -> tuple[str, ...]:
        """Return the argument vector."""
        if node.kind is not Kind.LIST:
            raise Wrong(f"is {node.kind}, not a list", f"write {self.shape}", line=node.line)
        arguments = []
        for item in node.items():
            if item.kind is not Kind.TEXT:
                raise Wrong(f"holds {item.kind}, not text", "put it in quotes", line=item.line)
            if "\0" in item.text or len(item.text) > 4000:
                raise Wrong("holds an argument that no program takes", "shorten it", line=item.line)
            arguments.append(item.text)
        if not arguments or not arguments[0].strip():
            raise Wrong("names no program", f"write {self.shape}", line=node.line)
        return tuple(arguments)

    def show(self, value: tuple[str, ...]) -> str:
        """Return it as it would be typed."""
        import shlex

        return redact(safe_text(shlex.join(value))) or "none"


class CommandMap(Value):
    """Names to commands."""

    may_be_null = True
    shape = "a mapping, such as {vault: [vault, kv, put, secret/ci, token=-]}"

    def parse_node(self, node: Node, base: Base) -> Mapping[str, tuple[str, ...]]:
        """Return the mapping."""
        found = {}
        for name, value in get_mapping(node).entries():
            with within(name):
                found[check_name(name, value.line)] = Command().parse_node(value, base)
        return MappingProxyType(found)

    def show(self, value: Mapping[str, tuple[str, ...]]) -> str:
        """Return the names and commands."""
        return ", ".join(f"{redact(safe_text(name))}: {Command().show(argv)}" for name, argv in value.items()) or "none"
