"""The rotate dialog: a new secret for a token, and for how long the old one works on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input

from loki_core import DEFAULT, LONGEST_GRACE_HOURS, Draft, ExpiresDays, InvalidInput, Loki, LokiError, Token, safe_text
from loki_tui.ages import format_minute
from loki_tui.dialogs import headless
from loki_tui.dialogs.choice import Choice, Option, Options
from loki_tui.dialogs.dialog import Dialog, Gap, Hint, Line, Row
from loki_tui.dialogs.headless import fold
from loki_tui.dialogs.impact import Impact, find_impact

DEBOUNCE = 0.15
"""Seconds without a key before the library is asked."""

_OTHER, _SAME, _NEVER = "other", "same", "never"


class RotateDialog(Dialog[Draft]):
    """Asks how to rotate a token and returns the draft: nothing is stored, and the grace has not begun."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "rotate.tcss"]
    AUTO_FOCUS = "#grace"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Go on", show=False, priority=True)]

    def __init__(self, loki: Loki, token: Token) -> None:
        self._loki = loki
        self._token = token
        self._timer: Timer | None = None
        self._asked = 0
        self._busy = False
        super().__init__()

    def describe_title(self) -> Content:
        """Return the title."""
        return Content(f"Rotate {safe_text(self._token.name, limit=40)}")

    def list_hints(self) -> tuple[Hint, ...]:
        """Return the way out and the way on."""
        return (
            Hint(key="Esc", label="Cancel", action="screen.cancel"),
            Hint(key="Enter", label="Show the new secret", action="screen.submit"),
        )

    def compose_body(self) -> Iterator[Widget]:
        """Yield who uses the token, and the form."""
        policy = self._loki.settings.tokens
        note = f', note "{safe_text(self._token.note)}"' if self._token.note else ""
        yield Row("Owner", Line(f"{safe_text(self._token.owner or 'nobody known')}{note}"))
        yield Row("Used", Line("looking…", id="uses"))
        yield Gap()
        hours = sorted({0, 1, 24, 72, policy.rotation_grace_hours})
        graces = [Option(value=str(each), label=f"{each} h" if each else "none") for each in hours]
        graces.append(Option(value=_OTHER, label="other"))
        yield Row("Grace", Choice(graces, value=str(policy.rotation_grace_hours), id="grace"))
        yield Row(
            "Hours",
            Input(str(policy.rotation_grace_hours), id="hours", compact=True, max_length=4),
            Line(f"0 to {LONGEST_GRACE_HOURS}: the old secret works on for so long", classes="muted"),
            id="hours-row",
        )
        yield Row("Expires", Choice(list(self._list_expiries()), value=_SAME, id="expires"))
        yield Gap()
        yield Row("Check", Line("asking…", id="check", classes="muted"))
        yield Row("Command", Line(id="command", classes="muted"))

    def _list_expiries(self) -> Iterator[Option]:
        policy = self._loki.settings.tokens
        longest = policy.max_expiration_days
        yield Option(value=_SAME, label="as long as before")
        for days in (30, 90):
            too_far = longest is not None and days > longest
            yield Option(value=str(days), label=f"{days} d", forbidden=f"at most {longest} d" if too_far else "")
        never = "" if policy.allow_never and longest is None else "policy forbids"
        yield Option(value=_NEVER, label=_NEVER, forbidden=never)

    def on_mount(self) -> None:
        """Look up who uses the token, and whether it can be rotated."""
        self._show_form()
        self.run_worker(self._look, thread=True, group="impact")
        self._ask()

    def on_resize(self, event: events.Resize) -> None:
        """Fold the command to the new width."""
        super().on_resize(event)
        self.call_after_refresh(self._show_form)

    def _look(self) -> None:
        self.call_back(self._show_impact, find_impact(self._loki, (self._token,)))

    def _show_impact(self, impact: Impact) -> None:
        words = f"not known: {safe_text(impact.problem)}" if impact.problem else "\n".join(impact.lines)
        self.query_one("#uses", Line).update(Content(words))

    # What is asked for

    @property
    def grace(self) -> str:
        """The hours of grace, as they stand in the form."""
        chosen = self.query_one("#grace", Choice).value
        return self.query_one("#hours", Input).value.strip() if chosen == _OTHER else chosen

    @property
    def expires(self) -> str:
        """The days until the new secret ends, `never`, or "" for as long as before."""
        chosen = self.query_one("#expires", Choice).value
        return "" if chosen == _SAME else chosen

    def _draft(self, grace: str, expires: str) -> Draft:
        if not (grace.isascii() and grace.isdigit()):
            raise InvalidInput(
                "the grace is not a number of hours", code="invalid_grace", remedy=f"0 to {LONGEST_GRACE_HOURS}"
            )
        days: ExpiresDays = DEFAULT if not expires else None if expires == _NEVER else int(expires)
        return self._loki.tokens.prepare_rotation(self._token.id, grace_hours=int(grace), expires_days=days)

    @on(Input.Changed)
    @on(Options.Changed)
    def _react(self, event: Input.Changed | Options.Changed) -> None:
        event.stop()
        self._show_form()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE, self._ask)

    def _show_form(self) -> None:
        self.query_one("#hours-row").display = self.query_one("#grace", Choice).value == _OTHER
        line = self.query_one("#command", Line)
        (target,) = headless.find_targets([self._token])
        command = headless.rotate(target, grace_hours=self.grace or "HOURS", expires=self.expires)
        line.update(Content(fold(command, max(line.size.width, 40))))

    # Asking the library

    def _ask(self) -> None:
        self._asked += 1
        if not self._busy:
            grace, expires, number = self.grace, self.expires, self._asked
            self.run_worker(lambda: self._preview(grace, expires, number), thread=True, group="preview", exclusive=True)

    def _preview(self, grace: str, expires: str, number: int) -> None:
        try:
            draft = self._draft(grace, expires)
        except LokiError as error:
            self.call_back(self._show_answer, str(error), "bad", number)
            return
        new, old = draft.token.expires_at, draft.replaces.expires_at if draft.replaces else None
        until = f"until {format_minute(new)}" if new else "never expires"
        ends = f"; the old one until {format_minute(old)}" if old else ""
        self.call_back(self._show_answer, f"ok: {until}{ends}", "good", number)

    def _show_answer(self, words: str, tone: str, number: int) -> None:
        if number == self._asked:
            line = self.query_one("#check", Line)
            line.set_classes(tone)
            line.update(Content(safe_text(words)))

    def action_submit(self) -> None:
        """Prepare the rotation, and return its draft."""
        if self._busy:
            return
        self._busy = True
        self._asked += 1
        grace, expires = self.grace, self.expires
        self.run_worker(lambda: self._prepare(grace, expires), thread=True, group="prepare")

    def _prepare(self, grace: str, expires: str) -> None:
        try:
            draft = self._draft(grace, expires)
        except LokiError as error:
            self.call_back(self._refuse, error)
        else:
            self.call_back(self._finish, draft)

    def _finish(self, draft: Draft) -> None:
        self._busy = self.answer(draft)

    def _refuse(self, error: LokiError) -> None:
        self._busy = False
        self._show_answer(str(error), "bad", self._asked)
