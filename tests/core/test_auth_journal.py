"""What verification leaves in the log: bounded, and never a secret."""

from __future__ import annotations

import json
import os

import pytest

import loki_core
from loki_core import AuthenticationError
from loki_core.audit.flood import FAILURES_A_MINUTE
from loki_core.frozen import replace
from loki_core.principal import Method
from tests.core.workshop import (
    HandClock,
    Workshop,
    check_chain,
    make_peer_record,
    make_peer_secret,
    make_store_document,
)


def _fail(loki: loki_core.Loki, credential: str = "nonsense", **caller: str) -> None:
    try:
        loki.authenticate(credential, **caller)
    except AuthenticationError:
        return
    raise AssertionError("it was let in")


def _failures(workshop: Workshop) -> list[dict[str, object]]:
    return [entry for entry in workshop.log() if entry["event"] == "auth.fail"]


def test_a_failure_is_logged_with_its_code_and_where_it_came_from(workshop: Workshop) -> None:
    loki = workshop.open()
    _fail(loki, make_peer_secret(), address="10.0.0.9", agent="curl/8")
    loki.close()
    (entry,) = _failures(workshop)
    assert (entry["error"], entry["success"], entry["user_id"]) == ("token_unknown", False, "anonymous")
    assert (entry["ip_address"], entry["user_agent"], entry["token_id"]) == ("10.0.0.9", "curl/8", None)


