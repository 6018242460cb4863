"""What is taken, in both profiles."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from loki_core.errors import InvalidTokenError
from loki_core.oidc.refusal import Refusal
from tests.core.oidc.signer import (
    ACCESS_TOKEN,
    ALGORITHMS,
    CLIENT,
    ISSUER,
    NOW,
    SECONDS,
    check,
    get_signer,
    make_access_claims,
    make_claims,
)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_id_token_says_who_it_is(algorithm: str) -> None:
    signer = get_signer(algorithm)
    claims = check(signer.sign(make_claims()), keys=signer.keys)
    assert (claims.issuer, claims.subject, claims.name) == (ISSUER, "248289761001", "Alice Admin")
    assert claims.issued_at == NOW
    assert claims.expires_at == datetime.fromtimestamp(SECONDS + 600, UTC)


def test_a_good_access_token_is_taken_where_they_are_expected() -> None:
    signer = get_signer()
    for typ in ("at+jwt", "application/at+jwt", "AT+JWT", "JWT", None):
        token = signer.sign(make_access_claims(), signer.make_header(typ=typ))
        assert check(token, ACCESS_TOKEN).subject == "248289761001"


def test_whoever_presents_a_bad_token_learns_nothing_and_the_log_everything() -> None:
    with pytest.raises(InvalidTokenError) as caught:
        check(get_signer().sign(make_claims(aud="another")))
    error = caught.value
    assert isinstance(error, Refusal)
    assert (str(error), error.code) == ("the token is not valid: sign in again", "invalid_token")
    assert error.__cause__ is None
    assert error.for_log == (
        f"audience (OpenID Connect Core 3.1.3.7 (3)): it is meant for 'another', not for '{CLIENT}'"
    )
