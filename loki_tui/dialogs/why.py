"""Why a token may do what it may, and why it is in the state it is in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget

from loki_core import ALL, AuditEvent, Loki, LokiError, Status, Token, safe_text
from loki_tui.ages import format_ago, format_minute, format_span, format_until
from loki_tui.dialogs import headless
from loki_tui.dialogs.dialog import Dialog, Gap, Line, Reading, Row
from loki_tui.dialogs.grant import MANAGEMENT

_LABEL = 10


class WhyDialog(Dialog[None]):
    """Explains the status and every decision."""

    BODY: ClassVar[type[Widget]] = Reading
    AUTO_FOCUS = "#body"

    def __init__(self, loki: Loki, token: Token) -> None:
        self._loki = loki
        self._token = token
        super().__init__()

    def describe_title(self) -> Content:
        """Return whom it is about."""
        return Content(f"Why: {safe_text(self._token.name, limit=40)}")

    def compose_body(self) -> Iterator[Widget]:
        """Yield the status, the grant, and a line for each scope."""
        token = self._token
        yield Row("Status", Line(self._describe_status(), id="status"))
        if token.status is not Status.UNREADABLE:
            yield Row("Minted", Line(self._describe_minting()))
            yield Row("Held", Line(safe_text(", ".join(token.scopes) or "no scope")))
            yield Gap()
            if not token.status.is_usable:
                yield Line("It is refused as it is. While it worked, it was", classes="muted")
            yield from self._compose_decisions()
        yield Gap()
        command = ["loki", "enterprise", "token", "show", *headless.find_targets([token])]
        yield Row("Command", Line(headless.fold(command, 60), id="command", classes="muted"))

    def _describe_status(self) -> str:
        token, now = self._token, self._loki.clock()
        end = "" if token.expires_at is None else f", {format_minute(token.expires_at)}"
        until = format_until(token.expires_at, now)
        match token.status:
            case Status.UNREADABLE:
                return safe_text(f"unreadable, so it never verifies: {token.problem}")
            case Status.REVOKED:
                when = (
                    f" {format_ago(token.revoked_at, now)}, {format_minute(token.revoked_at)}"
                    if token.revoked_at
                    else ""
                )
                return f"revoked{when}: refused as token_revoked"
            case Status.EXPIRED:
                return f"expired {until}{end}: refused as token_expired"
            case Status.LOCKED:
                return "locked: refused as token_locked until it is unlocked"
            case Status.ROTATING:
                return safe_text(f"rotating: {token.rotated_to} replaced it; its secret ends {until}{end}")
            case Status.EXPIRING:
                return f"expiring: it ends {until}{end}; rotate it before"
        if token.expires_at is None:
            return "active: not revoked, and it never expires"
        return f"active: not revoked, and it ends {until}{end}"

    def _describe_minting(self) -> str:
        token = self._token
        when = format_minute(token.created_at) if token.created_at else "at a time not noted"
        by = f" by {token.owner}" if token.owner else ""
        role = f", as {token.role}" if token.role else ""
        life = ""
        if token.created_at and token.expires_at:
            life = f", for {format_span(token.expires_at - token.created_at)}"
        replaced = f", in place of {token.rotated_from}" if token.rotated_from else ""
        return safe_text(f"{when}{by}{role}{life}{replaced}")

    def _compose_decisions(self) -> Iterator[Widget]:
        catalog, held = self._loki.scopes, self._token.scopes
        for scope in catalog:
            decision = catalog.explain(held, scope.name)
            name = scope.name if scope.name != ALL else f"* ({MANAGEMENT})"
            if decision.granted:
                words = " > ".join(decision.chain)
                chain = "held" if len(decision.chain) == 1 else words
                yield Line(self._compose_line("granted", "$text-success", name, chain))
            else:
                givers = [
                    other.name
                    for other in catalog
                    if other.name not in {scope.name, ALL} and catalog.covers((other.name,), scope.name)
                ]
                needed = " or ".join([scope.name, *givers, ALL] if scope.name != ALL else [ALL])
                yield Line(self._compose_line("refused", "$text-muted", name, f"it would need {needed}"))
        for name in held:
            if name not in catalog:
                yield Line(self._compose_line("unknown", "$text-warning", name, "no such scope here: it means nothing"))

    @staticmethod
    def _compose_line(verdict: str, style: str, name: str, words: str) -> Content:
        return Content.assemble((f"{verdict:<{_LABEL}}", style), f"{safe_text(name, limit=30):<20} ", safe_text(words))

    def on_mount(self) -> None:
        """Look up who revoked it."""
        if self._token.status is Status.REVOKED:
            self.run_worker(self._look, thread=True, group="why")

    def _look(self) -> None:
        try:
            entries = self._loki.tokens.history(self._token.id, limit=200)
        except LokiError as error:
            who = f"by whom is not known: {error}"
        else:
            found = next((each for each in entries if each.event == AuditEvent.TOKEN_REVOKE and each.success), None)
            who = "by whom is not in the audit log" if found is None else f"by {found.user_id}"
            if found is not None and found.ip_address:
                who += f" from {found.ip_address}"
        self.call_back(self._show_who, who)

    def _show_who(self, who: str) -> None:
        self.query_one("#status", Line).update(Content(f"{self._describe_status()}; {safe_text(who)}"))
