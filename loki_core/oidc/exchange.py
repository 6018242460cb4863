"""The steps of an exchange with the provider, as data: what is asked, how long is waited, what came back. Pure.

An exchange is a generator of these steps; `driver` runs it. So its rules are tested without a network and without
waiting.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TypeVar

from loki_core.errors import ProviderUnavailable
from loki_core.frozen import dataclass, field
from loki_core.oidc.answer import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A form to send. Its fields, and the header in which the client proves itself, are secret."""

    url: str
    form: Mapping[str, str] = field(repr=False)
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """So many seconds in which nothing is sent."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of a step.

    Attributes:
        now: when it ended (seconds; only differences mean something).
        answer: what the provider said, or None after a wait or when it said nothing.
        problem: why it said nothing, or None.
    """

    now: float
    answer: Answer | None = None
    problem: ProviderUnavailable | None = None


T = TypeVar("T")
Exchange = Generator[Post | Wait, Reply, T]
"""Yields steps, is sent their replies, returns what it was for or raises LokiError."""
