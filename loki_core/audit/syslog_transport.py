"""Sends messages to a syslog receiver: by UDP (RFC 5426), TCP (RFC 6587) or TLS (RFC 5425).

A stream is opened for what waits, closed towards the receiver behind it, and counts as taken once the receiver has
closed too, and its kernel had every octet before: a system that has octets which nobody read resets the stream instead
of closing it. What a kernel took is not what a receiver has, so nothing less counts. A receiver that stops in the
middle resets the stream or says nothing, and all of it is sent again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loki_core.audit.syslog_message import frame
from loki_core.settings import SyslogSettings
from loki_core.text import safe_text

if TYPE_CHECKING:
    import socket
    import ssl

SECONDS = 10.0
"""How long one attempt may take."""
_AT_ONCE = 32
"""Datagrams, so that the buffer of a receiver that reads along does not overflow…"""
_BREATH = 0.005
"""…and the seconds between as many."""
_GLANCE = 0.005
"""Seconds between two looks at what the receiver's kernel has acknowledged."""
_SO_NWRITE = 0x1024
"""How many octets are not acknowledged, on macOS (socket.h)."""


def send_messages(messages: Sequence[bytes], to: SyslogSettings, *, seconds: float = SECONDS) -> None:
    """Send messages, and return once the receiver took them; over UDP, once they left.

    Args:
        messages: without frames.
        to: the receiver.
        seconds: how long it may take; finding the addresses of a name comes on top, as the system does it.

    Raises:
        OSError, ValueError: it is not sure that all of them were taken.
    """
    deadline = Deadline(seconds)
    match to.proto:
        case "udp":
            _send_datagrams(messages, to, deadline)
        case "tcp":
            with _connect(to, deadline) as stream:
                send_stream(stream, frame(messages), deadline)
        case _:
            context = _make_context(to)
            with (
                _connect(to, deadline) as stream,
                context.wrap_socket(stream, server_hostname=to.host, do_handshake_on_connect=False) as secured,
            ):
                secured.settimeout(deadline.left())
                secured.do_handshake()
                _send_secured(secured, frame(messages), deadline)


class Deadline:
    """The end of the time that something may take, in all its steps."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds until then, or raise TimeoutError."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _connect(to: SyslogSettings, deadline: Deadline) -> socket.socket:
    import socket

    return socket.create_connection((to.host or "", to.port), timeout=deadline.left())


def _send_datagrams(messages: Sequence[bytes], to: SyslogSettings, deadline: Deadline) -> None:
    import os
    import socket

    failure: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM):
        try:
            with socket.socket(family, kind, protocol) as datagrams:
                datagrams.settimeout(deadline.left())
                datagrams.connect(address)
                for number, message in enumerate(messages, 1):
                    datagrams.send(message)
                    if number % _AT_ONCE == 0:
                        time.sleep(_BREATH)
                # Where nobody listens, a machine that is near says so at once.
                if error := datagrams.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise OSError(error, os.strerror(error))
        except OSError as error:
            failure = failure or error
        else:
            return
    raise failure or OSError("the name has no address")


def send_stream(stream: socket.socket, data: bytes, deadline: Deadline) -> None:
    """Send all through a connection, close it towards the receiver, and see that the receiver took it.

    Raises:
        OSError: it is not sure that it did.
    """
    import socket

    stream.settimeout(deadline.left())
    stream.sendall(data)
    stream.shutdown(socket.SHUT_WR)
    while True:
        stream.settimeout(deadline.left())
        if not stream.recv(4096):
            break
    _see_acknowledged(stream, deadline)


def _see_acknowledged(stream: socket.socket, deadline: Deadline) -> None:
    """See that a receiver that has closed had got everything before; else it closed of its own accord."""
    import os
    import socket

    while True:
        if error := stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        if _count_unacknowledged(stream) == 0:
            return
        deadline.left()
        time.sleep(_GLANCE)


def _count_unacknowledged(stream: socket.socket) -> int:
    import sys

    if sys.platform == "darwin":
        import socket

        return stream.getsockopt(socket.SOL_SOCKET, _SO_NWRITE)
    import fcntl
    import termios

    try:
        return int.from_bytes(fcntl.ioctl(stream.fileno(), termios.TIOCOUTQ, b"\0" * 4), sys.byteorder)
    except OSError:
        return 0  # a system that does not tell: the receiver's farewell has to do


def _make_context(to: SyslogSettings) -> ssl.SSLContext:
    import ssl

    try:
        context = ssl.create_default_context(cafile=to.ca_file)
    except OSError as error:
        raise ValueError(f"no certificates can be read from {to.ca_file}: {error.strerror or error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _send_secured(stream: ssl.SSLSocket, data: bytes, deadline: Deadline) -> None:
    import ssl

    stream.settimeout(deadline.left())
    stream.sendall(data)
    stream.settimeout(deadline.left())
    # Some receivers close without TLS's own farewell, which RFC 5425 4.4 asks for. Only somebody on the way gains from
    # taking that: he could make entries go missing, and the numbers in the others would show it.
    with contextlib.suppress(ssl.SSLEOFError):
        stream.unwrap()
    _see_acknowledged(stream, deadline)


def describe_failure(error: Exception) -> str:
    """Return in one line why messages could not be sent."""
    if isinstance(error, TimeoutError):
        return "the receiver did not take what was sent in time"
    verdict = getattr(error, "verify_message", "")
    if verdict:
        return safe_text(f"the receiver's certificate is refused: {verdict}", limit=300)
    return safe_text(getattr(error, "strerror", None) or error, limit=300)
