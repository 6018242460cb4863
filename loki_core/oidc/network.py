"""Connections to addresses that were looked at, each request within one deadline. Imports httpcore: load it lazily.

Why httpcore and not httpx above it: the address that was checked must be the one that is connected to (a name can
resolve differently a moment later, DNS rebinding), and a provider that sends one byte every few seconds must end with
the request's deadline, its header lines included. Both belong into the connection, which httpx does not open to us;
what it adds (redirects, cookies, compression, netrc) is what must not happen here.
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from loki_core.oidc.addresses import Address, Reach, UnsafeAddress, classify_address

Resolve = Callable[[str], list[Address]]
"""Returns the addresses of a host, or raises OSError."""


class Deadline:
    """The end of one request, by the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, timeout: float | None = None) -> float:
        """Return the seconds left, or the timeout when that is less.

        Raises:
            httpcore.ReadTimeout: there are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took too long")
        return left if timeout is None else min(left, timeout)


def resolve_host(host: str) -> list[Address]:
    """Return the addresses of a host, by the system's resolver.

    Raises:
        OSError: it has none.
    """
    with contextlib.suppress(ValueError):
        return [ipaddress.ip_address(host)]
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(address[0]).partition("%")[0] for *_, address in found)
    return [ipaddress.ip_address(text) for text in texts]


def resolve_within(deadline: Deadline, resolve: Resolve, host: str) -> list[Address]:
    """Resolve in a thread of its own: the system's resolver heeds neither deadlines nor signals.

    Raises:
        OSError: the host has no addresses.
        httpcore.ReadTimeout: the resolver took too long.
    """
    answers: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(0, "no such host name is possible"))

    threading.Thread(target=ask, name="loki-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise httpcore.ConnectTimeout("its name was not resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


class TimedStream(httpcore.NetworkStream):
    """A connection whose every step ends with the request's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has arrived."""
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._stream.write(buffer, self._deadline.left(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the same connection, encrypted."""
        return TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout)), self._deadline
        )

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to addresses of a limited reach alone."""

    def __init__(self, deadline: Deadline, resolve: Resolve, find_limit: Callable[[str], Reach]) -> None:
        """Limit where connections may go.

        Args:
            deadline: when the request ends.
            resolve: finds the addresses of a host.
            find_limit: returns the least public reach that connections to a host may have.
        """
        self._deadline = deadline
        self._resolve = resolve
        self._find_limit = find_limit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of a host's allowed addresses that answers.

        Raises:
            UnsafeAddress: none of them is allowed.
            httpcore.NetworkError, httpcore.TimeoutException, OSError: none of them answers.
        """
        limit = self._find_limit(host)
        addresses = resolve_within(self._deadline, self._resolve, host)
        allowed = [address for address in addresses if classify_address(address) <= min(limit, Reach.LOOPBACK)]
        if not allowed:
            reach = max(map(classify_address, addresses), default=Reach.NEVER)
            raise UnsafeAddress(f"its host has {reach.description} address")
        for position, address in enumerate(allowed):
            rest = len(allowed) - position
            try:
                # The first addresses leave some time to the others: one may be unreachable from here.
                stream = httpcore.SyncBackend().connect_tcp(str(address), port, self._deadline.left() / rest)
                return TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if rest == 1:
                    raise
        raise AssertionError("unreachable")

    def sleep(self, seconds: float) -> None:
        """Fail: nothing is retried here."""
        raise AssertionError("nothing is retried here")
