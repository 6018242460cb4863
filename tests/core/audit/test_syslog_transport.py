"""Sending to real receivers on loopback: what counts as taken, and what never does."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loki_core.audit.syslog_transport import Deadline, describe_failure, send_messages, send_stream
from loki_core.settings import SyslogSettings
from tests.support.certificates import Authority
from tests.support.syslog_messages import split_stream
from tests.support.syslog_receivers import (
    DatagramReceiver,
    StreamReceiver,
    find_closed_port,
    never_read,
    read_to_end,
    reset,
)

MESSAGES = [f"message {number}".encode() for number in range(100)]
MUCH = [b"x" * 8000] * 1000
"""More than the kernel takes for a receiver that does not read."""

Start = Callable[..., StreamReceiver]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start receivers of streams; they are closed after the test."""
    with contextlib.ExitStack() as stack:

        def start_one(*arguments: Any, **options: Any) -> StreamReceiver:
            return stack.enter_context(contextlib.closing(StreamReceiver(*arguments, **options)))

        yield start_one


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def _to(port: int, proto: str = "tcp", **more: Any) -> SyslogSettings:
    return SyslogSettings(**{"host": "localhost", "port": port, "proto": proto, **more})


def _fail(to: SyslogSettings, messages: list[bytes] = MESSAGES, *, seconds: float = 10.0) -> str:
    """Send what cannot be sent, and return why."""
    with pytest.raises((OSError, ValueError)) as caught:
        send_messages(messages, to, seconds=seconds)
    reason = describe_failure(caught.value)
    assert reason
    assert reason.isprintable()
    return reason


def test_datagrams_arrive_one_message_each() -> None:
    with contextlib.closing(DatagramReceiver()) as receiver:
        send_messages(MESSAGES, _to(receiver.port, "udp"))
        with receiver.arrived:
            assert receiver.arrived.wait_for(lambda: len(receiver.datagrams) == len(MESSAGES), 30)
        assert receiver.datagrams == MESSAGES


def test_datagrams_that_nobody_on_this_machine_takes_are_a_failure() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert _fail(_to(port, "udp", host="127.0.0.1"), MESSAGES[:1]) == "Connection refused"


def test_a_stream_arrives_whole_and_in_order(start: Start) -> None:
    receiver = start()
    send_messages(MESSAGES, _to(receiver.port))
    assert receiver.list_data() == MESSAGES


def test_a_stream_over_tls_arrives_whole_and_in_order(start: Start, authority: Authority) -> None:
    receiver = start(context=authority.make_context("localhost"))
    send_messages(MUCH[:100], _to(receiver.port, "tls", ca_file=authority.file))
    assert receiver.list_data() == MUCH[:100]
    assert receiver.failures == []


def test_an_address_in_the_certificate_is_taken_for_an_address(start: Start, authority: Authority) -> None:
    receiver = start(context=authority.make_context("127.0.0.1"))
    send_messages(MESSAGES, _to(receiver.port, "tls", host="127.0.0.1", ca_file=authority.file))
    assert receiver.list_data() == MESSAGES


@pytest.mark.parametrize("messages", [MESSAGES, MUCH], ids=["little", "much"])
@pytest.mark.parametrize("proto", ["tcp", "tls"])
def test_a_receiver_that_never_reads_has_taken_nothing(
    start: Start, authority: Authority, proto: str, messages: list[bytes]
) -> None:
    """Threat: what a kernel took is not what a receiver has."""
    tls = {"context": authority.make_context("localhost")} if proto == "tls" else {}
    receiver = start(never_read, **tls)
    to = _to(receiver.port, proto, ca_file=authority.file if tls else None)
    assert _fail(to, messages, seconds=0.5) == "the receiver did not take what was sent in time"


@pytest.mark.parametrize("messages", [MESSAGES, MUCH], ids=["little", "much"])
@pytest.mark.parametrize("proto", ["tcp", "tls"])
def test_a_receiver_that_resets_has_taken_nothing(
    start: Start, authority: Authority, proto: str, messages: list[bytes]
) -> None:
    tls = {"context": authority.make_context("localhost")} if proto == "tls" else {}
    receiver = start(reset, **tls)
    _fail(_to(receiver.port, proto, ca_file=authority.file if tls else None), messages)


