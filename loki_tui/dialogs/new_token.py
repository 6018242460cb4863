"""The new-token dialog: what to mint, checked as it is typed, and the command that would do the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input

from loki_core import LONGEST_NAME, Draft, Loki, LokiError, Refused, Status, Token, safe_text
from loki_tui.ages import format_minute
from loki_tui.dialogs.choice import Choice, Option, Options, Picks
from loki_tui.dialogs.delivery import Delivery, ToFile, ToSink, address, suggest_path
from loki_tui.dialogs.dialog import Dialog, Gap, Hint, Line, Row
from loki_tui.dialogs.grant import describe_allowed, describe_refused
from loki_tui.dialogs.headless import fold, option
from loki_tui.dialogs.request import TokenRequest

DEBOUNCE = 0.15
"""Seconds without a key before the library is asked."""

_SCOPES = ":scopes"
_REVEAL, _FILE, _SINK = "reveal", "file", "sink:"
_NEVER, _DATE = "never", "date"
_NAME_STATES = {"name_taken": "taken", "invalid_name": "not allowed"}
_FIELD_OF = {
    "invalid_name": "name",
    "name_taken": "name",
    "invalid_note": "note",
    "invalid_scopes": "scopes",
    "invalid_expiry": "expires",
    "expiry_too_far": "expires",
    "never_forbidden": "expires",
}


class NewTokenDialog(Dialog[Draft]):
    """Asks for a new token and returns its draft: nothing is stored yet."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "new_token.tcss"]
    AUTO_FOCUS = "#name"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Go on", show=False, priority=True)]

    def __init__(self, loki: Loki) -> None:
        self._loki = loki
        self._timer: Timer | None = None
        self._asked = 0
        self._busy = False
        self._path_was_typed = False
        super().__init__()

    def describe_title(self) -> Content:
        """Return the title."""
        return Content("New token")

    def list_hints(self) -> tuple[Hint, ...]:
        """Return the way out and the way on."""
        return (
            Hint(key="Esc", label="Cancel", action="screen.cancel"),
            Hint(key="Enter", label="Show the secret", action="screen.submit"),
        )

    def compose_body(self) -> Iterator[Widget]:
        """Yield the form."""
        settings = self._loki.settings
        weakest_first = sorted(self._loki.roles, key=lambda role: len(self._loki.scopes.expand(role.scopes)))
        roles = [Option(value=role.name, label=role.name) for role in weakest_first]
        viewer = "viewer" if "viewer" in self._loki.roles else roles[0].value
        yield Row("Name", Input(id="name", compact=True, max_length=LONGEST_NAME), Line(id="name-state"))
        yield Gap()
        yield Row("Grant", Choice([*roles, Option(value=_SCOPES, label="choose scopes")], value=viewer, id="grant"))
        scopes = [Option(value=scope.name, label=scope.name) for scope in self._loki.scopes]
        yield Row("Scopes", Picks(scopes, values=("read",), id="scopes"), id="scopes-row")
        yield Row("Allows", Line(id="allows"))
        yield Row("Refuses", Line(id="refuses", classes="muted"))
        yield Gap()
        yield Row("Expires", Choice(list(self._list_expiries()), value=self._default_expiry, id="expires"))
        last_day = self._loki.clock() + timedelta(days=settings.tokens.default_expiration_days)
        yield Row(
            "Until",
            Input(f"{last_day:%Y-%m-%d}", id="date", compact=True, max_length=10),
            Line("the end of that day, UTC", classes="muted"),
            id="date-row",
        )
        yield Row("Owner", Line(safe_text(self._loki.actor.subject), id="owner"))
        yield Row("Note", Input(id="note", compact=True, max_length=LONGEST_NAME, placeholder="what stops if revoked"))
        yield Row("Deliver", Choice(list(self._list_deliveries()), value=_REVEAL, id="deliver"))
        yield Row("File", Input(suggest_path(""), id="path", compact=True), id="file-row")
        yield Gap()
        yield Row("Check", Line("give it a name", id="check", classes="muted"))
        yield Row("Command", Line(id="command", classes="muted"))

    @property
    def _default_expiry(self) -> str:
        return str(self._loki.settings.tokens.default_expiration_days)

    def _list_expiries(self) -> Iterator[Option]:
        policy = self._loki.settings.tokens
        longest = policy.max_expiration_days
        for days in sorted({7, 30, 90, policy.default_expiration_days}):
            too_far = longest is not None and days > longest
            yield Option(value=str(days), label=f"{days} d", forbidden=f"at most {longest} d" if too_far else "")
        yield Option(value=_DATE, label="date")
        never = "" if policy.allow_never and longest is None else "policy forbids"
        yield Option(value=_NEVER, label="never", forbidden=never)

    def _list_deliveries(self) -> Iterator[Option]:
        yield Option(value=_REVEAL, label="reveal here")
        yield Option(value=_FILE, label="new file, 0600")
        sinks = self._loki.settings.session.sinks
        for name in sinks:
            yield Option(value=_SINK + name, label=f"to sink: {name}")
        if not sinks:
            yield Option(value=_SINK, label="to sink", forbidden="none configured")

    def on_mount(self) -> None:
        """Fill in what follows from the fields, and count the owner's tokens."""
        self._show_form()
        self.run_worker(self._count_active, thread=True, group="count")

    def on_resize(self, event: events.Resize) -> None:
        """Fold the command to the new width."""
        super().on_resize(event)
        self.call_after_refresh(self._show_command)

    # What is asked for

    @property
    def request(self) -> TokenRequest:
        """What the form says now."""
        grant = self.query_one("#grant", Choice).value
        expires = self.query_one("#expires", Choice).value
        return TokenRequest(
            name=self.query_one("#name", Input).value.strip(),
            role=None if grant == _SCOPES else grant,
            scopes=self.query_one("#scopes", Picks).picked if grant == _SCOPES else None,
            expires=self.query_one("#date", Input).value.strip() if expires == _DATE else expires,
            note=self.query_one("#note", Input).value,
        )

    @property
    def delivery(self) -> Delivery | None:
        """Where the secret is to go, or None to be revealed."""
        chosen = self.query_one("#deliver", Choice).value
        if chosen == _REVEAL:
            return None
        if chosen == _FILE:
            return ToFile(path=self.query_one("#path", Input).value)
        name = chosen.removeprefix(_SINK)
        return ToSink(name=name, argv=tuple(self._loki.settings.session.sinks[name]))

    # Showing what follows

    @on(Input.Changed)
    @on(Options.Changed)
    def _react(self, event: Input.Changed | Options.Changed) -> None:
        event.stop()
        if event.control.id == "path":
            self._path_was_typed = self._path_was_typed or self.query_one("#path", Input).has_focus
        if event.control.id == "name" and not self._path_was_typed:
            self.query_one("#path", Input).value = suggest_path(self.request.name)
        self._show_form()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE, self._ask)

    def _show_form(self) -> None:
        request, delivery = self.request, self.delivery
        self.query_one("#scopes-row").display = request.scopes is not None
        self.query_one("#date-row").display = self.query_one("#expires", Choice).value == _DATE
        self.query_one("#file-row").display = isinstance(delivery, ToFile)
        held = self._loki.roles.get_role(request.role).scopes if request.role else request.scopes or ()
        self.query_one("#allows", Line).update(Content(describe_allowed(self._loki.scopes, held)))
        self.query_one("#refuses", Line).update(Content(describe_refused(self._loki.scopes, held)))
        label = "Show the secret"
        if isinstance(delivery, ToFile):
            label = "Write the file"
        elif isinstance(delivery, ToSink):
            label = f"Send it to {safe_text(delivery.name, limit=20)}"
        cancel, submit = self.list_hints()
        self.hints.show(cancel, Hint(key=submit.key, label=label, action=submit.action))
        self._show_command()

    def _show_command(self) -> None:
        line = self.query_one("#command", Line)
        delivery = self.delivery
        extra: list[str] = []
        if isinstance(delivery, ToFile):
            extra = option("secret-file", delivery.path)
        elif isinstance(delivery, ToSink):
            extra = option("sink", delivery.name)
        line.update(Content(fold(self.request.build_command(extra), max(line.size.width, 40))))

    def _say(self, line: str, words: str, tone: str) -> None:
        widget = self.query_one(f"#{line}", Line)
        widget.set_classes(tone)
        widget.update(Content(safe_text(words)))

    def _count_active(self) -> None:
        owner = self._loki.actor.subject
        try:
            tokens = self._loki.tokens.list(owner=owner)
        except LokiError:
            return  # the check line tells of it
        active = sum(token.status.is_usable and token.status is not Status.ROTATING for token in tokens)
        limit = self._loki.settings.tokens.max_active_per_user
        count = f"{active} active" if limit is None else f"{active} of {limit} active"
        self.call_back(self._say, "owner", f"{owner}, {count}", "")

    # Asking the library

    def _ask(self) -> None:
        self._asked += 1
        if self._busy:
            return
        if not self.request.name:
            self._say("name-state", "", "")
            self._say("check", "give it a name", "muted")
            return
        request, number = self.request, self._asked
        self.run_worker(lambda: self._preview(request, number), thread=True, group="preview", exclusive=True)

    def _preview(self, request: TokenRequest, number: int) -> None:
        try:
            answer: Token | LokiError = self._loki.tokens.preview(request.name, **request.resolve())
        except LokiError as error:
            answer = error
        self.call_back(self._show_answer, answer, self._judge_name(request.name, answer), number)

    def _judge_name(self, name: str, answer: Token | LokiError) -> str:
        """Tell whether the name is free, also when something else is wrong: rules are checked one by one."""
        if isinstance(answer, LokiError) and answer.code not in _NAME_STATES:
            try:
                answer = self._loki.tokens.preview(name)
            except LokiError as error:
                answer = error
        if not isinstance(answer, LokiError):
            return "free"
        return _NAME_STATES.get(answer.code, "free" if isinstance(answer, Refused) else "")

    def _show_answer(self, answer: Token | LokiError, state: str, number: int = 0) -> None:
        if number and number != self._asked:
            return  # something else was typed meanwhile
        self._say("name-state", state, "good" if state == "free" else "bad")
        if isinstance(answer, LokiError):
            self._say("check", str(answer), "bad")
            return
        until = f", until {format_minute(answer.expires_at)}" if answer.expires_at else ", never expires"
        self._say("check", f"ok: name, policy, store, audit log{until}", "good")

    # Leaving

    def action_submit(self) -> None:
        """Prepare the token that the form asks for, and return its draft."""
        if self._busy:
            return
        request, delivery = self.request, self.delivery
        if not request.name:
            if self._timer is not None:
                self._timer.stop()  # its answer would come in place of this one
            self._say("check", "give it a name first", "bad")
            self.query_one("#name").focus()
            return
        self._busy = True
        self._asked += 1
        self.run_worker(lambda: self._prepare(request, delivery), thread=True, group="prepare")

    def _prepare(self, request: TokenRequest, delivery: Delivery | None) -> None:
        try:
            draft = self._loki.tokens.prepare(request.name, **request.resolve())
        except LokiError as error:
            self.call_back(self._refuse, error)
        else:
            self.call_back(self._finish, address(draft, delivery))

    def _finish(self, draft: Draft) -> None:
        self._busy = self.answer(draft)

    def _refuse(self, error: LokiError) -> None:
        self._busy = False
        self._show_answer(error, _NAME_STATES.get(error.code, ""))
        self.query_one(f"#{self._find_field(error.code)}").focus()

    def _find_field(self, code: str) -> str:
        field = _FIELD_OF.get(code, "")
        if field == "expires" and self.query_one("#date-row").display:
            return "date"
        return field or (self.focused.id if self.focused is not None and self.focused.id else "name")
