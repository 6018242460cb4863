"""What is wrong with a value, before it is known which file or variable it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from loki_core.text import safe_text
from loki_core.tokens.secret import redact


class Wrong(Exception):
    """A value that breaks a rule; the reader of the file or variable turns it into a ConfigurationError.

    It never holds the value itself: a secret may have been put in the wrong line.

    Attributes:
        what: what is wrong, as the end of a sentence that begins with the key.
        remedy: what to write instead.
        line: where in the file, or 0 for the key's own line.
        within: the path below the key, such as `.ci.scopes`.
    """

    def __init__(self, what: str, remedy: str, *, line: int = 0, within: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.line = line
        self.within = within


def quote_name(name: str) -> str:
    """Return a name out of a file, fit for a message: one short line, masked when it looks like a secret."""
    return repr(redact(safe_text(redact(name), limit=60)))


@contextmanager
def within(name: str) -> Iterator[None]:
    """Add a name to the path of whatever turns out to be wrong inside."""
    try:
        yield
    except Wrong as wrong:
        step = f".{redact(safe_text(redact(name), limit=60))}"
        raise Wrong(wrong.what, wrong.remedy, line=wrong.line, within=step + wrong.within) from None
