"""Files that are no token store: refused by name, with the remedy, and left untouched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loki_core.errors import StorageError
from tests.core.workshop import Workshop, make_peer_secret, refuses


def _names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


BROKEN_FILES = {
    "zero bytes": b"",
    "cut short": b'{"version": "1.0", "tokens": {"tok-1": {"na',
    "a list": b"[]",
    "null": b"null",
    "UTF-16": '{"tokens": {}}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"tokens": {}}',
    "zeros": bytes(1 << 16),
    "NaN": b'{"tokens": {}, "x": NaN}',
    "deep nesting": b"[" * 100_000,
    "a huge integer": b'{"tokens": {}, "x": ' + b"1" * 10_000 + b"}",
}


@pytest.mark.parametrize("content", BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_a_file_that_does_not_parse_is_an_error_and_never_an_empty_store(workshop: Workshop, content: bytes) -> None:
    workshop.write(content)
    names = _names(workshop.dashboard)
    loki = workshop.open()
    for call in (
        lambda: loki.tokens.list(),
        lambda: loki.authenticate(make_peer_secret()),
        lambda: loki.tokens.preview("ci-bot"),
        lambda: loki.tokens.generate("ci-bot"),
        lambda: loki.tokens.rotate("ci-bot"),
        lambda: loki.tokens.delete("ci-bot"),
    ):
        with refuses("store_corrupt") as caught:
            call()
        assert str(workshop.file) in caught.value.message
        assert "tokens.json.bak" in caught.value.remedy
    assert workshop.file.read_bytes() == content
    assert set(_names(workshop.dashboard)) - {".tokens.lock"} == set(names)
    assert loki.health()[0].code == "store_corrupt"


def test_200_megabytes_of_nothing_are_refused(workshop: Workshop) -> None:
    workshop.write(b"")
    os.truncate(workshop.file, 200 << 20)
    with refuses("store_corrupt"):
        workshop.open().tokens.list()


def test_a_file_too_large_for_any_store_is_refused_without_being_read(workshop: Workshop) -> None:
    workshop.write(b"")
    os.truncate(workshop.file, (1 << 30) + 1)
    with refuses("store_too_large"):
        workshop.open().tokens.list()


def test_storage_errors_never_hold_the_content_of_the_file(workshop: Workshop) -> None:
    secret = make_peer_secret()
    workshop.write(f'{{"tokens": "{secret}"'.encode())
    with pytest.raises(StorageError) as caught:
        workshop.open().tokens.list()
    assert secret not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
