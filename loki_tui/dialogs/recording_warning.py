"""The warning that a screen is recorded, given before a secret is shown on it."""

from __future__ import annotations

from textual.content import Content

from loki_tui.dialogs.dialog import Dialog, Line
from loki_tui.dialogs.reveal_words import describe_recordings
from loki_tui.terminal.recording import find_recordings


class RecordingWarning(Line):
    """Looks, once, who records or watches; stays out of sight when nobody is known to."""

    def __init__(self, *, has_sink: bool) -> None:
        super().__init__(id="recording", classes="warn")
        self.display = False
        self._has_sink = has_sink
        self._recordings: tuple[str, ...] | None = None
        self._was_told = False

    def on_mount(self) -> None:
        """Ask, which inside tmux takes a while."""
        self.run_worker(self._look, thread=True, group="recording")

    def _look(self) -> None:
        dialog = self.screen
        if isinstance(dialog, Dialog):
            dialog.call_back(self._show, find_recordings())

    def _show(self, recordings: tuple[str, ...]) -> None:
        self._recordings = recordings
        self.display = bool(recordings)
        self.update(Content(describe_recordings(recordings, has_sink=self._has_sink)))

    def find_objection(self, key: str) -> str:
        """Return why the secret is not shown yet, or ""; when the key is pressed again it is.

        Args:
            key: the key that asked for it.
        """
        if self._recordings is None:
            return f"still asking whether this screen is recorded: press {key} again"
        if self._recordings and not self._was_told:
            self._was_told = True
            return f"this screen is recorded; press {key} again to show the secret all the same"
        return ""
