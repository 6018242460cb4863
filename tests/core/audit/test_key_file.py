"""The private key on disk: torn, replaced, erased, and what may lie in its place."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from loki_core.audit.heads import Head
from loki_core.audit.key_file import (
    KEY_NAME,
    NEXT_NAME,
    PeriodKey,
    adopt_next_key,
    dump_key,
    erase_key,
    load_key,
    note_head,
    parse_key,
    write_next_key,
)
from loki_core.disk.directory import PrivateDirectory
from loki_core.errors import StorageError
from tests.core.workshop import NOON

KEY = PeriodKey(number=7, period="2026-03-01", private_key="5a" * 32, public_key="b0" * 32)
HEAD = Head(
    number=12,
    count=345,
    last_hash="ab" * 32,
    period="2026-03-01",
    at=NOON,
    marks_digest="cd" * 32,
    signature="ef" * 64,
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(place: Path) -> Iterator[PrivateDirectory]:
    with PrivateDirectory.open(str(place), create=True) as directory:
        yield directory


def _begin(keys: PrivateDirectory, key: PeriodKey = KEY) -> None:
    write_next_key(keys, key)
    adopt_next_key(keys)


def test_a_key_that_was_written_and_adopted_is_read_back(keys: PrivateDirectory, place: Path) -> None:
    assert load_key(keys) is None
    _begin(keys)
    assert load_key(keys) == KEY
    assert os.listdir(place) == [KEY_NAME]


def test_the_file_is_one_json_object_that_also_names_the_newest_head(keys: PrivateDirectory, place: Path) -> None:
    _begin(keys)
    note_head(keys, replace(KEY, head=HEAD))
    assert json.loads((place / KEY_NAME).read_bytes()) == {
        "number": 7,
        "period": "2026-03-01",
        "public_key": "b0" * 32,
        "private_key": "5a" * 32,
        "head": HEAD.dump(with_marks=False),
    }
    assert load_key(keys) == replace(KEY, head=HEAD)


def test_no_repr_shows_the_private_key() -> None:
    assert KEY.private_key not in repr(KEY) + str(KEY) + f"{KEY}"


def test_noting_a_head_leaves_the_sector_with_the_key_alone(keys: PrivateDirectory, place: Path) -> None:
    _begin(keys)
    before = (place / KEY_NAME).stat().st_ino, (place / KEY_NAME).read_bytes()[:512]
    for number in range(3):
        note_head(keys, replace(KEY, head=replace(HEAD, number=10**number)))
    assert ((place / KEY_NAME).stat().st_ino, (place / KEY_NAME).read_bytes()[:512]) == before
    assert len(dump_key(replace(KEY, number=10**9, head=replace(HEAD, number=10**12, count=10**12)))) == 1024


@pytest.mark.parametrize("torn", [b"\0" * 512, b"", b', "head": {"number": 12, "cou', b"\xff" * 512])
def test_a_head_torn_by_a_power_failure_does_not_take_the_key_with_it(
    keys: PrivateDirectory, place: Path, torn: bytes
) -> None:
    _begin(keys)
    (place / KEY_NAME).write_bytes(dump_key(KEY)[:512] + torn)
    assert load_key(keys) == KEY
    note_head(keys, replace(KEY, head=HEAD))
    assert load_key(keys) == replace(KEY, head=HEAD)


def test_a_file_laid_out_in_another_way_is_read_and_goes_on_as_ours(keys: PrivateDirectory, place: Path) -> None:
    _begin(keys)
    (place / KEY_NAME).write_text(json.dumps(json.loads(dump_key(replace(KEY, head=HEAD))), indent=8))
    assert load_key(keys) == replace(KEY, head=HEAD)
    note_head(keys, replace(KEY, head=HEAD))
    assert (place / KEY_NAME).read_bytes() == dump_key(replace(KEY, head=HEAD))


MEANINGLESS = {
    "nothing": b"",
    "zeros": bytes(1024),
    "half a key": dump_key(KEY)[:150],
    "a list": b"[]",
    "deep nesting": b"[" * 100_000,
    "another period": dump_key(KEY).replace(b"2026-03-01", b"yesterday!"),
    "a short key": dump_key(KEY).replace(b"5a5a", b"5a", 1),
    "no number": dump_key(KEY).replace(b'"number": 7', b'"number": 0'),
    "a number that is true": dump_key(KEY).replace(b'"number": 7', b'"number": true'),
    "Latin-1": b"\xe4" * 600,
}


@pytest.mark.parametrize("content", MEANINGLESS.values(), ids=MEANINGLESS)
def test_what_holds_no_key_is_taken_for_none(keys: PrivateDirectory, place: Path, content: bytes) -> None:
    assert parse_key(content) is None
    _begin(keys)
    (place / KEY_NAME).write_bytes(content)
    assert load_key(keys) is None
    _begin(keys)
    assert load_key(keys) == KEY


@pytest.mark.parametrize("name", [KEY_NAME, NEXT_NAME])
def test_the_bytes_of_a_replaced_or_dropped_key_are_overwritten_where_they_were(
    keys: PrivateDirectory, place: Path, tmp_path: Path, name: str
) -> None:
    _begin(keys)
    if name == NEXT_NAME:
        write_next_key(keys, KEY)
    os.link(place / name, tmp_path / "another name of the old file")
    if name == KEY_NAME:
        _begin(keys, replace(KEY, number=8, private_key="77" * 32))
    else:
        erase_key(keys, NEXT_NAME)
    old = tmp_path / "another name of the old file"
    assert KEY.private_key.encode() not in old.read_bytes()
    assert json.loads(old.read_bytes())["private_key"] == "0" * 64
    assert os.listdir(place) == [KEY_NAME]


def test_a_half_written_next_key_is_overwritten_whole(keys: PrivateDirectory, place: Path, tmp_path: Path) -> None:
    (place / NEXT_NAME).write_bytes(dump_key(KEY)[:170])
    (place / NEXT_NAME).chmod(0o600)
    os.link(place / NEXT_NAME, tmp_path / "old")
    write_next_key(keys, replace(KEY, number=8))
    assert (tmp_path / "old").read_bytes() == bytes(170)


def test_key_and_directory_are_private_whatever_the_umask_and_stay_so(place: Path) -> None:
    before = os.umask(0)
    try:
        with PrivateDirectory.open(str(place), create=True) as keys:
            _begin(keys)
            assert stat.S_IMODE((place / KEY_NAME).stat().st_mode) == 0o600
            (place / KEY_NAME).chmod(0o644)
            note_head(keys, replace(KEY, head=HEAD))
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / KEY_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def _link(file: Path, aside: Path) -> None:
    aside.write_bytes(dump_key(KEY))
    aside.chmod(0o600)
    file.symlink_to(aside)


@pytest.mark.parametrize("name", [KEY_NAME, NEXT_NAME])
@pytest.mark.parametrize(
    "plant",
    [_link, lambda file, _: os.mkfifo(file, 0o600), lambda file, _: file.mkdir()],
    ids=["a link", "a FIFO", "a directory"],
)
def test_what_stands_in_for_a_key_is_refused_and_left_alone(
    keys: PrivateDirectory, place: Path, tmp_path: Path, name: str, plant: Callable[[Path, Path], object]
) -> None:
    if name == NEXT_NAME:
        _begin(keys)
    plant(place / name, tmp_path / "aside")
    deeds: list[Callable[[], object]] = [lambda: load_key(keys, name), lambda: _begin(keys)]
    for deed in deeds:
        with pytest.raises(StorageError) as caught:
            deed()
        assert str(place / name) in caught.value.message
        assert KEY.private_key not in str(caught.value)
    aside = tmp_path / "aside"
    assert not aside.exists() or aside.read_bytes() == dump_key(KEY)
