"""Commands whose audit entries go to a syslog receiver: real processes, real receivers on loopback."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.cli.program import Program
from tests.support.certificates import Authority
from tests.support.syslog_receivers import (
    DatagramReceiver,
    StreamReceiver,
    find_closed_port,
    never_read,
    reset,
)


@pytest.fixture
def receiver() -> Iterator[StreamReceiver]:
    with contextlib.closing(StreamReceiver()) as made:
        yield made


def _to(port: int, proto: str = "tcp") -> dict[str, str]:
    return {
        "LOKI_AUDIT_SYSLOG_HOST": "localhost",
        "LOKI_AUDIT_SYSLOG_PORT": str(port),
        "LOKI_AUDIT_SYSLOG_PROTO": proto,
    }


def _let_time_pass(loki: Program) -> None:
    """Let the pause after a failure be over."""
    cursor = loki.store.parent / "audit" / ".syslog.json"
    cursor.write_text(json.dumps({**json.loads(cursor.read_text()), "next_try": None}) + "\n")


def test_a_command_sends_its_entries_before_it_ends(loki: Program, receiver: StreamReceiver) -> None:
    loki.do("token generate ci-bot --role viewer", env=_to(receiver.port))
    loki.do("token revoke ci-bot", env=_to(receiver.port))
    assert [message.name for message in receiver.messages] == ["auth.token.create", "auth.token.revoke"]
    assert receiver.seqs == [1, 2]
    assert receiver.messages[0].json["details"]["name"] == "ci-bot"


def test_by_udp_too(loki: Program) -> None:
    with contextlib.closing(DatagramReceiver()) as receiver:
        loki.do("token generate ci-bot", env={**_to(receiver.port, "udp"), "LOKI_AUDIT_SYSLOG_HOST": "127.0.0.1"})
        assert receiver.wait_for(bool) == [1]


def test_by_tls_with_a_certificate_that_a_file_vouches_for(loki: Program, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with contextlib.closing(StreamReceiver(context=authority.make_context("localhost"))) as receiver:
        loki.do(
            "token generate ci-bot",
            env={**_to(receiver.port, "tls"), "LOKI_AUDIT_SYSLOG_CA_FILE": str(authority.file)},
        )
        assert receiver.seqs == [1]
        answer = loki("doctor --json", env=_to(receiver.port, "tls"))  # without the file
        assert answer.status == 0
        loki.do("token revoke ci-bot", env=_to(receiver.port, "tls"))
        assert receiver.seqs == [1]
        (finding,) = [each for each in _find(loki, receiver.port, "tls") if each["code"] == "syslog_behind"]
        assert "certificate is refused: unable to get local issuer certificate; 1 entry waits" in finding["message"]


def _find(loki: Program, port: int, proto: str = "tcp") -> list[dict[str, str]]:
    found: list[dict[str, str]] = loki("doctor --json", env=_to(port, proto)).json["findings"]
    return found


@pytest.mark.parametrize("take", [never_read, reset])
def test_a_receiver_that_takes_nothing_fails_no_command_and_its_entries_come_later(loki: Program, take: object) -> None:
    with contextlib.closing(StreamReceiver(take)) as bad:  # type: ignore[arg-type]
        loki.do("token generate one", env=_to(bad.port))
        loki.do("token generate two", env=_to(bad.port))
        loki.do("token revoke one", env=_to(bad.port))
    with contextlib.closing(StreamReceiver()) as good:
        _let_time_pass(loki)
        loki.do("token list", env=_to(good.port))  # whoever looks sends what others could not
        assert good.seqs == [1, 2, 3]


def test_a_receiver_that_is_down_fails_no_command_and_one_that_comes_back_misses_nothing(loki: Program) -> None:
    port = find_closed_port()
    loki.do("token generate one", env=_to(port))
    loki.do("token revoke one", env=_to(port))
    assert [each["code"] for each in _find(loki, port) if each["code"].startswith("syslog")] == ["syslog_behind"]
    with contextlib.closing(StreamReceiver(port=port)) as receiver:
        _let_time_pass(loki)
        loki.do("token generate two", env=_to(port))
        assert receiver.seqs == [1, 2, 3]
    assert [each["code"] for each in _find(loki, port) if each["code"].startswith("syslog")] == ["syslog_forwarded"]


def test_heads_go_to_syslog_when_it_is_the_second_sink(loki: Program, receiver: StreamReceiver) -> None:
    config = loki.home / ".loki" / "config.yaml"
    config.parent.mkdir(mode=0o700)
    config.write_text("enterprise: {audit: {second_sink: syslog}}\n")
    config.chmod(0o600)
    loki.do("token generate ci-bot", env=_to(receiver.port))
    entry, head = receiver.messages
    assert (entry.name, head.name) == ("auth.token.create", "audit.head")
    assert head.json["last_hash"] == entry.values["hash"]


def test_status_says_where_it_goes(loki: Program, receiver: StreamReceiver) -> None:
    assert loki.do("status --json").json["audit"]["syslog"] is None
    assert "Syslog" not in loki.do("status").out
    assert loki.do("status --json", env=_to(9, "udp")).json["audit"]["syslog"] == "udp://localhost:9"
    assert f"Syslog: tcp://localhost:{receiver.port}\n" in loki.do("status", env=_to(receiver.port)).out


def test_attack_what_a_caller_calls_itself_is_no_syslog_line_of_its_own(
    loki: Program, receiver: StreamReceiver
) -> None:
    """Threat: syslog injection, through the whole program."""
    evil = "\n<8>1 - evil evil - - - all is well\x1b[31m"
    answer = loki("token verify -", stdin=evil, env={**_to(receiver.port), "SUDO_USER": evil, "LOGNAME": evil})
    assert answer.status != 0
    loki("token generate", env=_to(receiver.port))
    loki.do("token generate ci-bot", env={**_to(receiver.port), "SUDO_USER": evil, "SSH_CONNECTION": evil})
    assert receiver.messages
    assert {message.app for message in receiver.messages} == {"loki"}
    assert all(b"\n" not in data for data in receiver.list_data())


def test_that_the_log_was_switched_off_is_sent_too(loki: Program, receiver: StreamReceiver) -> None:
    loki.do("token generate one", env=_to(receiver.port))
    loki.do("token generate two", env={**_to(receiver.port), "LOKI_AUDIT_DISABLED": "true"})
    assert [message.name for message in receiver.messages] == ["auth.token.create", "policy.change"]
    assert (receiver.messages[1].severity, receiver.messages[1].json["details"]) == (4, {"enabled": False})
