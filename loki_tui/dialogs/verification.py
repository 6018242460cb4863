"""Verifying the whole log: a bar while it runs, which can be left at any time, and then what was found."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget

from loki_core import Cancelled, Loki, LokiError, Verdict, safe_text
from loki_tui.dialogs.dialog import Dialog, Hint, Line, Reading
from loki_tui.dialogs.head_section import STYLES
from loki_tui.dialogs.verdict import compose_verdict, describe_title
from loki_tui.terminal.environment import shows_blocks

SHOWN_EVERY = 0.1
"""Seconds between two steps of the bar."""
_BAR = 40


class VerificationDialog(Dialog[Verdict]):
    """Verifies in a thread of its own; returns the verdict, or None when it was left before there was one."""

    BODY: ClassVar[type[Widget]] = Reading
    AUTO_FOCUS = "#body"
    CSS_PATH: ClassVar[CSSPathType | None] = STYLES

    def __init__(self, loki: Loki) -> None:
        """Make the dialog.

        Args:
            loki: where the log is.
        """
        self._loki = loki
        self._verdict: Verdict | None = None
        self._is_left = threading.Event()
        self._shown_at = 0.0
        self._signs = "█░" if shows_blocks(os.environ) else "#."
        super().__init__()

    def describe_title(self) -> Content:
        """Return the title."""
        return Content("Verify the audit log")

    def list_hints(self) -> tuple[Hint, ...]:
        """Return the way out, which ends verifying while it runs."""
        return (Hint(key="Esc", label="Close" if self._verdict else "Cancel", action="screen.cancel"),)

    def compose_body(self) -> Iterator[Widget]:
        """Yield the bar."""
        with Vertical(id="found"):
            yield Line("Every line is compared with the chain, the signed heads, and what is kept elsewhere.")
            yield Line(self._draw_bar(0, 0), id="bar")

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._verify, thread=True, group="verification")

    def on_unmount(self) -> None:
        """End verifying, however the dialog was left."""
        self._is_left.set()

    def action_cancel(self) -> None:
        """Leave, with the verdict when there is one."""
        self._is_left.set()
        self.dismiss(self._verdict)

    # In the thread

    def _verify(self) -> None:
        try:
            verdict = self._loki.audit.verify(progress=self._note_progress, is_cancelled=self._is_left.is_set)
        except Cancelled:
            return
        except LokiError as error:
            self.call_back(self._show_error, error)
            return
        self.call_back(self._show_verdict, verdict)

    def _note_progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._shown_at >= SHOWN_EVERY:
            self._shown_at = now
            self.call_back(self._show_progress, done, total)

    # On the screen

    def _show_progress(self, done: int, total: int) -> None:
        self.query_one("#bar", Line).update(Content(self._draw_bar(done, total)))

    def _draw_bar(self, done: int, total: int) -> str:
        full, empty = self._signs[0], self._signs[1]
        share = min(done / total, 1.0) if total else 0.0
        cells = round(share * _BAR)
        return f"{full * cells}{empty * (_BAR - cells)} {share:4.0%} of {total / 1e6:,.1f} MB"

    def _show_verdict(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self.query_one("#frame").border_title = describe_title(verdict)
        self._show(compose_verdict(verdict))

    def _show_error(self, error: LokiError) -> None:
        self._show(
            [
                Line("It could not be verified.", classes="bad"),
                Line(safe_text(error.message)),
                Line(safe_text(error.remedy), classes="muted"),
            ]
        )

    def _show(self, widgets: list[Widget]) -> None:
        found = self.query_one("#found")
        found.remove_children()
        found.mount_all(widgets)
        self.hints.show(*self.list_hints())
