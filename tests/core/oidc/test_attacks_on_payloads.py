"""Attacks by how the claims are written."""

from __future__ import annotations

import json

import pytest

from tests.core.oidc.refused import refuse
from tests.core.oidc.signer import check, get_signer, make_claims, sign_text


@pytest.mark.parametrize("name", ["sub", "exp", "aud", "iss", "x", "\\u0073ub"])
def test_duplicate_members_in_the_claims(name: str) -> None:
    claims = json.dumps(make_claims(x=1))
    twice = claims[:-1] + f',"{name}":"admin"}}'
    assert "twice" in refuse(get_signer().sign(twice), "claims")
    assert "twice" in refuse(get_signer().sign(claims[:-1] + ',"y":[{"a":1,"a":2}]}'), "claims")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7"])
def test_utf_16_and_bom_payloads(encoding: str) -> None:
    payload = json.dumps(make_claims(name="Zoë"), ensure_ascii=False).encode(encoding)
    if encoding == "utf-7":
        payload = payload.replace(b"{", b"+AHs-", 1)
    refuse(get_signer().sign(payload), "claims")


@pytest.mark.parametrize(
    "payload",
    [
        *(
            b"",
            b"null",
            b"7",
            b'"x"',
            b"[]",
            b"{",
            b"{}{}",
            b"{},",
            b"{'sub':'x'}",
            b'{"sub":"\xff"}',
            b'{"sub":"a\nb"}',
        ),
        *(
            b'{"a":1,}',
            b"{a:1}",
            b'{"a":01}',
            b'{"a":+1}',
            b'{"a":0x1}',
            b'{"a":.5}',
            b"// x\n{}",
            b"{}\0",
            b"\xc0\x80",
        ),
    ],
)
def test_a_payload_that_is_no_json_object(payload: bytes) -> None:
    refuse(get_signer().sign(payload), "claims")


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udfff"', '"\\ud800\\ud800"', '["\\udc00\\ud800"]', '{"\\ud800":1}'])
def test_lone_surrogates(text: str) -> None:
    assert "surrogate" in refuse(sign_text(x=text), "claims")
    assert check(sign_text(x='"\\ud83d\\ude00"')).values["x"] == "\U0001f600"


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_deep_nesting(opening: str) -> None:
    for depth in (40, 900, 10_000 // len(opening)):
        text = opening * depth
        refuse(get_signer().sign(text), "claims")
        refuse(sign_text(x=text), "claims")
    closing = "".join({"[": "]", "{": "}"}.get(sign, "") for sign in reversed(opening * 33))
    assert "deep" in refuse(sign_text(x=opening * 33 + "1" + closing), "claims")
    assert check(sign_text(x="[" * 31 + "]" * 31))
    assert check(sign_text(x=json.dumps(["[" * 500, '"{' * 100])))
