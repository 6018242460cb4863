"""What the provider said to one request, or that it could not be asked. Pure."""

from __future__ import annotations

from datetime import datetime

from loki_core.errors import ProviderUnavailable
from loki_core.frozen import dataclass, field

LONGEST_ANSWER = 512 * 1024


class Unreachable(ProviderUnavailable):
    """The request did not come through, and another one may: no connection, no answer in time, a torn answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider said.

    Attributes:
        status: the HTTP status.
        body: at most LONGEST_ANSWER bytes.
        retry_after: seconds that it asks us to wait, or 0.
        said_at: the time that it put on the answer (UTC), or None.
    """

    status: int
    body: bytes = field(repr=False)
    retry_after: int = 0
    said_at: datetime | None = None
