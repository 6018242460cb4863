"""`revoked.log`: digests that never verify again, whatever a foreign writer or a restored backup says.

One JSON line each; lines are only ever added. A line that cannot be read is passed over: it can be the torn end of a
write that was never acknowledged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from loki_core.disk.append_log import LogFollower, append_lines
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.failures import as_storage_error
from loki_core.tokens.burials import Burial, Burials
from loki_core.tokens.record import format_time, parse_time

NAME = "revoked.log"
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class RevokedLog:
    """The buried digests of one directory, read as far as the log goes."""

    def __init__(self) -> None:
        self._follower = LogFollower(NAME)
        self._burials = Burials()

    def start_over(self) -> None:
        """Read the log from its start at the next refresh; what is buried stays so."""
        self._follower = LogFollower(NAME)

    @property
    def burials(self) -> Burials:
        """What was read so far; a new object whenever something is added."""
        return self._burials

    def refresh(self, directory: PrivateDirectory) -> None:
        """Read on. What was once buried stays so in this process, even when the log is gone.

        Raises:
            StorageError: the log cannot be read: nothing may be verified without it.
        """
        with as_storage_error(f"{directory.path}/{NAME} cannot be read"):
            _, lines = self._follower.read_new(directory)
        found = [burial for burial in map(parse_burial, lines) if burial is not None]
        if found:
            self._burials = self._burials.extended(found)

    def append(self, directory: PrivateDirectory, burials: Iterable[Burial]) -> None:
        """Bury digests durably.

        Raises:
            StorageError: they could not be written.
        """
        lines = [dump_burial(burial) for burial in burials if burial.hash not in self._burials]
        if lines:
            with as_storage_error(f"{directory.path}/{NAME} cannot be written"):
                append_lines(directory, NAME, lines, durable=True)
            self.refresh(directory)


def dump_burial(burial: Burial) -> bytes:
    """Return a burial as one line of JSON, without the line's end."""
    fields = {
        "hash": burial.hash,
        "salt": burial.salt,
        "lookup": burial.lookup,
        "id": burial.token_id,
        "at": format_time(burial.at),
    }
    return json.dumps({name: value for name, value in fields.items() if value}).encode("ascii")


def parse_burial(line: bytes) -> Burial | None:
    """Return the burial that a line holds, or None when it holds none."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    digest, at = raw.get("hash"), raw.get("at")
    salt, lookup, token_id = (raw.get(name, "") for name in ("salt", "lookup", "id"))
    if not isinstance(digest, str) or not _HEX_DIGEST.match(digest):
        return None
    if not all(isinstance(value, str) for value in (salt, lookup, token_id)):
        salt = lookup = token_id = ""
    return Burial(
        hash=digest,
        salt=salt,
        lookup=lookup,
        token_id=token_id,
        at=parse_time(at) if isinstance(at, str) else None,
    )
