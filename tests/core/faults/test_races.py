"""An attacker who swaps the store, its directory or the directory above as fast as it can.

The swap is one call (renameat2, RENAME_EXCHANGE), so that there is no moment without a file.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.core.faults.family import Child, Line, ask_child, find_refusal, open_home, run_alone
from tests.core.faults.peer import read_tokens

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are exchanged in one call on Linux alone")
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def _generate(home: str, name: str) -> str:
    with open_home(home) as loki:
        return loki.tokens.generate(name).secret.reveal()


def _exchange(libc: ctypes.CDLL, one: Path, other: Path) -> None:
    libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)


def _flip_for_ever(target: str, bait: str, seconds: float, line: Line) -> None:
    """Exchange the target with a link to the bait, and back, again and again."""
    libc = ctypes.CDLL(None, use_errno=True)
    place, link = Path(target), Path(f"{target}.link")
    flips, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        if not link.is_symlink():
            shutil.rmtree(link) if link.is_dir() else link.unlink(missing_ok=True)
            link.symlink_to(bait)
        _exchange(libc, place, link)
        _exchange(libc, place, link)
        flips += 1
    line.say(flips)


def _verify_for_a_while(home: str, real: str, bait: str, seconds: float, line: Line) -> None:
    counts = {"real": 0, "bait": 0, "refused": 0}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with open_home(home) as loki:
            for _ in range(20):
                counts["bait"] += not find_refusal(functools.partial(loki.authenticate, bait))
                code = find_refusal(functools.partial(loki.authenticate, real))
                counts["real" if not code else "refused"] += 1
    line.say(counts)


def _write_for_a_while(home: str, me: int, seconds: float, line: Line) -> None:
    counts = {"done": 0, "refused": 0}
    until = time.monotonic() + seconds
    number = 0
    with open_home(home) as loki:
        while time.monotonic() < until:
            number += 1
            refused = find_refusal(functools.partial(loki.tokens.generate, f"writer-{me}-{number}"))
            counts["refused" if refused else "done"] += 1
    line.say(counts)


def _list_all(place: Path) -> dict[str, Any]:
    """Return every file below a directory with its inode and content."""
    return {
        str(file.relative_to(place)): [file.stat().st_ino, file.read_bytes().hex()]
        for file in sorted(place.rglob("*"))
        if file.is_file()
    }


def swap_under_them(home: str, bait_home: str, kind: str, seconds: float) -> dict[str, Any]:
    """Let verifiers and writers work while what they work on is swapped for a link to a bait."""
    for each in (home, bait_home):
        Path(each).mkdir(mode=0o700, parents=True, exist_ok=True)
    real = ask_child(lambda: _generate(home, "real"))
    bait = ask_child(lambda: _generate(bait_home, "bait"))
    before = _list_all(Path(bait_home))
    part = {"file": ".loki/dashboard/tokens.json", "directory": ".loki/dashboard", "above": ".loki"}[kind]
    flip = functools.partial(_flip_for_ever, str(Path(home, part)), str(Path(bait_home, part)), seconds)
    with ExitStack() as stack:
        children = [
            stack.enter_context(Child(functools.partial(_verify_for_a_while, home, real, bait, seconds))),
            stack.enter_context(Child(functools.partial(_verify_for_a_while, home, real, bait, seconds))),
            stack.enter_context(Child(functools.partial(_write_for_a_while, home, 1, seconds))),
            stack.enter_context(Child(functools.partial(_write_for_a_while, home, 2, seconds))),
            stack.enter_context(Child(flip)),
        ]
        said: list[Any] = [(child.hear() or [None])[0] for child in children]
        statuses = {child.wait() for child in children}
    tokens = {name: read_tokens(place) for name, place in (("home", home), ("bait", bait_home))}
    return {
        "statuses": sorted(statuses),
        "flips": said[4],
        "bait_accepted": said[0]["bait"] + said[1]["bait"],
        "real_accepted": said[0]["real"] + said[1]["real"],
        "refused": said[0]["refused"] + said[1]["refused"] + said[2]["refused"] + said[3]["refused"],
        "written": said[2]["done"] + said[3]["done"],
        "bait_changed": _list_all(Path(bait_home)) != before,
        "bait_in_home": any(raw["name"] == "bait" for raw in tokens["home"].values()),
        "real_in_bait": any(raw["name"] == "real" for raw in tokens["bait"].values()),
    }


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_a_link_swapped_in_is_never_read_as_a_store_nor_written_to(
    kind: str, child_environ: dict[str, str], tmp_path: Path
) -> None:
    """Threat: symlink and rename races."""
    bait = str(tmp_path / "bait")
    figures = run_alone(swap_under_them, child_environ["HOME"], bait, kind, 5.0, environ=child_environ)
    print(kind, json.dumps(figures))
    assert figures["statuses"] == [0]
    assert min(figures["flips"], figures["refused"], figures["real_accepted"]) > 0
    assert (figures["bait_accepted"], figures["bait_changed"], figures["bait_in_home"]) == (0, False, False)


def test_a_link_swapped_in_above_the_directory_never_mixes_two_stores(
    child_environ: dict[str, str], tmp_path: Path
) -> None:
    # A home's .loki may rightly be a link, so what it leads to is a store; but one transaction stays in one of them.
    bait = str(tmp_path / "bait")
    figures = run_alone(swap_under_them, child_environ["HOME"], bait, "above", 5.0, environ=child_environ)
    print("above", json.dumps(figures))
    assert figures["statuses"] == [0]
    assert min(figures["flips"], figures["written"]) > 0
    assert (figures["bait_in_home"], figures["real_in_bait"]) == (False, False)
