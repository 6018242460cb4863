"""`audit verify`: a plain verdict, where to look, what to write down, and an exit status for scripts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from loki_core.audit.words import spell_head, spell_key
from tests.core.cli.audit_stage import CREATED, get_log, make_foreign_line, make_lines, write_log
from tests.core.cli.program import Program
from tests.support.environment import build_environ
from tests.support.fixtures import StartPty


@pytest.fixture(scope="module")
def _stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("stock")
    program = Program(directory, build_environ(directory / "home"))
    for name in ("one", "two", "three"):
        program.do(f"token generate {name}")
    return program.home / ".loki"


@pytest.fixture
def logged(loki: Program, _stock: Path) -> Program:
    """A log of three entries, each with its head."""
    shutil.copytree(_stock, loki.home / ".loki")
    return loki


def _file(loki: Program) -> Path:
    (file,) = get_log(loki).glob("audit-*.jsonl")
    return file


def _edit(loki: Program) -> None:
    content = _file(loki).read_bytes()
    _file(loki).write_bytes(content.replace(b'"name": "two"', b'"name": "too"'))
    assert _file(loki).read_bytes() != content


def test_a_whole_log_is_said_to_be_and_its_head_told_to_be_written_down(logged: Program) -> None:
    answer = logged.do("audit verify")
    verdict, compared, hint, *words = answer.out.splitlines()
    assert verdict.startswith("The log is whole: 3 entries, 3 heads, of 2")
    assert compared == "Compared with: chain, key, store"
    assert "audit verify --head" in hint
    assert " ".join(words).split() == logged.do("audit head --json").json["words"].split()


def test_json_is_the_verdict_with_the_head_that_verify_takes_back(logged: Program) -> None:
    found = logged.do("audit verify --json").json
    assert list(found)[:4] == ["ok", "entries", "problems", "head"]
    assert (found["ok"], found["entries"], found["problems"]) == (True, 3, [])
    again = logged.do("audit verify --json --head -", stdin=json.dumps(found["head"])).json
    assert again["witnesses"] == ["chain", "key", "store", "note"]


def test_a_changed_line_is_named_with_its_place_and_ends_with_1(logged: Program) -> None:
    _edit(logged)
    answer = logged("audit verify")
    assert (answer.status, answer.err) == (1, "")
    verdict, problem = answer.out.splitlines()
    assert verdict == "TAMPERED: 1 problem in 3 entries"
    assert problem.startswith(f"{_file(logged).name}:2: edited: ")
    assert problem.endswith(" [chain]")
    as_json = logged("audit verify --json")
    assert (as_json.status, as_json.err) == (1, "")
    (told,) = as_json.json["problems"]
    assert (told["kind"], told["file"], told["line"], told["seq"]) == ("edited", _file(logged).name, 2, 2)


def test_what_another_program_wrote_is_told_and_is_no_tampering(logged: Program) -> None:
    write_log(logged, _file(logged).name, make_foreign_line())
    answer = logged.do("audit verify")
    assert answer.out.startswith("The log is whole: 4 entries, ")
    assert f"\n{_file(logged).name}:4: foreign_entry (no tampering): " in answer.out


def _spell_notes(loki: Program) -> Iterator[str]:
    told = loki.do("audit head --json").json
    head = told["head"]
    yield json.dumps(head)
    yield spell_head(head["count"], head["last_hash"])
    yield spell_head(head["count"], head["last_hash"]).upper()
    yield told["first_key"]
    yield spell_key(told["first_key"])


def test_a_note_is_taken_in_every_form_and_shows_an_older_state_of_everything(logged: Program) -> None:
    """Rolled back: log, keys and store together are an earlier state of themselves; only the note knows better."""
    before = {file: file.read_bytes() for file in logged.store.parent.rglob("*") if file.is_file()}
    logged.do("token generate four")
    notes = list(_spell_notes(logged))
    for note in notes:
        assert logged.do(f"audit verify --head '{note}'").out.startswith("The log is whole: 4 entries")
        assert logged.do("audit verify --head -", stdin=f"{note}\n").out.startswith("The log is whole")
    assert logged.do(f"audit verify --head {notes[1]}").out.startswith("The log is whole")
    for file in logged.store.parent.rglob("*"):
        if file.is_file():
            file.write_bytes(before[file]) if file in before else file.unlink()
    assert logged.do("audit verify").out.startswith("The log is whole: 3 entries")
    for note in notes[:3]:
        answer = logged(f"audit verify --json --head '{note}'")
        assert (answer.status, answer.json["problems"][0]["witness"]) == (1, "note")
        assert answer.json["problems"][0]["kind"] in ("rolled_back", "truncated")


def test_another_first_key_than_the_noted_one_shows_a_log_that_was_replaced(logged: Program) -> None:
    answer = logged(f"audit verify --json --head {'0' * 64}")
    assert answer.status == 1
    assert {problem["witness"] for problem in answer.json["problems"]} == {"note"}


def test_what_is_no_head_is_refused(logged: Program) -> None:
    for given in ("abandon", "'{}'", "zz", "''", f"'{'abandon ' * 12}'"):
        answer = logged(f"audit verify --head {given}")
        assert (answer.status, answer.out) == (2, ""), given
    assert "nothing" not in logged("audit verify --head -", stdin="").out
    assert logged("audit verify --head -", stdin="").status == 2


def test_an_empty_log_is_whole_and_one_without_heads_says_that_it_has_none(loki: Program) -> None:
    assert loki.do("audit verify").out == "The log is empty.\n"
    write_log(loki, "audit-2026-03-01.jsonl", b"".join(make_lines([CREATED])))
    assert loki.do("audit verify").out.startswith("The log has no signed head yet: 1 entry\n")


def test_a_log_that_cannot_be_read_ends_with_4(logged: Program) -> None:
    content, file = _file(logged).read_bytes(), _file(logged)
    file.unlink()
    (file.parent / "aside").write_bytes(content)
    file.symlink_to("aside")
    assert logged("audit verify").status == 4
    assert logged("audit verify --json").json["error"]["code"] == "audit_unavailable"


def test_verifying_writes_nothing(logged: Program) -> None:
    def list_files() -> dict[str, tuple[int, bytes]]:
        files = (file for file in logged.home.rglob("*") if file.is_file())
        return {str(file): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}

    before = list_files()
    logged.do("audit verify")
    logged.do("audit head")
    assert list_files() == before


def test_a_terminal_shows_a_code_of_a_whole_log_and_none_of_another(logged: Program, start_pty: StartPty) -> None:
    argv = [*logged.argv, "enterprise", "audit", "verify"]
    whole = start_pty(argv)
    assert whole.wait() == 0
    assert "▀" in whole.text
    assert all(len(line) <= 80 for line in whole.text.split("\n"))
    _edit(logged)
    tampered = start_pty(argv)
    assert tampered.wait() == 1
    assert "▀" not in tampered.text
    assert "TAMPERED" in tampered.text
