"""The Sign-in screen in its states as a person sees it; what a provider would say is fixed, so that pictures are."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

import loki_core
from loki_core import Loki, LokiError, SignInFailed
from loki_core.oidc.device_answer import DeviceCode
from loki_core.oidc.session import Session
from loki_core.oidc.token_answer import Tokens
from loki_core.pending_sign_in import PendingSignIn
from loki_core.principal import Method, Principal
from loki_tui.preferences import Preferences
from loki_tui.screens.sign_in import SignInScreen
from loki_tui.sign_in.stage import Deciding, SignedIn, SignedOut, Stage, Waiting
from tests.tui.samples import CATALOG, NOW, build_app, read_screen
from tests.tui.test_screenshots import compare, pretend_ssh, settle

ISSUER = "https://login.example.com"
CODE = DeviceCode(
    device_code="not shown",
    user_code="WDJB-MJHT",
    verification_uri=f"{ISSUER}/device",
    verification_uri_complete=f"{ISSUER}/device?user_code=WDJB-MJHT",
    life=900.0,
    interval=5.0,
)


def _refuse() -> Session:
    raise AssertionError("nobody waits for a picture")


def make_waiting() -> Waiting:
    return Waiting(PendingSignIn(CODE, NOW + timedelta(seconds=872), threading.Event(), _refuse))


def make_session() -> Session:
    principal = Principal(
        subject="248289761001",
        name="Jane Doe",
        role="operator",
        scopes=("control", "read", "write"),
        effective_scopes=CATALOG.sort(CATALOG.expand(("control",))),
        method=Method.OIDC,
        expires_at=NOW + timedelta(minutes=58),
    )
    return Session(
        issuer=ISSUER,
        client_id="loki-cli",
        provider_subject=principal.subject,
        principal=principal,
        reasons=(
            "groups holds 'loki-operators'",
            "'loki-operators' is mapped to operator",
            "operator: control, read, write",
        ),
        is_full_access=False,
        signed_in_at=NOW,
        tokens=Tokens(id_token=None, access_token=None, refresh_token="kept to itself"),
    )


REFUSED: LokiError = SignInFailed(
    "the sign-in was refused at the provider", code="access_denied", remedy="start again, and approve the code there"
)
STAGES: dict[str, Stage] = {
    "code": make_waiting(),
    "approved": Deciding(make_session()),
    "signed-in": SignedIn(make_session()),
    "refused": SignedOut(problem=REFUSED),
}


def open_provider(home: Path) -> Loki:
    environ = {"HOME": str(home), "LOKI_OIDC_ISSUER": ISSUER, "LOKI_OIDC_CLIENT_ID": "loki-cli"}
    return loki_core.open(environ=environ, directory=home, clock=lambda: NOW)


async def show(pilot: Pilot[None], stage: Stage) -> None:
    """Go to the screen at that stage."""
    await settle(pilot)
    await pilot.press("3")
    await pilot.pause()
    screen = pilot.app.get_screen_stack("sign_in")[0]
    assert isinstance(screen, SignInScreen)
    screen.show(stage)
    if isinstance(stage, SignedIn):
        await screen.app.act_as(screen.app.local.acting_as(stage.session.principal), stage.session)
    await pilot.pause(0.2)


@pytest.mark.parametrize("stage", STAGES)
async def test_each_stage(tmp_path: Path, stage: str) -> None:
    with open_provider(tmp_path) as loki:
        loki.tokens.generate("ci-bot")
        async with build_app(pretend_ssh(loki)).run_test(size=(80, 24)) as pilot:
            await show(pilot, STAGES[stage])
            compare(pilot, f"sign-in-{stage}")


@pytest.mark.parametrize("size", [(60, 20), (160, 48)])
async def test_a_code_in_other_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    with open_provider(tmp_path) as loki:
        loki.tokens.generate("ci-bot")
        async with build_app(pretend_ssh(loki)).run_test(size=size) as pilot:
            await show(pilot, make_waiting())
            assert CODE.verification_uri in read_screen(pilot)
            compare(pilot, f"sign-in-code-{size[0]}x{size[1]}")


async def test_a_code_on_a_light_background(tmp_path: Path) -> None:
    with open_provider(tmp_path) as loki:
        loki.tokens.generate("ci-bot")
        app = build_app(pretend_ssh(loki), preferences=Preferences(theme="textual-light"))
        async with app.run_test(size=(80, 24)) as pilot:
            await show(pilot, make_waiting())
            compare(pilot, "sign-in-code-light")
