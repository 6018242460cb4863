"""Following lines by the hashes that they had when they were written, though somebody has changed those since. Pure.

From one signed head to the next the true hashes can be computed from what the lines say, with the numbers that they
must have had. If that leads to the hash of the second head, the lines are what they were, and only hashes, numbers or
the form of a line were changed: in their own right, or because of something that was done before.
"""

from __future__ import annotations

from loki_core.audit.heads import Head, mark_line
from loki_core.audit.verifying.head_reader import get_mark
from loki_core.audit.verifying.log_line import LineKind, LogLine, chain, get_payload
from loki_core.audit.verifying.walk import Walk
from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line as it should be.

    Attributes:
        line: the line.
        true: the hash that it had.
        shift: by how much the number that it bears is higher than its own.
        is_changed: whether its hash, number or form is not explained by what was done before.
    """

    line: LogLine
    true: bytes
    shift: int
    is_changed: bool


def trace(walk: Walk, head: Head) -> list[Step] | None:
    """Return the lines up to a head, or None when they are not what they were. Takes none of them.

    Args:
        walk: where we are: at a line whose true hash is known, from which on the head has marks.
        head: the head.
    """
    at = walk.at
    true, claimed, shift, last = at.true, at.claimed, at.shift, at.owed
    if not true:
        return None
    steps: list[Step] = []
    for position in range(at.position + 1, head.count + 1):
        line = walk.stream.peek(len(steps))
        if line is None or line.kind is LineKind.JUNK:
            return None
        payload = get_payload(line)
        before, true = true, chain(true, payload if line.kind is LineKind.FOREIGN else get_payload(line, position))
        follows = chain(claimed, payload) == line.digest and bool(line.digest)
        if line.kind is LineKind.FOREIGN and true != line.digest and not follows:
            if get_mark(head, position) != int(mark_line(line.data), 16):
                return None
            true = line.digest  # chained to an older line
        moved = shift if line.seq is None else line.seq - position
        is_in_order = moved in {0, shift, last}
        shift = moved if is_in_order else shift
        is_explained = line.digest == true or (follows and claimed != before)
        is_changed = not (is_explained and is_in_order) or line.kind is LineKind.MARRED
        steps.append(Step(line=line, true=true, shift=shift, is_changed=is_changed))
        claimed, last = line.digest or claimed, moved
    return steps if true == head.last_hash.encode() else None
