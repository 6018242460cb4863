"""From a credential to a principal, or to the reason why not."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta

import pytest

import loki_core
from loki_core import AuthenticationError, InvalidInput, InvalidTokenError
from loki_core.audit.memory_log import MemoryLog, NoLog
from loki_core.errors import AuditUnavailable
from loki_core.principal import Method
from loki_core.tokens.memory_store import MemoryStore
from loki_core.tokens.secret import mint_secret
from tests.core.workshop import (
    NOON,
    HandClock,
    Workshop,
    make_peer_record,
    make_peer_secret,
    make_store_document,
    refuses,
)


def test_a_principal_says_who_calls_what_it_may_do_and_until_when(loki: loki_core.Loki) -> None:
    issued = loki.tokens.generate("ci-bot", role="operator", expires_days=1)
    principal = loki.authenticate(issued.secret.reveal())
    assert principal.subject == issued.token.id
    assert principal.name == "ci-bot"
    assert principal.role == "operator"
    assert principal.scopes == ("control", "read", "write")
    assert principal.effective_scopes == ("control", "write", "read")
    assert principal.method is Method.TOKEN
    assert principal.expires_at == NOON + timedelta(days=1)


CREDENTIALS: dict[str, tuple[object, str]] = {
    "unknown": (mint_secret().reveal(), "token_unknown"),
    "unknown of Loki Mode's": (make_peer_secret(), "token_unknown"),
    "mistyped": ("loki_" + "a" * 49, "token_unknown"),
    "the prefix alone": ("loki_", "token_malformed"),
    "with a space": ("loki_" + "a" * 20 + " ", "token_malformed"),
    "with a line break": ("loki_" + "a" * 43 + "\n", "token_malformed"),
    "with an escape": ("loki_\x1b[31m" + "a" * 43, "token_malformed"),
    "another prefix": ("ghp_" + "a" * 43, "token_malformed"),
    "empty": ("", "token_malformed"),
    "a word": ("password", "token_malformed"),
    "three parts": ("eyJ.eyJ.sig", "invalid_token"),
    "two parts": ("eyJ.eyJ", "token_malformed"),
    "four parts": ("a.b.c.d", "token_malformed"),
    "a lone surrogate": ("loki_\ud800", "token_malformed"),
    "one megabyte": ("loki_" + "a" * (1 << 20), "token_malformed"),
    "a megabyte of dots": ("." * (1 << 20), "token_malformed"),
    "None": (None, "token_malformed"),
    "bytes": (b"loki_" + b"a" * 43, "token_malformed"),
    "a number": (7, "token_malformed"),
    "a list": ([], "token_malformed"),
}


@pytest.mark.parametrize(("credential", "code"), CREDENTIALS.values(), ids=CREDENTIALS)
def test_what_proves_nobody_gets_one_stable_code_and_is_not_echoed(
    loki: loki_core.Loki, credential: object, code: str
) -> None:
    with refuses(code) as caught:
        loki.authenticate(credential)  # type: ignore[arg-type]
    assert isinstance(caught.value, AuthenticationError)
    assert isinstance(caught.value, InvalidTokenError) == (code == "invalid_token")
    if isinstance(credential, str) and len(credential) > 10:
        assert credential[5:] not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"revoked": True, "locked": True, "expires_at": "2026-01-01T00:00:00+00:00"}, "token_revoked"),
        ({"locked": True, "expires_at": "2026-01-01T00:00:00+00:00"}, "token_expired"),
        ({"locked": True}, "token_locked"),
        ({"expires_at": NOON.isoformat()}, "token_expired"),
    ],
)
@pytest.mark.parametrize("salt", [None, "0123456789abcdef" * 2])
def test_a_proved_secret_learns_why_it_is_refused(
    workshop: Workshop, fields: dict[str, object], code: str, salt: str | None
) -> None:
    secret = make_peer_secret()
    workshop.write(make_store_document({**make_peer_record("ci-bot", secret, salt=salt), **fields}))
    with refuses(code):
        workshop.open().authenticate(secret)


def test_a_token_ends_exactly_at_its_end_also_when_it_was_just_verified(loki: loki_core.Loki, clock: HandClock) -> None:
    secret = loki.tokens.generate("ci-bot", expires_at=NOON + timedelta(seconds=30)).secret.reveal()
    for _ in range(2):
        loki.authenticate(secret)
    clock.now = NOON + timedelta(seconds=30, microseconds=-1)
    loki.authenticate(secret)
    clock.move(microseconds=1)
    with refuses("token_expired"):
        loki.authenticate(secret)


def test_another_address_is_answered_and_noted_as_another(workshop: Workshop) -> None:
    loki = workshop.open()
    secret = loki.tokens.generate("ci-bot").secret.reveal()
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"):
        assert loki.authenticate(secret, address=address).name == "ci-bot"
    loki.close()
    noted = [entry["ip_address"] for entry in workshop.log() if entry["event"] == "auth.token.use"]
    assert sorted(noted) == ["10.0.0.1", "10.0.0.2"]


def test_a_secret_is_explained_by_the_chain_that_grants_a_scope(loki: loki_core.Loki) -> None:
    secret = loki.tokens.generate("ci-bot", scopes=["control"]).secret.reveal()
    assert loki.explain(secret, "read").chain == ("control", "write", "read")
    assert not loki.explain(secret, "audit").granted
    with pytest.raises(InvalidInput):
        loki.explain(secret, "raed")
    with refuses("token_unknown"):
        loki.explain(mint_secret().reveal(), "read")


class _BrokenLog(NoLog):
    """A log on a disk that is full."""

    label = "full"
    newest_head = None

    def record(self, entry: object, *, durable: bool = True) -> None:
        raise AuditUnavailable("the disk is full", remedy="free some")

    def record_all(self, entries: object, *, durable: bool = True) -> None:
        raise AuditUnavailable("the disk is full", remedy="free some")

    def check_writable(self) -> None:
        raise AuditUnavailable("the disk is full", remedy="free some")

    def find_newest(self, **_: object) -> tuple[loki_core.AuditEntry, ...]:
        raise AuditUnavailable("the disk is full", remedy="free some")


def test_a_log_that_cannot_be_written_fails_no_verification(workshop: Workshop) -> None:
    secret = workshop.open().tokens.generate("ci-bot").secret.reveal()
    loki = workshop.open(audit=_BrokenLog())
    assert loki.authenticate(secret).name == "ci-bot"
    with refuses("token_unknown"):
        loki.authenticate(mint_secret().reveal())
    assert [token.name for token in loki.tokens.list()] == ["ci-bot"]
    with refuses("audit_unavailable"):
        loki.tokens.generate("other")


def test_a_directory_that_takes_no_notes_fails_no_verification(workshop: Workshop) -> None:
    loki = workshop.open()
    secret = loki.tokens.generate("ci-bot").secret.reveal()
    (workshop.dashboard / "usage.jsonl").mkdir()
    (workshop.dashboard / ".usage.lock").unlink(missing_ok=True)
    (workshop.dashboard / ".usage.lock").mkdir()
    assert loki.authenticate(secret).name == "ci-bot"
    loki.close()


def test_every_opened_loki_has_its_own_store_in_memory(workshop: Workshop) -> None:
    one, two = workshop.open(store=MemoryStore()), workshop.open(store=MemoryStore())
    secret = one.tokens.generate("ci-bot").secret.reveal()
    one.authenticate(secret)
    with refuses("token_unknown"):
        two.authenticate(secret)


def test_a_verification_reads_nothing_but_one_stat_once_the_file_is_settled(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = workshop.open().tokens.generate("ci-bot").secret.reveal()
    later = time.time_ns() + 10**9
    store = workshop.make_store(wall_ns=lambda: later)
    loki = workshop.open(store=store, audit=MemoryLog())
    loki.authenticate(secret)
    calls: list[str] = []
    me = threading.get_ident()

    def count(name: str) -> None:
        real = getattr(os, name)

        def counting(*arguments: object, **options: object) -> object:
            if threading.get_ident() == me:  # notes are written in the background
                calls.append(name)
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, counting)

    for name in ("open", "stat", "fstat", "pread", "read"):
        count(name)
    loki.authenticate(secret)
    monkeypatch.undo()
    assert calls == ["stat"]
