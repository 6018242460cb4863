"""The ways out of the reveal for a secret: the keys, and the rows that ask for a file or a sink."""

from __future__ import annotations

import os
from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from loki_tui.dialogs.choice import Choice, Option
from loki_tui.dialogs.delivery import Delivery, ToFile, ToSink
from loki_tui.dialogs.dialog import Hint, Hints, Row
from loki_tui.dialogs.reveal_words import describe_copying
from loki_tui.dialogs.secret_line import MASK
from loki_tui.terminal.clipboard import plan_copy


class PathField(Input):
    """Takes a path by key only: what is pasted here is most likely the secret, and goes to Proof unseen."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()


class Ways(Vertical):
    """Tells the keys, and asks where to when one of them needs to know."""

    DEFAULT_CSS = """
    Ways { width: 100%; height: auto; }
    Ways Hints { width: 100%; height: auto; }
    """

    def __init__(self, path: str, sinks: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(id="ways")
        self._path = path
        self._sinks = sinks

    def compose(self) -> ComposeResult:
        """Yield the keys and the two rows, which are closed at first."""
        copying = describe_copying(plan_copy(os.environ, len(MASK)))
        keys = [
            Hint(key="s", label="Show", action="screen.toggle_shown"),
            Hint(key="c", label=copying, action="screen.copy"),
            Hint(key="b", label="Bare line", action="screen.bare"),
            Hint(key="f", label="File, 0600", action="screen.ask_path"),
        ]
        if self._sinks:
            keys.append(Hint(key="t", label="To sink", action="screen.ask_sink"))
        yield Hints(tuple(keys), spread=False)
        yield Row("File", PathField(self._path, id="path", compact=True), id="file-row")
        options = [Option(value=name, label=name) for name in self._sinks]
        yield Row("Sink", Choice(options, value=next(iter(self._sinks), ""), id="sink"), id="sink-row")

    def on_mount(self) -> None:
        """Close the rows."""
        self.close()

    @property
    def delivery(self) -> Delivery | None:
        """What the open row says, or None when none is open."""
        if self.query_one("#file-row").display:
            return ToFile(path=self.query_one("#path", Input).value)
        if self.query_one("#sink-row").display:
            return self.find_sink(self.query_one("#sink", Choice).value)
        return None

    def find_sink(self, name: str) -> ToSink:
        """Return the sink of that name."""
        return ToSink(name=name, argv=tuple(self._sinks[name]))

    def open(self, row: str) -> None:
        """Ask for the `file` or the `sink`."""
        self.query_one("#file-row").display = row == "file"
        self.query_one("#sink-row").display = row == "sink"
        self.query_one("#path" if row == "file" else "#sink").focus()

    def close(self) -> None:
        """Ask nothing any more."""
        self.query_one("#file-row").display = False
        self.query_one("#sink-row").display = False
