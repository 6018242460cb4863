"""Where a new secret is to go, and what became of it there."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from loki_core import Draft, Secret, SecretFile, redact, remove_secret_file, safe_text, send_to_sink, write_secret_file


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFile:
    """Into a new file that only its owner reads."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSink:
    """To the standard input of a configured command."""

    name: str
    argv: tuple[str, ...]


Delivery = ToFile | ToSink


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressedDraft(Draft):
    """A draft that says where its secret is to go, other than before somebody's eyes."""

    delivery: Delivery


def address(draft: Draft, delivery: Delivery | None) -> Draft:
    """Return the draft, saying where its secret is to go unless that is nowhere."""
    if delivery is None:
        return draft
    known = {field.name: getattr(draft, field.name) for field in fields(draft)}
    return AddressedDraft(**known, delivery=delivery)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A secret that has arrived, before its token is live.

    Attributes:
        words: where it is now, for the screen.
        file: the file, which is removed when the token does not become live after all, or None.
    """

    words: str
    file: SecretFile | None = None

    def take_back(self) -> str:
        """Undo the delivery where that can be done, and return what to say about it; never raises."""
        if self.file is None:
            return f"{self.words}: what it got never becomes live"
        shown = safe_text(self.file.path)
        try:
            gone = remove_secret_file(self.file)
        except OSError as error:
            return f"{shown} could not be removed ({error.strerror}); its secret is not live"
        return f"{shown} was removed" if gone else f"{shown} is another file now and was left"


def deliver(delivery: Delivery, secret: Secret) -> Delivered:
    """Bring the secret where it is to go. Blocks: call it in a thread.

    Raises:
        LokiError: it did not arrive.
    """
    if isinstance(delivery, ToFile):
        written = write_secret_file(delivery.path, secret)
        return Delivered(words=f"written to {safe_text(written.path)}, 0600", file=written)
    send_to_sink(delivery.argv, secret)
    return Delivered(words=f"sent to the sink {safe_text(delivery.name)}")


def suggest_path(name: str) -> str:
    """Return where a token's secret could go: a file in the home directory, called after it."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in redact(name)).strip(".-")
    return os.path.join("~", f"{plain[:60] or 'new'}.token")


def suggest_path_of(draft: Draft | None) -> str:
    """Return the file that a draft is addressed to, or one that its secret could go to."""
    if isinstance(draft, AddressedDraft) and isinstance(draft.delivery, ToFile):
        return draft.delivery.path
    return suggest_path("" if draft is None else draft.token.name)
