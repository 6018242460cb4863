"""The token manager on a real file against a model that is a handful of dictionaries."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

import loki_core
from loki_core import AuthenticationError, Refused, Status
from loki_core.tokens.secret import ALPHABET
from tests.core.workshop import Workshop, check_chain, make_peer_record

NAMES = st.sampled_from(["ci", "deploy", "Büro", "夜"])
NUMBERS = st.integers(0, 15)
GRACE = timedelta(hours=24)


@dataclass(frozen=True)
class Known:
    """What the model knows of one token."""

    id: str
    name: str
    secret: str
    created_at: datetime
    expires_at: datetime | None
    revoked: bool = False
    deleted: bool = False
    rotated_to: str | None = None
    rotated_from: str | None = None

    def code(self, now: datetime) -> str:
        """Return why the secret is refused, or ""."""
        if self.revoked or self.deleted:
            return "token_revoked"
        return "token_expired" if self.expires_at is not None and now >= self.expires_at else ""


class TokenMachine(RuleBasedStateMachine):
    """Does what administrators, time, Loki Mode and restored backups do."""

    backups = Bundle("backups")

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="loki-model-"))
        self.workshop = Workshop(self.place / "loki")
        self.random = random.Random(7)  # so that a failing run can be repeated
        self.loki = self._open()
        self.known: dict[str, Known] = {}
        self.unknown_fields: dict[str, str] = {}

    def _open(self) -> loki_core.Loki:
        return self.workshop.open(choose=self.random.choice)

    def teardown(self) -> None:
        self.workshop.close()
        if (self.workshop.dashboard / "audit").exists():
            check_chain(self.workshop.dashboard / "audit")
        shutil.rmtree(self.place)

    @property
    def now(self) -> datetime:
        return self.workshop.clock.now

    def _live(self, name: str | None = None) -> list[Known]:
        return [each for each in self.known.values() if not each.code(self.now) and (name is None or each.name == name)]

    def _choose(self, number: int) -> str:
        """Return the id of one of the tokens that the store holds."""
        stored = [each.id for each in self.known.values() if not each.deleted]
        return stored[number % len(stored)]

    def _current(self, name: str) -> Known | None:
        """Return what the name means."""
        live = self._live(name)
        current = [each for each in live if each.rotated_to is None] or live
        return current[0] if len(current) == 1 else None

    def _learn(self, issued: loki_core.IssuedToken) -> Known:
        token = issued.token
        assert token.id not in self.known
        assert token.created_at is not None
        self.known[token.id] = Known(
            id=token.id,
            name=token.name,
            secret=issued.secret.reveal(),
            created_at=token.created_at,
            expires_at=token.expires_at,
            rotated_from=token.rotated_from,
        )
        return self.known[token.id]

    # -- what administrators do

    @rule(name=NAMES, days=st.sampled_from([1, 2, 30, None]))
    def generate(self, name: str, days: int | None) -> None:
        if self._live(name):
            with contextlib.suppress(Refused):
                self.loki.tokens.generate(name, expires_days=days)
                raise AssertionError("a taken name was given again")
            return
        made = self._learn(self.loki.tokens.generate(name, expires_days=days))
        assert made.expires_at == (None if days is None else self.now + timedelta(days=days))

    @rule(name=NAMES)
    def rotate(self, name: str) -> None:
        old = self._current(name)
        before = self.known.get(old.rotated_from or "") if old else None
        if old is None or old.rotated_to is not None or (before is not None and not before.code(self.now)):
            with contextlib.suppress(Refused):
                self.loki.tokens.rotate(name)
                raise AssertionError("what could not be rotated was")
            return
        new = self._learn(self.loki.tokens.rotate(name))
        end = self.now + GRACE if old.expires_at is None else min(old.expires_at, self.now + GRACE)
        self.known[old.id] = replace(old, expires_at=end, rotated_to=new.id)
        life = None if old.expires_at is None else old.expires_at - old.created_at
        assert new.expires_at == (None if life is None else self.now + life)

    @rule(name=NAMES)
    def revoke_by_name(self, name: str) -> None:
        if not self._live(name):
            return
        done = self.loki.tokens.revoke(name)
        assert {each.token.id for each in done} == {each.id for each in self._live(name)}
        for each in done:
            assert (each.already, each.audit) == (False, "written")
            self.known[each.token.id] = replace(self.known[each.token.id], revoked=True)

    @precondition(lambda self: any(not each.deleted for each in self.known.values()))
    @rule(number=NUMBERS)
    def revoke_by_id(self, number: int) -> None:
        chosen = self._choose(number)
        (done,) = self.loki.tokens.revoke(chosen)
        assert done.already == self.known[chosen].revoked
        self.known[chosen] = replace(self.known[chosen], revoked=True)

    @precondition(lambda self: any(not each.deleted for each in self.known.values()))
    @rule(number=NUMBERS)
    def delete(self, number: int) -> None:
        chosen = self._choose(number)
        if not self.known[chosen].code(self.now):
            with contextlib.suppress(Refused):
                self.loki.tokens.delete(chosen)
                raise AssertionError("a usable token was deleted")
            return
        self.loki.tokens.delete(chosen)
        self.known[chosen] = replace(self.known[chosen], deleted=True)
        self.unknown_fields.pop(chosen, None)

    # -- what happens

    @rule(hours=st.sampled_from([1, 12, 24, 48]))
    def time_passes(self, hours: int) -> None:
        self.workshop.clock.move(hours=hours)

    @rule()
    def open_it_anew(self) -> None:
        self.workshop.close()
        self.loki = self._open()

    @rule(name=NAMES, salt=st.none() | st.just("0123456789abcdef" * 2))
    def loki_mode_adds_a_token(self, name: str, salt: str | None) -> None:
        if self._live(name):
            return
        secret = "loki_" + "".join(self.random.choices(ALPHABET + "-_", k=43))
        born = self.now.isoformat()
        raw = make_peer_record(name, secret, salt=salt, created_at=born, theirs=secret[-5:])
        document: dict[str, Any] = {"version": "1.0", "tokens": {}}
        if self.workshop.file.exists():
            document = self.workshop.read()
        document["tokens"][raw["id"]] = raw
        self.workshop.write(document)
        self.known[raw["id"]] = Known(id=raw["id"], name=name, secret=secret, created_at=self.now, expires_at=None)
        self.unknown_fields[raw["id"]] = raw["theirs"]

    @precondition(lambda self: self.workshop.file.exists())
    @rule()
    def loki_mode_rewrites_the_file_as_it_is(self) -> None:
        self.workshop.rewrite(lambda tokens: None)

    @precondition(lambda self: self.workshop.file.exists())
    @rule()
    def someone_undoes_every_revocation(self) -> None:
        def undo(tokens: dict[str, dict[str, object]]) -> None:
            for raw in tokens.values():
                raw["revoked"] = False

        self.workshop.rewrite(undo)

    @precondition(lambda self: self.workshop.file.exists())
    @rule(target=backups)
    def back_up(self) -> tuple[bytes, dict[str, Known]]:
        return self.workshop.file.read_bytes(), dict(self.known)

    @rule(backup=consumes(backups))
    def restore_a_backup(self, backup: tuple[bytes, dict[str, Known]]) -> None:
        """Records made since are lost and the others as they were, but nothing that was taken away comes back."""
        content, then = backup
        self.workshop.write(content)
        restored = json.loads(content)["tokens"]
        for token_id, raw in restored.items():
            known = self.known.get(token_id, then[token_id])
            end = None if raw["expires_at"] is None else datetime.fromisoformat(raw["expires_at"])
            # The floor goes back with the backup, but our own clock never does here.
            self.known[token_id] = replace(
                known,
                expires_at=end,
                rotated_to=raw.get("rotated_to"),
                revoked=known.revoked or known.deleted,
                deleted=False,
            )
            if "theirs" in raw:
                self.unknown_fields[token_id] = raw["theirs"]
        for token_id in self.known.keys() - restored.keys():
            if not (self.known[token_id].revoked or self.known[token_id].deleted):
                del self.known[token_id]
            else:
                self.known[token_id] = replace(self.known[token_id], deleted=True)
            self.unknown_fields.pop(token_id, None)

    # -- what must hold after every step

    @invariant()
    def every_secret_proves_what_the_model_says(self) -> None:
        for known in self.known.values():
            code = ""
            try:
                principal = self.loki.authenticate(known.secret)
                assert principal.subject == known.id
            except AuthenticationError as error:
                code = error.code
            assert code == known.code(self.now), known

    @invariant()
    def the_list_is_what_the_model_says(self) -> None:
        listed = {token.id: token for token in self.loki.tokens.list(include_revoked=True)}
        assert set(listed) == {known.id for known in self.known.values() if not known.deleted}
        for token_id, token in listed.items():
            known = self.known[token_id]
            assert token.name == known.name
            assert token.expires_at == known.expires_at
            assert token.status.is_usable == (not known.code(self.now))
            assert (token.status is Status.REVOKED) == known.revoked
            assert (token.status is Status.ROTATING) == (not known.code(self.now) and known.rotated_to is not None)

    @invariant()
    def a_name_means_its_one_living_holder(self) -> None:
        for name in ("ci", "deploy", "Büro", "夜"):
            current = self._current(name)
            if current is not None:
                assert self.loki.tokens.get(name).id == current.id

    @invariant()
    def the_file_keeps_what_is_not_ours_and_no_secret(self) -> None:
        if not self.workshop.file.exists():
            return
        text = self.workshop.file.read_text()
        records = json.loads(text)["tokens"]
        for token_id, value in self.unknown_fields.items():
            assert records[token_id]["theirs"] == value
        for known in self.known.values():
            assert known.secret not in text
            if not known.deleted:
                salt = records[known.id].get("salt", "")
                assert records[known.id]["hash"] == hashlib.sha256((salt + known.secret).encode()).hexdigest()


TokenMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
test_the_store_agrees_with_the_model = TokenMachine.TestCase
