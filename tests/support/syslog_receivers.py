"""Syslog receivers on loopback: one for datagrams, and one for streams that reads, hangs or resets as a test wants."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence

from tests.support.syslog_messages import Message, read_message, split_stream

DEADLINE = 30.0
"""Seconds until a wait gives up: a bound against hanging, no measure of anything."""

Take = Callable[["StreamReceiver", socket.socket], None]
"""What a receiver does with a connection, in a thread of its own; it is closed afterwards."""


class _Receiver:
    """Keeps what arrives.

    Attributes:
        port: where it listens, on 127.0.0.1.
    """

    port = 0

    def __init__(self) -> None:
        self.arrived = threading.Condition()
        self._parsed: dict[bytes, Message] = {}

    def list_data(self) -> list[bytes]:
        """Return the messages so far, as they were sent."""
        raise NotImplementedError

    @property
    def messages(self) -> list[Message]:
        """The messages so far, read strictly."""
        with self.arrived:
            data = self.list_data()
            self._parsed.update((each, read_message(each)) for each in data if each not in self._parsed)
            return [self._parsed[each] for each in data]

    @property
    def seqs(self) -> list[int]:
        """The numbers of the entries so far, in the order of arrival."""
        return [message.seq for message in self.messages if "seq" in message.values]

    def wait_for(self, is_enough: Callable[[Sequence[int]], bool], *, deadline: float = DEADLINE) -> list[int]:
        """Wait until the numbers of the entries are what is waited for; return them.

        Raises:
            AssertionError: they were not within `deadline` seconds.
        """
        limit = time.monotonic() + deadline
        with self.arrived:
            while not is_enough(seqs := self.seqs):
                assert time.monotonic() < limit, f"after {deadline:.0f} s there were {len(seqs)}: {seqs[-20:]}"
                self.arrived.wait(0.2)
        return seqs


class DatagramReceiver(_Receiver):
    """Takes datagrams."""

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.datagrams: list[bytes] = []
        self._thread = threading.Thread(target=self._read, name="datagrams", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while data := self._socket.recv(65536):
            with self.arrived:
                self.datagrams.append(data)
                self.arrived.notify_all()

    def list_data(self) -> list[bytes]:
        """Return the messages so far."""
        return self.datagrams

    def close(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(DEADLINE)
        self._socket.close()


def read_to_end(receiver: StreamReceiver, connection: socket.socket) -> None:
    """Read until the sender closes, keeping what comes; then say farewell as the sender did."""
    while data := connection.recv(65536):
        receiver.keep(connection, data)
    if isinstance(connection, ssl.SSLSocket):
        connection.unwrap()


def never_read(receiver: StreamReceiver, connection: socket.socket) -> None:
    """Read nothing, as a receiver whose disk hangs, until the receiver is closed."""
    receiver.is_closed.wait(DEADLINE)


def reset(receiver: StreamReceiver, connection: socket.socket) -> None:
    """Read the beginning, keep it and reset, as a receiver that is killed."""
    receiver.keep(connection, connection.recv(1000))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class StreamReceiver(_Receiver):
    """Takes streams, with TLS when it has a context.

    Attributes:
        streams: what came on each connection.
        is_closed: is set when it is closed.
    """

    def __init__(self, take: Take = read_to_end, *, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.take = take
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.streams: dict[socket.socket, bytes] = {}
        self.failures: list[str] = []
        self.is_closed = threading.Event()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, name="streams", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="stream", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(DEADLINE)
        self._open.add(connection)
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            self.keep(connection, b"")
            self.take(self, connection)
        except OSError as error:
            self.failures.append(str(error))
        finally:
            connection.close()

    def keep(self, connection: socket.socket, data: bytes) -> None:
        """Keep what came on a connection."""
        with self.arrived:
            self.streams[connection] = self.streams.get(connection, b"") + data
            self.arrived.notify_all()

    def list_data(self) -> list[bytes]:
        """Return the whole messages so far."""
        return [message for stream in self.streams.values() for message in split_stream(stream)[0]]

    def close(self) -> None:
        """Accept no more, and cut every connection."""
        self.is_closed.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._socket.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE)


def find_closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
