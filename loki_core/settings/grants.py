"""Custom roles and scopes, as a file spells them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from loki_core.roles import Role
from loki_core.scopes import Scope
from loki_core.settings.document import Kind, Node
from loki_core.settings.structures import Names, check_name, get_mapping
from loki_core.settings.values import Base, Value, read_text
from loki_core.settings.wrong import Wrong, quote_name, within
from loki_core.text import safe_text

MAX_GRANTS = 500
"""How many roles or scopes a file may define."""

_NAMES = Names(splits=True)
_NO_NAMES = Names(splits=True, may_be_empty=True)


def _read_fields(node: Node, known: tuple[str, str]) -> Mapping[str, Node]:
    fields = {}
    for name, value in get_mapping(node).entries():
        if name not in known:
            nearest = difflib.get_close_matches(name.lower(), known, n=1)
            remedy = f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(known)}"
            raise Wrong(f"has an unknown key {quote_name(name)}", remedy, line=value.line)
        fields[name] = value
    return fields


def _read_description(fields: Mapping[str, Node]) -> str:
    if "description" not in fields or fields["description"].kind is Kind.NULL:
        return ""
    with within("description"):
        return read_text(fields["description"], 255)


def _check_count(count: int, line: int) -> None:
    if count > MAX_GRANTS:
        raise Wrong(f"holds more than {MAX_GRANTS} names", "remove some", line=line)


class Roles(Value):
    """Custom roles: `{name: {scopes, description}}`."""

    may_be_null = True
    shape = "a mapping, such as {deployer: {scopes: [control, audit], description: Ships releases}}"

    def parse_node(self, node: Node, base: Base) -> tuple[Role, ...]:
        """Return the roles in the order written. Whether their scopes exist is checked by the catalogue."""
        roles = []
        for name, value in get_mapping(node).entries():
            with within(name):
                fields = _read_fields(value, ("scopes", "description"))
                if "scopes" not in fields:
                    raise Wrong("has no scopes", "add scopes: [read], for instance", line=value.line)
                with within("scopes"):
                    scopes = _NAMES.parse_node(fields["scopes"], base)
                check_name(name, value.line)
                roles.append(Role(name=name, scopes=scopes, description=_read_description(fields)))
            _check_count(len(roles), node.line)
        return tuple(roles)

    def show(self, value: tuple[Role, ...]) -> str:
        """Return the names and scopes."""
        return safe_text(", ".join(f"{role.name}={'+'.join(role.scopes)}" for role in value)) or "none"


class Scopes(Value):
    """Custom scopes: `{name: {implies, description}}`."""

    may_be_null = True
    shape = "a mapping, such as {deploy: {implies: [read], description: Ship releases}}"

    def parse_node(self, node: Node, base: Base) -> tuple[Scope, ...]:
        """Return the scopes in the order written; the catalogue checks what they imply."""
        scopes = []
        for name, value in get_mapping(node).entries():
            with within(name):
                fields = {} if value.kind is Kind.NULL else _read_fields(value, ("implies", "description"))
                implies: tuple[str, ...] = ()
                if "implies" in fields and fields["implies"].kind is not Kind.NULL:
                    with within("implies"):
                        implies = _NO_NAMES.parse_node(fields["implies"], base)
                check_name(name, value.line)
                scopes.append(Scope(name=name, implies=implies, description=_read_description(fields)))
            _check_count(len(scopes), node.line)
        return tuple(scopes)

    def show(self, value: tuple[Scope, ...]) -> str:
        """Return the names and what they include."""
        shown = (f"{scope.name}>{'+'.join(scope.implies)}" if scope.implies else scope.name for scope in value)
        return safe_text(", ".join(shown)) or "none"
