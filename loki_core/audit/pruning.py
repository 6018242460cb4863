"""How far the log was pruned, signed, so that pruning is not taken for tampering. Pure.

One JSON object in `pruned.json` beside the log. Lines up to `count` may be gone, and heads up to `heads_up_to`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from loki_core.audit.chain import parse_line
from loki_core.audit.signed_fields import HEX_32, HEX_SIGNATURE, PERIOD, read_texts, read_time
from loki_core.frozen import dataclass
from loki_core.tokens.record import format_time

PRUNED_NAME = "pruned.json"
_CONTEXT = "loki audit pruned v1\n"
_FORMS = {"last_hash": HEX_32, "period": PERIOD, "signature": HEX_SIGNATURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The newest pruning.

    Attributes:
        count: the number of the last line that was pruned.
        last_hash: its hash, from which the chain goes on.
        heads_up_to: the number of the last head that was pruned.
        period: the day whose key signed this.
        at: when it was pruned (UTC).
        signature: hex Ed25519 of `get_signed_bytes()`.
    """

    count: int
    last_hash: str
    heads_up_to: int
    period: str
    at: datetime
    signature: str = ""

    def get_signed_bytes(self) -> bytes:
        """Return what is signed."""
        return (_CONTEXT + json.dumps(self._describe(), sort_keys=True)).encode("ascii")

    def _describe(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "last_hash": self.last_hash,
            "heads_up_to": self.heads_up_to,
            "period": self.period,
            "at": format_time(self.at),
        }


def dump_pruned(pruned: Pruned) -> bytes:
    """Return the content of `pruned.json`."""
    return json.dumps({**pruned._describe(), "signature": pruned.signature}, sort_keys=True).encode("ascii") + b"\n"


def parse_pruned(data: bytes) -> Pruned | None:
    """Return what the file says, or None when it does not make sense."""
    fields = parse_line(data)
    if fields is None:
        return None
    count, heads_up_to = fields.get("count"), fields.get("heads_up_to")
    moment, texts = read_time(fields), read_texts(fields, _FORMS)
    if type(count) is not int or type(heads_up_to) is not int or min(count, heads_up_to) < 0:
        return None
    if moment is None or texts is None:
        return None
    return Pruned(count=count, heads_up_to=heads_up_to, at=moment, **texts)
