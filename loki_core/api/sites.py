"""Which sites may ask without a credential: what keeps web pages of others out. Pure.

A page of any site can make a browser send requests to localhost (CSRF), and a name that is re-bound to 127.0.0.1 makes
them look like our own (DNS rebinding). Both show in the Host, Origin and Sec-Fetch-Site headers, which a page cannot
choose. A request with a valid credential needs none of this: no browser adds a bearer by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN_SITES = frozenset({"same-origin", "none"})


class SiteRules:
    """Which hosts we are, and so which pages are ours."""

    def __init__(self, public_url: str) -> None:
        """Know the local names, and the one that the server is reached by.

        Args:
            public_url: `server.public_url`.
        """
        self._hosts = LOCAL_HOSTS | {urlsplit(public_url).hostname or "localhost"}

    def find_refusal(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Return why a request without a credential is refused, or "".

        Args:
            headers: names in lower case.
        """
        values: dict[bytes, str] = {}
        for name, value in headers:
            if name in {b"host", b"origin", b"sec-fetch-site"}:
                if name in values:
                    return f"there are two {name.decode()} headers"
                values[name] = value.decode("latin-1").strip().lower()
        host = _get_hostname(f"//{values.get(b'host', '')}")
        if host not in self._hosts:
            return "this host name is not ours"
        origin = values.get(b"origin")
        if origin is not None and _get_hostname(origin) not in self._hosts:
            return "the request comes from a page of another site"
        if values.get(b"sec-fetch-site", "none") not in _OWN_SITES:
            return "the request comes from a page of another site"
        return ""


def _get_hostname(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.port is None or parts.port > 0 else None
    except ValueError:
        return None
