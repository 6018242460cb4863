"""The chain of public keys, one for each period: each is signed by the key of the period before. Pure.

It stands in `keys.jsonl` beside the log. The first certificate signs itself: whoever noted its key (words, a QR code)
can prove all others from it. A period's private key is erased once it has signed the next certificate, so a thief of
today's key cannot sign in yesterday's name (a forward-secure log, after Bellare and Yee, "Forward Integrity", 1997).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from loki_core.frozen import dataclass
from loki_core.tokens.record import format_time, parse_time

CERTIFICATES_NAME = "keys.jsonl"
_CONTEXT = "loki audit key v1\n"
_HEX_KEY = re.compile(r"[0-9a-f]{64}\Z")
_HEX_SIGNATURE = re.compile(r"[0-9a-f]{128}\Z")
_PERIOD = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One period's public key.

    Attributes:
        number: its place in the chain, from 1.
        period: the day that it is for: `2026-03-01`.
        public_key: hex Ed25519 public key (32 bytes).
        at: when it was made (UTC).
        signature: hex Ed25519 of `get_signed_bytes()`, by the key of the certificate before; the first one's by itself.
    """

    number: int
    period: str
    public_key: str
    at: datetime
    signature: str = ""

    def get_signed_bytes(self) -> bytes:
        """Return what is signed."""
        return (_CONTEXT + json.dumps(self._describe(), sort_keys=True)).encode("ascii")

    def _describe(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "period": self.period,
            "public_key": self.public_key,
            "at": format_time(self.at),
        }


def dump_certificate_line(certificate: Certificate) -> bytes:
    """Return the certificate as a line of `keys.jsonl`, without its end."""
    fields = {**certificate._describe(), "signature": certificate.signature}
    return json.dumps(fields, sort_keys=True).encode("ascii")


def parse_certificate_line(line: bytes) -> Certificate | None:
    """Return the certificate on a line, or None when there is none."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, Mapping):
        return None
    number, at = fields.get("number"), fields.get("at")
    moment = parse_time(at) if isinstance(at, str) else None
    if type(number) is not int or number < 1 or moment is None:
        return None
    texts: dict[str, str] = {}
    for name, form in (("period", _PERIOD), ("public_key", _HEX_KEY), ("signature", _HEX_SIGNATURE)):
        value = fields.get(name)
        if not isinstance(value, str) or not form.match(value):
            return None
        texts[name] = value
    return Certificate(number=number, at=moment, **texts)