def test_a_failure_at_this_terminal_names_the_user_of_the_system_and_what_is_known_of_where(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name_terminal(descriptor: int) -> str:
        if descriptor != 2:
            raise OSError(25, "not a terminal")
        return "/dev/pts/7"

    monkeypatch.setattr(os, "ttyname", name_terminal)
    loki = workshop.open(environ={"SUDO_USER": "bob", "SSH_CONNECTION": "10.1.1.1 2 10.0.0.1 22"})
    _fail(loki, make_peer_secret())
    _fail(loki, "header.payload.signature")
    loki.tokens.generate("ci-bot")
    loki.close()
    entries = workshop.log()
    assert {entry["user_id"] for entry in entries} == {loki.actor.subject}
    assert loki.actor.subject.startswith("os:")
    for entry in entries:
        assert entry["details"]["terminal"] == "/dev/pts/7"
        assert entry["details"]["claimed"] == {"SUDO_USER": "bob", "SSH_CONNECTION": "10.1.1.1 2 10.0.0.1 22"}


def test_who_acts_at_this_terminal_as_someone_else_is_named_with_who_sits_there(workshop: Workshop) -> None:
    loki = workshop.open(environ={"SUDO_USER": "bob"})
    somebody = replace(loki.actor, subject="00u1", name="Carol", method=Method.OIDC, claimed=())
    loki.acting_as(somebody).tokens.generate("at the terminal")
    loki.acting_as(somebody, address="10.0.0.9").tokens.generate("from afar")
    near, far = workshop.log()
    assert (near["user_id"], far["user_id"]) == ("00u1", "00u1")
    assert near["details"]["operator"] == loki.actor.subject
    assert near["details"]["claimed"] == {"SUDO_USER": "bob"}
    assert not {"operator", "terminal", "claimed"} & far["details"].keys()


def test_a_failure_of_a_proved_secret_names_its_token(workshop: Workshop) -> None:
    secret = make_peer_secret()
    record = make_peer_record("ci-bot", secret, revoked=True)
    workshop.write(make_store_document(record))
    loki = workshop.open()
    _fail(loki, secret)
    loki.close()
    (entry,) = _failures(workshop)
    assert (entry["error"], entry["token_id"], entry["user_id"]) == ("token_revoked", record["id"], record["id"])


def test_audit_flooding_fills_a_minute_with_sixty_entries_and_one_that_counts_the_rest(
    workshop: Workshop, clock: HandClock
) -> None:
    loki = workshop.open()
    for number in range(1000):
        _fail(loki, "nonsense" if number % 2 else make_peer_secret(), address=f"10.0.{number // 250}.{number % 250}")
    clock.move(minutes=1)
    _fail(loki)
    loki.close()
    failures = _failures(workshop)
    assert len(failures) == FAILURES_A_MINUTE + 2
    count = failures[FAILURES_A_MINUTE]
    assert count["details"] == {"count": 940, "by_code": {"token_malformed": 470, "token_unknown": 470}}
    assert (count["error"], count["user_id"]) == ("many", "anonymous")
    assert failures[-1]["error"] == "token_malformed"
    check_chain(workshop.dashboard / "audit")


def test_what_was_only_counted_is_logged_when_the_process_ends(workshop: Workshop) -> None:
    loki = workshop.open()
    for _ in range(FAILURES_A_MINUTE + 5):
        _fail(loki)
    loki.close()
    loki.close()
    assert _failures(workshop)[-1]["details"] == {"count": 5, "by_code": {"token_malformed": 5}}
    assert len(_failures(workshop)) == FAILURES_A_MINUTE + 1


def test_failures_while_the_log_cannot_be_written_are_counted_and_told_when_it_can(workshop: Workshop) -> None:
    loki = workshop.open()
    workshop.dashboard.mkdir(mode=0o700, parents=True)
    in_the_way = workshop.dashboard / "audit"
    in_the_way.write_text("")
    for number in range(5):
        _fail(loki, make_peer_secret() if number % 2 else "nonsense", address="10.0.0.9")
    loki._parts.background.flush()
    in_the_way.unlink()
    _fail(loki, address="10.0.0.8")
    loki.close()
    told, single = _failures(workshop)
    assert told["details"] == {"count": 5, "by_code": {"token_malformed": 3, "token_unknown": 2}}
    assert single["ip_address"] == "10.0.0.8"


def test_a_clock_that_jumps_back_neither_silences_nor_unbounds_the_log(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    for _ in range(100):
        _fail(loki)
    clock.move(days=-1)
    for _ in range(100):
        _fail(loki)
    loki.close()
    codes = [entry["error"] for entry in _failures(workshop)]
    assert codes.count("token_malformed") == 2 * FAILURES_A_MINUTE
    assert codes.count("many") == 2


def test_successes_are_logged_once_a_minute_for_each_token_and_address(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    secrets = [loki.tokens.generate(name).secret.reveal() for name in ("one", "two")]
    for _ in range(3):
        for _ in range(5):
            for secret in secrets:
                loki.authenticate(secret, address="10.0.0.1")
            loki.authenticate(secrets[0], address="10.0.0.2")
        clock.move(seconds=59)
    loki.close()
    uses = [
        (entry["resource_id"], entry["ip_address"]) for entry in workshop.log() if entry["event"] == "auth.token.use"
    ]
    assert len(uses) == 6
    assert len(set(uses)) == 3


def test_a_clock_that_was_set_back_does_not_silence_the_notes_of_uses(workshop: Workshop, clock: HandClock) -> None:
    loki = workshop.open()
    secret = loki.tokens.generate("ci-bot").secret.reveal()
    loki.authenticate(secret)
    clock.move(days=-1)
    loki.authenticate(secret, address="10.0.0.1")
    loki.authenticate(secret)
    loki.close()
    assert workshop.events().count("auth.token.use") == 3


def test_no_field_ever_holds_a_secret_whatever_the_caller_calls_itself(workshop: Workshop) -> None:
    loki = workshop.open()
    secret = loki.tokens.generate("ci-bot").secret.reveal()
    callers = [
        secret,
        f"curl {secret} x",
        secret * 3,
        "x" * 180 + secret,
        f"\x1b]0;{secret}\x07",
        secret[:25],
        "\ud800" + secret,
    ]
    for caller in callers:
        loki.authenticate(secret, address=caller, agent=caller)
        _fail(loki, secret + "x", address=caller, agent=caller)
    loki.close()
    written = b"".join(file.read_bytes() for file in workshop.dashboard.rglob("*") if file.is_file())
    assert secret[5:21].encode() not in written
    check_chain(workshop.dashboard / "audit")


def test_what_a_caller_calls_itself_is_one_printable_line_of_bounded_length(workshop: Workshop) -> None:
    loki = workshop.open()
    _fail(loki, address="\x1b[2J", agent='"}\n{"event": "auth.token.create"}' + "a" * 100_000)
    loki.close()
    (entry,) = _failures(workshop)
    assert str(entry["user_agent"]).isprintable()
    assert len(str(entry["user_agent"])) <= 200
    assert str(entry["ip_address"]).isprintable()
    lines = (workshop.dashboard / "audit" / "audit-2026-03-01.jsonl").read_bytes().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert len(lines) == 1


def test_an_authenticated_caller_cannot_flood_the_log_with_refused_operations(workshop: Workshop) -> None:
    loki = workshop.open()
    secret = loki.tokens.generate("viewer-bot", role="viewer").secret
    viewer = loki.acting_as(loki.authenticate(secret.reveal()))
    for _ in range(200):
        try:
            viewer.tokens.generate("x")
        except loki_core.AuthorizationError as error:
            assert error.missing == "*"  # noqa: PT017
    loki.close()
    denied = [entry for entry in workshop.log() if entry["event"] == "permission.denied"]
    assert len(denied) == FAILURES_A_MINUTE
    assert workshop.log()[-1]["details"] == {"count": 140, "by_code": {"insufficient_scope": 140}}
