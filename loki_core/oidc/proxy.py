"""The company's way out to the provider: the proxy that the environment names, and when it does not count."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from loki_core.errors import ConfigurationError
from loki_core.frozen import dataclass, field
from loki_core.oidc.addresses import Reach, Target, find_literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """The company's way out: its address, and name and password for it or None."""

    url: str
    credentials: tuple[str, str] | None = field(default=None, repr=False)


def find_proxy(target: Target, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that the environment names for an https target, or None.

    Only `HTTPS_PROXY` (in either case) counts, and `NO_PROXY` against it: a request to this machine never leaves it.

    Raises:
        ConfigurationError: the proxy is not an http or https URL.
    """
    proxy = environ.get("https_proxy") or environ.get("HTTPS_PROXY") or ""
    if not proxy or target.scheme != "https" or _is_excepted(target, environ):
        return None
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigurationError("HTTPS_PROXY names no http proxy", remedy="set it to one, such as http://proxy:3128")
    credentials = None
    if parts.username is not None:
        credentials = unquote(parts.username), unquote(parts.password or "")
    host = f"[{host}]" if ":" in host else host
    port = port or (443 if parts.scheme == "https" else 80)
    return Proxy(url=f"{parts.scheme}://{host}:{port}", credentials=credentials)


def _is_excepted(target: Target, environ: Mapping[str, str]) -> bool:
    import urllib.request

    if find_literal(target.host) is Reach.LOOPBACK:
        return True
    names = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return bool(
        urllib.request.proxy_bypass_environment(  # type: ignore[attr-defined]
            f"{target.host}:{target.port}", {"no": names}
        )
    )
