import secrets

import pytest

from loki_core.audit.words import HeadNote, parse_words, spell_head, spell_key

HASH = "3fa9c1d27b" * 6 + "abcd"


def test_the_words_are_those_of_bip_39() -> None:
    assert spell_head(0, "0" * 64) == " ".join(["abandon"] * 11 + ["about"])
    assert spell_key("ff" * 32) == " ".join(["zoo"] * 23 + ["vote"])


@pytest.mark.parametrize("count", [0, 1, 1_204, 2**36 - 1])
def test_a_head_comes_back_from_its_words(count: int) -> None:
    words = spell_head(count, HASH)
    assert len(words.split()) == 12
    assert parse_words(words) == HeadNote(count=count, hash_start=HASH[:23])


def test_a_key_comes_back_from_its_words() -> None:
    key = secrets.token_hex(32)
    assert len(spell_key(key).split()) == 24
    assert parse_words(spell_key(key)) == key


def test_case_and_spacing_do_not_matter_and_four_letters_of_a_word_are_enough() -> None:
    words = spell_head(1_204, HASH)
    assert parse_words("\n".join(word[:4] for word in words.upper().split())) == parse_words(words)


def test_a_word_that_was_misread_or_left_out_is_noticed() -> None:
    words = spell_head(1_204, HASH).split()
    assert parse_words(" ".join(words[:11])) is None
    assert parse_words(" ".join([*words[:11], "loki"])) is None
    swapped = [*words[:2], words[3], words[2], *words[4:]]
    assert parse_words(" ".join(swapped)) is None
    assert parse_words("") is None
    assert parse_words("0" * 64) is None
