"""The fields that signed statements about the log have in common, and their forms: hashes, keys, days, times. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from loki_core.tokens.record import parse_time

HEX_32 = re.compile(r"[0-9a-f]{64}\Z")
"""A SHA-256 or an Ed25519 public key."""
HEX_SIGNATURE = re.compile(r"[0-9a-f]{128}\Z")
PERIOD = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def read_texts(fields: Mapping[str, Any], forms: Mapping[str, re.Pattern[str]]) -> dict[str, str] | None:
    """Return the fields that are texts of these forms, or None when one of them is not."""
    texts: dict[str, str] = {}
    for name, form in forms.items():
        value = fields.get(name)
        if not isinstance(value, str) or not form.match(value):
            return None
        texts[name] = value
    return texts


def read_time(fields: Mapping[str, Any]) -> datetime | None:
    """Return when the statement was made (`at`), or None when it does not say so."""
    at = fields.get("at")
    return parse_time(at) if isinstance(at, str) else None
