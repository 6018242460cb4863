"""The session on disk, and who may act by it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.errors import StorageError
from loki_core.frozen import replace
from loki_core.oidc.session import DamagedSession, Session, dump_session, parse_session
from loki_core.oidc.session_file import SessionFile
from loki_core.oidc.token_answer import Tokens
from loki_core.principal import Method, Principal
from loki_core.scopes import ScopeCatalog
from tests.core.workshop import NOON, Workshop, refuses

CATALOG = ScopeCatalog()


def make_session(**changes: Any) -> Session:
    principal = Principal(
        subject="alice",
        name="Alice Ädmin",
        role="operator",
        scopes=("control", "read", "write"),
        effective_scopes=("control", "write", "read"),
        method=Method.OIDC,
        expires_at=NOON + timedelta(minutes=10),
        catalog=CATALOG,
    )
    session = Session(
        issuer="https://id.example.com",
        client_id="loki-cli",
        provider_subject="alice",
        principal=principal,
        reasons=("groups holds 'ops'", "operator: control, read, write"),
        is_full_access=False,
        signed_in_at=NOON,
        tokens=Tokens(id_token="a.b.c", access_token="access", refresh_token=None),
    )
    return replace(session, **changes)


@pytest.fixture
def file(tmp_path: Path) -> SessionFile:
    return SessionFile(str(tmp_path / "state" / "loki-tui" / "session.json"), CATALOG)


def keep(file: SessionFile, session: Session) -> None:
    with file.change() as change:
        change.replace(session)


def test_what_is_kept_is_what_comes_back(file: SessionFile) -> None:
    assert file.load() is None
    session = make_session()
    keep(file, session)
    assert file.load() == session
    with file.change() as change:
        change.remove()
        change.remove()
    assert file.load() is None


def test_the_file_is_private_whatever_the_umask(file: SessionFile) -> None:
    previous = os.umask(0)
    try:
        keep(file, make_session())
    finally:
        os.umask(previous)
    path = Path(file.path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert sorted(each.name for each in path.parent.iterdir()) == [".session.lock", "session.json"]


def test_a_scope_that_was_removed_from_the_configuration_is_not_held_any_more() -> None:
    session = make_session()
    value = json.loads(dump_session(session)) | {"scopes": ["read", "deploy"]}
    assert parse_session(json.dumps(value).encode(), CATALOG).principal.scopes == ("read",)


def plant_link(path: Path) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.write_bytes(dump_session(make_session()))
    path.symlink_to(elsewhere)


def plant_pipe(path: Path) -> None:
    os.mkfifo(path)


def plant_writable(path: Path) -> None:
    path.write_bytes(dump_session(make_session()))
    path.chmod(0o666)


def plant_garbage(path: Path) -> None:
    path.write_bytes(b"\x00\xff")


@pytest.mark.parametrize("plant", [plant_link, plant_pipe, plant_writable, plant_garbage, Path.mkdir])
def test_what_somebody_put_there_is_refused_with_a_remedy(file: SessionFile, plant: Callable[[Path], None]) -> None:
    path = Path(file.path)
    path.parent.mkdir(parents=True, mode=0o700)
    plant(path)
    with pytest.raises(StorageError) as caught:
        file.load()
    assert caught.value.remedy


def test_a_directory_that_cannot_be_made_is_a_storage_error(file: SessionFile, tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        keep(file, make_session())
    assert caught.value.remedy


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from(list(json.loads(dump_session(make_session())))), JSON))
def test_any_change_to_what_is_kept_is_a_session_or_damage(changes: dict[str, Any]) -> None:
    value = json.loads(dump_session(make_session())) | changes
    try:
        session = parse_session(json.dumps(value).encode(), CATALOG)
    except DamagedSession:
        return
    assert session.expires_at.tzinfo is not None


def test_who_acts_by_a_proof_that_has_ended_is_refused(workshop: Workshop) -> None:
    principal = replace(make_session().principal, scopes=("*",), effective_scopes=("*",))
    loki = workshop.open()
    acting = loki.acting_as(principal)
    acting.tokens.generate("ci-bot")
    workshop.clock.move(minutes=10)
    for deed in (lambda: acting.tokens.generate("another"), acting.tokens.list, lambda: acting.audit.summary()):
        with refuses("session_ended"):
            deed()
    loki.tokens.list()
