"""Single values: how each kind is read from a file's node and from a variable's text, and how it is shown.

Nothing here repeats a value that it refuses: a secret may have been put in the wrong line. The kinds are plain
classes, because making a dataclass costs a start a millisecond each.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from loki_core.settings.document import Kind, Node
from loki_core.settings.places import expand_path
from loki_core.settings.wrong import Wrong
from loki_core.text import is_printable, safe_text
from loki_core.tokens.secret import Secret, redact, remember_secret

_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Base(NamedTuple):
    """What relative paths in a file or a variable start from."""

    directory: Path
    user_home: Path


class Value:
    """How one kind of value is read and shown.

    Attributes:
        shape: what to write, such as `true or false`.
        may_be_null: whether `key:` with nothing behind it means the default, whatever that is.
    """

    shape = ""
    may_be_null = False

    def parse_node(self, node: Node, base: Base) -> Any:
        """Return the value of a file's node, or raise Wrong."""
        raise NotImplementedError

    def parse_text(self, text: str, base: Base) -> Any:
        """Return the value of a variable's text, or raise Wrong."""
        raise Wrong("cannot be given in a variable", "write it into a file")

    def show(self, value: Any) -> str:
        """Return the value as one printable line, secrets masked."""
        return redact(safe_text(value))


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


class Flag(Value):
    """True or false."""

    shape = "true or false"

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


class WholeNumber(Value):
    """A whole number within limits, both included."""

    def __init__(self, least: int, most: int, unit: str = "") -> None:
        self.least = least
        self.most = most
        self.shape = f"a whole number{f' of {unit}' if unit else ''}, {least} to {most}"

    def _check(self, number: int | None, what: str, line: int = 0) -> int:
        if number is None:
            raise Wrong(f"is {what}, not a whole number", f"write {self.shape}", line=line)
        if not self.least <= number <= self.most:
            raise Wrong(f"is {number}", f"write {self.shape}", line=line)
        return number

    def parse_node(self, node: Node, base: Base) -> int:
        """Return the number; neither true nor 1.5 nor 0x10 is one."""
        number = node.find_integer()
        if number is None and node.kind is Kind.INTEGER:
            raise Wrong("is not in plain digits, or too long", f"write {self.shape}", line=node.line)
        return self._check(number, node.kind, node.line)

    def parse_text(self, text: str, base: Base) -> int:
        """Return the number."""
        return self._check(int(text) if re.fullmatch(r"[-+]?[0-9]{1,9}", text) else None, "something else")


class Text(Value):
    """One printable line."""

    def __init__(self, shape: str = "text", pattern: str = ".+", limit: int = 255) -> None:
        self.shape = shape
        self.pattern = pattern
        self.limit = limit

    def _check(self, text: str, line: int = 0) -> str:
        check_text(text, line, self.limit)
        if not re.fullmatch(self.pattern, text):
            raise Wrong(f"is not {self.shape}", f"write {self.shape}", line=line)
        return text

    def parse_node(self, node: Node, base: Base) -> Any:
        """Return the text."""
        return self._check(read_text(node, self.limit), node.line)

    def parse_text(self, text: str, base: Base) -> Any:
        """Return the text."""
        return self._check(text)

    def show(self, value: Any) -> str:
        """Return it on one printable line, a URL's password masked."""
        return mask_url(redact(safe_text(value)))


class HiddenText(Text):
    """Text that must not be seen."""

    def __init__(self) -> None:
        super().__init__(limit=4096)

    def parse_node(self, node: Node, base: Base) -> Secret:
        """Return the secret."""
        return remember_secret(self._check(read_text(node, self.limit), node.line))

    def parse_text(self, text: str, base: Base) -> Secret:
        """Return the secret."""
        return remember_secret(self._check(text))

    def show(self, value: Any) -> str:
        """Return a mask."""
        return "***"


class FilePath(Value):
    """The path of a file; a relative one starts beside the file that names it, or here for a variable."""

    shape = "the path of a file"

    def parse_node(self, node: Node, base: Base) -> Path:
        """Return the absolute path."""
        return expand_path(read_text(node, 4000), base.directory, base.user_home)

    def parse_text(self, text: str, base: Base) -> Path:
        """Return the absolute path."""
        return expand_path(check_text(text, 0, 4000), base.directory, base.user_home)


class FileOrWord(FilePath):
    """The path of a file, or one word that means something else."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.shape = f"the path of a file, or {word}"

    def parse_node(self, node: Node, base: Base) -> Path | str:  # type: ignore[override]
        """Return the absolute path, or the word."""
        return self.word if read_text(node, 4000) == self.word else super().parse_node(node, base)

    def parse_text(self, text: str, base: Base) -> Path | str:  # type: ignore[override]
        """Return the absolute path, or the word."""
        return self.word if text == self.word else super().parse_text(text, base)


class WebAddress(Text):
    """An http or https URL, without credentials, query or fragment.

    An issuer's is https, unless the host is this machine, and is kept to the letter: `iss` is compared exactly.
    """

    def __init__(self, *, is_issuer: bool = False) -> None:
        scheme = "an https URL (http for this machine only)" if is_issuer else "an http or https URL"
        super().__init__(shape=f"{scheme} without credentials, query or fragment", limit=2000)
        self.is_issuer = is_issuer

    def _check(self, text: str, line: int = 0) -> str:
        from urllib.parse import urlsplit

        wrong = Wrong(f"is not {self.shape}", f"write {self.shape}", line=line)
        check_text(text, line, self.limit)
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise wrong from None
        if not host or "@" in parts.netloc or any(sign in text for sign in "?#\\ "):
            raise wrong
        if parts.scheme != "https" and not (parts.scheme == "http" and (not self.is_issuer or is_loopback(host))):
            raise wrong
        return text if self.is_issuer else text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether the host name or address is this machine."""
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.[0-9]{1,3}){3}", host) is not None


def mask_url(text: str) -> str:
    """Return a URL without its credentials and its query; other text as it is."""
    text = re.sub(r"://[^/?#]*@", "://***@", text)
    return re.sub(r"(://[^?]*)\?.*", r"\1?***", text)
