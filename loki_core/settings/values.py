"""Single values: how each kind is read from a file's node and from a variable's text, and how it is shown.

Nothing here repeats a value that it refuses: a secret may have been put in the wrong line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from loki_core.settings.document import Kind, Node
from loki_core.settings.places import expand_path
from loki_core.settings.wrong import Wrong
from loki_core.text import is_printable, safe_text
from loki_core.tokens.secret import Secret, redact

_BOOLEANS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What relative paths in a file or a variable start from."""

    directory: Path
    user_home: Path


class Value(Protocol):
    """How one kind of value is read and shown."""

    @property
    def shape(self) -> str:
        """What to write, such as `true or false`."""

    def parse_node(self, node: Node, base: Base) -> Any:
        """Return the value of a file's node, or raise Wrong."""

    def parse_text(self, text: str, base: Base) -> Any:
        """Return the value of a variable's text, or raise Wrong."""

    def show(self, value: Any) -> str:
        """Return the value as one line, secrets masked."""


def check_text(text: str, line: int, limit: int) -> str:
    """Return the text when it is one printable line without white space at its ends, or raise Wrong."""
    if not text or text != text.strip():
        raise Wrong("is blank or has white space at its ends", "write it without", line=line)
    if len(text) > limit:
        raise Wrong(f"is longer than {limit} characters", "write something shorter", line=line)
    if not is_printable(text):
        raise Wrong("holds control or invisible characters", "write printable text", line=line)
    return text


def read_text(node: Node, limit: int = 1000) -> str:
    """Return the node's text, or raise Wrong."""
    if node.kind is not Kind.TEXT:
        remedy = "put it in quotes" if node.is_scalar and node.kind is not Kind.NULL else "write text"
        raise Wrong(f"is {node.kind}, not text", remedy, line=node.line)
    return check_text(node.text, node.line, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """True or false."""

    shape: str = "true or false"

    def parse_node(self, node: Node, base: Base) -> bool:
        """Return the truth value; text in quotes is none."""
        found = node.find_boolean()
        if found is None:
            raise Wrong(f"is {node.kind}, not true or false", "write true or false", line=node.line)
        return found

    def parse_text(self, text: str, base: Base) -> bool:
        """Return the truth value of true, yes, on, 1 and their opposites, in any case."""
        found = _BOOLEANS.get(text.lower())
        if found is None:
            raise Wrong("is neither true nor false", "write true or false")
        return found

    def show(self, value: bool) -> str:
        """Return true or false."""
        return str(value).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumber:
    """A whole number within limits, both included."""

    least: int
    most: int
    unit: str = ""

    @property
    def shape(self) -> str:
        """What to write."""
        return f"a whole number{f' of {self.unit}' if self.unit else ''}, {self.least} to {self.most}"

    def _check(self, number: int | None, what: str, line: int = 0) -> int:
        if number is None:
            raise Wrong(f"is {what}, not a whole number", f"write {self.shape}", line=line)
        if not self.least <= number <= self.most:
            raise Wrong(f"is {number}", f"write {self.shape}", line=line)
        return number

    def parse_node(self, node: Node, base: Base) -> int:
        """Return the number; neither true nor 1.5 nor 0x10 is one."""
        what = "not in plain digits" if node.kind is Kind.INTEGER else str(node.kind)
        return self._check(node.find_integer(), what, node.line)

    def parse_text(self, text: str, base: Base) -> int:
        """Return the number."""
        return self._check(int(text) if re.fullmatch(r"[-+]?[0-9]{1,9}", text) else None, "something else")

    def show(self, value: int) -> str:
        """Return its digits."""
        return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One printable line."""

    shape: str = "text"
    pattern: str = ".+"
    limit: int = 255

    def _check(self, text: str, line: int = 0) -> str:
        check_text(text, line, self.limit)
        if not re.fullmatch(self.pattern, text):
            raise Wrong(f"is not {self.shape}", f"write {self.shape}", line=line)
        return text

    def parse_node(self, node: Node, base: Base) -> str:
        """Return the text."""
        return self._check(read_text(node, self.limit), node.line)

    def parse_text(self, text: str, base: Base) -> str:
        """Return the text."""
        return self._check(text)

    def show(self, value: str) -> str:
        """Return it on one printable line, a URL's password masked."""
        return mask_url(redact(safe_text(value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenText(Text):
    """Text that must not be seen."""

    limit: int = 4096

    def parse_node(self, node: Node, base: Base) -> Secret:  # type: ignore[override]
        """Return the secret."""
        return Secret(super(HiddenText, self).parse_node(node, base))

    def parse_text(self, text: str, base: Base) -> Secret:  # type: ignore[override]
        """Return the secret."""
        return Secret(self._check(text))

    def show(self, value: object) -> str:
        """Return a mask."""
        return "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePath:
    """The path of a file; a relative one starts beside the file that names it, or here for a variable."""

    shape: str = "the path of a file"

    def parse_node(self, node: Node, base: Base) -> Path:
        """Return the absolute path."""
        return expand_path(read_text(node, 4000), base.directory, base.user_home)

    def parse_text(self, text: str, base: Base) -> Path:
        """Return the absolute path."""
        return expand_path(check_text(text, 0, 4000), base.directory, base.user_home)

    def show(self, value: Path) -> str:
        """Return it on one printable line."""
        return redact(safe_text(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress(Text):
    """An http or https URL, without credentials, query or fragment.

    Attributes:
        is_issuer: https only, unless the host is this machine.
    """

    is_issuer: bool = False
    limit: int = 2000

    @property
    def _wanted(self) -> str:
        if self.is_issuer:
            return "an https URL without credentials, query or fragment (http only for this machine)"
        return "an http or https URL without credentials, query or fragment"

    def _check(self, text: str, line: int = 0) -> str:
        from urllib.parse import urlsplit  # not before it is needed

        wrong = Wrong(f"is not {self._wanted}", f"write {self._wanted}", line=line)
        check_text(text, line, self.limit)
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise wrong from None
        if not host or "@" in parts.netloc or any(sign in text for sign in "?#\\ "):
            raise wrong
        if not (
            parts.scheme == "https" or (parts.scheme == "http" and (not self.is_issuer or is_loopback(host)))
        ):
            raise wrong
        return text if self.is_issuer else text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether the host name or address is this machine."""
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.[0-9]{1,3}){3}", host) is not None


def mask_url(text: str) -> str:
    """Return a URL without its password and its query; other text as it is."""
    text = re.sub(r"(?<=://)[^/@]*:[^/]*@|(?<=://)[^/@]*@(?=.*@)", "***@", text)
    return re.sub(r"(://[^?]*)\?.*", r"\1?***", text)
