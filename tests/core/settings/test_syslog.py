"""Where audit lines go: the keys of `enterprise.audit.syslog` together."""

from __future__ import annotations

from pathlib import Path

import pytest

from loki_core.settings import SyslogSettings
from tests.core.settings.conftest import World


@pytest.mark.parametrize(("proto", "port"), [("udp", 514), ("tcp", 514), ("tls", 6514)])
def test_the_port_is_the_registered_one_of_the_protocol_unless_one_is_given(
    world: World, proto: str, port: int
) -> None:
    world.write_home(f"enterprise: {{audit: {{syslog: {{host: loghost, proto: {proto}}}}}}}")
    assert world.load().audit.syslog.address == f"{proto}://loghost:{port}"
    assert world.load(LOKI_AUDIT_SYSLOG_PORT="601").audit.syslog.address == f"{proto}://loghost:601"


def test_every_key_has_its_variable(world: World) -> None:
    settings = world.load(
        LOKI_AUDIT_SYSLOG_HOST="2001:db8::7",
        LOKI_AUDIT_SYSLOG_PROTO="tls",
        LOKI_AUDIT_SYSLOG_CA_FILE="/etc/ca.pem",
    )
    assert settings.audit.syslog == SyslogSettings(
        host="2001:db8::7", port=6514, proto="tls", ca_file=Path("/etc/ca.pem")
    )
    assert settings.audit.syslog.address == "tls://[2001:db8::7]:6514"


def test_without_a_host_it_goes_nowhere(world: World) -> None:
    assert world.load(LOKI_AUDIT_SYSLOG_PROTO="tcp").audit.syslog.address == ""


def test_a_ca_file_without_tls_is_an_error_and_not_a_false_feeling_of_safety(world: World) -> None:
    world.write_home("enterprise:\n  audit:\n    syslog:\n      host: loghost\n      ca_file: ca.pem\n")
    error = world.fail()
    assert error.message == (
        "~/.loki/config.yaml:5: enterprise.audit.syslog.ca_file is set, but enterprise.audit.syslog.proto is udp"
    )
    assert world.load(LOKI_AUDIT_SYSLOG_PROTO="tls").audit.syslog.ca_file == world.home_file.parent / "ca.pem"


def test_heads_for_syslog_without_a_host_are_an_error(world: World) -> None:
    world.write_home("enterprise: {audit: {second_sink: syslog}}")
    assert "second_sink is syslog, but enterprise.audit.syslog.host is not set" in world.fail().message
    assert world.load(LOKI_AUDIT_SYSLOG_HOST="loghost").audit.second_sink == "syslog"
