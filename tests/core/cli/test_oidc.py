"""`oidc check` and `oidc explain`: what is right and wrong with a provider and with a token, in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.core.cli.program import Answer, Program
from tests.core.oidc.signer import get_signer
from tests.support.idp.process import Idp
from tests.support.odd_provider import OddProvider, Said

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def odd() -> Iterator[OddProvider]:
    with closing(OddProvider()) as provider:
        provider.answers = {
            DISCOVERY: [Said(200, {"issuer": provider.url, "jwks_uri": f"{provider.url}/keys"})],
            "/keys": [Said(200, {"keys": [get_signer().jwk]})],
        }
        yield provider


@pytest.fixture
def check(loki: Program, odd: OddProvider) -> Callable[..., tuple[int, dict[str, dict[str, str]]]]:
    def run(**environ: str) -> tuple[int, dict[str, dict[str, str]]]:
        env = {"LOKI_OIDC_ISSUER": odd.url, "LOKI_OIDC_CLIENT_ID": "loki-cli", **environ}
        answer = loki("oidc check --json", env=env)
        assert answer.err == ""
        assert answer.json["ok"] is (answer.status == 0)
        return answer.status, {finding["code"]: finding for finding in answer.json["findings"]}

    return run


def test_a_provider_that_is_set_up_right_is_ok_line_by_line(loki: Program, idp: Idp) -> None:
    env = {
        "LOKI_OIDC_ISSUER": idp.issuer,
        "LOKI_OIDC_CLIENT_ID": "loki-cli",
        "LOKI_OIDC_ROLES_CLAIM": "groups",
        "LOKI_OIDC_SCOPES": "openid groups offline_access",
    }
    answer = loki.do("oidc check", env=env)
    assert {line.split()[0] for line in answer.out.splitlines()} == {"ok"}
    assert f"the provider calls itself {idp.issuer}" in answer.out
    assert "device login" in answer.out
    assert "3 keys to check signatures with" in answer.out


def test_what_is_missing_is_named_with_what_to_do(check: Callable[..., Any]) -> None:
    status, found = check()
    assert status == 0
    assert (found["device_flow_unavailable"]["severity"], "RFC 8628" in found["device_flow_unavailable"]["remedy"]) == (
        "warning",
        True,
    )
    assert {"no_browser_login", "no_revocation", "no_renewal", "full_access", "keys"} <= set(found)


WRONG: dict[str, tuple[str, Said, str, str]] = {
    "another issuer": (
        DISCOVERY,
        Said(200, {"issuer": "https://evil.example"}),
        "provider_unavailable",
        "to the letter",
    ),
    "nothing there": (DISCOVERY, Said(404), "provider_unavailable", "enterprise.auth.oidc.issuer"),
    "a page": (DISCOVERY, Said(200, b"<html>"), "provider_unavailable", "see what answers at"),
    "no keys": ("/keys", Said(200, {"keys": []}), "provider_unavailable", ""),
    "private keys": ("/keys", Said(200, {"keys": [{"kty": "oct", "k": "AA"}]}), "provider_unavailable", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_an_error_with_what_to_do(check: Callable[..., Any], odd: OddProvider, name: str) -> None:
    path, said, code, remedy = WRONG[name]
    odd.answers[path] = [said]
    status, found = check()
    assert status == 1
    assert found[code]["severity"] == "error"
    assert remedy in found[code]["remedy"]


def test_keys_that_are_not_used_are_named_with_the_reason(check: Callable[..., Any], odd: OddProvider) -> None:
    odd.answers["/keys"] = [Said(200, {"keys": [get_signer().jwk, {**get_signer("RS256").jwk, "use": "enc"}]})]
    status, found = check()
    assert status == 0
    assert "key 2 (key-1) is not used" in found["key_dropped"]["message"]


def test_a_slash_too_few_is_found_out(check: Callable[..., Any], odd: OddProvider) -> None:
    odd.answers[DISCOVERY] = [Said(200, {"issuer": f"{odd.url}/", "jwks_uri": f"{odd.url}/keys"})]
    _, found = check()
    assert "with a slash at its end" in found["provider_unavailable"]["remedy"]


def test_entra_an_unfilled_tenant_is_explained_without_asking_anybody(loki: Program) -> None:
    env = {
        "LOKI_OIDC_ISSUER": "https://login.microsoftonline.com/{tenant}/v2.0",
        "LOKI_OIDC_CLIENT_ID": "x",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    answer = loki("oidc check", env=env)
    assert answer.status == 1
    assert "{tenant}" in answer.out
    assert "tenant's) id" in answer.out
    for line in ("login --json", "token verify"):
        refused = loki(line, env=env, stdin="eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln")
        assert refused.status == 2
        assert "{tenant}" in refused.out + refused.err


def test_google_an_issuer_of_strangers_needs_a_restriction_before_anybody_signs_in(loki: Program) -> None:
    env = {"LOKI_OIDC_ISSUER": "https://accounts.google.com", "LOKI_OIDC_CLIENT_ID": "x"}
    refused = loki("login --json", env=env)
    assert refused.status == 2
    assert "enterprise.auth.oidc.allowed_domains" in refused.json["message"]


def test_escapes_in_a_providers_documents_reach_no_terminal(loki: Program, odd: OddProvider) -> None:
    odd.answers[DISCOVERY] = [Said(200, {"issuer": "\x1b]0;owned\x07\u202e", "jwks_uri": "\x1b[2J"})]
    env = {"LOKI_OIDC_ISSUER": odd.url, "LOKI_OIDC_CLIENT_ID": "x"}
    answer = loki("oidc check", env=env)
    assert answer.status == 1
    assert all(line.isprintable() for line in answer.out.splitlines())


def test_without_a_provider_there_is_nothing_to_check(loki: Program) -> None:
    for line in ("oidc check", "oidc explain -"):
        answer = loki(line, stdin="a.b.c")
        assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert "LOKI_OIDC_ISSUER" in answer.err


# -- explain


@pytest.fixture
def explain(loki: Program, idp: Idp) -> Callable[..., Answer]:
    env = {"LOKI_OIDC_ISSUER": idp.issuer, "LOKI_OIDC_CLIENT_ID": "loki-cli", "LOKI_OIDC_ROLES_CLAIM": "roles"}

    def run(token: str, options: str = "", **environ: str) -> Answer:
        return loki(f"oidc explain {options}", stdin=token, env={**env, **environ})

    return run


def test_every_rule_passes_and_the_role_is_said(explain: Callable[..., Answer], idp: Idp) -> None:
    token = idp.sign_in("oscar")["id_token"]
    answer = explain(token)
    assert (answer.status, answer.err) == (0, "")
    rules, _, verdict = answer.out.partition("\n\n")
    assert {line.split()[0] for line in rules.splitlines()} == {"pass"}
    assert "OpenID Connect Core 3.1.3.7 (2)" in rules
    assert verdict.startswith("This token is: taken\nRole: operator\nScopes: control, read, write\nBecause: ")
    for part in token.split("."):
        assert part not in answer.out


def test_the_rule_that_is_broken_fails_with_the_reason(explain: Callable[..., Answer], idp: Idp) -> None:
    token = idp.sign_in("oscar")["id_token"]
    answer = explain(token, "--json", LOKI_OIDC_CLIENT_ID="another")
    assert answer.status == 1
    assert answer.json["valid"] is False
    failed = [rule for rule in answer.json["rules"] if rule["outcome"] == "fail"]
    assert [rule["rule"] for rule in failed] == ["audience", "other_audiences"]
    assert "loki-cli" in failed[0]["reason"]
    assert answer.json["role"] == "operator"
    text = explain(token, LOKI_OIDC_CLIENT_ID="another").out
    assert "\nfail " in text
    assert "Role, if it were good: operator" in text


def test_a_person_without_a_role_is_told_why(explain: Callable[..., Answer], idp: Idp) -> None:
    answer = explain(idp.sign_in("nobody")["id_token"], "--json")
    assert (answer.status, answer.json["role"]) == (1, None)
    (failed,) = [rule for rule in answer.json["rules"] if rule["outcome"] == "fail"]
    assert failed["rule"] == "role"


def test_without_the_providers_keys_the_rest_is_said(
    loki: Program, start_idp: Callable[..., Idp], explain: Callable[..., Answer]
) -> None:
    idp = start_idp()
    token = idp.sign_in("oscar")["id_token"]
    idp.close()
    answer = explain(token, "--json", LOKI_OIDC_ISSUER=idp.issuer)
    assert answer.status == 1
    assert "cannot be reached" in answer.json["problem"]
    outcomes = {rule["rule"]: rule["outcome"] for rule in answer.json["rules"]}
    assert (outcomes["signature"], outcomes["issuer"]) == ("not reached", "pass")


def test_a_token_as_an_argument_is_refused(explain: Callable[..., Answer], idp: Idp) -> None:
    token = idp.sign_in("oscar")["id_token"]
    answer = explain("", token)
    assert (answer.status, answer.out) == (2, "")
    assert token not in answer.err


def test_the_token_is_read_from_the_environment_and_leaves_no_entry(
    loki: Program, explain: Callable[..., Answer], idp: Idp
) -> None:
    token = idp.sign_in("oscar")["id_token"]
    assert explain("", LOKI_TOKEN=token).status == 0
    assert not (loki.home / ".loki").exists()


def test_verify_and_whoami_take_a_jwt_beside_secrets(loki: Program, idp: Idp) -> None:
    env = {"LOKI_OIDC_ISSUER": idp.issuer, "LOKI_OIDC_CLIENT_ID": "loki-cli", "LOKI_OIDC_ROLES_CLAIM": "roles"}
    token = idp.sign_in("vera")["id_token"]
    answer = loki.do("token verify --json", stdin=token, env=env).json
    assert answer["principal"] | {"expires_at": None} == {
        "subject": "vera",
        "name": "Vera Viewer",
        "role": "viewer",
        "scopes": ["read"],
        "effective_scopes": ["read"],
        "method": "oidc",
        "expires_at": None,
    }
    refused = loki("token verify --json", stdin=f"{token[:-8]}AAAAAAAA", env=env)
    assert (refused.status, refused.json) == (1, {"valid": False, "code": "invalid_token"})
    assert loki.do("whoami --json", env={**env, "LOKI_TOKEN": token}).json["subject"] == "vera"
    secret = loki.do("token generate ci-bot", env=env).secret
    assert loki.do("token verify --json", stdin=secret, env=env).json["valid"] is True
    (log,) = loki.home.glob(".loki/dashboard/audit/audit-*.jsonl")
    failed = [json.loads(line) for line in log.read_text().splitlines() if '"auth.oidc.fail"' in line]
    assert failed[0]["details"]["reason"].startswith("signature")
