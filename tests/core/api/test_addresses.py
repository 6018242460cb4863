"""Whose word is taken for where a request comes from."""

from __future__ import annotations

import pytest

from loki_core.api.addresses import find_client, parse_proxies

PROXIES = parse_proxies(["10.0.0.0/8", "fd00::/8"])


def _forwarded(*hops: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", ", ".join(hops).encode())]


def test_without_trusted_proxies_the_peer_is_the_client_whatever_it_says() -> None:
    assert find_client("10.0.0.1", _forwarded("1.2.3.4"), ()) == "10.0.0.1"


def test_a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_says() -> None:
    assert find_client("192.0.2.9", _forwarded("1.2.3.4"), PROXIES) == "192.0.2.9"


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        (("203.0.113.5",), "203.0.113.5"),
        (("6.6.6.6", "203.0.113.5"), "203.0.113.5"),  # the first was made up by the client
        (("6.6.6.6", "203.0.113.5", "10.1.1.1"), "203.0.113.5"),
        (("10.2.2.2", "10.1.1.1"), "10.2.2.2"),
        (("2001:db8::7",), "2001:db8::7"),
        (("[2001:db8::7]:4711",), "2001:db8::7"),
        (("203.0.113.5:4711",), "203.0.113.5"),
        (("::ffff:203.0.113.5",), "203.0.113.5"),
        (("unknown",), "10.0.0.1"),
        (("6.6.6.6", "_hidden", "10.1.1.1"), "10.1.1.1"),
        (("",), "10.0.0.1"),
    ],
)
def test_forged_hops_before_the_first_that_is_no_proxy_of_ours_are_not_believed(
    hops: tuple[str, ...], client: str
) -> None:
    assert find_client("10.0.0.1", _forwarded(*hops), PROXIES) == client


def test_the_standard_header_is_read_and_goes_before_the_other() -> None:
    headers = [
        (b"forwarded", b'for=6.6.6.6;proto=http, For="[2001:db8::7]:4711";by=10.0.0.1'),
        (b"x-forwarded-for", b"9.9.9.9"),
    ]
    assert find_client("10.0.0.1", headers, PROXIES) == "2001:db8::7"


def test_thousands_of_hops_cost_nothing_much() -> None:
    assert find_client("10.0.0.1", _forwarded(*["10.1.1.1"] * 50_000), PROXIES) == "10.1.1.1"
