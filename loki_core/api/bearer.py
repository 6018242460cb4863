"""The credential of a request: the Authorization header as RFC 6750 (2.1) and RFC 9110 (11.6.2) have it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from loki_core.frozen import dataclass

LONGEST_CREDENTIAL = 16 * 1024
"""Characters; a longer one proves nobody, and is not looked at."""
_SCHEME = b"bearer"
_VISIBLE = re.compile(rb"[!-~]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a request presents.

    Attributes:
        credential: the bearer token, or "" when there is none.
        problem: why the header cannot be one, or "".
    """

    credential: str = ""
    problem: str = ""


NOTHING = Presented()


def parse_authorization(headers: Iterable[tuple[bytes, bytes]]) -> Presented:
    """Return what the headers of a request present.

    Args:
        headers: names in lower case, as ASGI gives them, and values.
    """
    found: bytes | None = None
    for name, value in headers:
        if name == b"authorization":
            if found is not None:
                return Presented(problem="there are two Authorization headers")
            found = value
    if found is None:
        return NOTHING
    scheme, _, rest = found.strip(b" \t").partition(b" ")
    if scheme.lower() != _SCHEME:
        return NOTHING  # another scheme is no bearer: the answer says which one is wanted
    credential = rest.strip(b" \t")
    if not credential:
        return Presented(problem="the Authorization header holds no token")
    if len(credential) > LONGEST_CREDENTIAL:
        return Presented(problem="the token is too long")
    if not _VISIBLE.match(credential):
        return Presented(problem="the token holds characters that no token has")
    return Presented(credential=credential.decode("ascii"))
