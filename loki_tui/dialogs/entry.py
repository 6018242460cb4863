"""Everything that one entry of the audit log says, with its hash and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget

from loki_core import LoggedLine, Loki, LokiError, safe_text
from loki_tui.audit.detail import find_hash, label_once, list_facts
from loki_tui.audit.rows import EntryRow
from loki_tui.dialogs.dialog import Dialog, Gap, Line, Reading, Row

LONGEST_RAW = 8_000
"""Characters of the stored line that are shown."""


class EntryDialog(Dialog[None]):
    """Shows the fields, and the line as it is stored; up and down scroll."""

    BODY: ClassVar[type[Widget]] = Reading
    AUTO_FOCUS = "#body"
    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "entry.tcss"]

    def __init__(self, loki: Loki, row: EntryRow, line: LoggedLine, names: Mapping[str, str]) -> None:
        """Make the dialog.

        Args:
            loki: where the log is.
            row: the entry.
            line: its line, read.
            names: what tokens are called, by id.
        """
        self._loki = loki
        self._row = row
        self._line = line
        self._names = names
        super().__init__()

    def describe_title(self) -> Content:
        """Return which entry it is."""
        number = f"Entry #{self._row.seq}" if self._row.seq else "An entry of another program"
        return Content(f"{number}: {safe_text(self._row.event, limit=40)}")

    def compose_body(self) -> Iterator[Widget]:
        """Yield the fields, then where it stands."""
        for fact in label_once([*list_facts(self._row, self._line, self._names, self._loki.clock())]):
            yield Row(fact.label, Line(safe_text(fact.text), classes=fact.tone))
        yield Gap()
        yield Row("File", Line(safe_text(self._line.file) or "in memory", id="place"))
        yield Row("Hash", Line(safe_text(find_hash(self._line), limit=80) or "none"))
        yield Gap()
        raw = self._line.stored.data.decode("utf-8", errors="replace")
        yield Row("Stored", Line(safe_text(raw, limit=LONGEST_RAW), classes="muted"))

    def on_mount(self) -> None:
        """Count to the line in its file."""
        if self._line.file:
            self.run_worker(self._look, thread=True, group="place")

    def _look(self) -> None:
        try:
            place = f"{self._line.file}, line {self._loki.audit.find_line_number(self._line):,}"
        except LokiError:
            place = f"{self._line.file}, which is not there any more"
        self.call_back(self._show_place, place)

    def _show_place(self, place: str) -> None:
        self.query_one("#place", Line).update(Content(safe_text(place)))
