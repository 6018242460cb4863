"""Where the log ends: what the next line is chained to, and which number it gets."""

from __future__ import annotations

from collections.abc import Sequence

from loki_core.audit.chain import GENESIS, HASH_FIELD, parse_line
from loki_core.audit.day_files import find_period
from loki_core.audit.file_lines import read_files
from loki_core.audit.switching import says_off
from loki_core.disk.directory import PrivateDirectory
from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEnd:
    """The end of the whole log.

    Attributes:
        name: the newest file, or "" when there is none.
        inode: its inode.
        size: its size in bytes.
        last_hash: the hash of the last line, or GENESIS.
        seq: the number of the last line, which is how many lines there are.
        is_off: whether the newest line of ours says that the log is switched off.
    """

    name: str = ""
    inode: int = 0
    size: int = 0
    last_hash: str = GENESIS
    seq: int = 0
    is_off: bool = False

    @property
    def period(self) -> str:
        """The day in whose file the log ends, or "" when there is none."""
        return find_period(self.name)


def read_end(directory: PrivateDirectory, names: Sequence[str]) -> LogEnd:
    """Return where the log ends, without its inode and size: counted from the newest line that has a number.

    Args:
        directory: where the log is.
        names: its files, in their order.

    Raises:
        StorageError, OSError: one of them cannot be read.
    """
    newest, last_hash, behind = names[-1] if names else "", "", 0
    for line in read_files(directory, list(names), newest_first=True):
        fields = parse_line(line.data)
        if fields is None:
            continue
        digest = fields.get(HASH_FIELD)
        if not last_hash and isinstance(digest, str):
            last_hash = digest
        seq = fields.get("seq")
        if isinstance(seq, int) and last_hash:
            return LogEnd(name=newest, last_hash=last_hash, seq=seq + behind, is_off=says_off(fields))
        behind += 1
    return LogEnd(name=newest, last_hash=last_hash or GENESIS, seq=behind)


def count_to_end(directory: PrivateDirectory, names: Sequence[str]) -> tuple[str, int]:
    """Return the hash and the number of the last line; see `read_end`."""
    end = read_end(directory, names)
    return end.last_hash, end.seq
