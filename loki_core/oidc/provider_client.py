"""Asking the provider: one request, one answer of limited size, within one deadline, at addresses that may be asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from loki_core.errors import ProviderUnavailable
from loki_core.oidc.addresses import Reach, Target, UnsafeAddress, classify_address, parse_url
from loki_core.oidc.answer import LONGEST_ANSWER, Answer, Unreachable
from loki_core.oidc.proxy import find_proxy
from loki_core.oidc.tls import make_tls_context
from loki_core.text import safe_text

if TYPE_CHECKING:
    import ssl

    import httpcore

    from loki_core.oidc.network import Deadline, Resolve

SECONDS = 5.0
_CHECK = "check the network, and enterprise.auth.oidc.issuer"


class ProviderClient:
    """Sends requests to the provider's endpoints. Safe to use from several threads; keeps no connection."""

    def __init__(
        self,
        issuer: str,
        *,
        ca_file: Path | None = None,
        environ: Mapping[str, str] | None = None,
        resolve: Resolve | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Prepare the client; nothing is asked yet.

        Args:
            issuer: the configured issuer: what its documents lead to may not be less public than it is.
            ca_file: the certificates that are believed instead of the system's.
            environ: where a proxy for https is looked up (`HTTPS_PROXY`, `NO_PROXY`).
            resolve: finds the addresses of a host; by default the system's resolver.
            seconds: how long a request may take in all.
        """
        self._issuer = issuer
        self._ca_file = ca_file
        self._environ = os.environ if environ is None else environ
        self._resolve = resolve
        self._seconds = seconds
        self._context: ssl.SSLContext | None = None

    def hasten(self, seconds: float) -> ProviderClient:
        """Return the same client for requests that may take so many seconds."""
        return ProviderClient(
            self._issuer, ca_file=self._ca_file, environ=self._environ, resolve=self._resolve, seconds=seconds
        )

    def get(self, url: str) -> Answer:
        """Return the answer to a GET.

        Raises:
            ProviderUnavailable: it may not be asked, or it answers with too much or elsewhere (a redirect).
            Unreachable: the request did not come through.
            ConfigurationError: `ca_file` or the proxy cannot be used.
        """
        return self._send("GET", url, {}, None)

    def post(self, url: str, form: Mapping[str, str], *, authorization: str = "") -> Answer:
        """Return the answer to a POST of a form. Errors as for `get`.

        Args:
            url: where to.
            form: the fields; their values may be secrets.
            authorization: the header of that name, or "".
        """
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if authorization:
            headers["authorization"] = authorization
        return self._send("POST", url, headers, urlencode(form).encode())

    def _send(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Answer:
        try:
            target = parse_url(url, self._issuer)
        except UnsafeAddress as error:
            raise ProviderUnavailable(
                f"{safe_text(url, limit=200)} is not asked: {error}", remedy="correct it at the provider"
            ) from None
        import httpcore

        from loki_core.oidc.network import Deadline

        deadline = Deadline(self._seconds)
        try:
            with (
                self._open_pool(target, deadline) as pool,
                pool.stream(
                    method, _make_url(target), headers=_make_headers(target, headers), content=content
                ) as found,
            ):
                return _read(found, target)
        except UnsafeAddress as error:
            raise ProviderUnavailable(f"{target.origin} is not asked: {error}", remedy=_CHECK) from None
        except httpcore.TimeoutException:
            message = f"{target.origin} did not answer within {self._seconds:.0f} s"
            raise Unreachable(message, remedy=_CHECK) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, OSError) as error:
            raise self._explain(error, target) from None

    def _explain(self, error: Exception, target: Target) -> ProviderUnavailable:
        cause = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
        untrusted = getattr(cause, "verify_message", "")
        reason = safe_text(untrusted or getattr(cause, "strerror", "") or cause, limit=200)
        if untrusted:
            return ProviderUnavailable(
                f"the certificate of {target.origin} is not believed: {reason}",
                remedy="if your company has its own authority, name its certificates in enterprise.auth.oidc.ca_file",
            )
        return Unreachable(f"{target.origin} cannot be reached: {reason}", remedy=_CHECK)

    def _open_pool(self, target: Target, deadline: Deadline) -> AbstractContextManager[httpcore.ConnectionPool]:
        import httpcore

        from loki_core.oidc.network import GuardedBackend, resolve_host

        resolve = self._resolve or resolve_host
        proxy = find_proxy(target, self._environ)
        options: dict[str, Any] = {"max_connections": 1, "max_keepalive_connections": 0}
        if target.scheme == "https":
            options["ssl_context"] = self._get_context()
        if proxy is None:
            find_limit = self._make_limit(deadline, resolve)
            return httpcore.ConnectionPool(network_backend=GuardedBackend(deadline, resolve, find_limit), **options)
        # The proxy resolves the name and is the company's own guard; that the host is not literally inside was checked.
        backend = GuardedBackend(deadline, resolve, lambda _: Reach.LOOPBACK)
        return httpcore.HTTPProxy(proxy.url, proxy_auth=proxy.credentials, network_backend=backend, **options)

    def _make_limit(self, deadline: Deadline, resolve: Resolve) -> Callable[[str], Reach]:
        from loki_core.oidc.network import resolve_within

        issuer_host = parse_url(self._issuer).host

        def find_limit(host: str) -> Reach:
            if host == issuer_host:
                return Reach.LOOPBACK  # the administrator named it
            reached = [classify_address(address) for address in resolve_within(deadline, resolve, issuer_host)]
            return max(reached, default=Reach.PUBLIC)

        return find_limit

    def _get_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = make_tls_context(self._ca_file)
        return self._context


def _make_url(target: Target) -> httpcore.URL:
    import httpcore

    return httpcore.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )


def _make_headers(target: Target, more: Mapping[str, str]) -> list[tuple[bytes | str, bytes | str]]:
    headers = {
        "host": target.origin.partition("://")[2],
        "accept": "application/json",
        "accept-encoding": "identity",  # a few bytes that unfold to gigabytes are not wanted
        "connection": "close",
        "user-agent": "loki-tui",
        **more,
    }
    return list(headers.items())


def _read(found: httpcore.Response, target: Target) -> Answer:
    headers = {name.lower(): value.decode("latin-1") for name, value in found.headers}
    if 300 <= found.status < 400:
        raise ProviderUnavailable(
            f"{target.origin} answers with a redirect, which is not followed",
            remedy="configure the address that it leads to",
        )
    if headers.get(b"content-encoding", "identity").strip().lower() != "identity":
        raise ProviderUnavailable(f"{target.origin} compresses its answer, unasked", remedy="switch that off there")
    length = headers.get(b"content-length", "")
    body = bytearray()
    if not (length.isdigit() and int(length) > LONGEST_ANSWER):
        for chunk in found.iter_stream():
            body += chunk
            if len(body) > LONGEST_ANSWER:
                break
        else:
            return Answer(
                status=found.status,
                body=bytes(body),
                retry_after=_read_retry(headers.get(b"retry-after", "")),
                said_at=_read_date(headers.get(b"date", "")),
            )
    raise ProviderUnavailable(
        f"the answer of {target.origin} is larger than {LONGEST_ANSWER // 1024} KiB", remedy="see what answers there"
    )


def _read_retry(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _read_date(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return found.astimezone(UTC) if found.tzinfo else None
