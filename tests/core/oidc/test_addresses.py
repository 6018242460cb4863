"""Where a provider's documents may lead, and where not."""

from __future__ import annotations

import ipaddress
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loki_core.oidc.addresses import Reach, UnsafeAddress, classify_address, parse_url

PUBLIC = "https://id.example.com"
PRIVATE = "https://10.1.2.3"
LOCAL = "http://127.0.0.1:8080"

ADDRESSES = {
    "93.184.216.34": Reach.PUBLIC,
    "2606:2800:220:1::1": Reach.PUBLIC,
    "10.0.0.1": Reach.PRIVATE,
    "172.16.0.1": Reach.PRIVATE,
    "192.168.1.1": Reach.PRIVATE,
    "100.64.0.1": Reach.PRIVATE,
    "fd00::1": Reach.PRIVATE,
    "127.0.0.1": Reach.LOOPBACK,
    "127.255.255.254": Reach.LOOPBACK,
    "::1": Reach.LOOPBACK,
    "::ffff:127.0.0.1": Reach.LOOPBACK,
    "::ffff:10.0.0.1": Reach.PRIVATE,
    "::ffff:169.254.169.254": Reach.NEVER,
    "64:ff9b::7f00:1": Reach.LOOPBACK,
    "64:ff9b::5db8:d822": Reach.PUBLIC,
    "2002:7f00:1::": Reach.LOOPBACK,
    "169.254.169.254": Reach.NEVER,
    "fe80::1": Reach.NEVER,
    "0.0.0.0": Reach.NEVER,
    "::": Reach.NEVER,
    "224.0.0.1": Reach.NEVER,
    "ff02::1": Reach.NEVER,
    "255.255.255.255": Reach.NEVER,
    "240.0.0.1": Reach.NEVER,
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_is_as_reachable_as_what_it_carries(text: str) -> None:
    assert classify_address(ipaddress.ip_address(text)) is ADDRESSES[text]


TAKEN = {
    "https://id.example.com/keys": PUBLIC,
    "https://keys.example.net:8443//a//b?x=1&y=2": PUBLIC,
    "https://93.184.216.34/keys": PUBLIC,
    "https://192.168.0.7/keys": PRIVATE,
    "https://[2606:2800:220:1::1]:443/": PRIVATE,
    "http://127.0.0.1:9/keys": LOCAL,
    "http://localhost/keys": LOCAL,
    "http://[::1]:9/keys": LOCAL,
    "https://id.example.com/": LOCAL,
}


@pytest.mark.parametrize("url", TAKEN)
def test_a_url_as_public_as_the_issuer_or_more_so_is_asked(url: str) -> None:
    target = parse_url(url, TAKEN[url])
    assert target.path.startswith("/")
    assert url.startswith(target.origin)


REFUSED = {
    "plain http": ("http://id.example.com/keys", PUBLIC),
    "plain http to this machine, from a public issuer": ("http://127.0.0.1/keys", PUBLIC),
    "plain http elsewhere, from an issuer on this machine": ("http://id.example.com/keys", LOCAL),
    "loopback": ("https://127.0.0.1/keys", PUBLIC),
    "loopback, by name": ("https://localhost/keys", PUBLIC),
    "loopback, by name with a dot": ("https://localhost./keys", PUBLIC),
    "loopback, below the name": ("https://a.localhost/keys", PUBLIC),
    "loopback, in IPv6": ("https://[::1]/keys", PUBLIC),
    "loopback, mapped into IPv6": ("https://[::ffff:7f00:1]/keys", PUBLIC),
    "loopback, as one number": ("https://2130706433/keys", PUBLIC),
    "loopback, in hexadecimal": ("https://0x7f.1/keys", PUBLIC),
    "loopback, in octal": ("https://0177.0.0.1/keys", PUBLIC),
    "loopback, shortened": ("https://127.1/keys", PUBLIC),
    "loopback, from a private issuer": ("https://127.0.0.1/keys", PRIVATE),
    "link-local": ("https://169.254.169.254/latest/meta-data", PUBLIC),
    "link-local, from an issuer on this machine": ("https://169.254.169.254/latest", LOCAL),
    "link-local, in IPv6": ("https://[fe80::1]/keys", PUBLIC),
    "link-local, with a zone": ("https://[fe80::1%25eth0]/keys", PUBLIC),
    "private": ("https://10.0.0.1/keys", PUBLIC),
    "nowhere": ("https://0.0.0.0/keys", LOCAL),
    "a file": ("file:///etc/passwd", LOCAL),
    "no scheme": ("//id.example.com/keys", PUBLIC),
    "no host": ("https:///keys", PUBLIC),
    "credentials": ("https://user:pass@id.example.com/keys", PUBLIC),
    "an empty user": ("https://@id.example.com/keys", PUBLIC),
    "a fragment": ("https://id.example.com/keys#", PUBLIC),
    "a backslash": ("https://id.example.com\\@evil.example/", PUBLIC),
    "a space": ("https://id.example.com/ keys", PUBLIC),
    "a line break": ("https://id.example.com/\r\nx: y", PUBLIC),
    "an escape": ("https://id.example.com/\x1b[2J", PUBLIC),
    "letters beyond ASCII": ("https://id.ex\u0430mple.com/", PUBLIC),
    "no port": ("https://id.example.com:99999/", PUBLIC),
    "two thousand characters": ("https://id.example.com/" + "a" * 2000, PUBLIC),
    "nothing": ("", PUBLIC),
}


@pytest.mark.parametrize("name", REFUSED)
def test_ssrf_what_is_less_public_than_the_issuer_is_never_asked(name: str) -> None:
    url, issuer = REFUSED[name]
    with pytest.raises(UnsafeAddress) as caught:
        parse_url(url, issuer)
    assert str(caught.value).startswith("it")


@given(st.text(alphabet=string.printable, max_size=60), st.sampled_from([PUBLIC, LOCAL]))
def test_any_text_is_a_target_or_unsafe(text: str, issuer: str) -> None:
    for url in (text, f"https://{text}", f"http://127.0.0.1{text}"):
        try:
            target = parse_url(url, issuer)
        except UnsafeAddress:
            continue
        assert target.scheme in ("http", "https")
        assert target.host
        assert 0 <= target.port < 65536
