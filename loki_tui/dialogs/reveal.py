"""The reveal: a new secret, shown once. Its token is stored only when somebody proves, or says, that it is saved.

Until then nothing exists: leaving the dialog, a lost connection and a crash all leave no token that nobody holds.
Typed letters are keys until Tab moves to Proof; a paste always goes to Proof, wherever the focus is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget

from loki_core import Draft, IssuedToken, Loki, LokiError, Secret, safe_text
from loki_tui.dialogs.bare_line import BareLine
from loki_tui.dialogs.custody import Custody, Saved
from loki_tui.dialogs.delivery import AddressedDraft, Delivered, Delivery, ToFile, deliver, suggest_path_of
from loki_tui.dialogs.dialog import Dialog, Gap, Hint, Line, Row
from loki_tui.dialogs.proof import ProofField
from loki_tui.dialogs.recording_warning import RecordingWarning
from loki_tui.dialogs.reveal_words import HOW, describe_rotation, describe_saved, describe_token
from loki_tui.dialogs.secret_line import SecretLine
from loki_tui.dialogs.ways import Ways
from loki_tui.terminal.guarded_app import GuardedApp

_DELIVERING, _COMMITTING = "delivering", "committing"


class RevealDialog(Dialog[IssuedToken]):
    """Shows a draft's secret, brings it where it is wanted, and commits the draft once it is saved."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "reveal.tcss"]
    ALLOW_SELECT = False
    AUTO_FOCUS = "#secret"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Make it live", show=False, priority=True),
        Binding("s", "toggle_shown", "Show", show=False),
        Binding("c", "copy", "Copy", show=False),
        Binding("b", "bare", "Bare line", show=False),
        Binding("f", "ask_path", "File", show=False),
        Binding("t", "ask_sink", "To sink", show=False),
        Binding("k", "skip", "Skip the proof", show=False),
        Binding("q", "refuse_key", "Off", show=False),
        Binding("ctrl+c,super+c", "refuse_key", "Off", show=False, priority=True),
    ]

    def __init__(self, loki: Loki, draft: Draft) -> None:
        self._loki = loki
        self._draft: Draft | None = draft
        self._token = draft.token
        self._rotation = describe_rotation(draft)
        self._custody = Custody()
        self._phase = ""
        self._asking = ""
        super().__init__()

    # What it looks like

    def describe_title(self) -> Content:
        """Return the title."""
        return Content("Save this secret: it is shown once")

    def list_hints(self) -> tuple[Hint, ...]:
        """Return the way out and the way on, as things stand."""
        discard = "Discard (and remove the file)" if self._custody.has_file else "Discard (nothing was created)"
        return (
            Hint(key="Esc", label="Back" if self._asking else discard, action="screen.cancel"),
            Hint(key="Enter", label=self._asking or "Make it live", action="screen.submit"),
        )

    def compose(self) -> ComposeResult:
        """Build the frame, and the bare line that takes its place."""
        yield from super().compose()
        yield BareLine(self._find_secret)

    def compose_body(self) -> Iterator[Widget]:
        """Yield the secret's line, the keys and the proof."""
        sinks = self._loki.settings.session.sinks
        yield Line(describe_token(self._token, self._loki.clock()), id="facts")
        yield Line("NOT LIVE until you confirm", id="state")
        if self._rotation:
            yield Line(self._rotation, id="rotation")
        yield Gap()
        yield SecretLine(self._find_secret, id="secret")
        yield Gap()
        yield RecordingWarning(has_sink=bool(sinks))
        yield Ways(suggest_path_of(self._draft), sinks)
        yield Line(id="outcome")
        yield Gap()
        yield Row("Proof", ProofField(id="proof"))
        yield Row("", Line(id="proof-state", classes="muted"))

    def on_mount(self) -> None:
        """Close the ways by which a secret could leave the screen, and deliver what was addressed."""
        self._guard(True)
        self._show_proof()
        self.query_one("#outcome").display = False
        if isinstance(self._draft, AddressedDraft):
            self._deliver(self._draft.delivery)

    def on_unmount(self) -> None:
        """Let go of the secret, and of a file that holds one that never became live."""
        self._draft = None
        self._custody.take_back()
        self._guard(False)

    def _guard(self, is_there: bool) -> None:
        if isinstance(self.app, GuardedApp):
            self.app.secret_on_screen = is_there

    def _find_secret(self) -> Secret | None:
        return None if self._draft is None else self._draft.secret

    def _say(self, words: str, tone: str = "") -> None:
        line = self.query_one("#outcome", Line)
        line.display = True
        line.set_classes(tone)
        line.update(Content(safe_text(words)))

    # Keys and pastes

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell whether a key works now: in the bare line any key goes back, and a running commit is not left."""
        if any(bare.is_shown for bare in self.query(BareLine)) or (self._phase == _COMMITTING and action == "cancel"):
            return False
        if self._phase and action in {"submit", "ask_path", "ask_sink"}:
            return False
        return super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        """Leave the bare line by any key."""
        if self.query_one(BareLine).is_shown:
            event.stop()
            event.prevent_default()
            self._leave_bare()

    def on_paste(self, event: events.Paste) -> None:
        """Take a paste as proof, wherever the focus is; it is never echoed."""
        event.stop()
        self._leave_bare()
        self._stop_asking()
        proof = self.query_one(ProofField)
        proof.fill(event.text)
        proof.focus()

    def action_refuse_key(self) -> None:
        """Say that leaving and copying by the usual keys is off."""
        self._say("q and ctrl+c are off while a secret is here: Esc discards it")

    # Showing

    def action_toggle_shown(self) -> None:
        """Show the secret, or mask it again."""
        line = self.query_one("#secret", SecretLine)
        if line.shown or self._may_show("s"):
            line.shown = not line.shown

    def action_bare(self) -> None:
        """Show the secret alone on a line that the terminal can select."""
        if self._may_show("b"):
            self.query_one(BareLine).show()

    def _leave_bare(self) -> None:
        bare = self.query_one(BareLine)
        if bare.is_shown:
            bare.hide()
            self.query_one("#secret").focus()

    def _may_show(self, key: str) -> bool:
        objection = self.query_one(RecordingWarning).find_objection(key)
        if objection:
            self._say(objection, "warn")
        return not objection

    def action_copy(self) -> None:
        """Send the secret to the terminal's clipboard."""
        self.run_worker(self._copy(), group="copy", exclusive=True)

    async def _copy(self) -> None:
        if (secret := self._find_secret()) is not None and isinstance(self.app, GuardedApp):
            result = await self.app.copy_text(secret.reveal())
            self._say(result.message, "warn" if result.doubtful else "")

    # Delivering

    def action_ask_path(self) -> None:
        """Ask which file to write."""
        self._ask("file", "Write the file")

    def action_ask_sink(self) -> None:
        """Send the secret to the sink, or ask to which when there are several."""
        sinks = tuple(self._loki.settings.session.sinks)
        if len(sinks) == 1:
            self._deliver(self.query_one(Ways).find_sink(sinks[0]))
        elif sinks:
            self._ask("sink", "Send it")

    def _ask(self, row: str, label: str) -> None:
        self._asking = label
        self.query_one(Ways).open(row)
        self.hints.show(*self.list_hints())

    def _stop_asking(self) -> None:
        if self._asking:
            self._asking = ""
            self.query_one(Ways).close()
            self.query_one("#secret").focus()
        self.hints.show(*self.list_hints())

    def _deliver(self, delivery: Delivery) -> None:
        secret = self._find_secret()
        if secret is None or self._phase:
            return
        self._phase = _DELIVERING
        self._say("writing the file" if isinstance(delivery, ToFile) else "sending it to the sink")
        self.run_worker(lambda: self._deliver_in_thread(delivery, secret), thread=True, group="deliver")

    def _deliver_in_thread(self, delivery: Delivery, secret: Secret) -> None:
        try:
            delivered = deliver(delivery, secret)
        except LokiError as error:
            self.call_back(self._show_failure, str(error))
            return
        if not self.call_back(self._note_delivered, delivered):  # the dialog was left meanwhile
            delivered.take_back()

    def _note_delivered(self, delivered: Delivered) -> None:
        self._phase = ""
        self._say(self._custody.note_delivered(delivered), "good")
        self._stop_asking()
        self._show_proof()

    # Proving, and making it live

    @on(ProofField.Changed)
    def _check_proof(self, event: ProofField.Changed) -> None:
        event.stop()
        secret = self._find_secret()
        is_right = secret is not None and self.query_one(ProofField).proves(secret)
        self._custody.note_proof(is_right)
        if is_right:  # it is saved: nobody needs to see it any longer
            self.query_one("#secret", SecretLine).shown = False
        self._show_proof()

    def action_skip(self) -> None:
        """Take somebody's word that the secret is saved, or give it back."""
        self._custody.toggle_word()
        self._show_proof()

    def _show_proof(self) -> None:
        line = self.query_one("#proof-state", Line)
        words, tone = describe_saved(self._custody.saved, self.query_one(ProofField).length)
        line.set_classes(tone)
        line.update(Content(words))

    def action_submit(self) -> None:
        """Write the file that was asked for, or commit once the secret is saved."""
        if (delivery := self.query_one(Ways).delivery) is not None:
            self._deliver(delivery)
        elif self._custody.saved is Saved.NOT:
            self._say(f"prove first that you saved it: {HOW}, or press k", "bad")
            self.query_one(ProofField).focus()
        elif self._draft is not None:
            self._phase = _COMMITTING
            self._say("making it live")
            draft, delivered = self._draft, self._custody.hand_over()
            self.run_worker(lambda: self._commit(draft, delivered), thread=True, group="commit")

    def _commit(self, draft: Draft, delivered: Delivered | None) -> None:
        try:
            issued = self._loki.tokens.commit(draft)
        except LokiError as error:
            undone = "" if delivered is None else f". {delivered.take_back()}"
            self.call_back(self._show_failure, f"{error}{undone}")
        else:
            self.call_back(self._finish, issued)

    def _finish(self, issued: IssuedToken) -> None:
        self.query_one("#secret", SecretLine).shown = False
        self.answer(issued)

    def _show_failure(self, words: str) -> None:
        if self._phase == _COMMITTING and self._custody.saved is Saved.DELIVERED:
            self._custody.saved = Saved.NOT
        self._phase = ""
        self._say(words, "bad")
        self._show_proof()
        self.hints.show(*self.list_hints())

    def action_cancel(self) -> None:
        """Close the row that asks where to, or discard the draft."""
        if self._asking:
            self._stop_asking()
        else:
            self.dismiss(None)
