"""How the audit log stands, watched once for all screens: its state, and what verifying it has found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loki_tui.audit.state import AuditState, describe_state, watch_state

if TYPE_CHECKING:
    from datetime import datetime

    from loki_core import Verdict
    from loki_tui.app import LokiApp
    from loki_tui.spans import Span


class LogStanding:
    """What the line of screens says of the log.

    Attributes:
        state: what is known of the log without reading it, or None before it was looked at.
        verdict: what verifying has found the last time, or None.
        verified_at: when that was (UTC).
    """

    def __init__(self, app: LokiApp) -> None:
        self._app = app
        self.state: AuditState | None = None
        self.verdict: Verdict | None = None
        self.verified_at: datetime | None = None

    def watch(self) -> None:
        """Watch from now on, as whoever acts now."""
        app = self._app
        app.run_worker(watch_state(app.loki, self._show), group="audit", exclusive=True)

    @property
    def is_off(self) -> bool:
        """Whether the log is known to be switched off."""
        return self.state is not None and not self.state.is_on

    def describe(self) -> list[Span]:
        """Return how the log stands, for the line of screens."""
        return describe_state(self.state, self.verdict)

    def note_verdict(self, verdict: Verdict) -> None:
        """Show on every screen what verifying the log has found."""
        self.verdict, self.verified_at = verdict, self._app.loki.clock()
        self._rebuild()

    def _show(self, state: AuditState) -> None:
        before, self.state = self.state, state
        if state.has_begun and not (before is not None and before.has_begun):
            self._tell_of_first_key()
        self._rebuild()

    def _tell_of_first_key(self) -> None:
        if self._app.surroundings.demo:
            return
        keys = {action.id: action.shown_key for action in self._app.actions}
        self._app.say(
            f"the audit log's first key was made just now: note it outside this host ({keys['place.audit']}, then "
            f"{keys['audit.head']})"
        )

    def _rebuild(self) -> None:
        for screen in self._app.list_screens():
            screen.rebuild_header()
