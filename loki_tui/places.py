"""The screens there are, in the order of their numbers: the tab line and the number keys come from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.screen import Screen

    from loki_tui.app import LokiApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One screen: its number key, its name, what is there, how to make it, and whether it is made around a list."""

    key: str
    title: str
    mode: str
    help: str
    open: Callable[[LokiApp], Screen[None]]
    has_list: bool = True


def _open_tokens(app: LokiApp) -> Screen[None]:
    from loki_tui.screens.tokens import TokensScreen

    return TokensScreen(app.loki)


def _open_audit(app: LokiApp) -> Screen[None]:
    from loki_tui.screens.audit import AuditScreen

    return AuditScreen(app.loki)


def _open_sign_in(app: LokiApp) -> Screen[None]:
    from loki_tui.screens.sign_in import SignInScreen

    return SignInScreen(app.local, app.session)


PLACES = (
    Place(key="1", title="Tokens", mode="tokens", help="Go to the tokens", open=_open_tokens),
    Place(key="2", title="Audit", mode="audit", help="Go to the audit log", open=_open_audit),
    Place(key="3", title="Sign-in", mode="sign_in", help="Go to who is signed in", open=_open_sign_in, has_list=False),
)
