"""What a crash or somebody else left at the end of the log: a half last line, or fewer lines than were sealed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from loki_core.audit.chain import parse_line
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.frozen import dataclass

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that is missing at the end of the log: `torn_line` or `truncated`, and the details."""

    error: str
    details: Mapping[str, Any]


def mend_tail(descriptor: int, size: int, *, lines: int, sealed: int) -> tuple[int, list[Loss]]:
    """Make the newest file end with a line end, and return its size then, and what is missing.

    A half last line is what a crash leaves: it is dropped. Where more lines were sealed than there are, somebody cut
    the log: then what is left of the line stays as it is. Writing goes on in either case.

    Args:
        descriptor: the file, open for reading and appending, under the log's lock.
        size: its size.
        lines: how many lines the log has.
        sealed: how many it had according to its newest head, or 0.

    Raises:
        OSError: the system refused.
    """
    losses: list[Loss] = []
    if lines < sealed:
        losses.append(Loss(error="truncated", details={"expected": sealed, "found": lines}))
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return size, losses
    begin = _find_last_line(descriptor, size)
    if losses or parse_line(os.pread(descriptor, size - begin, begin)) is not None:
        return size + os.write(descriptor, b"\n"), losses
    os.ftruncate(descriptor, begin)
    details = {"dropped_bytes": size - begin, "reason": "the last line was cut short by a crash"}
    return begin, [Loss(error="torn_line", details=details)]


def _find_last_line(descriptor: int, size: int) -> int:
    """Return where what stands behind the last line end begins."""
    end = size
    while end > 0:
        start = max(end - _CHUNK, 0)
        position = os.pread(descriptor, end - start, start).rfind(b"\n")
        if position >= 0:
            return start + position + 1
        end = start
    return 0


def describe_loss(entry: AuditEntry, loss: Loss) -> AuditEntry:
    """Return the entry that says what is missing.

    Args:
        entry: the one that is about to be written: by its user and at its time the loss was found.
        loss: what is missing.
    """
    return AuditEntry(
        timestamp=entry.timestamp,
        event=AuditEvent.RECOVER,
        user_id=entry.user_id,
        resource_type="audit",
        success=False,
        error=loss.error,
        details=loss.details,
    )
