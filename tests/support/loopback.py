"""A server on loopback that says what a test wants it to say, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

Speak = Callable[[socket.socket, bytes], None]
"""Gets the connection and the request's head, and answers as it likes."""


class Loopback:
    """Accepts connections, each in a thread of its own, and counts them.

    Attributes:
        url: its address, with the port that it listens on.
        requests: the request lines so far, such as `GET /jwks HTTP/1.1`.
        connections: how many there were.
    """

    def __init__(self, speak: Speak, context: ssl.SSLContext | None = None) -> None:
        self._speak = speak
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[str] = []
        self.connections = 0
        threading.Thread(target=self._accept, name="loopback", daemon=True).start()

    def close(self) -> None:
        """Accept no more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), name="loopback-one", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
            head = b""
            while b"\r\n\r\n" not in head:
                data = connection.recv(65536)
                if not data:
                    return
                head += data
            self.requests.append(head.partition(b"\r\n")[0].decode("latin-1"))
            self._speak(connection, head)


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> Speak:
    """Return what answers every request with the same."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n"

    def speak(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head.encode() + body)

    return speak
