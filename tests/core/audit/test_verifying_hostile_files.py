"""Files that were made to harm whoever verifies: an answer or an error of ours, and little memory."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loki_core.audit.verification import verify_log
from loki_core.audit.verify_request import VerifyRequest, WitnessPaths
from tests.core.audit.tampering import Copy, list_problems, number_line
from tests.core.workshop import Workshop, refuses

DAY = "audit-2026-03-01.jsonl"
FILES = [DAY, "heads.jsonl", "keys.jsonl", "pruned.json"]
JUNK: dict[str, bytes] = {
    "nothing": b"",
    "line ends": b"\n" * 5_000,
    "zeros": bytes(100_000),
    "no text": bytes(range(256)) * 100,
    "one long line": b"x" * 10_000_000,
    "a long entry": b'{"seq": 1, "x": "' + b"x" * 10_000_000 + b'"}\n',
    "deep nesting": b"[" * 900_000 + b"\n" + b'{"a":' * 150_000 + b"\n",
    "many empty lists": b'{"seq": 1, "x": [' + b"[]," * 300_000 + b"[]]}\n",
    "a huge number": b'{"seq": ' + b"9" * 5_000 + b', "number": ' + b"9" * 4_000 + b"}\n",
    "not a number": b'{"seq": NaN, "count": NaN, "number": Infinity, "at": NaN}\n',
    "members twice": b'{"seq": 1, "seq": 2, "number": 1, "number": 2}\n' * 50,
    "other types": b'{"seq": true, "number": "1", "count": [], "period": {}, "at": 1, "signature": null}\n',
    "lone surrogates": b'{"seq": 1, "user_id": "\\ud800", "at": "\\udfff", "_integrity_hash": "\\ud800"}\n',
}


@pytest.fixture
def small(workshop: Workshop, tmp_path: Path) -> Copy:
    """A copy of a log of five entries."""
    with workshop.open() as loki:
        for number in range(5):
            loki.tokens.generate(f"bot-{number}")
    return Copy(workshop.dashboard, tmp_path / "copy")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_place_of_a_file_gets_a_verdict(small: Copy, file: str, junk: str) -> None:
    (small.audit / file).write_bytes(JUNK[junk])
    (small.audit / file).chmod(0o600)
    verdict = small.verify()
    json.dumps(verdict.describe())
    assert verdict.ok is (file == "pruned.json")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("junk", JUNK)
def test_junk_behind_a_file_gets_a_verdict(small: Copy, file: str, junk: str) -> None:
    with (small.audit / file).open("ab") as target:
        target.write(JUNK[junk])
    json.dumps(small.verify().describe())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), file=st.sampled_from(FILES), place=st.integers(0, 4_000))
def test_any_bytes_anywhere_get_a_verdict(small: Copy, content: bytes, file: str, place: int) -> None:
    path = small.audit / file
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(before[:place] + content + before[place:])
    path.chmod(0o600)
    try:
        json.dumps(small.verify().describe())
    finally:
        path.write_bytes(before) if before else path.unlink()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "plant",
    [lambda file: file.symlink_to("/etc/hostname"), lambda file: os.mkfifo(file, 0o600), lambda file: file.mkdir()],
    ids=["a link", "a FIFO", "a directory"],
)
def test_what_stands_in_for_a_file_is_refused_by_name(small: Copy, file: str, plant: Callable[[Path], object]) -> None:
    path = small.audit / file
    path.unlink(missing_ok=True)
    plant(path)
    with refuses("audit_unavailable") as caught:
        small.verify()
    assert str(path) in caught.value.message


@pytest.mark.parametrize("place", ["keys", "second sink"])
def test_a_witness_that_cannot_be_read_is_none(small: Copy, tmp_path: Path, place: str) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    paths = WitnessPaths(keys=str(fifo)) if place == "keys" else WitnessPaths(second_sink=str(fifo))
    verdict = small.verify(paths=paths, has_store=False)
    assert (verdict.ok, [str(each) for each in verdict.witnesses]) == (True, ["chain"])


@pytest.mark.parametrize("number", [0, 10**9, 10**14, 10**18, 10**400])
def test_a_huge_number_is_one_changed_line(small: Copy, number: int) -> None:
    small.lines[2] = small.lines[2]._replace(data=number_line(small.lines[2].data, number))
    small.save()
    assert list_problems(small.verify()) == [("edited", DAY, 3)]


@pytest.mark.parametrize("stored", [{}, {"count": 10**400}, {"number": "x"}, {"at": []}, {"count": -1}])
def test_a_stored_head_that_is_none_is_no_witness(small: Copy, stored: dict[str, object]) -> None:
    verdict = verify_log(str(small.audit), VerifyRequest(stored_head=stored))
    assert [str(each) for each in verdict.witnesses] == ["chain"]


def _measure_peak(work: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("file", ["heads.jsonl", "keys.jsonl"])
def test_very_many_heads_or_keys_take_little_memory(small: Copy, file: str) -> None:
    line = (small.audit / file).read_bytes().splitlines(keepends=True)[0]
    (small.audit / file).write_bytes(line.replace(b'"number": 1', b'"number": 9') * 30_000)
    verdicts = []
    assert _measure_peak(lambda: verdicts.append(small.verify())) < 64
    assert not verdicts[0].ok
    assert len(verdicts[0].problems) < 3_100


def test_lines_of_ten_megabytes_take_little_memory(small: Copy) -> None:
    with (small.audit / DAY).open("ab") as target:
        for _ in range(5):
            target.write(b'{"seq": 7, "x": "' + b"x" * 10_000_000 + b'"}\n')
    assert _measure_peak(small.verify) < 64
