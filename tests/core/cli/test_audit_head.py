"""The newest head and the first key, shown to be written down: as words, and as a code that a phone reads."""

from __future__ import annotations

import json
import re

import pytest

from loki_core.audit.words import spell_head, spell_key
from loki_core.cli.qr_code import format_qr_code
from loki_core.qr import draw_qr
from tests.core.cli.audit_stage import get_log
from tests.core.cli.program import Program
from tests.support.fixtures import StartPty

COLOURED = re.compile(r"\x1b\[0;30;47;107m([ ▀▄█]+)\x1b\[0m\n")


def test_a_log_without_a_head_says_when_there_will_be_one(loki: Program) -> None:
    answer = loki("audit head")
    assert (answer.status, answer.out) == (1, "")
    assert "no signed head yet" in answer.err
    assert loki("audit head --json").json["error"]["code"] == "not_found"


def test_the_newest_head_is_told_as_words_and_as_json_for_verify(loki: Program) -> None:
    loki.do("token generate ci-bot")
    newest = json.loads((get_log(loki) / "heads.jsonl").read_bytes().splitlines()[-1])
    words = spell_head(newest["count"], newest["last_hash"])
    shown = loki.do("audit head").out
    assert re.match(r"Head 1, signed \d{4}-\d\d-\d\dT\d\d:\d\dZ, up to entry 1\n", shown)
    assert shown.split()[-12:] == words.split()
    told = loki.do("audit head --json").json
    assert told["words"] == words
    assert {**told["head"], "marks": newest["marks"]} == {**newest, "first_key": told["first_key"]}


def test_the_first_key_is_told_as_words(loki: Program) -> None:
    loki.do("token generate ci-bot")
    (key,) = [json.loads(line)["public_key"] for line in (get_log(loki) / "keys.jsonl").read_bytes().splitlines()]
    shown = loki.do("audit head --first-key").out
    assert key in shown
    assert shown.split()[-24:] == spell_key(key).split()
    assert loki.do("audit head --json").json["first_key_words"] == spell_key(key)


def test_a_terminal_shows_a_code_in_black_on_white_whatever_its_own_colours(loki: Program, start_pty: StartPty) -> None:
    loki.do("token generate ci-bot")
    words = loki.do("audit head --json").json["words"]
    expected = draw_qr(words.upper())
    argv = [*loki.argv, "enterprise", "audit", "head"]
    terminal = start_pty(argv)
    assert terminal.wait() == 0
    assert COLOURED.findall(terminal.raw.decode().replace("\r\n", "\n")) == expected
    assert COLOURED.findall(loki.do("audit head --qr").out) == expected
    for options, environ, columns in (("--no-qr", {}, 80), ("", {"NO_COLOR": "1"}, 80), ("", {}, 30)):
        plain = start_pty([*argv, *options.split()], env=environ, columns=columns)
        assert plain.wait() == 0
        assert "\x1b[" not in plain.raw.decode(), (options, environ, columns)
        assert "".join(plain.text.split()).endswith("".join(words.split()))


@pytest.mark.parametrize("words", ["abandon " * 11 + "about", "ceiling " * 23 + "actress"])
def test_a_code_fits_the_narrowest_terminal_that_people_use(words: str) -> None:
    lines = format_qr_code(words.strip().upper(), screen=80).splitlines()
    assert 0 < len(lines) <= 27
    assert format_qr_code(words, screen=20) == ""


def test_the_command_that_begins_the_first_key_says_it_once_to_a_person(loki: Program, start_pty: StartPty) -> None:
    terminal = start_pty([*loki.argv, "enterprise", "token", "generate", "ci-bot"])
    assert terminal.wait() == 0
    words = loki.do("audit head --json").json["first_key_words"]
    assert "".join(words.split()) in "".join(terminal.text.split())
    assert "audit verify --head" in terminal.text
    again = start_pty([*loki.argv, "enterprise", "token", "generate", "other"])
    assert again.wait() == 0
    assert "first key" not in again.text
