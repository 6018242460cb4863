"""A log that cannot be written: nothing is granted, everything can be taken away, and the entry arrives later."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loki_core import AuditUnavailable
from loki_core.audit.events import AuditEntry, AuditEvent
from loki_core.audit.file_log import FileLog
from tests.core.faults.family import Child, Line, ask_child, find_refusal, open_home, run_alone
from tests.core.faults.mounts import begin_private_mounts, fill, mount_tmpfs, remount, require_mounts
from tests.core.faults.peer import find_logged, read_chain, read_tokens
from tests.core.workshop import NOON, check_chain

NOBODY = 65534
ENTRY = AuditEntry(timestamp=NOON, event=AuditEvent.TOKEN_CREATE, user_id="os:alice", resource_id="tok-1")
KINDS = (
    "symlink",
    "dangling symlink",
    "pipe",
    "file",
    "forbidden",
    "day file is a pipe",
    "lock is a directory",
    "read-only",
    "full",
)
MOUNTED = {"read-only", "full"}


@pytest.fixture
def open_ground() -> Iterator[Path]:
    """A directory that every user can reach, which pytest's own is not."""
    place = Path(tempfile.mkdtemp(prefix="loki-faults-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def _spoil(audit: Path, kind: str) -> None:
    """Make the log's directory unusable; the log itself is kept aside."""
    if kind == "forbidden":
        audit.chmod(0o500)
        for file in audit.iterdir():
            file.chmod(0o400)
        return
    if kind == "full":
        fill(audit)
        return
    if kind == "read-only":
        remount(audit, "ro")
        return
    if kind == "lock is a directory":
        (audit / ".audit.lock").unlink()
        (audit / ".audit.lock").mkdir()
        return
    if kind == "day file is a pipe":
        (day,) = audit.glob("audit-*.jsonl")
        day.rename(audit / "aside")
        os.mkfifo(day, 0o600)
        os.chown(day, *_find_owner(audit))
        return
    aside = audit.with_name("aside")
    audit.rename(aside)
    if kind == "pipe":
        os.mkfifo(audit, 0o700)
    elif kind == "file":
        audit.touch(0o600)
    else:
        audit.symlink_to(aside if kind == "symlink" else audit.with_name("nowhere"))


def _mend(audit: Path, kind: str) -> None:
    if kind == "forbidden":
        audit.chmod(0o700)
        for file in audit.iterdir():
            file.chmod(0o600)
    elif kind == "full":
        (audit / "filler").unlink()
    elif kind == "read-only":
        remount(audit, "rw")
    elif kind == "lock is a directory":
        (audit / ".audit.lock").rmdir()
    elif kind == "day file is a pipe":
        (day,) = audit.glob("audit-*.jsonl")
        (audit / "aside").rename(day)
    else:
        audit.unlink()
        audit.with_name("aside").rename(audit)


def _find_owner(place: Path) -> tuple[int, int]:
    status = place.stat()
    return status.st_uid, status.st_gid


def _accepts(home: str, secret: str) -> bool:
    with open_home(home) as loki:
        return not find_refusal(lambda: loki.authenticate(secret))


def _revoke_without_a_log(home: str, line: Line) -> None:
    with open_home(home) as loki:
        doomed, kept = loki.tokens.generate("doomed"), loki.tokens.generate("kept")
        (log,) = Path(home, ".loki/dashboard/audit").glob("audit-*.jsonl")
        for number in range(500):
            if os.sysconf("SC_PAGE_SIZE") - log.stat().st_size % os.sysconf("SC_PAGE_SIZE") < 350:
                break  # a full disk has no room in the log's last page either
            loki.tokens.generate(f"ballast-{number}")
        draft = loki.tokens.prepare("new")
        line.say(doomed.token.id, doomed.secret.reveal(), kept.secret.reveal())
        line.hear()
        refused = [
            find_refusal(lambda: loki.tokens.commit(draft)),
            find_refusal(lambda: loki.tokens.generate("newer")),
            find_refusal(lambda: loki.tokens.rotate("kept")),
        ]
        line.say(refused)
        line.hear()
        audit = loki.tokens.revoke("doomed")[0].audit
        after = [find_refusal(functools.partial(loki.authenticate, each.secret.reveal())) for each in (doomed, kept)]
        loki.tokens.list()
        line.say(audit, after, find_refusal(lambda: loki.tokens.delete("doomed")))
        line.hear()
        while doomed.token.id not in find_logged(read_chain(home), "auth.token.revoke"):
            loki.tokens.list()
            time.sleep(0.05)
        line.say("arrived", find_refusal(lambda: loki.tokens.generate("afterwards")))


def _look(home: str) -> str:
    with open_home(home) as loki:
        loki.tokens.list()
        return find_refusal(lambda: loki.tokens.generate("afterwards"))


def lose_the_log(home: str, kind: str, mender: str) -> dict[str, Any]:
    """Spoil the log, try to grant, revoke, mend the log, and wait for the entry."""
    place = Path(home)
    place.mkdir(mode=0o700)
    user = NOBODY if os.geteuid() == 0 and kind == "forbidden" else 0
    if user:
        with tempfile.TemporaryDirectory() as warm:  # what is imported late cannot be imported by that user
            _look(warm)
        os.chown(place, user, user)
    audit, store = place / ".loki/dashboard/audit", place / ".loki/dashboard/tokens.json"
    if kind in MOUNTED:
        begin_private_mounts()
        audit.parent.mkdir(mode=0o700, parents=True)
        mount_tmpfs(audit, 256)
    with Child(lambda line: _revoke_without_a_log(home, line), user=user) as child:
        token_id, doomed, kept = child.hear() or []
        before = store.read_bytes()
        _spoil(audit, kind)
        child.say("spoilt")
        (refused,) = child.hear() or [[]]
        identical = store.read_bytes() == before
        child.say("go on")
        delivery, after, deleted = child.hear() or []
        fresh = ask_child(lambda: [_accepts(home, doomed), _accepts(home, kept)], user=user)
        _mend(audit, kind)
        if mender == "another process":
            child.kill()
            child.wait()
            last = ask_child(lambda: _look(home), user=user)
        else:
            child.say("mended")
            last = (child.hear() or ["", "it broke off"])[1]
    return {
        "refused": refused,
        "identical": identical,
        "delivery": delivery,
        "after": after,
        "fresh": fresh,
        "deleted": deleted,
        "last": last,
        "entries": find_logged(read_chain(home), "auth.token.revoke").count(token_id),
        "new": sorted({raw["name"] for raw in read_tokens(home).values()} & {"new", "newer", "afterwards"}),
    }


@pytest.mark.parametrize("mender", ["the same process", "another process"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_a_log_a_grant_is_refused_and_a_revocation_done_and_logged_once_when_it_is_mended(
    kind: str, mender: str, open_ground: Path, child_environ: dict[str, str]
) -> None:
    if kind in MOUNTED:
        require_mounts()
    figures = run_alone(lose_the_log, str(open_ground / "home"), kind, mender, environ=child_environ)
    assert figures == {
        "refused": ["audit_unavailable"] * 3,
        "identical": True,
        "delivery": "pending",
        "after": ["token_revoked", ""],
        "fresh": [False, True],
        "deleted": "audit_unavailable",
        "last": "",
        "entries": 1,
        "new": ["afterwards"],
    }


def fill_where_nothing_can_be_renamed(ground: str) -> list[int]:
    """Append to a full file in a directory that its owner made read-only; return how many lines each file holds."""
    user = NOBODY if os.geteuid() == 0 else 0
    place = Path(ground, "audit")

    def append() -> list[int]:
        log = FileLog(str(place), max_file_size=0.001)
        for _ in range(4):
            log.record(ENTRY)
        place.chmod(0o500)
        for number in range(4):
            log.record(ENTRY, durable=number % 2 == 0)
        place.chmod(0o700)
        log.record(ENTRY)
        return [len(file.read_bytes().splitlines()) for file in sorted(place.glob("audit-*.jsonl"))]

    FileLog(ground + "/warm").record(ENTRY)  # what is imported late cannot be imported by that user
    os.chown(ground, user, user)
    lines: list[int] = ask_child(append, user=user)
    return lines


def test_a_full_file_that_cannot_be_set_aside_is_filled_on(open_ground: Path, child_environ: dict[str, str]) -> None:
    assert run_alone(fill_where_nothing_can_be_renamed, str(open_ground), environ=child_environ) == [3, 5, 1]


def crowd_a_full_disk(home: str, threads: int) -> dict[str, Any]:
    """Let threads append together while the disk fills up, is full, and has room again."""
    begin_private_mounts()
    place = Path(home, "audit")
    mount_tmpfs(place, 2048)  # room for every entry, once the filler is gone
    log = FileLog(str(place))
    log.record(ENTRY)
    filler = fill(place, pages_left=8)
    acknowledged: list[int] = []
    refused: list[int] = []

    def work(me: int) -> None:
        for number in range(me, threads * 20, threads):
            entry = replace(ENTRY, details={"number": number, "filler": "x" * (number % 7 * 300)})
            try:
                log.record_all([entry, replace(entry, error="second")], durable=number % 3 > 0)
            except AuditUnavailable:
                refused.append(number)
            else:
                acknowledged.append(number)
            if number >= threads * 19:
                filler.unlink(missing_ok=True)

    crowd = [threading.Thread(target=work, args=(me,)) for me in range(threads)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    log.record(ENTRY)
    log.close()
    numbers = [entry["details"]["number"] for entry in check_chain(place) if "number" in entry["details"]]
    return {
        "refused": len(refused),
        "acknowledged": len(acknowledged),
        "wrong": sorted(set(acknowledged) ^ set(numbers)),
        "halves": [number for number in set(numbers) if numbers.count(number) != 2],
    }


def test_of_threads_that_append_together_on_a_disk_that_fills_up_each_learns_what_became_of_its_own(
    tmp_path: Path, child_environ: dict[str, str]
) -> None:
    require_mounts()
    figures = run_alone(crowd_a_full_disk, str(tmp_path), 16, environ=child_environ)
    print(figures)
    assert figures.pop("refused") > 10
    assert figures.pop("acknowledged") > 10
    assert figures == {"wrong": [], "halves": []}
