"""What counts as a presented credential."""

from __future__ import annotations

import pytest

from loki_core.api.bearer import LONGEST_CREDENTIAL, Presented, parse_authorization


def _parse(*values: bytes) -> Presented:
    return parse_authorization([(b"host", b"localhost"), *((b"authorization", value) for value in values)])


@pytest.mark.parametrize("value", [b"Bearer abc", b"bearer abc", b"BEARER  abc ", b" Bearer\x20abc", b"Bearer abc\t"])
def test_the_scheme_is_read_in_any_case_and_the_blanks_around_are_not_part_of_the_token(value: bytes) -> None:
    assert _parse(value) == Presented(credential="abc")


@pytest.mark.parametrize("values", [(), (b"Basic dXNlcjpwdw==",), (b"Digest x",), (b"Bearerabc",), (b"",)])
def test_no_header_and_another_scheme_present_nothing(values: tuple[bytes, ...]) -> None:
    assert _parse(*values) == Presented()


@pytest.mark.parametrize(
    "values",
    [
        (b"Bearer",),
        (b"Bearer ",),
        (b"Bearer a b",),
        (b"Bearer a\x00b",),
        (b"Bearer a\r\nX-Injected: 1",),
        (b"Bearer caf\xc3\xa9",),
        (b"Bearer " + b"a" * (LONGEST_CREDENTIAL + 1),),
        (b"Bearer a", b"Bearer a"),
        (b"Bearer a", b"Basic b"),
    ],
)
def test_a_header_that_can_be_no_credential_says_why_and_never_repeats_it(values: tuple[bytes, ...]) -> None:
    presented = _parse(*values)
    assert presented.problem
    assert presented.credential == ""
    assert "caf" not in presented.problem
    assert "Injected" not in presented.problem
