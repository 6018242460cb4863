"""Making tokens: what may be asked for, and what comes of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import loki_core
from loki_core import DEFAULT, InvalidInput, Status
from loki_core.roles import Role
from loki_core.scopes import Scope
from loki_core.settings import RbacSettings
from loki_core.tokens.policy import TokenPolicy
from tests.core.workshop import (
    NOON,
    Workshop,
    refuses,
)

DAY = timedelta(days=1)


def test_the_example_of_the_readme_works(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot", scopes=["read", "write"], expires_days=30)
    principal = loki.authenticate(issued.secret.reveal())
    principal.require("write")
    with pytest.raises(loki_core.AuthorizationError):
        principal.require("control")
    assert [token.name for token in loki.tokens.list()] == ["ci-bot"]
    loki.tokens.revoke("ci-bot")
    with refuses("token_revoked"):
        loki.authenticate(issued.secret.reveal())


def test_without_being_told_more_a_token_may_read_for_ninety_days(loki: loki_core.Loki) -> None:
    token = loki.tokens.generate("ci-bot").token
    assert token.scopes == ("read",)
    assert token.role is None
    assert token.expires_at == NOON + 90 * DAY
    assert token.created_at == NOON
    assert token.owner == loki.actor.subject
    assert token.status is Status.ACTIVE


def test_what_generate_returns_shows_no_secret(loki: loki_core.Loki) -> None:
    issued = loki.tokens.generate("ci-bot")
    body = issued.secret.reveal()[5:]
    assert body not in repr(issued) + str(issued) + f"{issued}" + repr(loki.tokens.list())


def test_the_secret_is_nowhere_on_the_disk(workshop: Workshop) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    secret = issued.secret.reveal()
    loki.authenticate(secret, agent=f"curl {secret}", address=secret)
    with refuses("token_malformed"):
        loki.authenticate(secret + " ", agent=secret)
    loki.acting_as(loki.actor, address=secret, agent=secret).tokens.revoke("ci-bot")
    loki.close()
    for file in workshop.home.rglob("*"):
        if file.is_file():
            assert secret[5:].encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("days", "end"),
    [(1, NOON + DAY), (30, NOON + 30 * DAY), (36_500, NOON + 36_500 * DAY), (None, None), (DEFAULT, NOON + 90 * DAY)],
)
def test_n_days_are_n_times_86400_seconds_and_never_must_be_asked_for(
    loki: loki_core.Loki, days: int | None, end: datetime | None
) -> None:
    assert loki.tokens.generate("ci-bot", expires_days=days).token.expires_at == end


def test_an_end_can_be_given_as_a_time(loki: loki_core.Loki) -> None:
    end = NOON + timedelta(hours=3)
    assert loki.tokens.generate("ci-bot", expires_at=end).token.expires_at == end


@pytest.mark.parametrize("days", [0, -1, 36_501, 10**30, True, 1.5, "30"])
def test_an_expiry_that_makes_no_sense_is_refused_and_the_store_left_untouched(
    workshop: Workshop, days: object
) -> None:
    loki = workshop.open()
    with refuses("invalid_expiry"):
        loki.tokens.generate("ci-bot", expires_days=days)  # type: ignore[arg-type]
    assert not workshop.file.exists()


@pytest.mark.parametrize(
    "at",
    [NOON, NOON - DAY, NOON.replace(tzinfo=None), NOON + 36_501 * DAY],
    ids=["now", "past", "without a zone", "too far"],
)
def test_an_end_that_makes_no_sense_is_refused(loki: loki_core.Loki, at: datetime) -> None:
    with refuses("invalid_expiry"):
        loki.tokens.generate("ci-bot", expires_at=at)


def test_days_and_an_end_at_once_are_refused(loki: loki_core.Loki) -> None:
    with refuses("invalid_expiry"):
        loki.tokens.generate("ci-bot", expires_days=3, expires_at=NOON + DAY)


def test_the_longest_life_of_the_policy_is_kept(workshop: Workshop) -> None:
    loki = workshop.open(TokenPolicy(default_expiration_days=10, max_expiration_days=30))
    assert loki.tokens.generate("default").token.expires_at == NOON + 10 * DAY
    assert loki.tokens.generate("longest", expires_days=30).token.expires_at == NOON + 30 * DAY
    with refuses("expiry_too_far"):
        loki.tokens.generate("longer", expires_days=31)
    with refuses("expiry_too_far"):
        loki.tokens.generate("longer", expires_at=NOON + 30 * DAY + timedelta(seconds=1))
    with refuses("never_forbidden"):
        loki.tokens.generate("for ever", expires_days=None)


def test_a_policy_can_forbid_tokens_that_never_expire(workshop: Workshop) -> None:
    loki = workshop.open(TokenPolicy(allow_never=False))
    with refuses("never_forbidden"):
        loki.tokens.generate("ci-bot", expires_days=None)


def test_roles_and_scopes_of_the_configuration_can_be_granted(workshop: Workshop) -> None:
    rbac = RbacSettings(
        custom_scopes=(Scope(name="deploy", implies=("write",)),),
        custom_roles=(Role(name="releaser", scopes=("deploy", "audit")),),
    )
    loki = workshop.open(rbac=rbac)
    issued = loki.tokens.generate("ci-bot", role="releaser")
    assert issued.token.effective_scopes == ("write", "read", "audit", "deploy")
    loki.authenticate(issued.secret.reveal()).require("read")
    # Scopes are frozen at minting; one that is gone grants nothing any more.
    with pytest.raises(loki_core.AuthorizationError):
        workshop.open().authenticate(issued.secret.reveal()).require("deploy")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"scopes": ["raed"]}, "unknown_scope"),
        ({"scopes": []}, "invalid_scopes"),
        ({"scopes": " , "}, "invalid_scopes"),
        ({"role": "adminn"}, "unknown_role"),
        ({"role": "viewer", "scopes": ["*"]}, "role_scopes_differ"),
        ({"note": "n" * 256}, "invalid_note"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_made(workshop: Workshop, arguments: dict[str, object], code: str) -> None:
    loki = workshop.open()
    with refuses(code) as caught:
        loki.tokens.generate("ci-bot", **arguments)  # type: ignore[arg-type]
    assert isinstance(caught.value, InvalidInput)
    assert not workshop.home.exists()


def test_scopes_may_be_given_as_one_text(loki: loki_core.Loki) -> None:
    assert loki.tokens.generate("ci-bot", scopes="read, audit").token.scopes == ("read", "audit")