def test_a_receiver_that_closes_before_it_got_anything_has_taken_nothing() -> None:
    """One that is being restarted closes as politely as one that has read to the end."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as stream,
    ):
        server.accept()[0].close()
        assert stream.recv(1, socket.MSG_PEEK) == b""  # its farewell is here before anything is sent
        with pytest.raises(OSError, match=r"connect|reset|pipe"):
            send_stream(stream, b"x" * 1000, Deadline(10))


def test_a_farewell_that_overtakes_what_is_still_on_the_way_counts_for_nothing() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # the rest stays on our side
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname()) as stream, server.accept()[0] as connection:
            connection.shutdown(socket.SHUT_WR)
            with pytest.raises(TimeoutError):
                send_stream(stream, b"x" * 60_000, Deadline(0.5))


@pytest.mark.parametrize("proto", ["tcp", "tls"])
def test_a_receiver_that_closes_at_once_has_taken_nothing(start: Start, authority: Authority, proto: str) -> None:
    tls = {"context": authority.make_context("localhost")} if proto == "tls" else {}
    receiver = start(lambda receiver, connection: None, **tls)
    for _ in range(20):
        _fail(_to(receiver.port, proto, ca_file=authority.file if tls else None), MESSAGES[:1])


def test_a_receiver_that_talks_all_the_time_is_not_listened_to_for_ever(start: Start) -> None:
    def talk(receiver: StreamReceiver, connection: socket.socket) -> None:
        while not receiver.is_closed.is_set():
            connection.sendall(b"x" * 100)

    receiver = start(talk)
    assert "in time" in _fail(_to(receiver.port), seconds=0.5)


def test_a_receiver_that_closes_tls_without_a_farewell_after_ours_took_it(start: Start, authority: Authority) -> None:
    def leave(receiver: StreamReceiver, connection: socket.socket) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        while data := connection.recv(65536):
            receiver.keep(connection, data)

    receiver = start(leave, context=authority.make_context("localhost"))
    send_messages(MESSAGES, _to(receiver.port, "tls", ca_file=authority.file))
    assert receiver.list_data() == MESSAGES


def test_nobody_listens() -> None:
    assert _fail(_to(find_closed_port())) == "Connection refused"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70, ".example", "a..b"])
@pytest.mark.parametrize("proto", ["udp", "tcp", "tls"])
def test_a_name_without_an_address_is_a_failure_like_any_other(host: str, proto: str) -> None:
    _fail(_to(514, proto, host=host))


# -- attacks on TLS


def test_attack_a_certificate_of_another_authority_gets_nothing(start: Start, authority: Authority) -> None:
    receiver = start(context=Authority(authority.file.parent, "other").make_context("localhost"))
    reason = _fail(_to(receiver.port, "tls", ca_file=authority.file))
    assert reason.startswith("the receiver's certificate is refused: unable to get local issuer certificate")
    assert receiver.list_data() == []


def test_attack_a_certificate_that_the_system_does_not_know_gets_nothing(start: Start, authority: Authority) -> None:
    receiver = start(context=authority.make_context("localhost"))
    assert "certificate is refused" in _fail(_to(receiver.port, "tls"))
    assert receiver.list_data() == []


def test_attack_a_certificate_for_another_host_gets_nothing(start: Start, authority: Authority) -> None:
    receiver = start(context=authority.make_context("other.example"))
    reason = _fail(_to(receiver.port, "tls", ca_file=authority.file))
    assert "Hostname mismatch" in reason
    assert receiver.list_data() == []


def test_attack_an_expired_certificate_gets_nothing(start: Start, authority: Authority) -> None:
    receiver = start(context=authority.make_context("localhost", hours=-1))
    assert "certificate has expired" in _fail(_to(receiver.port, "tls", ca_file=authority.file))
    assert receiver.list_data() == []


def test_attack_a_receiver_that_speaks_no_tls_gets_no_entry_in_the_clear(start: Start, authority: Authority) -> None:
    receiver = start(read_to_end)
    _fail(_to(receiver.port, "tls", ca_file=authority.file), seconds=1)
    (stream,) = receiver.streams.values()
    assert b"message" not in stream
    assert split_stream(stream)[0] == []


def test_attack_an_old_version_of_tls_gets_nothing(start: Start, authority: Authority) -> None:
    context = authority.make_context("localhost")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    receiver = start(context=context)
    _fail(_to(receiver.port, "tls", ca_file=authority.file))
    assert receiver.list_data() == []


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.write_text("nothing")
    assert _fail(_to(6514, "tls", ca_file=missing)) == (
        f"no certificates can be read from {missing}: No such file or directory"
    )
    assert f"no certificates can be read from {empty}" in _fail(_to(6514, "tls", ca_file=empty))
