"""What the device endpoint says: a code for a person, where to enter it, and for how long (RFC 8628, 3.2). Pure.

Its texts are shown on a terminal and its address is opened by a person: what could fool either is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from loki_core.frozen import dataclass, field
from loki_core.oidc.addresses import UnsafeAddress, parse_url
from loki_core.oidc.strict_json import JsonProblem, parse_object

DEFAULT_INTERVAL = 5.0
LONGEST_INTERVAL = 60.0
DEFAULT_LIFE = 600.0
LONGEST_LIFE = 3600.0
_CODE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?\Z")
_SECRET = re.compile(r"[\x21-\x7e]{1,4096}\Z")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?\Z")


class MalformedAnswer(Exception):
    """The answer is no code; the message says why, and fits behind "the provider's answer"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """A sign-in that waits for a person.

    Attributes:
        device_code: what we ask for the tokens with.
        user_code: what the person compares or types.
        verification_uri: where.
        verification_uri_complete: the same with the code in it, or None.
        life: seconds until the code expires.
        interval: seconds that the provider wants between two polls.
    """

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    life: float
    interval: float


def parse_device_answer(body: bytes, issuer: str) -> DeviceCode:
    """Return the code in an answer.

    Taken besides what the standard says: `verification_url` (Google, before the standard), numbers as text, no or an
    impossible interval and life, for which the defaults stand.

    Args:
        body: the answer's bytes.
        issuer: the configured issuer: the address for the person may not be less public than it is.

    Raises:
        MalformedAnswer: something is missing, or is not what it should be.
    """
    try:
        document = parse_object(body)
    except JsonProblem as problem:
        raise MalformedAnswer(problem.args[0]) from None
    device_code, user_code = document.get("device_code"), document.get("user_code")
    if not isinstance(device_code, str) or not _SECRET.match(device_code):
        raise MalformedAnswer("has no usable device_code")
    if not isinstance(user_code, str) or not _CODE.match(user_code):
        raise MalformedAnswer("has no usable user_code")
    address = _find_address(document, "verification_uri", "verification_url", issuer)
    if address is None:
        raise MalformedAnswer("has no verification_uri that can be opened safely")
    return DeviceCode(
        device_code=device_code,
        user_code=user_code,
        verification_uri=address,
        verification_uri_complete=_find_address(
            document, "verification_uri_complete", "verification_url_complete", issuer
        ),
        life=min(_read_seconds(document.get("expires_in"), DEFAULT_LIFE), LONGEST_LIFE),
        interval=min(max(_read_seconds(document.get("interval"), DEFAULT_INTERVAL), 1.0), LONGEST_INTERVAL),
    )


def _find_address(document: Mapping[str, Any], name: str, old_name: str, issuer: str) -> str | None:
    url = document.get(name) or document.get(old_name)
    try:
        if isinstance(url, str):
            parse_url(url, issuer)
            return url
    except UnsafeAddress:
        pass
    return None


def _read_seconds(value: object, default: float) -> float:
    if isinstance(value, str) and _NUMBER.match(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return default
    if value <= 0 or not math.isfinite(value) or value > 10**9:
        return default
    return float(value)
