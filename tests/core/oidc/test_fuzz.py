"""Whatever a token, a header, a set of claims or a key set holds: an answer, or an error of ours."""

from __future__ import annotations

import json
import math
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loki_core.oidc import verify_jws
from loki_core.oidc.base64url import decode_base64url
from loki_core.oidc.refusal import Refusal
from loki_core.oidc.strict_json import JsonProblem, parse_object
from tests.core.oidc.fuzz_targets import SIGNER, TARGETS, drive_claims, drive_header, drive_key_set, list_seeds
from tests.core.oidc.signer import CLIENT, ISSUER, SECONDS, encode, get_signer, make_claims

NAMES = [
    *("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "typ", "token_use", "events", "tid", "hd"),
    *("email", "email_verified", "xms_edov", "groups", "roles", "realm_access", "_claim_names", "hasgroups", "name"),
    *("alg", "kid", "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "cty", "client_id", "cid", "appid"),
    *("kty", "crv", "x", "y", "n", "e", "d", "use", "key_ops", "keys", "issuer", "k"),
]
TEXTS = [
    *(ISSUER, CLIENT, "key-1", "ES256", "RS256", "EdDSA", "Ed25519", "none", "HS256", "JWT", "at+jwt", "logout+jwt"),
    *("RSA", "EC", "OKP", "oct", "P-256", "P-384", "P-521", "sig", "enc", "verify", "AQAB", "ops", "a@b.c", "true", ""),
    *("\x1b[2J", "\u202e", "a" * 300, "\U0001f511", "\u212a", SIGNER.jwk["x"], get_signer("ES256").jwk["x"]),
]
TEXT = st.sampled_from(TEXTS) | st.text(max_size=20)
NUMBERS = (
    st.sampled_from([0, -1, 1, SECONDS, SECONDS + 600, 10**15, 10**300, 0.5, 1e300, -0.0]) | st.integers() | st.floats()
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | TEXT, inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.dictionaries(st.sampled_from(NAMES) | TEXT, VALUES, max_size=8)


def dump(value: object) -> bytes:
    """Return JSON, or what Python takes for it: NaN and infinities too."""
    return json.dumps(value).encode()


@given(MEMBERS, st.lists(st.sampled_from(NAMES), max_size=3))
@settings(max_examples=400)
def test_any_claims_are_taken_or_refused(changes: dict[str, Any], without: list[str]) -> None:
    claims = make_claims() | changes
    drive_claims(dump({name: value for name, value in claims.items() if name not in without}))


@given(MEMBERS, st.lists(st.sampled_from(NAMES), max_size=2))
@settings(max_examples=400)
def test_any_header_is_taken_or_refused(changes: dict[str, Any], without: list[str]) -> None:
    header = SIGNER.make_header() | changes
    drive_header(dump({name: value for name, value in header.items() if name not in without}))


SEEDS = {target: list_seeds(target) for target in TARGETS}
KEY_SETS = st.sampled_from([json.loads(seed)["keys"] for seed in SEEDS["key_set"]])
CHANGES = st.lists(st.tuples(st.integers(0, 4), MEMBERS), max_size=3)


@given(KEY_SETS, CHANGES, st.lists(VALUES, max_size=2))
@settings(max_examples=300)
def test_any_key_set_is_read_or_dropped(
    keys: list[dict[str, Any]], changes: list[tuple[int, dict[str, Any]]], others: list[object]
) -> None:
    changed: list[object] = [*keys, *others]
    for position, members in changes:
        at = position % len(keys)
        changed[at] = {**keys[at], **members}
    drive_key_set(dump({"keys": changed}))


@given(st.sampled_from(list(TARGETS)), st.data())
@settings(max_examples=600)
def test_good_inputs_with_bytes_changed_are_taken_or_refused(target: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(SEEDS[target]))
    at = data.draw(st.integers(0, len(seed)))
    cut = data.draw(st.integers(0, 4))
    put = data.draw(st.binary(max_size=6) | st.sampled_from([b'"', b"[" * 50, b"\\u", b"\xff", b"1e999", b"NaN", b"."]))
    TARGETS[target](seed[:at] + put + seed[at + cut :])


@given(st.text(max_size=100) | st.text(alphabet="aA0-_=.+/ \n", max_size=40))
@settings(max_examples=500)
def test_any_text_is_no_token(text: str) -> None:
    with pytest.raises(Refusal):
        verify_jws(text, SIGNER.jwks)


TOKEN = SIGNER.sign(make_claims())


@given(st.integers(0, len(TOKEN) - 1), st.integers(0, 3), st.text(max_size=3) | st.text(alphabet="aA0-_=.", max_size=3))
@settings(max_examples=800)
def test_no_other_text_than_the_signed_one_verifies(at: int, cut: int, put: str) -> None:
    changed = TOKEN[:at] + put + TOKEN[at + cut :]
    if changed != TOKEN:
        with pytest.raises(Refusal):
            verify_jws(changed, SIGNER.jwks)


@given(MEMBERS, st.binary(max_size=30))
@settings(max_examples=200)
def test_what_is_verified_here_is_verified_by_pyjwt_too(members: dict[str, Any], payload: bytes) -> None:
    token = SIGNER.sign(payload, dump(SIGNER.make_header() | members))
    try:
        verified = verify_jws(token, SIGNER.jwks)
    except Refusal:
        return
    assert verified == payload
    assert jwt.api_jws.decode(token, SIGNER.private.public_key(), algorithms=["EdDSA"]) == payload


@given(st.binary(max_size=100))
@settings(max_examples=200)
def test_base64url_reads_what_was_written(data: bytes) -> None:
    assert decode_base64url(encode(data).encode()) == data


@given(st.binary(max_size=12) | st.text(alphabet="AQgwZ9-_", max_size=12).map(str.encode))
@settings(max_examples=500)
def test_base64url_has_one_spelling_for_anything(text: bytes) -> None:
    try:
        data = decode_base64url(text)
    except ValueError:
        return
    assert encode(data).encode() == text


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
@settings(max_examples=300)
def test_json_is_read_as_the_standard_library_reads_it_or_refused(value: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        try:
            found = parse_object(text.encode("utf-8", "surrogatepass"))
        except JsonProblem:
            continue
        assert found == json.loads(text)
        assert is_finite(found)


def is_finite(value: object) -> bool:
    """Tell whether every number in it is finite."""
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    if isinstance(value, list):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u0dnt1e.-', max_size=30).map(str.encode))
@settings(max_examples=1000)
def test_any_bytes_are_json_or_a_problem(data: bytes) -> None:
    try:
        found = parse_object(data)
    except JsonProblem:
        return
    assert found == json.loads(data)
