"""Pages of other sites, and names that were re-bound to this machine."""

from __future__ import annotations

import pytest

from loki_core.api.sites import SiteRules

RULES = SiteRules("https://access.example.com")


def _refusal(**headers: str) -> str:
    return RULES.find_refusal([(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()])


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:57374", "127.0.0.1:1", "[::1]:57374", "LOCALHOST", "access.example.com:8443"]
)
def test_our_own_names_are_answered_at_any_port(host: str) -> None:
    assert _refusal(host=host) == ""
    assert _refusal(host=host, origin=f"http://{host}", sec_fetch_site="same-origin") == ""


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "127.0.0.2",
        "0.0.0.0",
        "localhost@evil.example",
        "evil.example#localhost",
        "[::1",
        "localhost:99999999",
    ],
)
def test_dns_rebinding_a_name_that_is_not_ours_is_refused(host: str) -> None:
    assert _refusal(host=host)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "https://localhost.evil.example", "file://"])
def test_csrf_a_foreign_origin_is_refused(origin: str) -> None:
    assert _refusal(host="localhost", origin=origin)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_csrf_a_request_that_the_browser_calls_foreign_is_refused(site: str) -> None:
    assert _refusal(host="localhost", sec_fetch_site=site)


def test_two_host_headers_are_refused() -> None:
    assert RULES.find_refusal([(b"host", b"localhost"), (b"host", b"evil.example")])
