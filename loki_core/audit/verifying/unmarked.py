"""What chain and numbers alone show, where no signed head tells what the lines were. Pure.

So it is behind the newest head, in the older part of a log that was begun before there were heads, and where heads are
missing. Whoever computes the chain and the numbers anew goes unseen here; what is seen is named as well as it can be.
"""

from __future__ import annotations

from loki_core.audit.verdict import ProblemKind
from loki_core.audit.verifying.deeds import Deed, Deeds
from loki_core.audit.verifying.differences import Change
from loki_core.audit.verifying.explanations import MOST_STEPS, Explanations
from loki_core.audit.verifying.log_line import LineKind, LogLine, chain, get_payload
from loki_core.audit.verifying.walk import Walk

_LOOK_AHEAD = 64


class Unmarked:
    """Takes lines that do not simply follow."""

    def __init__(self, walk: Walk, deeds: Deeds) -> None:
        """Prepare.

        Args:
            walk: where we are.
            deeds: where is noted what was done to lines.
        """
        self._walk = walk
        self._deeds = deeds
        self._explanations = Explanations(walk)
        self._others: set[bytes] = set()
        """Further hashes that the next line may follow from, because of what was done before it."""
        self._others_at = -1
        self._free_at = -1
        """Behind this line the hash before is not known."""
        self._broken: list[LogLine] = []
        """The peer's lines, before ours begin, that do not follow from the line before."""

    def go(self, stop: int | None) -> bool:
        """Go on behind a line's number, whatever was done to the lines; return False where the lines end before."""
        walk = self._walk
        while stop is None or walk.at.position < stop:
            if walk.run(stop):
                return True
            if not self._step():
                return False
        return True

    def _step(self) -> bool:
        line = self._walk.stream.peek(0)
        if line is None:
            return False
        if line.kind is LineKind.JUNK:
            return self._take_junk(line)
        if line.kind is LineKind.FOREIGN:
            self._take_foreign(line)
        else:
            self._take_ours(line)
        return True

    # -- what fits

    def _fits(self, line: LogLine, seq: int | None = None) -> bool:
        """Tell whether a line, with this number or its own, follows from the line before."""
        at = self._walk.at
        payload = get_payload(line, seq)
        if payload is None or not line.digest:
            return False
        previous = {at.claimed, at.true} | (self._others if self._others_at == at.position else set())
        return any(chain(each, payload) == line.digest for each in previous if each)

    def _is_free(self) -> bool:
        at = self._walk.at
        return not at.claimed or self._free_at == at.position

    def _get_number(self, line: LogLine | None) -> int | None:
        """Return the number that a line claims, less what all numbers are shifted by."""
        return None if line is None or line.seq is None else line.seq - self._walk.at.shift

    def _take(
        self,
        line: LogLine,
        position: int,
        *,
        others: tuple[bytes, ...] = (),
        is_free: bool = False,
        is_changed: bool = False,
    ) -> None:
        self._walk.take(line, position=position, is_changed=is_changed)
        self._walk.stream.consume(1)
        if others:
            self._others, self._others_at = set(others), position
        if is_free:
            self._free_at = position

    def _note(
        self,
        change: Change,
        line: LogLine,
        position: int,
        *,
        count: int = 1,
        missing: tuple[int, ...] = (),
        found: tuple[int, ...] = (),
        message: str = "",
    ) -> None:
        self._deeds.add(
            Deed(
                change=change,
                position=position,
                file=line.file,
                line=line.line,
                count=count,
                missing=missing,
                found=found,
                message=message,
            )
        )

    def _insert(self, line: LogLine) -> None:
        """Note that a line was put in, and pass over it."""
        at = self._walk.at
        found = () if line.seq is None else (-line.seq,)
        self._note(Change.INSERTED, line, at.position + 1, found=found)
        if line.digest:
            self._others, self._others_at = {line.digest}, at.position  # the next may have been chained to it since
        self._walk.pass_over(line)
        self._walk.stream.consume(1)

    def _edit(self, line: LogLine, position: int, *, is_misplaced: bool = False, is_free: bool = False) -> None:
        missing = (-position,) if is_misplaced else ()
        found = (-(self._get_number(line) or 0),) if is_misplaced else ()
        self._note(Change.EDITED, line, position, missing=missing, found=found)
        true = chain(self._walk.at.claimed, get_payload(line, position if line.seq is not None else None))
        self._take(line, position, others=(true,) if true else (), is_free=is_free or not line.digest, is_changed=True)

    def _remove(self, line: LogLine, count: int) -> None:
        """Note that lines are gone before a line."""
        position = self._walk.at.position + 1
        place = self._broken[0] if self._broken else line
        self._broken.clear()
        missing = tuple(range(-position, -position - count, -1)) if count <= _LOOK_AHEAD else ()
        self._note(Change.REMOVED, place, position, count=count, missing=missing)

    # -- lines of ours

    def _take_ours(self, line: LogLine) -> None:
        position = self._walk.at.position + 1
        number = self._get_number(line)
        following = self._walk.stream.peek(1)
        after = self._get_number(following)
        fits = self._fits(line) or self._is_free() or bool(self._walk.at.shift and self._fits(line, position))
        if number == position and after == number:
            self._insert(line)
        elif number == position and fits and line.kind is LineKind.OURS:
            self._take(line, position)
        elif number == position:
            self._take_changed(line, position, following)
        elif number is None or self._fits(line, position):
            self._edit(line, position)  # its number alone, or its form
        elif number > position:
            self._take_later(line, position, number, following, after)
        else:
            self._take_earlier(line, position, number, after)
        self._settle_broken()

    def _take_changed(self, line: LogLine, position: int, following: LogLine | None) -> None:
        """Take a line with the right number that does not follow: was it changed, or what stands before it?"""
        if following is not None and self._explanations.is_swapped(line, following, position):
            self._swap(line, following, position)
            return
        inserted = self._note_inserted(line, range(1, MOST_STEPS), is_renumbered=True)
        removed = 0 if inserted else self._explanations.count_removed(line, following)
        if removed:
            self._remove(line, removed)
        if inserted or removed:
            by = removed - inserted
            self._walk.take(line, position=position + by, shift=self._walk.at.shift - by)
            self._walk.stream.consume(1)
        else:
            self._edit(line, position)

    def _note_inserted(self, line: LogLine, counts: range, *, is_renumbered: bool) -> int:
        """Note the lines right before this one that were put in, if that explains it; return how many."""
        found = self._explanations.find_inserted(line, counts, is_renumbered=is_renumbered)
        if found:
            position, count = self._walk.at.position - len(found) + 1, len(found)
            self._note(Change.INSERTED, found[0], position, count=count)
        return len(found)

    def _take_later(
        self, line: LogLine, position: int, number: int, following: LogLine | None, after: int | None
    ) -> None:
        """Take a line whose number is too high."""
        if number == position + 1 and after == position and following is not None:
            self._swap(line, following, position)
        elif after == position + 1:
            self._edit(line, position, is_misplaced=True, is_free=True)
        else:
            self._remove(line, number - position)
            self._take(line, number)

    def _swap(self, line: LogLine, following: LogLine, position: int) -> None:
        """Take two lines that changed places."""
        for each, here, there in ((line, position, position + 1), (following, position + 1, position)):
            self._note(Change.EDITED, each, here, missing=(-here,), found=(-there,))
        self._take(line, position)
        self._take(following, position + 1, others=(line.digest,))

    def _take_earlier(self, line: LogLine, position: int, number: int, after: int | None) -> None:
        """Take a line whose number is too low."""
        extra = position - number
        if extra < MOST_STEPS and self._note_inserted(line, range(extra, extra + 1), is_renumbered=False):
            self._take(line, number)
        elif after == position + 1:
            self._edit(line, position, is_misplaced=True, is_free=True)
        elif after == number + 1 and self._fits(line):
            self._edit(line, position)  # and everything is numbered on from there
            self._walk.at = self._walk.at._replace(shift=(line.seq or 0) - position)
        else:
            self._insert(line)

    # -- lines of others

    def _take_foreign(self, line: LogLine) -> None:
        position = self._walk.at.position + 1
        count, following = self._look_behind_foreign()
        number = self._get_number(following)
        if self._walk.at.ours and following is not None and number is not None:
            # Was the next line of ours written when there were fewer lines, or chained to the line before these?
            last = self._walk.stream.peek(count - 1)
            is_chained = last is not None and chain(last.digest, get_payload(following)) == following.digest
            if number < position + count or (not is_chained and self._fits(following)):
                self._insert(line)
                return
        if (
            not self._walk.at.ours
            and not self._fits(line)
            and not self._is_free()
            and not self._explanations.follows_recent(line)
        ):
            self._broken.append(line)
        self._take(line, position)

    def _look_behind_foreign(self) -> tuple[int, LogLine | None]:
        """Return how many lines of others follow each other here, and the line of ours behind them, if it is near."""
        count = 0
        while count < _LOOK_AHEAD:
            line = self._walk.stream.peek(count)
            if line is None or line.kind in {LineKind.OURS, LineKind.MARRED}:
                return count, line
            if line.kind is LineKind.JUNK:
                break
            count += 1
        return count, None

    def _settle_broken(self) -> None:
        for line in self._broken:
            message = "this line, or one before it, was changed: it does not follow from the one before"
            self._note(Change.EDITED, line, self._walk.at.position, message=message)
        self._broken.clear()

    def finish(self) -> None:
        """Note what was waiting for a line of ours."""
        self._settle_broken()

    def _take_junk(self, line: LogLine) -> bool:
        walk = self._walk
        if not line.is_whole:
            if walk.stream.peek(1) is None:
                return False  # the end of the log
            walk.findings.add(
                ProblemKind.TORN_LINE,
                line.file,
                line.line,
                "half a line, as a crash leaves it",
                position=walk.at.position + 1,
            )
            walk.pass_over(line)
            walk.stream.consume(1)
            return True
        count, following = 1, walk.stream.peek(1)
        while following is not None and following.kind is LineKind.JUNK and count < _LOOK_AHEAD:
            count, following = count + 1, walk.stream.peek(count + 1)
        number = self._get_number(following)
        if number is not None and number > walk.at.position + 1:
            self._edit(line, walk.at.position + 1, is_free=True)
        else:
            self._insert(line)
        return True
