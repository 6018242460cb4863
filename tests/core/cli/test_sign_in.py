"""`login`, `logout` and `whoami`, with a certified provider."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import loki_core
from tests.core.cli.program import Program
from tests.core.oidc.waiting import Waiting
from tests.support.fixtures import StartPty
from tests.support.idp.person import Person
from tests.support.idp.process import Idp

SCOPES = "openid profile email groups roles offline_access"


@pytest.fixture(autouse=True)
def _same_home(isolated_home: Path) -> None:
    """The home of the programs is that of this process too, which signs people in."""


@pytest.fixture
def fast_idp(start_idp: Callable[..., Idp]) -> Idp:
    """A provider that wants to be asked every second."""
    return start_idp(interval=1)


def configure(loki: Program, idp: Idp, **changes: str) -> None:
    loki.environ |= {
        "LOKI_OIDC_ISSUER": idp.issuer,
        "LOKI_OIDC_CLIENT_ID": "loki-cli",
        "LOKI_OIDC_SCOPES": SCOPES,
        "LOKI_OIDC_ROLES_CLAIM": "roles",
        **changes,
    }


def start(loki: Program, *words: str) -> subprocess.Popen[bytes]:
    """Start `loki enterprise WORDS…` in pipes."""
    return loki.start("enterprise", *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class JsonLogin:
    """`login --json` while it runs."""

    def __init__(self, loki: Program, *options: str) -> None:
        self.process = start(loki, "login", "--json", *options)
        self.code = self.read()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def approve(self, login: str) -> None:
        Person(login).approve(self.code["verification_uri_complete"])

    def end(self) -> tuple[int, dict[str, Any]]:
        """The exit status and the last event; nothing else was said."""
        out, err = self.process.communicate(timeout=60)
        assert err == b""
        return self.process.returncode, json.loads(out)


def sign_in(loki: Program, idp: Idp, login: str) -> None:
    """Sign somebody in, as the command does but without its waits and its start."""
    waiting = Waiting()
    with loki_core.open(environ=loki.environ, directory=loki.directory) as library:
        pending = library.sign_in.start(waiting, read_seconds=waiting.read_seconds)
        assert pending.verification_uri_complete is not None
        Person(login).approve(pending.verification_uri_complete)
        library.sign_in.adopt(pending.wait())


def read_log(loki: Program) -> list[dict[str, Any]]:
    files = loki.home.glob(".loki/dashboard/audit/audit-*.jsonl")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def find_session(loki: Program) -> Path:
    return loki.home / ".local/state/loki-tui/session.json"


def test_json_says_the_code_and_then_who_is_signed_in(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    running = JsonLogin(loki)
    assert running.code["event"] == "code"
    assert re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", running.code["user_code"])
    assert running.code["verification_uri"] == f"{fast_idp.issuer}/device"
    assert running.code["user_code"] in running.code["verification_uri_complete"]
    assert running.code["expires_in"] == 600
    running.approve("oscar")
    status, event = running.end()
    assert status == 0
    assert {name: event[name] for name in ("event", "subject", "name", "role", "scopes")} == {
        "event": "signed_in",
        "subject": "oscar",
        "name": "Oscar Operator",
        "role": "operator",
        "scopes": ["control", "read", "write"],
    }
    assert event["expires_at"].endswith("+00:00")


def test_from_then_on_the_commands_act_as_that_person_and_the_log_names_her(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    sign_in(loki, fast_idp, "alice")
    me = loki.do("whoami --json").json
    assert next(iter(me)) == "subject"
    assert (me["subject"], me["role"], me["method"], me["issuer"]) == ("alice", "admin", "oidc", fast_idp.issuer)
    assert me["renews"] is True
    said = loki.do("whoami").out
    assert "Subject: alice\nName: Alice Admin\nRole: admin\n" in said
    assert f"Proved by: {fast_idp.issuer}\n" in said
    loki.do("token generate ci-bot")
    (record,) = loki.records.values()
    assert record["owner"] == "alice"
    out = loki.do("logout").out
    assert out == "Signed out: Alice Admin (alice)\n"
    assert loki.do("whoami --json").json["subject"].startswith("os:")
    events = [(line["event"], line["user_id"]) for line in read_log(loki)]
    assert events == [
        ("auth.oidc.success", "alice"),
        ("auth.session.start", "alice"),
        ("auth.token.create", "alice"),
        ("auth.session.end", "alice"),
    ]


def test_what_the_role_does_not_allow_is_refused_to_that_person(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    sign_in(loki, fast_idp, "vera")
    refused = loki("token generate ci-bot")
    assert (refused.status, refused.out) == (3, "")
    assert "Vera Viewer does not hold * (it holds read)" in refused.err
    assert not loki.store.exists()
    loki.do("logout")
    loki.do("token generate ci-bot")


def test_the_session_is_a_file_of_the_users_own_and_no_token_is_shown(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    previous = os.umask(0)
    try:
        sign_in(loki, fast_idp, "vera")
    finally:
        os.umask(previous)
    file = find_session(loki)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    stored = json.loads(file.read_text())
    secrets = [stored[name] for name in ("id_token", "access_token", "refresh_token")]
    said = "".join(loki.do(line).out for line in ("whoami", "whoami --json", "logout --json"))
    log = json.dumps(read_log(loki))
    for secret in secrets:
        assert secret not in said
        assert secret not in log


def test_logout_takes_back_what_the_provider_gave(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    sign_in(loki, fast_idp, "vera")
    answer = loki.do("logout --json").json
    assert answer == {"signed_out": True, "subject": "vera", "revoked": True, "problem": ""}
    assert [request["status"] for request in fast_idp.requests("/token/revocation")] == [200, 200]
    assert not find_session(loki).exists()
    assert loki.do("logout").out == "Nobody is signed in here.\n"
    assert loki.do("logout --json").json["signed_out"] is False


def test_logout_works_while_the_provider_is_down_and_says_so(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    sign_in(loki, fast_idp, "vera")
    fast_idp.close()
    out = loki.do("logout").out
    assert out.startswith("Signed out: Vera Viewer (vera)\nThe provider did not take back what it gave: ")
    assert not find_session(loki).exists()


def test_a_session_that_is_damaged_refuses_and_can_be_ended(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    sign_in(loki, fast_idp, "vera")
    find_session(loki).write_text("{")
    refused = loki("token list")
    assert refused.status == 4
    assert "loki enterprise logout" in refused.err
    assert loki.do("logout").out == "Signed out.\n"
    loki.do("token list")


def test_a_session_of_a_provider_that_is_not_configured_any_more_is_over(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    sign_in(loki, fast_idp, "alice")
    refused = loki("token list --json", env={"LOKI_OIDC_CLIENT_ID": "another"})
    assert (refused.status, refused.json["error"]["code"]) == (1, "session_ended")
    assert "loki enterprise login" in refused.json["error"]["remedy"]


# -- endings


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_within_two_seconds(loki: Program, fast_idp: Idp, number: signal.Signals) -> None:
    configure(loki, fast_idp)
    running = JsonLogin(loki)
    began = time.monotonic()
    running.process.send_signal(number)
    status, event = running.end()
    assert (status, event["event"], event["code"]) == (128 + number, "failed", "cancelled")
    print(f"cancelled after {time.monotonic() - began:.2f} s")
    assert not find_session(loki).exists()


def test_a_signal_cancels_also_while_the_provider_does_not_answer(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    fast_idp.fail("/token", delay=4)
    running = JsonLogin(loki)
    while not fast_idp.requests("/token"):
        time.sleep(0.05)
    running.process.send_signal(signal.SIGINT)
    status, event = running.end()
    assert (status, event["code"]) == (130, "cancelled")


def test_refused_at_the_provider_is_access_denied(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    running = JsonLogin(loki)
    Person("vera").refuse(running.code["verification_uri_complete"])
    status, event = running.end()
    assert (status, event["event"], event["code"]) == (1, "failed", "access_denied")
    assert event["message"]


def test_expired_is_expired_token(loki: Program, start_idp: Callable[..., Idp]) -> None:
    idp = start_idp(interval=1, ttl={"device": 2})
    configure(loki, idp)
    status, event = JsonLogin(loki).end()
    assert (status, event["code"]) == (1, "expired_token")


ENDINGS = {
    "a client that may not": ({"LOKI_OIDC_CLIENT_ID": "no-device"}, "client_not_allowed"),
    "an unknown client": ({"LOKI_OIDC_CLIENT_ID": "nobody"}, "client_not_allowed"),
    "nobody there": ({"LOKI_OIDC_ISSUER": "http://127.0.0.1:9"}, "provider_unavailable"),
    "another issuer": ({"LOKI_OIDC_ISSUER": "{issuer}/"}, "provider_unavailable"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_cannot_begin_fails_with_a_code(loki: Program, idp: Idp, name: str) -> None:
    changes, code = ENDINGS[name]
    configure(loki, idp, **{key: value.format(issuer=idp.issuer) for key, value in changes.items()})
    answer = loki("login --json")
    event = answer.json
    assert (answer.status, answer.err, event["event"], event["code"]) == (1, "", "failed", code)
    plain = loki("login --yes")
    assert (plain.status, plain.out, plain.err.count("\n")) == (1, "", 1)


def test_no_id_token_and_no_device_endpoint_have_their_codes(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp, LOKI_OIDC_SCOPES="profile roles")
    running = JsonLogin(loki)
    running.approve("vera")
    status, event = running.end()
    assert (status, event["code"]) == (1, "no_id_token")
    issuer = fast_idp.issuer
    document = json.dumps({"issuer": issuer, "jwks_uri": f"{issuer}/jwks", "token_endpoint": f"{issuer}/token"})
    fast_idp.fail("/.well-known/openid-configuration", status=200, body=document, times=2)
    answer = loki("login --json", env={"XDG_CACHE_HOME": str(loki.home / "empty")})
    assert (answer.status, answer.json["code"]) == (1, "device_flow_unavailable")


def test_without_a_provider_login_says_what_to_set(loki: Program) -> None:
    answer = loki("login --json")
    assert (answer.status, answer.json["event"], answer.json["code"]) == (2, "failed", "no_provider")
    assert "enterprise.auth.oidc.issuer" in answer.json["message"]
    assert loki("login --yes").status == 2


def test_where_nobody_can_be_asked_yes_is_needed(loki: Program, idp: Idp) -> None:
    configure(loki, idp)
    answer = loki("login")
    assert (answer.status, answer.out) == (2, "")
    assert "--yes" in answer.err
    assert idp.requests() == []


# -- as a person sees it


def test_device_phishing_code_and_address_come_with_a_warning_and_the_role_is_confirmed(
    loki: Program, fast_idp: Idp, start_pty: StartPty
) -> None:
    configure(loki, fast_idp)
    terminal = start_pty([*loki.argv, "enterprise", "login"], env=loki.environ, columns=80, lines=50)
    screen = terminal.wait_for("Ctrl+C cancels")
    lines = [line.strip() for line in screen.splitlines()]
    assert f"{fast_idp.issuer}/device" in lines
    code = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", screen)
    assert code is not None
    assert "Approve only what you started here" in screen
    assert "▀▀▀▀▀▀▀" in screen
    assert b"\x1b[0;30;47;107m" in terminal.raw
    Person("oscar").approve(f"{fast_idp.issuer}/device?user_code={code[0]}")
    screen = terminal.wait_for("[y/N]")
    assert "You are: Oscar Operator (oscar)" in screen
    assert "Because: roles holds 'operator'" in screen
    assert not find_session(loki).exists()
    terminal.send("y\r")
    terminal.wait_for("Signed in as Oscar Operator")
    assert terminal.wait() == 0
    assert find_session(loki).exists()


def test_a_person_who_says_no_is_nobody_and_nothing_stays_at_the_provider(
    loki: Program, fast_idp: Idp, start_pty: StartPty
) -> None:
    configure(loki, fast_idp)
    terminal = start_pty([*loki.argv, "enterprise", "login", "--no-qr"], env=loki.environ)
    screen = terminal.wait_for("Ctrl+C cancels")
    assert "▀▀▀▀▀▀▀" not in screen
    code = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", screen)
    assert code is not None
    Person("oscar").approve(f"{fast_idp.issuer}/device?user_code={code[0]}")
    terminal.wait_for("[y/N]")
    terminal.send("\r")
    assert terminal.wait() == 1
    assert not find_session(loki).exists()
    assert len(fast_idp.requests("/token/revocation")) == 2


def test_a_qr_code_gives_way_on_a_narrow_terminal(loki: Program, fast_idp: Idp, start_pty: StartPty) -> None:
    configure(loki, fast_idp)
    terminal = start_pty([*loki.argv, "enterprise", "login"], env=loki.environ, columns=30, lines=40)
    terminal.wait_for("cancels")
    assert "▀▀▀▀▀▀▀" not in terminal.text
    terminal.send("\x03")
    assert terminal.wait() == 130


def test_terminal_escapes_in_a_persons_name_do_nothing(loki: Program, fast_idp: Idp) -> None:
    configure(loki, fast_idp)
    sign_in(loki, fast_idp, "hostile")
    said = loki.do("whoami").out
    assert all(line.isprintable() for line in said.splitlines())
    assert "[red]admin[/red]" in said


# -- sessions that go on


def test_two_processes_renew_at_the_same_time_and_neither_is_logged_out(
    loki: Program, start_idp: Callable[..., Idp]
) -> None:
    idp = start_idp(interval=1, ttl={"id": 5})  # less than is left when a session is renewed
    configure(loki, idp)
    sign_in(loki, idp, "vera")
    idp.reset()
    idp.fail("/token", delay=0.5)
    both = [start(loki, "whoami", "--json") for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, b""), err
        assert json.loads(out)["subject"] == "vera"
    statuses = {request["status"] for request in idp.requests("/token", "refresh_token")}
    assert statuses == {200}
    assert loki.do("whoami --json").json["subject"] == "vera"


def test_without_a_refresh_token_the_sign_in_ends_and_says_what_to_do(loki: Program, idp: Idp) -> None:
    configure(loki, idp, LOKI_OIDC_SCOPES="openid roles")
    sign_in(loki, idp, "alice")
    stored = json.loads(find_session(loki).read_text())
    find_session(loki).write_text(json.dumps({**stored, "expires_at": "2026-01-01T00:00:00+00:00"}))
    refused = loki("token list")
    assert refused.status == 1
    assert "has ended: loki enterprise login, or loki enterprise logout" in refused.err
    assert loki("whoami --json").json["error"]["code"] == "session_ended"
    loki.do(
        "token verify --json",
        stdin=loki.do("token generate x", env={"LOKI_OIDC_ISSUER": "", "LOKI_OIDC_CLIENT_ID": ""}).secret,
    )
    loki.do("logout")
    loki.do("token list")
