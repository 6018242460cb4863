"""The newest signed head and the first public key: what to note elsewhere, so that a cut or forged log is found out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget

from loki_core import Loki
from loki_tui.dialogs.dialog import Dialog, Gap, Line, Reading, Row
from loki_tui.dialogs.head_section import COMMAND, STYLES, compose_head, compose_key


class HeadsDialog(Dialog[None]):
    """Shows both; up and down scroll."""

    BODY: ClassVar[type[Widget]] = Reading
    AUTO_FOCUS = "#body"
    CSS_PATH: ClassVar[CSSPathType | None] = STYLES

    def __init__(self, loki: Loki) -> None:
        """Make the dialog.

        Args:
            loki: where the log is.
        """
        self._loki = loki
        super().__init__()

    def describe_title(self) -> Content:
        """Return the title."""
        return Content("To be noted elsewhere")

    def compose_body(self) -> Iterator[Widget]:
        """Yield what to wait for."""
        yield Line("reading the newest head…", id="state")

    def on_mount(self) -> None:
        """Read the newest head."""
        self.run_worker(self._look, thread=True, group="head")

    def _look(self) -> None:
        self.call_back(self._show, self._loki.audit.newest_head)

    def _show(self, head: dict[str, object] | None) -> None:
        if head is None:
            words = "Nothing is signed yet: the first head follows a minute after the first entry."
            self.query_one("#state", Line).update(Content(words))
            return
        sections = [*compose_head(head)]
        if isinstance(first_key := head.get("first_key"), str) and first_key:
            sections += [Gap(), *compose_key(first_key)]
        sections.append(Row("Later", Line(COMMAND, classes="muted")))
        self.query_one("#state").remove()
        self.query_one("#body").mount_all(sections)
