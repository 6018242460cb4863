"""Attacks by what a token's header asks for."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loki_core.oidc import verify_jws
from tests.core.oidc.refused import refuse_jws
from tests.core.oidc.signer import Signer, encode, get_signer, make_claims

SPELLINGS = ["".join(letters) for letters in itertools.product("nN", "oO", "nN", "eE")]


@pytest.mark.parametrize("spelling", [*SPELLINGS, "none ", " none", "none\0", "", "\u0578one"])
def test_none_in_all_spellings(spelling: str) -> None:
    signer = get_signer()
    header = signer.make_header(alg=spelling)
    signed = f"{encode(header)}.{encode(make_claims())}"
    for signature in ("", "AA", encode(signer.sign_bytes(signed.encode()))):
        refuse_jws(f"{signed}.{signature}", "algorithm")
    refuse_jws(f"{signed}", "form")


@pytest.mark.parametrize("algorithm", [None, 0, 256, True, ["ES256"], {"ES256": 1}, [], {}, 1.5])
def test_an_algorithm_that_is_not_text(algorithm: object) -> None:
    signer = get_signer()
    refuse_jws(signer.sign(b"{}", json.dumps({"alg": algorithm, "kid": "key-1"})), "algorithm")
    refuse_jws(signer.sign(b"{}", {"kid": "key-1"}), "algorithm")


@pytest.mark.parametrize(
    "algorithm", ["ES256K", "ES521", "es256", "ES256 ", "RS1", "Ed448", "ECDH-ES", "dir", "RSA-OAEP", "A128KW", "HS256"]
)
def test_an_algorithm_that_we_do_not_have(algorithm: str) -> None:
    signer = get_signer()
    refuse_jws(signer.sign(make_claims(), signer.make_header(alg=algorithm)), "algorithm")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
def test_hmac_with_the_public_key(algorithm: str, name: str) -> None:
    signer = get_signer(algorithm)
    public = signer.private.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(signer.jwk).encode(),
        json.dumps(signer.jwks).encode(),
        b"",
    ]
    signed = f"{encode(signer.make_header(alg=name))}.{encode(make_claims())}"
    for secret in secrets:
        mac = hmac.new(secret, signed.encode(), f"sha{name[2:]}").digest()
        symmetric = {"kty": "oct", "k": encode(secret), "kid": "key-1", "alg": name, "use": "sig"}
        for key_set in (signer.jwks, {"keys": [symmetric]}, {"keys": [signer.jwk, symmetric]}):
            refuse_jws(f"{signed}.{encode(mac)}", "algorithm", key_set)


def make_hostile(**members: Any) -> tuple[Signer, dict[str, Any]]:
    """Return an attacker's key, and a header that recommends it."""
    attacker = Signer("ES256", "evil")
    return attacker, attacker.make_header(**members)


def test_an_embedded_jwk_is_ignored() -> None:
    attacker, header = make_hostile()
    header["jwk"] = attacker.jwk
    refuse_jws(attacker.sign(make_claims(), header), "key")
    refuse_jws(attacker.sign(make_claims(), {**header, "kid": "key-1"}), "signature")
    del header["kid"]
    refuse_jws(attacker.sign(make_claims(), header), "signature")


@pytest.mark.parametrize("member", ["jku", "x5u"])
@pytest.mark.parametrize("address", ["https://evil.test/keys", "http://169.254.169.254/", "file:///etc/passwd", "\r\n"])
def test_jku_and_x5u_are_ignored(member: str, address: str) -> None:
    attacker, header = make_hostile(**{member: address})
    refuse_jws(attacker.sign(make_claims(), header), "key")
    refuse_jws(attacker.sign(make_claims(), {**header, "kid": "key-1"}), "signature")
    signer = get_signer()
    assert verify_jws(signer.sign(b"x", signer.make_header(**{member: address})), signer.jwks) == b"x"


@pytest.mark.parametrize("member", ["x5c", "x5t", "x5t#S256", "jwk"])
@pytest.mark.parametrize("value", [["MIIB"], "MIIB", {}, 7, None])
def test_certificates_and_keys_in_the_header_are_ignored_whatever_they_are(member: str, value: object) -> None:
    attacker, header = make_hostile()
    refuse_jws(attacker.sign(make_claims(), {**header, member: value, "kid": "key-1"}), "signature")
    signer = get_signer()
    assert verify_jws(signer.sign(b"x", {**signer.make_header(), member: value}), signer.jwks) == b"x"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/etc/passwd",
        "file:///dev/null",
        "key-1' UNION SELECT 'x",
        "key-1; rm -rf /",
        "key-1|/bin/sh",
        "https://evil.test/key.pem",
        "key-1\0",
        "key-1\n",
        " key-1",
        "KEY-1",
        "",
        "__class__",
        "\x1b]0;owned\x07",
        "\u202ekey-1",
        "k" * 9000,
    ],
)
def test_kid_injection(kid: str) -> None:
    signer = get_signer()
    reason = refuse_jws(signer.sign(make_claims(), signer.make_header(kid=kid)), "key")
    assert len(reason) <= 300
    assert signer.make_header(kid=kid)["kid"] == kid


