"""Signing in from the console in a real tmux: the code is approved in a browser, and the console is that person."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.support.idp.person import Person
from tests.support.idp.process import Idp
from tests.tui.journeys.conftest import StartInTmux
from tests.tui.journeys.installation import Installation

_CONFIG = """\
enterprise:
  auth:
    oidc:
      issuer: {issuer}
      client_id: loki-cli
      scopes: [openid, profile, groups]
      roles_claim: groups
      role_mapping:
        loki-viewers: viewer
"""


def _configure(installation: Installation, issuer: str) -> None:
    config: Path = installation.home / ".loki" / "config.yaml"
    config.parent.mkdir(mode=0o700, exist_ok=True)
    config.write_text(_CONFIG.format(issuer=issuer))
    config.chmod(0o600)


def test_a_code_is_shown_approved_elsewhere_and_the_console_is_that_person_until_signed_out(
    start_in_tmux: StartInTmux, installation: Installation, start_idp: Callable[..., Idp]
) -> None:
    idp = start_idp(interval=1)
    installation.fill("ci-bot")
    _configure(installation, idp.issuer)
    console = start_in_tmux()
    console.wait_for("ci-bot")
    console.press("3")
    console.wait_for("Nobody is signed in")
    console.press("s")
    console.wait_for("Approve only what you started here")
    seen = console.wait_for(re.compile(r"^ http://127\.0\.0\.1:\d+/device$", re.MULTILINE))  # alone on its line
    code = re.search(r"^ +([A-Z]{4}-[A-Z]{4})", seen, re.MULTILINE)
    assert code is not None, seen
    Person("vera").approve(f"{idp.issuer}/device?user_code={code[1]}")
    console.wait_for("Is that you")
    console.press("y")
    console.wait_for("You are signed in")
    console.press("1")
    console.wait_for("Vera Viewer does not hold *")
    assert len(idp.requests("/token", "device_code")) >= 1
    console.press("3")
    console.wait_for("You are signed in")
    console.press("o")
    console.wait_for("the provider knows")
    console.press("1")
    console.wait_for("ci-bot")
    assert console.leave() == 0
