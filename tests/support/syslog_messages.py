"""Reads syslog messages strictly by the grammar of RFC 5424, section 6, and streams of them by RFC 6587."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

_HEADER = re.compile(
    rb"<(?P<priority>[1-9][0-9]{0,2})>1 (?P<time>-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z) "
    rb"(?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128}) (?P<name>[!-~]{1,32}) "
)
_NAME = rb"[!#-<>-\\^-~]{1,32}"
_TEXT = rb'(?:[^"\\\]]|\\["\\\]])*'
_ELEMENT = re.compile(rb'\[(?P<id>%b)(?P<values>(?: %b="%b")*)\]' % (_NAME, _NAME, _TEXT))
_VALUE = re.compile(rb' (%b)="(%b)"' % (_NAME, _TEXT))
_BOM = b"\xef\xbb\xbf"


class Message(NamedTuple):
    """A message that was read."""

    facility: int
    severity: int
    time: str
    host: str
    app: str
    name: str
    values: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """Its text as JSON."""
        return json.loads(self.text)

    @property
    def seq(self) -> int:
        """The number of the entry."""
        return int(self.values["seq"])


def read_message(data: bytes) -> Message:
    """Return what a message says.

    Raises:
        AssertionError: it is not by the grammar, or holds a control character.
    """
    header = _HEADER.match(data)
    assert header, data
    element = _ELEMENT.match(data, header.end())
    assert element, data
    assert data[element.end() : element.end() + 4] == b" " + _BOM, data
    assert not re.search(rb"[\x00-\x1f\x7f]", data), data
    values = {
        name.decode(): re.sub(rb"\\(.)", rb"\1", value).decode() for name, value in _VALUE.findall(element["values"])
    }
    assert element["id"] == b"loki@32473"
    facility, severity = divmod(int(header["priority"]), 8)
    return Message(
        facility=facility,
        severity=severity,
        time=header["time"].decode(),
        host=header["host"].decode(),
        app=header["app"].decode(),
        name=header["name"].decode(),
        values=values,
        text=data[element.end() + 4 :].decode(),
    )


def split_stream(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole messages of a stream, each behind its length, and what is left of one that was cut short."""
    messages = []
    while match := re.match(rb"([1-9][0-9]*) ", data):
        length = int(match[1])
        if len(data) < match.end() + length:
            break
        messages.append(data[match.end() : match.end() + length])
        data = data[match.end() + length :]
    return messages, data
