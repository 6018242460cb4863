"""Which addresses a provider's documents may lead to. Pure: names and addresses in, a verdict out.

The documents are the provider's, the requests are ours, made from inside the company's network: without a limit they
could be aimed at what only this machine reaches (SSRF, CWE-918). An endpoint may be as public as the configured issuer
or more so, never less: a public issuer leads to public addresses alone, one in the company's network to those as well,
and one on this machine anywhere. Link-local addresses, where clouds keep their machines' credentials, are never asked.
"""

from __future__ import annotations

import ipaddress
import re
from enum import IntEnum
from urllib.parse import urlsplit

from loki_core.frozen import dataclass

LONGEST_URL = 2000
_PRINTABLE = re.compile(r"[\x21-\x5b\x5d-\x7e]+\Z")  # no space, no backslash
_NAME = re.compile(r"[0-9A-Za-z_]([0-9A-Za-z_-]*[0-9A-Za-z_])?(\.[0-9A-Za-z_]([0-9A-Za-z_-]*[0-9A-Za-z_])?)*\.?\Z")
_NUMBER = re.compile(r"([0-9]+|0[xX][0-9A-Fa-f]*)\.?\Z")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SHARED = ipaddress.IPv4Network("100.64.0.0/10")  # carrier-grade NAT, RFC 6598: not global, not private to ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(IntEnum):
    """From where an address is reached; the greater, the less public."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    NEVER = 3

    @property
    def description(self) -> str:
        """What such an address is called to a person."""
        return ("a public", "a private", "a loopback", "a link-local or special")[self]


class UnsafeAddress(Exception):
    """An address is not asked; the message says why, without the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that may be asked, in its parts.

    Attributes:
        host: a name or an address, without brackets.
        path: everything behind the authority, the query included; never empty.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """The URL's scheme, host and port, as a person writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_usual = self.port == (443 if self.scheme == "https" else 80)
        return f"{self.scheme}://{host}" + ("" if is_usual else f":{self.port}")


def classify_address(address: Address) -> Reach:
    """Return from where an address is reached; one that carries an IPv4 address is as that one is."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = _find_carried(address)
        if carried is not None:
            return classify_address(carried)
    if address.is_loopback:
        return Reach.LOOPBACK
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return Reach.NEVER
    if address.is_global:
        return Reach.PUBLIC
    is_shared = isinstance(address, ipaddress.IPv4Address) and address in _SHARED
    return Reach.PRIVATE if address.is_private or is_shared else Reach.NEVER


def _find_carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def find_literal(host: str) -> Reach | None:
    """Return the reach of a host that is an address or `localhost`, or None for another name."""
    if host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost"):
        return Reach.LOOPBACK
    try:
        return classify_address(ipaddress.ip_address(host))
    except ValueError:
        return None


def parse_url(url: str, issuer: str | None = None) -> Target:
    """Return the parts of a URL that may be asked.

    https, or http on this machine when the issuer itself is on this machine. What a name resolves to is not known here:
    whoever connects looks again.

    Args:
        url: the URL.
        issuer: the configured issuer that led to it, or None when this is the issuer's own address.

    Raises:
        UnsafeAddress: it is not a URL that is asked.
    """
    if len(url) > LONGEST_URL or not _PRINTABLE.match(url):
        raise UnsafeAddress("it is not a URL")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnsafeAddress("it is not a URL") from None
    if "@" in parts.netloc or "#" in url:
        raise UnsafeAddress("it holds credentials or a fragment")
    reach = find_literal(host)
    if reach is None and (not _NAME.match(host) or len(host) > 253 or _NUMBER.match(host.rpartition(".")[2])):
        raise UnsafeAddress("its host is not a name or an address")
    limit = reach if issuer is None else find_literal(parse_url(issuer).host)
    if reach is not None and (reach is Reach.NEVER or reach > (limit or Reach.PUBLIC)):
        raise UnsafeAddress(f"it leads to {reach.description} address")
    is_local = reach is Reach.LOOPBACK and limit is Reach.LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise UnsafeAddress("it is not an https URL")
    path = parts.path or "/"
    return Target(
        scheme=parts.scheme,
        host=host,
        port=(443 if parts.scheme == "https" else 80) if port is None else port,
        path=f"{path}?{parts.query}" if parts.query else path,
    )
