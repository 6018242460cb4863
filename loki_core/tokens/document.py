"""The store's JSON document, as it lies on disk: parsed strictly, written back with all that we do not know. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from loki_core.errors import StorageError
from loki_core.frozen import dataclass, field
from loki_core.tokens.record import format_time, parse_time

VERSION = "1.0"
_encode = json.JSONEncoder(separators=(",", ":")).encode


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _parse_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # it would be written back as Infinity
        raise ValueError("a number beyond all bounds")
    return number


_decode = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_parse_float).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The top level of the store.

    Attributes:
        tokens: the stored objects by id. They are shared between documents: never change one in place.
        outbox: audit entries that are waiting for a log that can be written.
        audit_head: the newest signed head of the audit log that was known at a write, or None.
        written_at: the newest time at which we wrote it, or None.
        rest: what else is at the top, known to us or not.
    """

    tokens: Mapping[str, Any] = field(default_factory=dict)
    outbox: tuple[Mapping[str, Any], ...] = ()
    audit_head: Mapping[str, Any] | None = None
    written_at: datetime | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)


def parse_document(data: bytes, label: str) -> Document:
    """Return the document that the bytes hold.

    Args:
        data: the content of the store.
        label: what to call the store in an error.

    Raises:
        StorageError: `store_corrupt`: it is empty, cut short, not UTF-8, not JSON or not a token store.
    """

    def refuse(problem: str) -> StorageError:
        return StorageError(
            f"{label} {problem}; it was left as it is",
            code="store_corrupt",
            remedy=f"restore the previous copy ({label}.bak) or a backup over it; revocations since then still hold",
        )

    if not data.strip(b" \t\r\n\x00"):
        raise refuse("is empty" if not data else "holds nothing")
    try:
        top = _decode(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise refuse("is not UTF-8 text") from None
    except (ValueError, RecursionError):
        raise refuse("is cut short or is not JSON") from None
    if not isinstance(top, dict) or not isinstance(top.get("tokens"), dict):
        raise refuse("is not a token store (an object that holds an object named tokens)")
    rest = dict(top)
    outbox = rest.pop("audit_outbox", [])
    audit_head = rest.pop("audit_head", None)
    written_at = rest.pop("written_at", None)
    return Document(
        tokens=rest.pop("tokens"),
        outbox=tuple(entry for entry in outbox if isinstance(entry, dict)) if isinstance(outbox, list) else (),
        audit_head=audit_head if isinstance(audit_head, dict) else None,
        written_at=parse_time(written_at) if isinstance(written_at, str) else None,
        rest=rest,
    )


def dump_document(document: Document) -> list[bytes]:
    """Return the document as JSON, one token a line, in pieces to be written one after the other."""
    top: dict[str, Any] = {"version": VERSION, **document.rest}
    if document.written_at is not None:
        top["written_at"] = format_time(document.written_at)
    if document.audit_head is not None:
        top["audit_head"] = document.audit_head
    if document.outbox:
        top["audit_outbox"] = list(document.outbox)
    head = _encode(top)[:-1]
    return [f'{head},"tokens":{{\n{_dump_tokens(document.tokens.items())}\n}}}}\n'.encode("ascii")]


def _dump_tokens(items: Iterable[tuple[str, Any]]) -> str:
    return ",\n".join([f"{_encode(key)}:{_encode(raw)}" for key, raw in items])
