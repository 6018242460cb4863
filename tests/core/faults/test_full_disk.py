"""Disks that are really full or read-only, and limits that are really reached."""

from __future__ import annotations

import functools
import hashlib
import os
import resource
import time
from pathlib import Path
from typing import Any

from loki_core import IssuedToken, Loki
from loki_core.minting import Draft
from tests.core.faults.family import Child, Line, ask_child, find_refusal, open_home, run_alone
from tests.core.faults.mounts import begin_private_mounts, fill, mount_tmpfs, remount, require_mounts
from tests.core.faults.peer import find_leftovers, find_logged, read_chain, read_tokens


def _digest(home: Path) -> str:
    return hashlib.sha256((home / ".loki/dashboard/tokens.json").read_bytes()).hexdigest()


def _accepts(home: Path, secret: str) -> bool:
    with open_home(home) as loki:
        return not find_refusal(lambda: loki.authenticate(secret))


def _try_both(home: Path, loki: Loki, draft: Draft, kept: str, doomed: IssuedToken) -> list[str]:
    """Generate and revoke where that may fail, and return what is wrong afterwards."""
    wrong = []
    before = _digest(home)
    refused = find_refusal(lambda: loki.tokens.commit(draft))
    if refused and _digest(home) != before:
        wrong.append("a refused create changed the store")
    if ask_child(functools.partial(_accepts, home, draft.secret.reveal())) == bool(refused):
        wrong.append(f"a create ended with {refused or 'success'}, and its token says otherwise")
    before = _digest(home)
    revoked = not (why := find_refusal(lambda: loki.tokens.revoke(doomed.token.id)))
    if not revoked and _digest(home) != before:
        wrong.append("a refused revocation changed the store")
    if ask_child(functools.partial(_accepts, home, doomed.secret.reveal())) == revoked:
        wrong.append(f"a revocation ended with {why or 'success'}, and its token says otherwise")
    if revoked and not find_refusal(lambda: loki.authenticate(doomed.secret.reveal())):
        wrong.append("a revoked token verifies in the process that revoked it")
    if find_refusal(lambda: loki.authenticate(kept)):
        wrong.append("verification stopped")
    return wrong


def wait_for_entry(home: Path, loki: Loki, token_id: str) -> bool:
    """Look at the tokens until the entry about a revocation is in the log; one that waits is tried now and then."""
    until = time.monotonic() + 10
    while token_id not in find_logged(read_chain(home), "auth.token.revoke"):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
        loki.tokens.list()
    return True


def fill_the_disk(home: str, most_pages: int) -> dict[str, Any]:
    """Fill a real file system up to its last pages, and write on it."""
    begin_private_mounts()
    place = Path(home)
    mount_tmpfs(place, 1024)
    wrong, refusals = [], 0

    def work(pages: int, line: Line) -> None:
        with open_home(home) as loki:
            kept = loki.tokens.generate("kept").secret.reveal()
            doomed = loki.tokens.generate("doomed")
            for number in range(20):  # the files are larger than a page or two
                loki.tokens.generate(f"ballast-{number}")
            loki.authenticate(kept)
            draft = loki.tokens.prepare("new")
            filler = fill(place, pages_left=pages)
            found = _try_both(place, loki, draft, kept, doomed)
            filler.unlink()
            revoked = not ask_child(functools.partial(_accepts, place, doomed.secret.reveal()))
            logged = revoked and wait_for_entry(place, loki, doomed.token.id)
            again = find_refusal(lambda: loki.tokens.generate("afterwards"))
            if again or find_leftovers(place):
                found.append(f"with space again: {again or find_leftovers(place)}")
            if revoked != logged:
                found.append("the entry of a revocation never arrived")
            refused = all(raw["name"] != "new" for raw in read_tokens(place).values())
            line.say(found, refused)

    for pages in range(most_pages):
        with Child(functools.partial(work, pages)) as child:
            found, refused = child.hear() or [["it broke off"], False]
            wrong += [f"{pages} pages left: {each}" for each in found]
            refusals += refused
        for name in (place / ".loki/dashboard/audit").iterdir():
            name.unlink()
        for name in (place / ".loki/dashboard").iterdir():
            if name.is_file():
                name.unlink()
    return {"levels": most_pages, "refused": refusals, "wrong": wrong}


def test_a_disk_that_is_really_full_leaves_the_state_before_and_verification_goes_on(
    child_environ: dict[str, str],
) -> None:
    require_mounts()
    figures = run_alone(fill_the_disk, child_environ["HOME"], 8, environ=child_environ)
    print(figures)
    assert figures["wrong"] == []
    assert 0 < figures["refused"] < figures["levels"], "the levels do not reach from full to not full"


