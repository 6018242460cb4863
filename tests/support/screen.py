"""What a person would see: a small emulation of the terminal that full-screen programs write to.

It knows the sequences that Textual, tmux's client and plain programs send: cursor addressing, erasing, the
alternate screen, private modes. Colours are dropped. What it does not know it skips.
"""

from __future__ import annotations

import codecs
import re

from rich.cells import cell_len

_TOKEN = re.compile(
    r"\x1b\[(?P<params>[0-9:;<=>?]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|\x1b[\]PX^_](?P<string>.*?)(?:\x07|\x1b\\)"
    r"|\x1b[ -/]+[0-~]"
    r"|\x1b[0-OQ-WYZ`-~\\]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)


class Screen:
    """A grid of characters that is fed bytes.

    Attributes:
        modes: the private modes that are set: 1049 alternate screen, 1000 mouse, 2004 paste, 25 cursor.
        entries: how often the alternate screen was entered.
        clears: how often the whole screen was erased.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.columns = columns
        self.lines = lines
        self.modes: set[int] = {7, 25}
        self.entries = 0
        self.clears = 0
        self._grid = self._blank()
        self._saved = self._grid
        self._row = self._column = 0
        self._saved_position = (0, 0)
        self._pending = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def _blank(self) -> list[list[str]]:
        return [[" "] * self.columns for _ in range(self.lines)]

    @property
    def text(self) -> str:
        """The screen as lines without the blanks at their ends."""
        return "\n".join("".join(row).rstrip() for row in self._grid)

    def resize(self, columns: int, lines: int) -> None:
        """Take another size; what is shown is dropped, as the program paints anew."""
        self.columns, self.lines = columns, lines
        self._grid, self._saved = self._blank(), self._blank()
        self._row = self._column = 0

    def feed(self, data: bytes) -> None:
        """Take bytes that were written to the terminal, cut anywhere."""
        stream = self._pending + self._decoder.decode(data)
        position = 0
        while match := _TOKEN.match(stream, position):
            self._apply(match)
            position = match.end()
        self._pending = stream[position:]

    def _apply(self, match: re.Match[str]) -> None:
        if match["text"] is not None:
            self._print(match["text"])
        elif match["control"] is not None:
            self._control(match["control"])
        elif match["final"] is not None and not match["middle"]:
            self._command(match["params"], match["final"])

    def _print(self, text: str) -> None:
        for character in text:
            width = cell_len(character)
            if width == 0:
                continue
            if self._column + width > self.columns:
                if 7 not in self.modes:
                    continue
                self._column = 0
                self._line_feed()
            row = self._grid[self._row]
            row[self._column] = character
            if width == 2:
                row[self._column + 1] = ""
            self._column += width

    def _control(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._line_feed()
        elif character == "\b":
            self._column = max(0, self._column - 1)
        elif character == "\t":
            self._column = min(self.columns - 1, (self._column // 8 + 1) * 8)

    def _line_feed(self) -> None:
        if self._row < self.lines - 1:
            self._row += 1
        else:
            self._grid.pop(0)
            self._grid.append([" "] * self.columns)

    def _command(self, params: str, final: str) -> None:
        if params.startswith("?"):
            if final in "hl":
                for mode in params[1:].split(";"):
                    self._set_mode(int(mode), on=final == "h")
            return
        if params[:1] in "<=>" and params:
            return
        numbers = [int(part) if part.isdigit() else 0 for part in params.split(";")]
        first = max(1, numbers[0])
        if final in "Hf":
            second = max(1, numbers[1]) if len(numbers) > 1 else 1
            self._move(first - 1, second - 1)
        elif final in "ABCDEF":
            down = {"A": -first, "B": first, "E": first, "F": -first}.get(final, 0)
            right = {"C": first, "D": -first}.get(final, 0)
            self._move(self._row + down, 0 if final in "EF" else self._column + right)
        elif final == "G":
            self._move(self._row, first - 1)
        elif final == "d":
            self._move(first - 1, self._column)
        elif final == "J":
            self._erase_display(numbers[0])
        elif final == "K":
            self._erase_line(numbers[0])

    def _set_mode(self, mode: int, *, on: bool) -> None:
        if mode in {47, 1047, 1049} and on != (mode in self.modes):
            if on:
                self.entries += 1
                self._saved, self._grid = self._grid, self._blank()
                self._saved_position = (self._row, self._column)
            else:
                self._grid = self._saved
                self._move(*self._saved_position)
        (self.modes.add if on else self.modes.discard)(mode)

    def _move(self, row: int, column: int) -> None:
        self._row = min(max(row, 0), self.lines - 1)
        self._column = min(max(column, 0), self.columns - 1)

    def _erase_line(self, part: int) -> None:
        start, end = {0: (self._column, self.columns), 1: (0, self._column + 1)}.get(part, (0, self.columns))
        row = self._grid[self._row]
        row[start:end] = [" "] * (min(end, self.columns) - start)

    def _erase_display(self, part: int) -> None:
        if part >= 2:
            self.clears += 1
            self._grid[:] = self._blank()
            return
        self._erase_line(part)
        others = range(self._row) if part == 1 else range(self._row + 1, self.lines)
        for row in others:
            self._grid[row] = [" "] * self.columns
