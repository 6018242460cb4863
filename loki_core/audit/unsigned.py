"""The lines that no head covers yet: read back from the log, so that it does not matter which process wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from loki_core.audit.chain import parse_line
from loki_core.audit.file_lines import read_files
from loki_core.audit.heads import MOST_MARKS, Head, mark_lines
from loki_core.audit.log_end import count_to_end
from loki_core.audit.signed_lines import sync_file
from loki_core.disk.directory import PrivateDirectory
from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """What the next head is about.

    Attributes:
        count: how many lines the log has.
        last_hash: the hash of the last of them.
        marks: of the newest lines, of those that the newest head does not cover.
    """

    count: int
    last_hash: str
    marks: str


def find_unsigned(directory: PrivateDirectory, names: Sequence[str], newest: Head | None) -> Unsigned | None:
    """Return what is to be signed, durable from now on, or None when the newest head covers every line.

    Args:
        directory: where the log is.
        names: its files up to the end that is to be signed, in their order.
        newest: the newest head. One that covers more lines than there are (somebody cut the log), or another last
            line, covers none of them.

    Raises:
        StorageError, OSError: the log cannot be read, or may not be durable.
    """
    last_hash, count = count_to_end(directory, list(names))
    if count == 0 or (newest is not None and (newest.count, newest.last_hash) == (count, last_hash)):
        return None
    new = count - newest.count if newest is not None and newest.count < count else count
    found = (
        line for line in read_files(directory, list(names), newest_first=True) if parse_line(line.data) is not None
    )
    lines = list(islice(found, min(new, MOST_MARKS)))
    # Before the head: after a power failure there must be no head of lines that are gone.
    for name in {line.file for line in lines} if new <= MOST_MARKS else names:
        sync_file(directory, name)
    return Unsigned(count=count, last_hash=last_hash, marks=mark_lines(line.data for line in reversed(lines)))
