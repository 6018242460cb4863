"""The chain of public keys, one for each period: each is signed by the key of the period before. Pure.

It stands in `keys.jsonl` beside the log. The first certificate signs itself: whoever noted its key (words, a QR code)
can prove all others from it. A period's private key is erased once it has signed the next certificate, so a thief of
today's key cannot sign in yesterday's name (a forward-secure log, after Bellare and Yee, "Forward Integrity", 1997).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from loki_core.audit.chain import parse_line
from loki_core.audit.signed_fields import HEX_32, HEX_SIGNATURE, PERIOD, read_texts, read_time
from loki_core.frozen import dataclass
from loki_core.tokens.record import format_time

CERTIFICATES_NAME = "keys.jsonl"
_CONTEXT = "loki audit key v1\n"
_FORMS = {"period": PERIOD, "public_key": HEX_32, "signature": HEX_SIGNATURE}


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
    fields = parse_line(line)
    if fields is None:
        return None
    number, moment, texts = fields.get("number"), read_time(fields), read_texts(fields, _FORMS)
    if type(number) is not int or number < 1 or moment is None or texts is None:
        return None
    return Certificate(number=number, at=moment, **texts)
