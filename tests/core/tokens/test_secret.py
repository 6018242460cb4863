"""The raw secret: its form, and that it keeps itself hidden."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import pickle
import re
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.tokens.secret import (
    Secret,
    clean_text,
    compute_checksum,
    digest_secret,
    holds_secret,
    is_mistyped,
    is_well_formed,
    may_hold_secret,
    mint_secret,
    redact,
    remember_secret,
)
from tests.core.workshop import make_peer_secret

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def _decode(text: str) -> int:
    value = 0
    for character in text:
        value = value * 62 + BASE62.index(character)
    return value


def test_a_secret_is_the_prefix_43_base62_characters_and_their_crc32_in_six_more() -> None:
    secret = mint_secret().reveal()
    match = re.fullmatch(r"loki_([0-9A-Za-z]{43})([0-9A-Za-z]{6})", secret)
    assert match
    assert _decode(match[2]) == zlib.crc32(match[1].encode("ascii"))


@given(st.text(BASE62, min_size=43, max_size=43))
def test_the_checksum_is_zero_padded_and_most_significant_first(body: str) -> None:
    checksum = compute_checksum(body)
    assert len(checksum) == 6
    assert _decode(checksum) == zlib.crc32(body.encode("ascii"))


def test_a_checksum_known_by_heart_does_not_change() -> None:
    assert zlib.crc32(b"0" * 43) == 0x7849568F
    assert compute_checksum("0" * 43) == "2CZclj"


def test_every_character_is_chosen_by_the_source_that_was_passed_in() -> None:
    asked: list[str] = []

    def choose(alphabet: str) -> str:
        asked.append(alphabet)
        return "Z"

    assert mint_secret(choose).reveal().startswith("loki_" + "Z" * 43)
    assert asked == [BASE62] * 43


def test_two_secrets_are_never_the_same() -> None:
    assert len({mint_secret().reveal() for _ in range(1000)}) == 1000


@dataclasses.dataclass
class _Holder:
    secret: Secret


def test_a_secret_shows_itself_in_no_repr_str_or_format() -> None:
    secret = mint_secret()
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        repr([secret]),
        repr(_Holder(secret)),
    ]
    assert all(secret.reveal()[5:] not in text for text in shown)


def test_a_secret_is_not_pickled_copied_or_hashed() -> None:
    secret = mint_secret()
    for take in (pickle.dumps, copy.copy, copy.deepcopy, hash):
        with pytest.raises(TypeError) as caught:
            take(secret)
        assert secret.reveal() not in str(caught.value)
    assert not hasattr(secret, "__dict__")


def test_secrets_are_equal_when_their_text_is() -> None:
    assert Secret("loki_a") == Secret("loki_a")
    assert Secret("loki_a") != Secret("loki_b")
    assert Secret("loki_ä") != Secret("loki_b")
    assert Secret("loki_a") != "loki_a"


@pytest.mark.parametrize("make", [lambda: mint_secret().reveal(), make_peer_secret])
def test_secrets_of_both_makes_are_well_formed_and_not_mistyped(make: object) -> None:
    for _ in range(100):
        credential = make()  # type: ignore[operator]
        assert is_well_formed(credential)
        assert not is_mistyped(credential)
        assert holds_secret(credential)


def test_one_wrong_character_is_noticed_without_a_search() -> None:
    secret = mint_secret().reveal()
    for position in range(5, len(secret)):
        wrong = secret[:position] + ("x" if secret[position] != "x" else "y") + secret[position + 1 :]
        assert is_mistyped(wrong)


@pytest.mark.parametrize(
    "text", ["", "loki_", "Loki_" + "a" * 49, "loki_a b", "loki_\n", "loki_ü", "loki_" + "a" * 508]
)
def test_what_no_header_could_carry_is_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)


@given(st.text(" .:äЖ\x1b"), st.text(BASE62 + "-_", min_size=16, max_size=60), st.text(" .:äЖ\x1b"))
def test_nothing_shaped_like_a_secret_survives_redaction(before: str, body: str, after: str) -> None:
    text = f"{before}loki_{body}{after}"
    assert holds_secret(text)
    assert not holds_secret(redact(text))
    assert body not in redact(text)


@given(st.text(BASE62, min_size=43, max_size=43), st.integers(0, 120), st.integers(1, 120))
def test_no_piece_of_a_secret_is_left_where_a_cleaned_text_is_cut(body: str, before: int, limit: int) -> None:
    cleaned = clean_text("." * before + "loki_" + body, limit=limit)
    assert len(cleaned) <= limit
    assert body[:3] not in cleaned


@given(st.text(), st.text(max_size=40))
def test_a_digest_is_the_peer_s_sha256_of_salt_and_secret(secret: str, salt: str) -> None:
    if (salt + secret).isprintable() or not any("\ud800" <= each <= "\udfff" for each in salt + secret):
        assert digest_secret(secret, salt) == hashlib.sha256((salt + secret).encode("utf-8")).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.canary",
        "Authorization: Basic canary",
        "authorization=canary",
        'headers: {"Authorization": "Digest username=a, response=canary"}',
        "Proxy-Authorization:canary with blanks canary",
        "bearer 0123456789canary",
        "Basic 0123456789canary==",
    ],
)
def test_what_signs_in_elsewhere_is_redacted_too(text: str) -> None:
    assert "canary" not in redact(f"curl/8 {text}")
    assert redact(f"curl/8 {text}\nnext line").endswith("\nnext line")
    assert may_hold_secret(json.dumps({"agent": text}).encode())


def test_ordinary_words_are_not_redacted() -> None:
    for text in ("basic authentication failed", "the bearer of this", "authorization was refused", "eyJ", "loki_core"):
        assert redact(text) == text


def test_a_secret_without_a_form_is_masked_once_it_is_known() -> None:
    text = "the canary 'without' a form \u2603"
    assert redact(text) == text
    assert remember_secret(text) == Secret(text)
    assert redact(f"a {text} b") == "a *** b"
    for dumped in (json.dumps([text]), json.dumps([text], ensure_ascii=False)):
        assert may_hold_secret(dumped.encode())
    assert remember_secret("short").reveal() == redact("short") == "short"


def test_only_so_many_secrets_are_known_at_a_time() -> None:
    for number in range(100):
        remember_secret(f"canary number {number:03}")
    assert redact("canary number 099") == "***"
    assert redact("canary number 000") == "canary number 000"
