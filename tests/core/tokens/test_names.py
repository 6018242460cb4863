"""What tokens may be called."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.errors import InvalidInput
from loki_core.tokens.names import check_name, check_note
from loki_core.tokens.secret import mint_secret
from tests.core.workshop import refuses


@pytest.mark.parametrize(
    "name",
    [
        "ci-bot",
        "x",
        "a" * 255,
        "Überwachung (Berlin)",
        "ночной сборщик",
        "ビルド",
        "نامه\u200cها",
        "👩\u200d🚀",
        "tok-bot",
        "deadbeef",
        "0123456789a",
        "0123456789abc",
        "loki_short",
        "a=b; rm -rf / #",
        "=cmd()",
        "[bold]markup[/bold]",
    ],
)
def test_printable_names_in_any_script_are_taken(name: str) -> None:
    assert check_name(name) == unicodedata.normalize("NFC", name)


def test_a_name_is_kept_composed_so_that_two_spellings_are_one() -> None:
    assert check_name("Bu\u0308ro") == "B\u00fcro"


BAD_NAMES = {
    "empty": "",
    "blank": "   ",
    "wide blank": "\u3000",
    "only joiners": "\u200d\u200c",
    "only Hangul fillers": "\u3164\u115f",
    "a space before": " ci",
    "a space after": "ci ",
    "a no-break space after": "ci\u00a0",
    "256 characters": "a" * 256,
    "longer once composed": "\u0958" * 128,
    "a line break": "ci\nbot",
    "a line separator": "ci\u2028bot",
    "an escape": "ci\x1b[31mbot",
    "an 8-bit escape": "ci\x9b31m",
    "a NUL": "ci\0bot",
    "DEL": "ci\x7f",
    "right-to-left override": "ci\u202etob",
    "an isolate": "ci\u2066bot\u2069",
    "an Arabic letter mark": "ci\u061cbot",
    "a zero-width space": "ci\u200bbot",
    "a byte order mark": "\ufeffci",
    "a soft hyphen": "ci\u00adbot",
    "a tag character": "ci\U000e0041",
    "a private character": "ci\ue000",
    "an unassigned character": "ci\u0378",
    "a lone surrogate": "ci\ud800",
    "an id": "tok-0123456789ab",
    "an id in capitals": "TOK-0123456789AB",
    "a short id": "tok-abc123",
    "a long id": "tok-" + "0" * 40,
    "tok- alone": "tok-",
    "12 hex digits": "0123456789ab",
    "12 hex digits in capitals": "0123456789AB",
    "a name set aside": "ci-bot~tok-0123456789ab",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_bad_name_is_refused_in_one_printable_line(name: str) -> None:
    with refuses("invalid_name") as caught:
        check_name(name)
    assert str(caught.value).isprintable()


def test_length_is_counted_as_kept() -> None:
    assert check_name("u\u0308" * 255) == "\u00fc" * 255


SECRET = mint_secret(lambda alphabet: alphabet[20]).reveal()
DISGUISES = {
    "alone": SECRET,
    "within": f"old {SECRET}!",
    "cut": SECRET[:30],
    "the peer's": "loki_" + "-_" * 21,
    "in disguise until composed": SECRET.replace("K", "\u212a", 3),
    "with controls": f"\x1b{SECRET}",
    "too long as well": SECRET + "a" * 500,
    "with spaces around": f" {SECRET} ",
}


@pytest.mark.parametrize("check", [check_name, check_note])
@pytest.mark.parametrize("text", DISGUISES.values(), ids=DISGUISES)
def test_a_secret_as_name_or_note_is_refused_and_never_echoed(check: object, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(text)  # type: ignore[operator]
    assert "looks like a secret" in caught.value.message
    assert SECRET[5:12] not in repr(caught.value) + str(caught.value)


def test_a_note_may_be_missing_and_is_trimmed() -> None:
    assert check_note("") == ""
    assert check_note("  \u3000 ") == ""
    assert check_note(" stops the nightly build ") == "stops the nightly build"
    assert check_note("n" * 255) == "n" * 255


@pytest.mark.parametrize("note", ["n" * 256, "a\nb", "a\x1bb", "a\u202eb"])
def test_a_note_keeps_the_rules_of_names_otherwise(note: str) -> None:
    with refuses("invalid_note"):
        check_note(note)


@given(st.text())
def test_a_name_that_is_taken_is_taken_again_unchanged_and_can_be_shown(name: str) -> None:
    try:
        taken = check_name(name)
    except InvalidInput:
        return
    assert check_name(taken) == taken
    assert 1 <= len(taken) <= 255
