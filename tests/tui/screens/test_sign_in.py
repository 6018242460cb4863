"""The Sign-in screen against a real provider, with a real person's browser behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

import loki_core
from loki_core import Loki
from loki_tui.screens.sign_in import SignInScreen
from loki_tui.sign_in.stage import Deciding, SignedIn, SignedOut, Waiting
from loki_tui.widgets.qr_code import QrCode
from tests.support.idp.person import Person
from tests.support.idp.process import Idp
from tests.tui.samples import SIZE, build_app, read_screen, wait_for_rows, wait_until

CONFIG = """\
enterprise:
  auth:
    oidc:
      roles_claim: groups
      role_mapping:
        loki-admins: admin
        loki-viewers: viewer
"""


@pytest.fixture
def idp(start_idp: Any) -> Idp:
    """A provider that lets itself be asked every second."""
    provider: Idp = start_idp(interval=1)
    return provider


@pytest.fixture
def loki(isolated_home: Path, idp: Idp) -> Iterator[Loki]:
    """A store whose settings name that provider."""
    with open_loki(isolated_home, idp.issuer) as opened:
        opened.tokens.generate("ci-bot", role="viewer")
        yield opened


def open_loki(home: Path, issuer: str, **more: str) -> Loki:
    config = home / ".loki" / "config.yaml"
    config.parent.mkdir(mode=0o700, exist_ok=True)
    config.write_text(CONFIG)
    config.chmod(0o600)
    environ = {
        "HOME": str(home),
        "LOKI_OIDC_ISSUER": issuer,
        "LOKI_OIDC_CLIENT_ID": "loki-cli",
        "LOKI_OIDC_SCOPES": "openid,email,profile,groups",
    }
    return loki_core.open(environ={**environ, **more}, directory=home)


def get_sign_in(pilot: Pilot[None]) -> SignInScreen:
    screen = pilot.app.get_screen_stack("sign_in")[0]
    assert isinstance(screen, SignInScreen)
    return screen


async def open_sign_in(pilot: Pilot[None]) -> SignInScreen:
    await wait_for_rows(pilot)
    await pilot.press("3")
    await pilot.pause()
    return get_sign_in(pilot)


async def ask_for_code(pilot: Pilot[None]) -> Waiting:
    screen = await open_sign_in(pilot)
    await pilot.press("s")
    await wait_until(pilot, lambda: isinstance(screen.stage, Waiting))
    await pilot.pause(0.1)
    assert isinstance(screen.stage, Waiting)
    return screen.stage


async def approve(pilot: Pilot[None], login: str) -> SignInScreen:
    stage = await ask_for_code(pilot)
    Person(login).approve(stage.pending.verification_uri_complete or "")
    screen = get_sign_in(pilot)
    await wait_until(pilot, lambda: not isinstance(screen.stage, Waiting))
    await pilot.pause(0.1)
    return screen


async def test_the_address_stands_alone_on_its_line_with_the_code_and_a_warning(loki: Loki) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        stage = await ask_for_code(pilot)
        lines = read_screen(pilot).split("\n")
        assert stage.pending.verification_uri in [line.strip() for line in lines]
        told = "\n".join(lines)
        assert stage.pending.user_code in told
        assert "Approve only what you started here" in told
        assert "left" in lines[-2]
        assert len(pilot.app.screen.query(QrCode)) == 1


@pytest.mark.parametrize(("size", "count"), [((60, 20), 0), ((79, 24), 1), ((160, 48), 1), ((80, 18), 0)])
async def test_the_qr_code_gives_way_where_there_is_no_room(loki: Loki, size: tuple[int, int], count: int) -> None:
    async with build_app(loki).run_test(notifications=True, size=size) as pilot:
        stage = await ask_for_code(pilot)
        assert len([code for code in pilot.app.screen.query(QrCode) if code.display]) == count
        told = read_screen(pilot)
        assert stage.pending.user_code in told
        assert stage.pending.verification_uri in told


async def test_who_approved_is_shown_and_nothing_changes_before_it_is_taken(loki: Loki) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await approve(pilot, "vera")
        assert isinstance(screen.stage, Deciding)
        told = read_screen(pilot)
        for words in ("Is that you", "Vera Viewer (vera)", "viewer", "groups holds 'loki-viewers'"):
            assert words in told
        assert loki.sign_in.find() is None
        await pilot.press("escape")
        await wait_until(pilot, lambda: isinstance(screen.stage, SignedOut))
        assert loki.sign_in.find() is None
        assert "os:" in read_screen(pilot).split("\n")[0]


async def test_from_then_on_the_console_acts_as_that_person_and_says_what_is_not_allowed(loki: Loki) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await approve(pilot, "vera")
        await pilot.press("y")
        await wait_until(pilot, lambda: isinstance(screen.stage, SignedIn))
        await wait_until(pilot, lambda: "Vera Viewer holds read" in read_screen(pilot))
        await pilot.press("1")
        await wait_until(pilot, lambda: "Vera Viewer does not hold *" in read_screen(pilot))
        await pilot.press("n")
        await pilot.pause(0.1)
        assert "not allowed" in read_screen(pilot)
        await pilot.press("3", "o")
        await wait_until(pilot, lambda: "You are signed out, and the provider knows" in read_screen(pilot))
        await pilot.press("1")
        await wait_until(pilot, lambda: "ci-bot" in read_screen(pilot))
    assert loki.sign_in.find() is None


async def test_every_entry_names_the_person_and_the_local_user_behind(loki: Loki) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await approve(pilot, "alice")
        await pilot.press("y")
        await wait_until(pilot, lambda: isinstance(screen.stage, SignedIn))
        app: Any = pilot.app
        await wait_until(pilot, lambda: app.loki.actor.method == "oidc")
        app.loki.tokens.generate("by-alice", role="viewer")
    made = next(line.entry for line in loki.audit.entries() if line.entry.event == "auth.token.create")
    assert made.user_id == screen.stage.session.principal.subject if isinstance(screen.stage, SignedIn) else False
    assert made.details["operator"].startswith("os:")
    events = [line.entry.event for line in loki.audit.entries()]
    assert {"auth.oidc.success", "auth.session.start"} <= set(events)


async def test_a_refusal_at_the_provider_and_a_person_without_a_role_end_clearly(loki: Loki) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        stage = await ask_for_code(pilot)
        Person("vera").refuse(stage.pending.verification_uri_complete or "")
        screen = get_sign_in(pilot)
        await wait_until(pilot, lambda: isinstance(screen.stage, SignedOut))
        assert "! Refused" in read_screen(pilot)
        await approve_again(pilot, "nobody")
        assert isinstance(screen.stage, SignedOut)
        assert "may not sign in here" in read_screen(pilot)


async def approve_again(pilot: Pilot[None], login: str) -> None:
    screen = get_sign_in(pilot)
    await pilot.press("s")
    await wait_until(pilot, lambda: isinstance(screen.stage, Waiting))
    assert isinstance(screen.stage, Waiting)
    Person(login).approve(screen.stage.pending.verification_uri_complete or "")
    await wait_until(pilot, lambda: not isinstance(screen.stage, Waiting))
    await pilot.pause(0.1)


async def test_cancelling_and_leaving_end_the_wait_at_once(loki: Loki, idp: Idp) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        await ask_for_code(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "cancelled: nothing has changed" in read_screen(pilot)
        await pilot.press("s")
        await wait_until(pilot, lambda: isinstance(get_sign_in(pilot).stage, Waiting))
    assert loki.sign_in.find() is None  # the console ended although a sign-in was waiting


async def test_a_provider_that_is_down_is_said_and_can_be_tried_again(loki: Loki, idp: Idp) -> None:
    idp.close()
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await open_sign_in(pilot)
        await pilot.press("s")
        await wait_until(pilot, lambda: isinstance(screen.stage, SignedOut) and screen.stage.problem is not None)
        told = read_screen(pilot)
        assert "! The provider does not answer" in told
        assert "s or Enter" in told


async def test_without_a_provider_it_is_said_what_to_set(tmp_path: Path) -> None:
    with loki_core.open(environ={"HOME": str(tmp_path)}, directory=tmp_path) as loki:
        loki.tokens.generate("ci-bot")
        async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
            screen = await open_sign_in(pilot)
            assert "LOKI_OIDC_ISSUER" in read_screen(pilot)
            await pilot.press("s")
            assert isinstance(screen.stage, SignedOut)


async def test_whoever_is_signed_in_already_is_who_acts_from_the_start(loki: Loki) -> None:
    async with build_app(loki).run_test(notifications=True, size=SIZE) as pilot:
        screen = await approve(pilot, "vera")
        await pilot.press("y")
        await wait_until(pilot, lambda: isinstance(screen.stage, SignedIn))
    async with build_app(loki, session=loki.sign_in.find()).run_test(notifications=True, size=SIZE) as pilot:
        await wait_until(pilot, lambda: "Vera Viewer does not hold *" in read_screen(pilot))
        await pilot.press("3")
        await wait_until(pilot, lambda: "You are signed in" in read_screen(pilot))
