"""Modes, links and paths: what is private stays so, and looking makes nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

import loki_core
from tests.core.workshop import Workshop, is_root, make_peer_record, make_peer_secret, make_store_document, refuses


def test_every_file_and_directory_is_private_whatever_the_umask(workshop: Workshop) -> None:
    before = os.umask(0)
    try:
        loki = workshop.open()
        issued = loki.tokens.generate("ci-bot")
        loki.authenticate(issued.secret.reveal())
        loki.tokens.rotate("ci-bot")
        loki.tokens.revoke("ci-bot")
        loki.close()
    finally:
        os.umask(before)
    found = [workshop.home, *workshop.home.rglob("*")]
    assert {"tokens.json", "tokens.json.bak", "revoked.log", "usage.jsonl", ".tokens.lock", "audit"} <= {
        each.name for each in found
    }
    for each in found:
        assert stat.S_IMODE(each.lstat().st_mode) == (0o700 if each.is_dir() else 0o600), each


def test_a_umask_that_takes_everything_takes_nothing_from_us(workshop: Workshop) -> None:
    workshop.home.mkdir(mode=0o700)
    before = os.umask(0o777)
    try:
        loki = workshop.open()
        loki.tokens.generate("one")
        loki.tokens.generate("two")
    finally:
        os.umask(before)
    assert stat.S_IMODE(workshop.file.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused_and_left_untouched(workshop: Workshop, mode: int) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    workshop.file.chmod(mode)
    for call in (lambda: loki.authenticate(issued.secret.reveal()), lambda: loki.tokens.generate("other")):
        with refuses("writable_by_others") as caught:
            call()
        assert "chmod 600" in caught.value.remedy
    assert stat.S_IMODE(workshop.file.stat().st_mode) == mode


@pytest.mark.parametrize("name", ["revoked.log", ".tokens.lock"])
def test_a_log_or_lock_that_others_can_write_is_refused(workshop: Workshop, name: str) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    loki.tokens.revoke("ci-bot")
    (workshop.dashboard / name).chmod(0o666)
    with refuses("writable_by_others"):
        loki.tokens.generate("other")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_tightened_at_the_next_write_with_its_copy_and_audited(
    workshop: Workshop, mode: int
) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    workshop.file.chmod(mode)
    assert "mode_loose" in {finding.code for finding in loki.health()}
    loki.tokens.generate("other")
    assert stat.S_IMODE(workshop.file.stat().st_mode) == 0o600
    assert stat.S_IMODE((workshop.dashboard / "tokens.json.bak").stat().st_mode) == 0o600
    repaired = [entry for entry in workshop.log() if entry["event"] == "store.repaired"]
    assert [entry["details"]["code"] for entry in repaired] == ["mode_tightened"]
    assert f"{mode:04o}" in repaired[0]["details"]["message"]


def test_a_directory_that_others_can_write_is_refused_for_reading_and_tightened_by_a_revocation(
    workshop: Workshop,
) -> None:
    loki = workshop.open()
    issued = loki.tokens.generate("ci-bot")
    workshop.dashboard.chmod(0o777)
    os.utime(workshop.file)
    with refuses("writable_by_others"):
        loki.tokens.list()
    loki.tokens.revoke(issued.token.id)
    assert stat.S_IMODE(workshop.dashboard.stat().st_mode) == 0o700
    assert loki.tokens.list() == ()


def test_a_directory_that_others_can_enter_is_reported_and_tightened_at_the_next_write(workshop: Workshop) -> None:
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret())))
    workshop.dashboard.chmod(0o755)
    loki = workshop.open()
    assert [token.name for token in loki.tokens.list()] == ["ci-bot"]
    assert "mode_loose" in {finding.code for finding in loki.health()}
    loki.tokens.generate("other")
    assert stat.S_IMODE(workshop.dashboard.stat().st_mode) == 0o700


def test_a_directory_as_the_umask_002_of_private_groups_makes_it_is_taken(workshop: Workshop) -> None:
    """Loki Mode under Ubuntu's default leaves mode 0775, and the group has no other member."""
    if not is_root():
        pytest.skip("needs a user whose private group is known: root")
    workshop.write(make_store_document(make_peer_record("ci-bot", make_peer_secret())))
    workshop.dashboard.chmod(0o775)
    assert len(workshop.open().tokens.list()) == 1
    os.chown(workshop.dashboard, 0, 54_321)
    os.utime(workshop.file)
    with refuses("writable_by_others"):
        workshop.open().tokens.list()


def test_a_second_name_of_the_store_is_a_warning_and_gone_after_the_next_write(
    workshop: Workshop, tmp_path: Path
) -> None:
    loki = workshop.open()
    loki.tokens.generate("ci-bot")
    os.link(workshop.file, tmp_path / "second")
    warning = next(finding for finding in loki.health() if finding.code == "hard_link")
    assert warning.severity == "warning"
    assert len(loki.tokens.list()) == 1
    loki.tokens.generate("other")
    assert "hard_link" not in {finding.code for finding in loki.health()}


def test_opening_looking_and_drafting_create_nothing(workshop: Workshop) -> None:
    loki = workshop.open()
    assert loki.tokens.list() == ()
    assert loki.tokens.summary().total == 0
    loki.tokens.preview("ci-bot")
    loki.tokens.prepare("ci-bot")
    loki.health()
    loki.revision()
    with refuses("not_found"):
        loki.tokens.get("ci-bot")
    assert not workshop.home.exists()


def test_a_relative_path_is_taken_from_where_the_process_was_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loki_core.settings import Settings

    monkeypatch.chdir(tmp_path)
    with loki_core.open(Settings(home=Path("rel")), environ={}) as loki:
        loki.tokens.preview("ci-bot")
        loki.tokens.generate("ci-bot")
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path / "sub")
        assert len(loki.tokens.list()) == 1
    assert (tmp_path / "rel" / "dashboard" / "audit").is_dir()
