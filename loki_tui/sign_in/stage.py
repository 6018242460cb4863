"""Where a sign-in stands: one of a few stages, each with what is known then. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loki_core import LokiError, PendingSignIn, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """Nobody is signed in.

    Attributes:
        problem: why the last attempt came to nothing, or why the sign-in that there was has ended; or None.
        told: what became of the sign-in that was ended, or "".
    """

    problem: LokiError | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """The provider is asked for a code, or to take one back."""

    words: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person is to approve the code."""

    pending: PendingSignIn


@dataclass(frozen=True, slots=True)
class Deciding:
    """Somebody approved: whoever sits here is to say whether that is right."""

    session: Session


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody is signed in, and the console acts as that person."""

    session: Session


Stage = SignedOut | Asking | Waiting | Deciding | SignedIn


def count_down(until: datetime, now: datetime) -> str:
    """Return the time that is left, as minutes and seconds."""
    seconds = max(int((until - now).total_seconds()), 0)
    return f"{seconds // 60}:{seconds % 60:02}"


def describe_span(until: datetime, now: datetime) -> str:
    """Return in words how long something holds on."""
    minutes = int((until - now).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