def remount_the_disk(home: str) -> dict[str, Any]:
    """Make a real file system read-only under an open process, and writable again."""
    begin_private_mounts()
    place = Path(home)
    mount_tmpfs(place, 1024)
    with open_home(home) as loki:
        kept = loki.tokens.generate("kept").secret.reveal()
        doomed = loki.tokens.generate("doomed")
        draft = loki.tokens.prepare("new")
        remount(place, "ro")
        before = _digest(place)
        found = _try_both(place, loki, draft, kept, doomed)
        unchanged = _digest(place) == before
        fresh = ask_child(functools.partial(_accepts, place, kept))
        remount(place, "rw")
        again = find_refusal(lambda: loki.tokens.generate("afterwards"))
        loki.tokens.revoke("doomed")
    read_chain(place)
    return {"wrong": found, "unchanged": unchanged, "fresh_process_verifies": fresh, "again": again}


def test_a_disk_that_is_read_only_changes_nothing_and_verification_goes_on(child_environ: dict[str, str]) -> None:
    require_mounts()
    figures = run_alone(remount_the_disk, child_environ["HOME"], environ=child_environ)
    assert figures == {"wrong": [], "unchanged": True, "fresh_process_verifies": True, "again": ""}


def reach_a_limit(home: str, kind: str) -> dict[str, Any]:
    """Generate and revoke under each value of a limit of the process, from nothing to enough."""
    place = Path(home)
    limit = resource.RLIMIT_NOFILE if kind == "descriptors" else resource.RLIMIT_FSIZE
    with open_home(home) as loki:
        kept = loki.tokens.generate("kept").secret.reveal()
        for number in range(5):
            loki.tokens.generate(f"ballast-{number}")
        # One descriptor after the other; a file's size in steps that end in the middle of each of the files.
        used = max(map(int, os.listdir("/proc/self/fd"))) + 1
        size = (place / ".loki/dashboard/tokens.json").stat().st_size
        values = range(3, used + 12) if kind == "descriptors" else [*range(0, 8 * size, size // 3), 1 << 20]
        outcomes, wrong = [], []
        hard = resource.getrlimit(limit)[1]
        for value in values:
            draft, doomed = loki.tokens.prepare(f"new-{value}"), loki.tokens.generate(f"doomed-{value}")
            time.sleep(0.05)
            loki.authenticate(kept)
            before = _digest(place)
            resource.setrlimit(limit, (value, hard))
            verified = find_refusal(lambda: loki.authenticate(kept))
            made = find_refusal(functools.partial(loki.tokens.commit, draft))
            resource.setrlimit(limit, (hard, hard))
            if made and _digest(place) != before:
                wrong.append(f"{value}: a refused create changed the store")
            if ask_child(functools.partial(_accepts, place, draft.secret.reveal())) == bool(made):
                wrong.append(f"{value}: a create ended with {made or 'success'}, and its token says otherwise")
            resource.setrlimit(limit, (value, hard))
            gone = find_refusal(functools.partial(loki.tokens.revoke, doomed.token.id))
            resource.setrlimit(limit, (hard, hard))
            if ask_child(functools.partial(_accepts, place, doomed.secret.reveal())) != bool(gone):
                wrong.append(f"{value}: a revocation ended with {gone or 'success'}, and its token says otherwise")
            if verified:
                wrong.append(f"{value}: verification stopped: {verified}")
            outcomes.append(made)
        again = find_refusal(lambda: loki.tokens.generate("afterwards"))
    read_chain(place)
    return {"wrong": wrong, "first": outcomes[0], "last": outcomes[-1], "again": again, "left": find_leftovers(place)}


def test_running_out_of_descriptors_leaves_the_state_before_and_verification_goes_on(
    child_environ: dict[str, str],
) -> None:
    figures = run_alone(reach_a_limit, child_environ["HOME"], "descriptors", environ=child_environ)
    assert figures == {"wrong": [], "first": "storage_failed", "last": "", "again": "", "left": []}


def test_a_limit_on_the_size_of_files_leaves_the_state_before_and_verification_goes_on(
    child_environ: dict[str, str],
) -> None:
    figures = run_alone(reach_a_limit, child_environ["HOME"], "size", environ=child_environ)
    assert figures == {"wrong": [], "first": "audit_unavailable", "last": "", "again": "", "left": []}
