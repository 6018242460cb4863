"""The question before something is taken away: what it will break, the command for it, and No by default."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input

from loki_core import Loki, Status, Token, is_printable, safe_text
from loki_tui.ages import format_ago, format_minute, format_until
from loki_tui.dialogs.choice import Choice, Option, Options
from loki_tui.dialogs.dialog import Dialog, Gap, Hint, Line, Row
from loki_tui.dialogs.headless import fold, merge_pairs
from loki_tui.dialogs.impact import Impact, find_impact

_MOST_NAMES = 40


class Confirmation(Dialog[bool]):
    """Asks before tokens are revoked or deleted. It does nothing itself: it returns True for yes."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "confirmation.tcss"]
    AUTO_FOCUS = "#answer, #typed"
    VERB: ClassVar[str]
    CONSEQUENCE: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Answer", show=False, priority=True),
        Binding("y", "accept", "Yes", show=False),
        Binding("n", "cancel", "No", show=False),
    ]

    def __init__(self, loki: Loki, tokens: Token | Sequence[Token]) -> None:
        self.given = (tokens,) if isinstance(tokens, Token) else tuple(tokens)
        self.tokens = merge_pairs(self.given)
        self._loki = loki
        self._is_looking = True
        super().__init__()

    # What subclasses say

    def build_command(self) -> list[str]:
        """Return the command that does the same."""
        raise NotImplementedError

    def must_type(self) -> bool:
        """Tell whether yes has to be typed out."""
        raise NotImplementedError

    # What it looks like

    @property
    def _subject(self) -> str:
        if len(self.tokens) == 1:
            return safe_text(self.tokens[0].name, limit=40) or self.tokens[0].id
        return f"{len(self.tokens)} tokens"

    @property
    def expected(self) -> str:
        """What has to be typed: the name, the id where the name cannot be, or how many tokens."""
        if len(self.tokens) > 1:
            return str(len(self.tokens))
        token = self.tokens[0]
        return token.name if token.name.strip() == token.name and is_printable(token.name) else token.id

    def describe_title(self) -> Content:
        """Return the question."""
        return Content(f"{self.VERB} {self._subject}?")

    def list_hints(self) -> tuple[Hint, ...]:
        """Return the way out, and what Enter does now."""
        keep = Hint(key="Esc", label="Keep it" if len(self.tokens) == 1 else "Keep them", action="screen.cancel")
        label = self.VERB
        if self._means_no:
            label = f"{self.VERB}, once typed" if self.must_type() else keep.label
        return keep, Hint(key="Enter", label=label, action="screen.submit")

    @property
    def _means_no(self) -> bool:
        if not self.is_mounted:
            return True
        if self.must_type():
            return not self._is_typed
        return self.query_one("#answer", Choice).value == "no"

    @property
    def _is_typed(self) -> bool:
        typed = unicodedata.normalize("NFC", self.query_one("#typed", Input).value.strip())
        return typed == unicodedata.normalize("NFC", self.expected)

    def compose_body(self) -> Iterator[Widget]:
        """Yield what it will break, the command, and the question."""
        if len(self.tokens) == 1:
            yield from self._compose_facts(self.tokens[0])
        else:
            names = ", ".join(safe_text(token.name, limit=40) for token in self.tokens[:_MOST_NAMES])
            more = f" and {len(self.tokens) - _MOST_NAMES} more" if len(self.tokens) > _MOST_NAMES else ""
            yield Row("Tokens", Line(names + more))
        yield Row("Used", Line("looking…", id="uses"))
        yield Gap()
        yield Line(self.CONSEQUENCE, classes="warn")
        yield Row("Command", Line(id="command", classes="muted"))
        yield Gap()
        if self.must_type():
            what = "its name" if self.expected == self.tokens[0].name else "its id"
            what = "how many they are" if len(self.tokens) > 1 else what
            yield Row("Type", Line(f"{safe_text(self.expected)}   ({what}) to {self.VERB.lower()} {self._pronoun}"))
            yield Row("", Input(id="typed", compact=True))
        else:
            options = [Option(value="no", label="no"), Option(value="yes", label=f"yes, {self.VERB.lower()} it")]
            yield Row("Answer", Choice(options, value="no", id="answer"))
        yield Line(id="outcome", classes="bad")

    def _compose_facts(self, token: Token) -> Iterator[Widget]:
        now = self._loki.clock()
        grant = safe_text(", ".join(token.scopes) or "nothing")
        yield Row("Grant", Line(f"{safe_text(token.role)} ({grant})" if token.role else grant))
        note = f', note "{safe_text(token.note)}"' if token.note else ", no note"
        yield Row("Owner", Line(f"{safe_text(token.owner or 'nobody known')}{note}"))
        both = "; its old secret goes too" if len(self.given) > 1 else ""
        yield Row("Status", Line(_describe_status(token, now) + both))

    def on_mount(self) -> None:
        """Look up who uses the tokens."""
        self.query_one("#outcome").display = False
        self.run_worker(self._look, thread=True, group="impact")

    def on_resize(self, event: events.Resize) -> None:
        """Fold the command to the new width."""
        super().on_resize(event)
        self.call_after_refresh(self._show_command)

    def _show_command(self) -> None:
        line = self.query_one("#command", Line)
        line.update(Content(fold(self.build_command(), max(line.size.width, 40))))

    def _look(self) -> None:
        self.call_back(self._show_impact, find_impact(self._loki, self.given, lambda: self.is_attached))

    def _show_impact(self, impact: Impact) -> None:
        self._is_looking = False
        line = self.query_one("#uses", Line)
        if impact.problem:
            line.set_classes("bad")
            line.update(Content(f"not known: {safe_text(impact.problem)}"))
        else:
            line.update(Content("\n".join(impact.lines)))

    # Answering

    @on(Options.Changed)
    @on(Input.Changed)
    def _react(self, event: Options.Changed | Input.Changed) -> None:
        event.stop()
        self.query_one("#outcome").display = False
        self.hints.show(*self.list_hints())

    def action_accept(self) -> None:
        """Say yes by key, where it need not be typed out."""
        if not self.must_type():
            self._confirm()

    def action_submit(self) -> None:
        """Answer as the dialog stands."""
        if not self._means_no:
            self._confirm()
        elif self.must_type():
            self._say(f"that is not {safe_text(self.expected)}; Esc keeps {self._pronoun}")
        else:
            self.answer(False)

    @property
    def _pronoun(self) -> str:
        return "it" if len(self.tokens) == 1 else "them"

    def _confirm(self) -> None:
        if self._is_looking:
            self._say(f"still looking up who uses {self._pronoun}")
        else:
            self.answer(True)

    def _say(self, words: str) -> None:
        line = self.query_one("#outcome", Line)
        line.display = True
        line.update(Content(words))

    def action_cancel(self) -> None:
        """Keep the tokens."""
        self.dismiss(False)


def _describe_status(token: Token, now: datetime) -> str:
    if token.revoked:
        return f"revoked {format_ago(token.revoked_at, now)}" if token.revoked_at else "revoked"
    if token.expires_at is None:
        return f"{token.status}, never expires"
    if token.status is Status.EXPIRED:
        return f"expired {format_ago(token.expires_at, now)}, {format_minute(token.expires_at)}"
    return f"{token.status}, expires {format_until(token.expires_at, now)}, {format_minute(token.expires_at)}"
