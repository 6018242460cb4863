"""The Sign-in screen: a code to approve on another device, who that makes of you, and signing out again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.types import CSSPathType

from loki_core import LokiError, ProviderUnavailable, SignInFailed
from loki_tui.actions import ACTIONS, Action
from loki_tui.keymap import bind_actions
from loki_tui.screens.list_lines import compose_footer, compose_tabs, end_with_command
from loki_tui.sign_in.lines import compose_address, compose_stage, compose_state
from loki_tui.sign_in.stage import Asking, Deciding, SignedIn, SignedOut, Stage, Waiting
from loki_tui.spans import Span
from loki_tui.surroundings import compose_header
from loki_tui.widgets.qr_code import QrCode
from loki_tui.widgets.span_lines import SpanLines
from loki_tui.widgets.tones import TONE_CLASSES

if TYPE_CHECKING:
    from loki_core import Loki, PendingSignIn, Session
    from loki_tui.app import LokiApp

TICK = 1.0
RENEW_EVERY = 15
"""Ticks after which it is looked whether the sign-in must be renewed."""
_TEXT_BESIDE_QR = 36
"""Cells that the words beside a QR code need."""
_OFFERED = {
    SignedOut: ("sign_in.start",),
    Asking: ("sign_in.cancel",),
    Waiting: ("sign_in.copy", "sign_in.cancel"),
    Deciding: ("sign_in.take", "sign_in.cancel"),
    SignedIn: ("sign_in.out",),
}


class SignInScreen(Screen[None]):
    """Who works here, as far as the identity provider can say."""

    MODE: ClassVar[str] = "sign_in"
    CSS_PATH: ClassVar[CSSPathType | None] = "sign_in.tcss"
    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONE_CLASSES)
    BINDINGS: ClassVar[list[BindingType]] = [*bind_actions(ACTIONS, "sign_in")]

    app: LokiApp

    def __init__(self, local: Loki, session: Session | None = None) -> None:
        """Make the screen.

        Args:
            local: the store as the user of this system acts on it.
            session: whoever is signed in already.
        """
        super().__init__()
        self._local = local
        self.stage: Stage = SignedOut() if session is None else SignedIn(session)
        self._lines: dict[str, SpanLines] = {}
        self._ended = threading.Event()
        self._ticks = 0

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        builders = {
            "header": lambda width, _: [
                compose_header(self.app.surroundings, width),
                compose_tabs(self.MODE, self.app.actions, (), self.app.standing.describe(), width),
            ],
            "address": lambda width, _: compose_address(self.stage, width),
            "stage": self._build_stage,
            "status": self._build_status,
            "keys": lambda width, _: [compose_footer(self._list_offered(), width)],
        }
        self._lines = {name: SpanLines(builder, id=name) for name, builder in builders.items()}
        yield self._lines["header"]
        yield self._lines["address"]
        yield Horizontal(self._lines["stage"], id="middle")
        yield self._lines["status"]
        yield self._lines["keys"]

    def on_mount(self) -> None:
        """Count down, and renew in time."""
        self.set_interval(TICK, self._tick)

    def on_unmount(self) -> None:
        """Ask for nothing any more."""
        self._cancel()

    def _tick(self) -> None:
        self._ticks += 1
        self._rebuild("stage", "status")
        if self._ticks % RENEW_EVERY == 0 and isinstance(self.stage, SignedIn):
            self._work(self._renew)

    # What the lines say

    def _build_stage(self, width: int, _: int) -> Sequence[Sequence[Span]]:
        return compose_stage(self.stage, self._local.settings, self._local.actor, self._local.clock(), width)

    def _build_status(self, width: int, _: int) -> Sequence[Sequence[Span]]:
        deed = "logout" if isinstance(self.stage, SignedIn) else "login"
        start = compose_state(self.stage, self._local.clock())
        return [end_with_command(start, [f"headless: loki enterprise {deed}"], width)]

    def _list_offered(self) -> list[Action]:
        useful = set(_OFFERED[type(self.stage)])
        if isinstance(self.stage, SignedOut) and not self._local.settings.auth.oidc.is_configured:
            useful = set()
        return [action for action in self.app.actions if action.id in useful or action.place == "everywhere"]

    def _rebuild(self, *names: str) -> None:
        for name in names or self._lines:
            self._lines[name].rebuild()

    def show(self, stage: Stage) -> None:
        """Go on to another stage."""
        self.stage = stage
        self.set_class(isinstance(stage, Waiting), "-waiting")
        self._place_qr_code()
        self._rebuild()
        self.refresh_bindings()

    def on_resize(self) -> None:
        """Show the QR code where there is room for it."""
        self._place_qr_code()

    def _place_qr_code(self) -> None:
        """Put a QR code beside the words, if it fits and there is a code to approve."""
        for shown in self.query(QrCode):
            shown.display = False  # at once; removing takes a moment
            shown.remove()
        if not isinstance(self.stage, Waiting):
            return
        pending = self.stage.pending
        code = QrCode(pending.verification_uri_complete or pending.verification_uri, as_it_is=True)
        room = self.size.height - 6
        if self.size.width >= code.cells + _TEXT_BESIDE_QR and room >= code.rows:
            self.query_one("#middle").mount(code)

    # Signing in

    def action_start(self) -> None:
        """Ask the provider for a code, unless that goes on already."""
        if isinstance(self.stage, SignedOut) and self._local.settings.auth.oidc.is_configured:
            self._ended = threading.Event()
            self.show(Asking("Asking the provider for a code…"))
            self._work(lambda: self._sign_in(self._ended))

    def _sign_in(self, ended: threading.Event) -> None:
        """Get a code and wait until it is approved. Runs in a thread."""
        try:
            pending = self._local.sign_in.start(ended)
            self._tell(self._wait_for, pending, ended)
            session = pending.wait()
        except LokiError as error:
            if not ended.is_set():
                self._tell(self.show, SignedOut(problem=error))
            return
        if ended.is_set():
            self._local.sign_in.discard(session)
        else:
            self._tell(self.show, Deciding(session))

    def _wait_for(self, pending: PendingSignIn, ended: threading.Event) -> None:
        if not ended.is_set():
            self.show(Waiting(pending))

    def action_take(self) -> None:
        """Act as the person who approved."""
        if isinstance(self.stage, Deciding):
            session = self.stage.session
            self.show(Asking("Keeping the sign-in…"))
            self._work(lambda: self._adopt(session))

    def _adopt(self, session: Session) -> None:
        try:
            self._local.sign_in.adopt(session)
        except LokiError as error:
            self._tell(self.show, SignedOut(problem=error))
        else:
            self._tell(self._become, session)

    async def _become(self, session: Session) -> None:
        self.show(SignedIn(session))
        await self.app.act_as(self._local.acting_as(session.principal), session)

    def action_cancel(self) -> None:
        """Leave it at that, at any moment."""
        stage = self.stage
        if isinstance(stage, Deciding):
            session = stage.session
            self._work(lambda: self._local.sign_in.discard(session))
        if isinstance(stage, Asking | Waiting | Deciding):
            self._cancel()
            self.show(SignedOut(told="The sign-in was cancelled: nothing has changed."))

    def _cancel(self) -> None:
        self._ended.set()

    def action_copy(self) -> None:
        """Send the address to the terminal's clipboard."""
        if isinstance(self.stage, Waiting):
            pending = self.stage.pending
            self.app.copy_to_clipboard(pending.verification_uri_complete or pending.verification_uri)
            self.app.say("the address was sent to your terminal")

    # Being signed in

    def _renew(self) -> None:
        stage = self.stage
        if not isinstance(stage, SignedIn):
            return
        try:
            session = self._local.sign_in.current()
        except ProviderUnavailable:
            return  # it is tried again; what has ended is refused meanwhile
        except SignInFailed as error:
            self._tell(self._end, SignedOut(problem=error))
        except LokiError as error:
            self._tell(self.app.show_error, error)
        else:
            if session is None:
                self._tell(self._end, SignedOut(told="You were signed out elsewhere."))
            elif session != stage.session:
                self._tell(self._become, session)

    async def _end(self, stage: SignedOut) -> None:
        self.show(stage)
        if not isinstance(stage.problem, SignInFailed):
            await self.app.act_as(self._local, None)

    def action_sign_out(self) -> None:
        """Forget the sign-in, here and at the provider."""
        if isinstance(self.stage, SignedIn):
            self.show(Asking("Signing out…"))
            self._work(self._sign_out)

    def _sign_out(self) -> None:
        try:
            done = self._local.sign_in.sign_out()
        except LokiError as error:
            self._tell(self.app.show_error, error)
            return
        told = "You are signed out, and the provider knows." if done.is_revoked else "You are signed out here."
        if done.problem:
            told += f" The provider could not be told: {done.problem}"
        self._tell(self._end, SignedOut(told=told))

    # Threads

    def _work(self, work: Callable[[], object]) -> None:
        self.run_worker(work, thread=True, group="sign-in", exit_on_error=False)

    def _tell(self, show: Callable[..., object], *arguments: object) -> None:
        """Go on in the app's own thread, while the screen is there."""
        if self.is_mounted and self.app.is_running:
            self.app.call_from_thread(show, *arguments)

    # What the app asks of every screen

    def rebuild_header(self) -> None:
        """Tell anew how the audit log stands and who acts."""
        if self._lines:
            self._rebuild("header", "keys")

    def stay(self) -> None:
        """Nothing leads here from another screen."""

    def forget_marks(self) -> None:
        """The console was left alone: nobody approves for whoever comes by."""
        self.action_cancel()
