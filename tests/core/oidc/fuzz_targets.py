"""What the fuzzers drive: each target takes bytes and lets nothing out but our own errors.

`python -m tests.core.oidc.fuzz_targets TARGET CORPUS [libFuzzer option …]` runs one under Atheris, guided by coverage.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

from loki_core.errors import ProviderUnavailable
from loki_core.oidc import verify_jws
from loki_core.oidc.answer import Answer
from loki_core.oidc.device_answer import MalformedAnswer, parse_device_answer
from loki_core.oidc.discovery import parse_discovery
from loki_core.oidc.explain import explain_token
from loki_core.oidc.key_set import parse_key_set
from loki_core.oidc.refusal import Refusal
from loki_core.oidc.role_mapping import RoleMapping
from loki_core.oidc.strict_json import JsonProblem, parse_object
from loki_core.oidc.token_answer import OAuthError, parse_token_answer
from tests.core.oidc.people import COMMON, GOOGLE, make_mapping
from tests.core.oidc.signer import (
    ACCESS_TOKEN,
    ID_TOKEN,
    ISSUER,
    NOW,
    Signer,
    check,
    make_access_claims,
    make_claims,
)

SIGNER = Signer("EdDSA")
KEYS = SIGNER.keys
MAPPINGS: tuple[RoleMapping, ...] = (
    make_mapping(roles_claim="realm_access.roles", role_mapping={"ops": "operator"}),
    make_mapping(roles_claim="roles", default_role="viewer"),
    make_mapping(issuer=GOOGLE, allowed_domains=("example.com",), role_mapping={"ops": "operator"}),
    make_mapping(issuer=COMMON, allowed_domains=("example.com",), roles_claim="email", role_mapping={"a@b.c": "admin"}),
)


def drive_token(data: bytes) -> None:
    """Validate and explain text that somebody presents."""
    token = data.decode("latin-1")
    for expected in (ID_TOKEN, ACCESS_TOKEN):
        with contextlib.suppress(Refusal):
            check(token, expected, keys=KEYS)
    with contextlib.suppress(Refusal):
        assert verify_jws(token, SIGNER.jwks) is not None
    explain_token(token, KEYS, ID_TOKEN, MAPPINGS[0], NOW)


def drive_header(data: bytes) -> None:
    """Validate a token with this header, rightly signed."""
    with contextlib.suppress(Refusal):
        check(SIGNER.sign(make_claims(), data), keys=KEYS)


def drive_claims(data: bytes) -> None:
    """Validate a token with this payload, rightly signed, and find its role."""
    token = SIGNER.sign(data)
    for expected in (ID_TOKEN, ACCESS_TOKEN):
        with contextlib.suppress(Refusal):
            check(token, expected, keys=KEYS)
    with contextlib.suppress(JsonProblem):
        claims = parse_object(data)
        for mapping in MAPPINGS:
            with contextlib.suppress(Refusal):
                mapping.suppose(claims)
            explain_token(token, KEYS, ID_TOKEN, mapping, NOW)


def drive_key_set(data: bytes) -> None:
    """Read a document that a provider publishes, and verify with what is left of it."""
    try:
        keys = parse_key_set(data)
    except ProviderUnavailable:
        return
    assert keys.keys
    assert len(keys.names) == sum(key.kid is not None for key in keys.keys)
    assert all(key.verifiers for key in keys.keys)
    with contextlib.suppress(Refusal):
        check(SIGNER.sign(make_claims()), keys=keys)


def drive_discovery(data: bytes) -> None:
    """Read what a provider says of itself."""
    with contextlib.suppress(ProviderUnavailable):
        found = parse_discovery(data, ISSUER)
        assert found.issuer == ISSUER
        assert all(problem.isprintable() for problem in found.problems)


def drive_device_answer(data: bytes) -> None:
    """Read a code for a person, and show nothing that could fool one."""
    with contextlib.suppress(MalformedAnswer):
        code = parse_device_answer(data, ISSUER)
        shown = f"{code.user_code}{code.verification_uri}{code.verification_uri_complete}"
        assert shown.isascii()
        assert shown.isprintable()
        assert 1 <= code.interval <= 60
        assert 0 < code.life <= 3600


def drive_token_answer(data: bytes) -> None:
    """Read tokens, or why there are none."""
    for status in (200, 400, 503):
        found = parse_token_answer(Answer(status=status, body=data))
        assert not isinstance(found, OAuthError) or str(found).isprintable()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "token": drive_token,
    "header": drive_header,
    "claims": drive_claims,
    "key_set": drive_key_set,
    "discovery": drive_discovery,
    "device_answer": drive_device_answer,
    "token_answer": drive_token_answer,
}


DOCUMENTS = {
    "discovery": {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/keys",
        "token_endpoint": "https://93.184.216.34:8443//token?a=b",
        "device_authorization_endpoint": "http://127.0.0.1/device",
        "revocation_endpoint": "https://[2606:2800:220:1::1]/revoke",
        "scopes_supported": ["openid", "offline_access"],
        "grant_types_supported": [],
    },
    "device_answer": {
        "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
        "user_code": "WDJB-MJHT",
        "verification_uri": f"{ISSUER}/device",
        "verification_url_complete": f"{ISSUER}/device?user_code=WDJB-MJHT",
        "expires_in": "1800",
        "interval": 5.5,
    },
    "token_answer": {
        "error": "authorization_pending",
        "error_description": "wait",
        "id_token": "a.b.c",
        "access_token": "x",
        "refresh_token": "y",
    },
}


def list_seeds(target: str) -> list[bytes]:
    """Return good inputs of a target, to begin with."""
    claims = [
        make_claims(aud=["loki-cli"], nbf=1.5, groups=["ops"], typ="ID", azp="loki-cli"),
        make_access_claims(events={}, token_use="access", realm_access={"roles": ["ops", "\U0001f511"]}),
        make_claims(hd="example.com", email="a@b.c", email_verified=True, xms_edov="1", tid="x", hasgroups=True),
        make_claims(_claim_names={"groups": "src1"}, at_hash="x", nonce="y"),
    ]
    if target == "token":
        return [SIGNER.sign(each).encode() for each in claims]
    if target == "claims":
        return [json.dumps(each).encode() for each in claims]
    if target == "header":
        extra = SIGNER.make_header(crit=["b64"], b64=False, zip="DEF", jku="https://evil.test", x5c=["x"])
        return [json.dumps(each).encode() for each in (SIGNER.make_header(), extra)]
    if target in DOCUMENTS:
        return [json.dumps(DOCUMENTS[target]).encode()]
    keys = [Signer(name, name).jwk for name in ("RS256", "ES256", "ES384", "ES512", "EdDSA")]
    return [json.dumps({"keys": each}).encode() for each in (keys, keys[1:2], [{**keys[4], "key_ops": ["verify"]}])]


def main(arguments: list[str]) -> None:
    """Run one target under Atheris."""
    atheris = importlib.import_module("atheris")  # not everywhere: there are no wheels of it for all systems
    target, corpus, *options = arguments
    for number, seed in enumerate(list_seeds(target)):
        (Path(corpus) / f"seed-{number}").write_bytes(seed)
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], corpus, *options], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