@pytest.mark.parametrize("kid", [None, 1, True, 1.0, ["key-1"], {"key-1": 1}, []])
def test_a_kid_that_is_not_text(kid: object) -> None:
    signer = get_signer()
    refuse_jws(signer.sign(b"x", json.dumps({"alg": "ES256", "kid": kid})), "key_id")


@pytest.mark.parametrize("typ", [None, 1, True, ["JWT"], {"JWT": 1}])
def test_a_typ_that_is_not_text(typ: object) -> None:
    signer = get_signer()
    refuse_jws(signer.sign(b"x", json.dumps({"alg": "ES256", "kid": "key-1", "typ": typ})), "type_form")


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"none","alg":"ES256","kid":"key-1"}',
        '{"alg":"ES256","kid":"key-1","alg":"ES256"}',
        '{"alg":"ES256","kid":"other","kid":"key-1"}',
        '{"alg":"ES256","kid":"key-1","crit":["exp"],"crit":[]}',
        '{"alg":"ES256","kid":"key-1","\\u0061lg":"none"}',
        '{"alg":"ES256","kid":"key-1","x":{"a":1,"a":1}}',
        '{"alg":"ES256","kid":"key-1","":1,"":1}',
    ],
)
def test_duplicate_members_in_the_header(header: str) -> None:
    assert "twice" in refuse_jws(get_signer().sign(b"x", header), "header")


@pytest.mark.parametrize(
    "crit",
    [
        [],
        ["exp"],
        ["b64"],
        ["alg"],
        ["http://example.com/UNDEFINED"],
        [""],
        [None],
        ["exp", "exp"],
        "exp",
        "",
        None,
        False,
        True,
        0,
        {},
        {"exp": 1},
        [["exp"]],
    ],
)
def test_crit_in_every_shape(crit: object) -> None:
    signer = get_signer()
    refuse_jws(signer.sign(b"x", {**signer.make_header(), "crit": crit, "exp": 1}), "critical")


@pytest.mark.parametrize("b64", [False, None, 0, 1, "false", "true", [], {}])
def test_an_unencoded_payload(b64: object) -> None:
    signer = get_signer()
    header = {**signer.make_header(), "b64": b64}
    refuse_jws(signer.sign(b"x", header), "unencoded")
    signed = f"{encode(header)}.x"
    refuse_jws(f"{encode(header)}..{encode(signer.sign_bytes(signed.encode()))}", "unencoded")
    refuse_jws(signer.sign(b"x", {**header, "crit": ["b64"]}), "critical")


def test_b64_that_says_what_is_so_anyway_is_taken() -> None:
    signer = get_signer()
    assert verify_jws(signer.sign(b"x", signer.make_header(b64=True)), signer.jwks) == b"x"


@pytest.mark.parametrize("compression", ["DEF", "GZ", "", None, False, [], 0])
def test_a_compressed_payload(compression: object) -> None:
    signer = get_signer()
    refuse_jws(signer.sign(b"x", {**signer.make_header(), "zip": compression}), "compression")


def test_a_header_that_was_not_signed_counts_for_nothing() -> None:
    signer = get_signer()
    header, payload, signature = signer.sign(make_claims()).split(".")
    for other in (signer.make_header(typ=None), signer.make_header(cty="JWT")):
        refuse_jws(f"{encode(other)}.{payload}.{signature}", "signature")
    assert hashlib.sha256(header.encode()).digest() != hashlib.sha256(encode(other).encode()).digest()


@pytest.mark.parametrize("header", [b"", b"null", b"[]", b'"ES256"', b"7", b"{", b"{}}", b"{'alg':'ES256'}", b"\xff"])
def test_a_header_that_is_no_object(header: bytes) -> None:
    refuse_jws(get_signer().sign(b"x", header), "header")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_header_in_another_encoding(encoding: str) -> None:
    signer = get_signer()
    refuse_jws(signer.sign(b"x", json.dumps(signer.make_header()).encode(encoding)), "header")
