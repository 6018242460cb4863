"""The server process: signals, TLS, workers, other processes' changes, disks that fail under load."""

from __future__ import annotations

import datetime
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.core.api.server import Server
from tests.core.workshop import check_chain
from tests.support.environment import build_environ

TOKENS = "/api/enterprise/tokens"


def make_certificate(place: Path, name: str = "localhost") -> tuple[Path, Path]:
    """Write a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = place / "cert.pem", place / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    key_file.chmod(0o600)
    return cert_file, key_file


def _refuse(environ: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "loki_core", "start", "--port", "0", "--json", *arguments],
        env={**environ},
        cwd=environ["HOME"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout)["error"]["code"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_without_authentication_it_listens_to_this_machine_alone(child_environ: dict[str, str], host: str) -> None:
    assert _refuse(child_environ, "--host", host) == (2, "auth_required")


def test_a_port_that_is_taken_is_refused(child_environ: dict[str, str]) -> None:
    with Server(child_environ) as server:
        port = server.url.rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "loki_core", "start", "--port", port, "--json"],
            env=child_environ,
            cwd=child_environ["HOME"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "address_in_use")


def test_tls_is_served_and_a_renewed_certificate_is_taken_without_a_restart(
    child_environ: dict[str, str], tmp_path: Path
) -> None:
    cert, key = make_certificate(tmp_path)
    environ = {**child_environ, "LOKI_TLS_ENABLED": "true", "LOKI_TLS_CERT": str(cert), "LOKI_TLS_KEY": str(key)}
    with Server(environ) as server:
        assert server.url.startswith("https://")
        url = server.url.replace("127.0.0.1", "localhost")

        def ask(cert_file: Path) -> int:
            context = ssl.create_default_context(cafile=str(cert_file))
            return httpx.get(f"{url}/healthz", verify=context, trust_env=False).status_code

        assert ask(cert) == 200
        old = ssl.create_default_context(cafile=str(cert))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert httpx.get(f"{url}/healthz", verify=old, trust_env=False).status_code == 200
        renewed = tmp_path / "renewed"
        renewed.mkdir()
        new_cert, new_key = make_certificate(renewed, "renewed.example")
        os.replace(new_key, key)
        os.replace(new_cert, cert)
        for _ in range(300):  # it looks every few seconds
            try:
                assert ask(cert) == 200
                break
            except httpx.ConnectError:
                threading.Event().wait(0.1)
        else:
            raise AssertionError("the renewed certificate was never used")


@pytest.mark.parametrize("fault", ["missing", "open to others", "not its key", "nonsense"])
def test_tls_files_that_cannot_be_used_are_refused_before_anything_is_served(
    child_environ: dict[str, str], tmp_path: Path, fault: str
) -> None:
    cert, key = make_certificate(tmp_path)
    if fault == "missing":
        key.unlink()
    elif fault == "open to others":
        key.chmod(0o644)
    elif fault == "not its key":
        other = tmp_path / "other"
        other.mkdir()
        key = make_certificate(other)[1]
    else:
        cert.write_text("nonsense")
    environ = {**child_environ, "LOKI_TLS_ENABLED": "true", "LOKI_TLS_CERT": str(cert), "LOKI_TLS_KEY": str(key)}
    assert _refuse(environ) == (2, "tls_files")


def test_a_revocation_by_command_holds_on_the_next_request_while_the_server_is_under_load(
    child_environ: dict[str, str],
) -> None:
    with Server(child_environ) as server:
        keeper = server.mint("keeper", role="viewer")
        stop = threading.Event()
        wrong: list[int] = []

        def load() -> None:
            with server.connect(keeper) as client:
                while not stop.is_set():
                    answer = client.get("/api/enterprise/whoami")
                    if answer.status_code != 200:
                        wrong.append(answer.status_code)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for number in range(20):
                name = f"bot-{number}"
                with server.connect(server.mint(name, role="viewer")) as client:
                    assert client.get("/api/enterprise/whoami").status_code == 200
                    with server.open_store() as loki:
                        loki.tokens.revoke(name)
                    assert client.get("/api/enterprise/whoami").json()["code"] == "token_revoked"
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert wrong == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_under_load_no_acknowledged_change_is_lost(child_environ: dict[str, str], number: int) -> None:
    made: list[str] = []
    with Server(child_environ) as server:
        secret = server.mint("admin", role="admin")
        begun = threading.Event()

        def load(worker: int) -> None:
            with server.connect(secret) as client:
                for count in range(10_000):
                    try:
                        answer = client.post(TOKENS, json={"name": f"w{worker}-{count}"})
                    except httpx.HTTPError:
                        return
                    if answer.status_code == 429:
                        begun.set()
                        return
                    assert answer.status_code == 201, answer.text
                    made.append(answer.json()["id"])
                    if len(made) >= 15:
                        begun.set()

        threads = [threading.Thread(target=load, args=(worker,)) for worker in range(3)]
        for thread in threads:
            thread.start()
        assert begun.wait(60)
        status, said = server.end(number)
        for thread in threads:
            thread.join()
    assert status in {0, -number, 128 + number}
    assert "Traceback" not in said
    with server.open_store() as loki:
        stored = {token.id for token in loki.tokens.list()}
        assert set(made) <= stored
        loki.tokens.generate("after")
    entries = check_chain(server.home / ".loki" / "dashboard" / "audit")
    logged = {entry["resource_id"] for entry in entries if entry["event"] == "auth.token.create" and entry["success"]}
    assert stored <= logged | {"after"} or stored <= logged


def test_with_the_log_unwritable_nothing_is_granted_and_revocations_go_on(child_environ: dict[str, str]) -> None:
    with Server(child_environ) as server, server.connect(server.mint("admin", role="admin")) as client:
        made = client.post(TOKENS, json={"name": "bot"}).json()
        audit = server.home / ".loki" / "dashboard" / "audit"
        aside = audit.with_name("aside")
        audit.rename(aside)
        audit.write_text("no directory")
        try:
            refused = client.post(TOKENS, json={"name": "other"})
            assert (refused.status_code, refused.json()["code"]) == (503, "audit_unavailable")
            assert refused.headers["retry-after"]
            revoked = client.delete(f"{TOKENS}/bot").json()
            assert (revoked["id"], revoked["audit"]) == (made["id"], "pending")
            assert client.get("/readyz").json()["checks"]["audit"] == "audit_unavailable"
        finally:
            audit.unlink()
            aside.rename(audit)
        assert client.post(TOKENS, json={"name": "other"}).status_code == 201
    events = [(entry["event"], entry["resource_id"]) for entry in check_chain(audit)]
    assert ("auth.token.revoke", made["id"]) in events


def test_several_workers_answer_and_all_see_a_revocation(child_environ: dict[str, str]) -> None:
    with Server(child_environ, "--workers", "2") as server:
        secret = server.mint("bot", role="viewer")
        clients = [server.connect(secret) for _ in range(8)]
        assert {client.get("/api/status").status_code for client in clients} == {200}
        with server.open_store() as loki:
            loki.tokens.revoke("bot")
        assert {client.get("/api/status").json()["code"] for client in clients} == {"token_revoked"}
        for client in clients:
            client.close()
        status, said = server.end()
    assert status in {0, -signal.SIGTERM, 143}
    assert "Traceback" not in said


def test_no_secret_is_in_the_process_list_or_the_output(tmp_path: Path) -> None:
    with Server(build_environ(tmp_path / "home")) as server:
        secret = server.mint("admin", role="admin")
        with server.connect(secret) as client:
            issued = client.post(TOKENS, json={"name": "bot"}).json()["token"]
            client.get("/nothing", headers={"Authorization": f"Bearer {issued}x"})
        shown = Path(f"/proc/{server.process.pid}/cmdline").read_bytes().decode()
        _, said = server.end()
    for text in (shown, said):
        assert secret not in text
        assert issued not in text
