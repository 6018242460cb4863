"""The log's lines as one stream that can be looked ahead in and gone back in, with little of it in memory. Pure.

Whoever verifies takes lines by the list as long as they fit, and one by one with their claims where they do not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from loki_core.audit.chain import parse_line
from loki_core.audit.events import AuditEvent
from loki_core.audit.verifying.log_line import LARGEST_SEQ, LineKind, LogLine, read_log_line
from loki_core.frozen import dataclass

MOST_AHEAD = 1 << 23
"""Bytes of lines to look ahead at most."""
CUT_TEXT = b'"error": "truncated"'
"""Stands in a line that tells of a cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Lines that follow each other in one file.

    Attributes:
        file: its base name.
        first: the number of the first of these lines in the file.
        lines: the lines, without their ends; "" for one that is empty or too long.
        size: their bytes.
        is_torn: whether the last one had no line end.
        may_tell_of_cut: whether `CUT_TEXT` is in them.
    """

    file: str
    first: int
    lines: list[bytes]
    size: int
    is_torn: bool = False
    may_tell_of_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """An entry of ours that says that lines before it were cut off, before writing went on.

    Attributes:
        seq: its number.
        file: the base name of its file.
        line: its line in it.
        missing: how many lines there were more.
    """

    seq: int
    file: str
    line: int
    missing: int


class LineStream:
    """Lines with a cursor, and a mark to go back to. What is before the mark is forgotten."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        """Prepare; nothing is read yet.

        Args:
            pieces: the log, from its first line to its last.
        """
        self._source = pieces
        self._pieces: list[Piece] = []
        self._at = (0, 0)
        self._mark = (0, 0)
        self._ahead: deque[tuple[LogLine, tuple[int, int]]] = deque()
        self.cuts: list[Cut] = []
        """What lines that were read tell of cuts."""

    def load(self) -> tuple[Piece, int] | None:
        """Return the piece with the next line and that line's index in it, or None at the end."""
        number, index = self._at
        while number < len(self._pieces) or self._read_piece():
            if index < len(self._pieces[number].lines):
                self._at = (number, index)
                return self._pieces[number], index
            number, index = number + 1, 0
        return None

    def find_place(self) -> tuple[str, int]:
        """Return the file and the line in it of the next line; ("", 0) at the end."""
        found = self.load()
        return ("", 0) if found is None else (found[0].file, found[0].first + found[1])

    def _read_piece(self) -> bool:
        piece = next(self._source, None)
        if piece is None:
            return False
        self._pieces.append(piece)
        if piece.may_tell_of_cut:
            self.cuts += _list_cuts(piece)
        return True

    def has_cut(self, position: int, count: int) -> bool:
        """Tell whether one of the lines behind a number, up to another, tells of a cut; of those read until now."""
        return any(position < cut.seq <= count for cut in self.cuts)

    def advance(self, index: int) -> None:
        """Go on to a line of the piece that `load` returned."""
        self._at = (self._at[0], index)
        self._ahead.clear()

    def set_mark(self) -> None:
        """Forget what is before the cursor, but for some lines that can be looked back at."""
        number, index = self._at
        gone = max(number - 1, 0)
        del self._pieces[:gone]
        self._ahead = deque((line, (place[0] - gone, place[1])) for line, place in self._ahead)
        self._at = self._mark = (number - gone, index)

    def go_back(self) -> None:
        """Return to the mark."""
        self._at = self._mark
        self._ahead.clear()

    @property
    def kept(self) -> int:
        """How many bytes are kept in memory."""
        return sum(piece.size for piece in self._pieces)

    def peek(self, number: int) -> LogLine | None:
        """Return one of the next lines that are not empty, the next one being 0, or None behind the end.

        What is further ahead than `MOST_AHEAD` bytes counts as behind the end.
        """
        while len(self._ahead) <= number:
            place = self._ahead[-1][1] if self._ahead else self._at
            found = self._read_line(place)
            if found is None:
                return None
            self._ahead.append(found)
        return self._ahead[number][0]

    def _read_line(self, place: tuple[int, int]) -> tuple[LogLine, tuple[int, int]] | None:
        number, index = place
        while number < len(self._pieces) or (self.kept < MOST_AHEAD and self._read_piece()):
            piece = self._pieces[number]
            while index < len(piece.lines):
                data, index = piece.lines[index], index + 1
                is_last = piece.is_torn and index == len(piece.lines)
                if data or is_last:
                    line = read_log_line(data, piece.file, piece.first + index - 1, is_whole=not is_last)
                    return line, (number, index)
            number, index = number + 1, 0
        return None

    def consume(self, count: int) -> None:
        """Go on behind this many of the lines that `peek` returned."""
        for _ in range(count):
            _, self._at = self._ahead.popleft()

    def look_back(self, count: int) -> list[LogLine]:
        """Return the lines before the cursor, oldest first: as many as that, or as are kept."""
        found: list[LogLine] = []
        number, index = self._at
        while number >= 0 and len(found) < count:
            piece = self._pieces[number] if number < len(self._pieces) else None
            while piece is not None and index > 0 and len(found) < count:
                index -= 1
                if piece.lines[index]:
                    found.append(read_log_line(piece.lines[index], piece.file, piece.first + index))
            number -= 1
            index = len(self._pieces[number].lines) if number >= 0 else 0
        return found[::-1]


def _list_cuts(piece: Piece) -> Iterator[Cut]:
    for index, data in enumerate(piece.lines):
        if CUT_TEXT not in data:
            continue
        line = read_log_line(data, piece.file, piece.first + index)
        fields = parse_line(data) or {}
        if line.kind is LineKind.OURS and line.seq and fields.get("event") == AuditEvent.RECOVER:
            details = fields.get("details")
            expected, found = map(details.get, ("expected", "found")) if isinstance(details, dict) else (0, 0)
            missing = expected - found if type(expected) is int and type(found) is int else 0
            yield Cut(seq=line.seq, file=line.file, line=line.line, missing=missing if 0 < missing < LARGEST_SEQ else 0)
