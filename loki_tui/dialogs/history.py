"""What happened to a token: its audit entries, newest first, and from where it was used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget

from loki_core import AuditEntry, Loki, LokiError, Token, Use, safe_text
from loki_tui.ages import format_minute
from loki_tui.dialogs.dialog import Dialog, Gap, Line, Reading, Row
from loki_tui.dialogs.impact import describe_use

MOST_ENTRIES = 200

_EVER = datetime.min.replace(tzinfo=UTC)


class HistoryDialog(Dialog[None]):
    """Shows the entries; up and down scroll."""

    BODY: ClassVar[type[Widget]] = Reading
    AUTO_FOCUS = "#body"

    def __init__(self, loki: Loki, token: Token) -> None:
        self._loki = loki
        self._token = token
        super().__init__()

    def describe_title(self) -> Content:
        """Return whose history it is."""
        return Content(f"History of {safe_text(self._token.name, limit=32)}, {safe_text(self._token.id, limit=20)}")

    def compose_body(self) -> Iterator[Widget]:
        """Yield where it was used, and what happened."""
        yield Row("Used", Line("looking…", id="uses"))
        yield Gap()
        yield Line("reading the audit log…", id="entries")

    def on_mount(self) -> None:
        """Read the log and the uses."""
        self.run_worker(self._look, thread=True, group="history")

    def _look(self) -> None:
        try:
            uses = self._describe_uses(self._loki.tokens.find_uses(self._token.id, since=_EVER))
        except LokiError as error:
            uses = str(error)
        self.call_back(self._show, "uses", uses)
        try:
            entries = self._loki.tokens.history(self._token.id, limit=MOST_ENTRIES)
            words = "\n".join(map(describe_entry, entries)) or "The audit log has no entry about it."
        except LokiError as error:
            words = str(error)
        self.call_back(self._show, "entries", words)

    def _describe_uses(self, uses: Sequence[Use]) -> str:
        now = self._loki.clock()
        newest = sorted(uses, key=lambda use: use.last_at, reverse=True)
        return "\n".join(describe_use(use, now) for use in newest) or "no use was noted"

    def _show(self, line: str, words: str) -> None:
        self.query_one(f"#{line}", Line).update(Content("\n".join(safe_text(each) for each in words.split("\n"))))


def describe_entry(entry: AuditEntry) -> str:
    """Return an audit entry in a line: when, what, by whom, from where, and how it ended."""
    event = entry.event.removeprefix("auth.token.").removeprefix("auth.")
    outcome = "" if entry.success else f"  refused: {safe_text(entry.error or 'no reason given')}"
    place = f" from {safe_text(entry.ip_address, limit=45)}" if entry.ip_address else _describe_claim(entry)
    who = safe_text(entry.user_id, limit=32)
    return f"{format_minute(entry.timestamp)}  {safe_text(event, limit=20):<8} {who}{place}{outcome}"


def _describe_claim(entry: AuditEntry) -> str:
    claimed = entry.details.get("claimed")
    if isinstance(claimed, dict):
        words = str(claimed.get("SSH_CONNECTION") or claimed.get("SSH_CLIENT") or "").split()
        if words:
            return f" over ssh from {safe_text(words[0], limit=45)}"
    return ""
