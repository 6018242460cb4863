"""Stores of other users: as an ordinary user, and as root on someone's behalf."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loki_core.errors import LokiError
from tests.core.workshop import Workshop, is_root, make_peer_record, make_peer_secret, make_store_document, refuses
from tests.support.fresh_process import run_python

ALICE = 54_321
MALLORY = 54_322
pytestmark = pytest.mark.skipif(not is_root(), reason="only root can make files of several users")

_AS_USER = """
    import grp, os, pwd, sys, tempfile
    import loki_core
    from loki_core.settings import Settings
    from pathlib import Path
    uid, home, deed = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    with tempfile.TemporaryDirectory() as place, loki_core.open(Settings(home=Path(place)), environ={}) as loki:
        # Everything is imported while the user may read it.
        loki.authenticate(loki.tokens.generate("x").secret.reveal())
        loki.tokens.revoke("x")
        loki.health()
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    try:
        with loki_core.open(Settings(home=Path(home)), environ={}) as loki:
            if deed == "list":
                print([token.name for token in loki.tokens.list()])
            elif deed == "generate":
                loki.authenticate(loki.tokens.generate("by-user").secret.reveal())
                print("made")
            elif deed == "revoke":
                print([each.audit for each in loki.tokens.revoke("ci-bot")])
    except loki_core.LokiError as error:
        print(error.code, "|", error.message, "|", error.remedy)
"""


@pytest.fixture
def commons() -> Iterator[Workshop]:
    """An installation in a directory that every user can reach."""
    place = Path(tempfile.mkdtemp(prefix="loki-owners-"))
    place.chmod(0o755)
    workshop = Workshop(place / "home" / ".loki")
    (place / "home").mkdir(mode=0o700)
    os.chown(place / "home", ALICE, ALICE)
    try:
        yield workshop
    finally:
        workshop.close()
        shutil.rmtree(place)


def _do_as(workshop: Workshop, uid: int, deed: str, environ: dict[str, str]) -> str:
    done = run_python(_AS_USER, str(uid), str(workshop.home), deed, env=environ)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _give(workshop: Workshop, uid: int) -> None:
    for each in [workshop.home, *workshop.home.rglob("*")]:
        os.chown(each, uid, uid, follow_symlinks=False)


def _owners(workshop: Workshop) -> set[int]:
    return {each.lstat().st_uid for each in [workshop.home, *workshop.home.rglob("*")]}


def test_as_root_in_someone_s_home_everything_made_belongs_to_the_owner(commons: Workshop) -> None:
    loki = commons.open()
    issued = loki.tokens.generate("ci-bot")
    loki.authenticate(issued.secret.reveal())
    loki.tokens.rotate("ci-bot")
    loki.tokens.revoke("ci-bot")
    loki.close()
    assert _owners(commons) == {ALICE}
    assert (commons.dashboard / "tokens.json.bak").exists()


def test_what_root_made_for_the_owner_the_owner_can_go_on_with(
    commons: Workshop, child_environ: dict[str, str]
) -> None:
    commons.open().tokens.generate("ci-bot")
    commons.close()
    assert _do_as(commons, ALICE, "list", child_environ) == "['ci-bot']"
    assert _do_as(commons, ALICE, "generate", child_environ) == "made"
    assert _do_as(commons, ALICE, "revoke", child_environ) == "['written']"
    assert [token.name for token in commons.open().tokens.list()] == ["by-user"]


def test_an_ordinary_user_is_refused_a_directory_of_someone_else(
    commons: Workshop, child_environ: dict[str, str]
) -> None:
    commons.open().tokens.generate("ci-bot")
    commons.close()
    _give(commons, MALLORY)
    os.chown(commons.home.parent, ALICE, ALICE)
    for each in (commons.home, commons.dashboard):
        each.chmod(0o755)
    answer = _do_as(commons, ALICE, "list", child_environ)
    assert answer.startswith("foreign_owner | ")
    assert f"uid {MALLORY}" in answer


@pytest.mark.parametrize("name", ["tokens.json", "revoked.log", ".tokens.lock"])
def test_a_planted_file_of_someone_else_in_our_directory_is_refused(
    commons: Workshop, child_environ: dict[str, str], name: str
) -> None:
    loki = commons.open()
    loki.tokens.generate("ci-bot")
    loki.tokens.generate("other")
    loki.tokens.revoke("other")
    loki.close()
    planted = commons.dashboard / name
    os.chown(planted, MALLORY, MALLORY)
    planted.chmod(0o644)
    before = planted.read_bytes()
    answer = _do_as(commons, ALICE, "generate", child_environ)
    assert answer.split(" | ")[0] in {"foreign_owner", "storage_failed"}
    assert str(planted) in answer or str(commons.dashboard) in answer
    assert planted.read_bytes() == before
    with refuses("foreign_owner"):
        commons.open().tokens.generate("as-root")


def test_root_refuses_a_planted_file_of_a_third_user(commons: Workshop) -> None:
    commons.write(make_store_document(make_peer_record("ci-bot", make_peer_secret())))
    _give(commons, ALICE)
    os.chown(commons.file, MALLORY, MALLORY)
    with refuses("foreign_owner") as caught:
        commons.open().tokens.list()
    assert f"uid {MALLORY}" in caught.value.message


@pytest.mark.parametrize("name", [".tokens.lock", "revoked.log", "audit/.audit.lock"])
def test_root_does_not_write_to_or_give_away_a_file_of_its_own_linked_into_someone_s_directory(
    commons: Workshop, name: str
) -> None:
    """Alice links an empty file of root's (where links are not protected): it must not become hers."""
    loki = commons.open()
    loki.tokens.generate("ci-bot")
    roots = commons.home.parent.parent / "roots-own"
    roots.touch(mode=0o644)
    planted = commons.dashboard / name
    planted.unlink(missing_ok=True)
    os.link(roots, planted)
    if name == "revoked.log":
        loki.tokens.revoke("ci-bot")
    else:
        with pytest.raises(LokiError, match="another name"):
            loki.tokens.generate("other")
    assert roots.stat().st_uid == 0
    assert roots.stat().st_size == 0


def test_a_directory_nobody_may_enter_is_an_error_with_a_remedy(
    commons: Workshop, child_environ: dict[str, str]
) -> None:
    commons.open().tokens.generate("ci-bot")
    commons.close()
    os.chown(commons.home, 0, 0)
    commons.home.chmod(0o700)
    answer = _do_as(commons, ALICE, "list", child_environ)
    assert answer.startswith("storage_failed | ")
    assert "Permission denied | run as the owner" in answer


def test_a_directory_that_cannot_be_written_refuses_to_generate_before_anything_is_logged(
    commons: Workshop, child_environ: dict[str, str]
) -> None:
    commons.open().tokens.generate("ci-bot")
    commons.close()
    lines = len(commons.log())
    commons.dashboard.chmod(0o500)
    answer = _do_as(commons, ALICE, "generate", child_environ)
    assert answer.startswith("storage_failed | ")
    assert len(commons.log()) == lines
