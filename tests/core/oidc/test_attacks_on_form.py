"""Attacks by how a token is written."""

from __future__ import annotations

import json

import pytest

from loki_core.oidc import verify_jws
from loki_core.oidc.compact import LONGEST_TOKEN
from tests.core.oidc.refused import refuse_jws
from tests.core.oidc.signer import encode, get_signer, make_claims

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Untouchable(str):
    """A text of which nothing but the length may be looked at."""

    __slots__ = ()

    def encode(self, *arguments: object) -> bytes:
        raise AssertionError("it was read")

    split = count = partition = rpartition = strip = encode  # type: ignore[assignment]


def test_a_token_of_10_mb_is_refused_before_anything_of_it_is_read() -> None:
    for text in ("a" * 10_000_000, "." * 10_000_000, "a.b." + "c" * 10_000_000):
        reason = refuse_jws(Untouchable(text), "size")
        assert reason == f"it has {len(text)} characters, more than {LONGEST_TOKEN}"


def test_a_token_of_exactly_the_largest_size_is_taken_and_one_more_is_not() -> None:
    signer = get_signer()
    size = LONGEST_TOKEN - len(signer.sign(b""))
    for spare in range(4):
        token = signer.sign(b"x" * ((size - spare) * 3 // 4))
        if len(token) == LONGEST_TOKEN:
            break
    assert len(token) == LONGEST_TOKEN
    assert verify_jws(token, signer.jwks)
    refuse_jws(token + "A", "size")


def respell(text: str) -> list[str]:
    """Return the other spellings of base64url that a careless decoder reads as the same bytes."""
    value = ALPHABET.index(text[-1])
    unused = {2: 16, 3: 4}.get(len(text) % 4, 1)
    return [text[:-1] + ALPHABET[value - value % unused + extra] for extra in range(1, unused)]


@pytest.mark.parametrize("part", [0, 1, 2])
def test_non_canonical_base64(part: int) -> None:
    signer = get_signer()
    seen = 0
    for filler in ("", "x", "xx", "xxx"):
        parts = signer.sign({"x": filler}, signer.make_header(x=filler)).split(".")
        for other in respell(parts[part]):
            refuse_jws(".".join([*parts[:part], other, *parts[part + 1 :]]), "form")
            seen += 1
    assert seen >= 3


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("padding", ["=", "==", "===", "====", "%3D"])
def test_padded_segments(part: int, padding: str) -> None:
    parts = get_signer().sign(make_claims()).split(".")
    parts[part] += padding
    refuse_jws(".".join(parts), "form")


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("extra", ["\n", " ", "\t", "\r\n", "\0", "+", "/", "!", "~", "\x80", "\u200b", "\uff21"])
def test_characters_that_a_decoder_may_pass_over(part: int, extra: str) -> None:
    parts = get_signer().sign(b"xy").split(".")
    for position in (0, len(parts[part]) // 2, len(parts[part])):
        changed = parts.copy()
        changed[part] = parts[part][:position] + extra + parts[part][position:]
        refuse_jws(".".join(changed), "form")


@pytest.mark.parametrize("around", [" {}", "{} ", "\n{}", "{}\n", "\ufeff{}", "{}\0", "Bearer {}", '"{}"', "{},"])
def test_anything_around_the_token(around: str) -> None:
    refuse_jws(around.format(get_signer().sign(make_claims())), "form")


def test_any_other_number_of_parts() -> None:
    token = get_signer().sign(make_claims())
    header, payload, signature = token.split(".")
    for other in ("", ".", "..", "...", header, f"{header}.{payload}", f"{token}.", f".{token}", f"{token}.x"):
        refuse_jws(other, "form" if other != ".." else "header")
    assert "encrypted" in refuse_jws(f"{header}.{payload}.{signature}.{payload}.{signature}", "form")


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("a.b", "it has 2 parts, not three"),
        ("a.b.c.d", "it has 4 parts, not three"),
        ("a.b.c.d.e", "it has five parts: it is encrypted"),
        ("aa==.b.c", "a part of it is padded"),
        ("aa.b.c\n", "it has white space in it or around it"),
        ("aa.b+.c", "it has characters that are not base64url's"),
        ("a.b.c", "a part of it has a length that no base64url has"),
        ("ab.b.c", "a part of it is not canonical: its last character has bits that nothing uses"),
        ("é", "it has characters that are not ASCII"),
    ],
)
def test_the_log_is_told_what_is_wrong_with_the_form(token: str, reason: str) -> None:
    assert refuse_jws(token, "form") == reason


def test_the_json_serialisation_of_a_jws() -> None:
    header, payload, signature = get_signer().sign(make_claims()).split(".")
    flat = {"protected": header, "payload": payload, "signature": signature}
    refuse_jws(json.dumps(flat), "form")
    refuse_jws(json.dumps({"payload": payload, "signatures": [flat]}), "form")


@pytest.mark.parametrize("token", [None, b"a.b.c", 7, ["a", "b", "c"], {"alg": "none"}, True])
def test_what_is_not_text(token: object) -> None:
    refuse_jws(token, "size")


def test_lone_surrogates_and_other_characters_beyond_ascii() -> None:
    token = get_signer().sign(make_claims())
    for character in ("\ud800", "\udfff", "é", "\U0001f511"):
        refuse_jws(f"{token}{character}", "form")


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_deep_nesting_in_the_header(opening: str) -> None:
    depth = 10_000 // len(opening)
    for text in (opening * depth, f'{{"alg":"ES256","x":{opening * depth}'):
        assert "deep" in refuse_jws(f"{encode(text)}.e30.{'A' * 86}", "header")
