"""Where a request comes from: the peer's address, or what trusted proxies say of it. Pure.

A forwarding header is believed only as far as the chain of trusted proxies reaches: from the right, the first address
that is no proxy of ours is the client's (RFC 7239, 5.2; 8.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_FOR = re.compile(r'(?:^|[;,])\s*for\s*=\s*("[^"]*"|[^;,\s]+)', re.IGNORECASE)
_MOST_HOPS = 32


def parse_proxies(names: Iterable[str]) -> tuple[Network, ...]:
    """Return the addresses and networks of `server.trusted_proxies`.

    Raises:
        ValueError: one of them is neither.
    """
    return tuple(ip_network(name, strict=False) for name in names)


def find_client(peer: str, headers: Iterable[tuple[bytes, bytes]], proxies: Sequence[Network]) -> str:
    """Return the address of the client, or what the peer calls itself when that is no address.

    Args:
        peer: the address at the other end of the connection.
        headers: of the request, names in lower case.
        proxies: whose forwarding headers are believed.
    """
    if not proxies or not _is_trusted(_parse(peer), proxies):
        return peer
    client = peer
    for hop in reversed(_list_hops(headers)):
        address = _parse(hop)
        if address is None:
            return client  # `unknown`, an obfuscated name, or nonsense: nothing beyond it is proved
        client = str(address)
        if not _is_trusted(address, proxies):
            return client
    return client


def _list_hops(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    forwarded: list[str] = []
    x_forwarded: list[str] = []
    for name, value in headers:
        if name == b"forwarded":
            forwarded += [hop.strip('"') for hop in _FOR.findall(value.decode("latin-1"))]
        elif name == b"x-forwarded-for":
            x_forwarded += [hop.strip() for hop in value.decode("latin-1").split(",")]
    return (forwarded or x_forwarded)[-_MOST_HOPS:]


def _parse(text: str) -> Address | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_trusted(address: Address | None, proxies: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in proxies if network.version == address.version)
