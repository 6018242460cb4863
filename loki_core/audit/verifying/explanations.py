"""What may explain a line that does not follow from the one before it, where no head tells: searched for by its hash.

Pure. Each search tries many hashes, so there are only so many: in a log with more that is wrong, each line stands for
itself.
"""

from __future__ import annotations

from loki_core.audit.chain import GENESIS
from loki_core.audit.verifying.log_line import LogLine, chain, get_payload
from loki_core.audit.verifying.walk import Walk

MOST_STEPS = 64
"""How many lines may have been removed or inserted, with all numbers behind them changed, to be told apart."""
_RECENT = 256
"""How many of the newest hashes a line of the peer may be chained to, before lines of ours begin."""
_MOST_SEARCHES = 2_000


class Explanations:
    """Searches around the place where a walk is."""

    def __init__(self, walk: Walk) -> None:
        """Prepare.

        Args:
            walk: where we are: before the line that is to be explained.
        """
        self._walk = walk
        self._left = _MOST_SEARCHES

    def _may_search(self) -> bool:
        self._left -= 1
        return self._left >= 0

    def find_inserted(self, line: LogLine, counts: range, *, is_renumbered: bool) -> list[LogLine]:
        """Return the lines right before this one that were put in; none when that does not explain it.

        Args:
            line: a line of ours that follows from none of the hashes before it.
            counts: how many there may be.
            is_renumbered: whether the numbers from here on were raised by as many.
        """
        if not self._may_search():
            return []
        at = self._walk.at
        before = self._walk.stream.look_back(counts.stop)
        digests = [each.digest for each in before]
        if len(before) == at.entries:
            digests.insert(0, self._walk.began.claimed)
        for count in counts:
            if count >= len(digests):
                break
            payload = get_payload(line, (line.seq or 0) - at.shift - count if is_renumbered else None)
            if chain(digests[-count - 1], payload) == line.digest:
                return before[-count:]
        return []

    def count_removed(self, line: LogLine, following: LogLine | None) -> int:
        """Return how many lines are gone before this one, if all numbers from here on are lower by that."""
        if following is None or following.seq is None or not line.digest or not self._may_search():
            return 0
        number = following.seq - self._walk.at.shift
        for count in range(1, MOST_STEPS):
            if chain(line.digest, get_payload(following, number + count)) == following.digest:
                return count
        return 0

    def is_swapped(self, line: LogLine, following: LogLine, position: int) -> bool:
        """Tell whether two lines changed places, and their numbers were set right.

        Args:
            line: the first of them.
            following: the second.
            position: the number of the first.
        """
        first = chain(self._walk.at.claimed, get_payload(following, position))
        return first == following.digest != b"" and chain(first, get_payload(line, position + 1)) == line.digest

    def follows_recent(self, line: LogLine) -> bool:
        """Tell whether a line of the peer is chained to an older line: its processes take no lock."""
        if not self._may_search():
            return False
        payload = get_payload(line)
        known = [GENESIS.encode(), *(each.digest for each in self._walk.stream.look_back(_RECENT))]
        return any(chain(each, payload) == line.digest for each in known)
