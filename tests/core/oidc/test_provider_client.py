"""One request to the provider: over real sockets, with servers that behave badly."""

from __future__ import annotations

import contextlib
import gzip
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loki_core.errors import ConfigurationError, ProviderUnavailable
from loki_core.oidc.addresses import Address
from loki_core.oidc.answer import LONGEST_ANSWER, Unreachable
from loki_core.oidc.provider_client import ProviderClient
from tests.support.certificates import Authority
from tests.support.loopback import Loopback, Speak, answer

Serve = Callable[..., Loopback]
PUBLIC = ipaddress.ip_address("93.184.216.34")
HERE = ipaddress.ip_address("127.0.0.1")


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(speak: Speak, **options: object) -> Loopback:
            return stack.enter_context(contextlib.closing(Loopback(speak, **options)))  # type: ignore[arg-type]

        yield start


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def make_client(server: Loopback, **options: object) -> ProviderClient:
    return ProviderClient(server.url, **{"environ": {}, **options})  # type: ignore[arg-type]


def test_an_answer_is_status_and_bytes(serve: Serve) -> None:
    server = serve(answer(b'{"a": 1}', status="503 No", headers="retry-after: 7\r\n"))
    got = make_client(server).get(f"{server.url}//a//b?c=d")
    assert (got.status, got.body, got.retry_after) == (503, b'{"a": 1}', 7)
    assert server.requests == ["GET //a//b?c=d HTTP/1.1"]


def test_a_form_is_posted_with_the_clients_proof_in_a_header(serve: Serve) -> None:
    heads: list[bytes] = []

    def speak(connection: socket.socket, head: bytes) -> None:
        heads.append(head)
        answer(b"{}")(connection, head)

    server = serve(speak)
    make_client(server).post(f"{server.url}/token", {"code": "a b&c", "empty": ""}, authorization="Basic eA==")
    assert heads[0].startswith(b"POST /token HTTP/1.1\r\n")
    assert b"authorization: Basic eA==\r\n" in heads[0]
    assert b"accept-encoding: identity\r\n" in heads[0]
    assert b"cookie" not in heads[0].lower()


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    target = serve(answer(b'{"keys": []}'))
    for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
        server = serve(answer(b"", status=status, headers=f"location: {target.url}/jwks\r\n"))
        with pytest.raises(ProviderUnavailable, match="redirect"):
            make_client(server).get(f"{server.url}/jwks")
    assert target.connections == 0


@pytest.mark.parametrize("has_length", [True, False], ids=["announced", "unannounced"])
def test_a_key_set_of_fifty_megabytes_is_not_read(serve: Serve, has_length: bool) -> None:
    sent = [0]
    is_over = threading.Event()

    def speak(connection: socket.socket, _: bytes) -> None:
        length = f"content-length: {50 << 20}\r\n" if has_length else ""  # without: until the connection ends
        connection.sendall(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode())
        try:
            for _number in range(50 << 4):
                connection.sendall(b" " * (1 << 16))
                sent[0] += 1 << 16
        except OSError:
            pass
        finally:
            is_over.set()

    server = serve(speak)
    with pytest.raises(ProviderUnavailable, match="larger than 512 KiB") as caught:
        make_client(server).get(f"{server.url}/jwks")
    assert not isinstance(caught.value, Unreachable)
    assert is_over.wait(20)
    assert sent[0] < 20 << 20  # what the kernel's buffers took


def test_an_answer_of_the_largest_size_is_read(serve: Serve) -> None:
    server = serve(answer(b"x" * LONGEST_ANSWER))
    assert len(make_client(server).get(server.url).body) == LONGEST_ANSWER


def test_a_few_bytes_that_unfold_to_gigabytes_are_not_unfolded(serve: Serve) -> None:
    server = serve(answer(gzip.compress(b" " * (1 << 24)), headers="content-encoding: gzip\r\n"))
    with pytest.raises(ProviderUnavailable, match="compresses"):
        make_client(server).get(server.url)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nx", b"H", b""])
def test_a_slow_drip_ends_with_the_deadline(serve: Serve, head: bytes) -> None:
    is_over = threading.Event()

    def speak(connection: socket.socket, _: bytes) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(head)
            while not is_over.wait(0.05):
                connection.sendall(b"1" if b"\r\n" in head else b"")

    server = serve(speak)
    try:
        with pytest.raises(Unreachable, match="within"):
            make_client(server, seconds=0.3).get(server.url)
    finally:
        is_over.set()


@pytest.mark.parametrize(
    "said", [b"", b"not http\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", b"\x16\x03\x01"]
)
def test_a_torn_answer_is_unreachable(serve: Serve, said: bytes) -> None:
    server = serve(lambda connection, _: connection.sendall(said))
    with pytest.raises(Unreachable):
        make_client(server).get(server.url)


def test_nobody_listening_is_unreachable_and_says_so(serve: Serve) -> None:
    server = serve(answer(b"{}"))
    server.close()
    with pytest.raises(Unreachable, match="cannot be reached: Connection refused"):
        make_client(server).get(server.url)


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    def resolve(host: str) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    client = ProviderClient("https://id.example.com", environ={}, resolve=resolve)
    with pytest.raises(Unreachable, match="Name or service not known"):
        client.get("https://id.example.com/")


def test_a_resolver_that_hangs_ends_with_the_deadline() -> None:
    is_over = threading.Event()

    def resolve(host: str) -> list[Address]:
        is_over.wait(20)
        return [HERE]

    client = ProviderClient("https://id.example.com", environ={}, resolve=resolve, seconds=0.1)
    try:
        with pytest.raises(Unreachable):
            client.get("https://id.example.com/")
    finally:
        is_over.set()


# -- SSRF: what the documents of an issuer may lead to


@pytest.mark.parametrize("inside", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "fe80::1", "0.0.0.0"])
def test_ssrf_a_public_issuer_does_not_lead_inside_by_a_name(serve: Serve, inside: str) -> None:
    server = serve(answer(b"{}"))
    names = {"id.example.com": [PUBLIC], "keys.example.com": [ipaddress.ip_address(inside)]}
    client = ProviderClient("https://id.example.com", environ={}, resolve=names.__getitem__)
    with pytest.raises(ProviderUnavailable, match="is not asked") as caught:
        client.get(f"https://keys.example.com:{server.port}/jwks")
    assert not isinstance(caught.value, Unreachable)
    assert server.connections == 0


def test_dns_rebinding_a_name_is_resolved_once_for_the_check_and_the_connection(
    serve: Serve, authority: Authority
) -> None:
    server = serve(answer(b"{}"), context=authority.make_context("keys.example.com"))
    asked = []

    def resolve(host: str) -> list[Address]:
        asked.append(host)
        return [HERE] if asked.count(host) == 1 else [ipaddress.ip_address("169.254.169.254")]

    client = ProviderClient("https://id.example.com", environ={}, ca_file=authority.file, resolve=resolve)
    assert client.get(f"https://keys.example.com:{server.port}/jwks").status == 200
    assert sorted(asked) == ["id.example.com", "keys.example.com"]


def test_plain_http_is_for_an_issuer_on_this_machine_alone(serve: Serve) -> None:
    server = serve(answer(b"{}"))
    client = ProviderClient("https://id.example.com", environ={}, resolve=lambda _: [HERE])
    for url in (server.url, f"http://id.example.com:{server.port}/", "http://id.example.com/"):
        with pytest.raises(ProviderUnavailable, match="is not asked"):
            client.get(url)
    assert server.connections == 0


# -- certificates


def test_the_certificates_in_ca_file_are_believed(serve: Serve, authority: Authority) -> None:
    server = serve(answer(b"{}"), context=authority.make_context("id.example.com"))
    issuer = f"https://id.example.com:{server.port}"
    client = ProviderClient(issuer, environ={}, ca_file=authority.file, resolve=lambda _: [HERE])
    assert client.get(f"{issuer}/jwks").status == 200
    assert server.requests == ["GET /jwks HTTP/1.1"]


def test_an_unknown_authority_is_refused_and_ca_file_is_named(serve: Serve, authority: Authority) -> None:
    server = serve(answer(b"{}"), context=authority.make_context("id.example.com"))
    issuer = f"https://id.example.com:{server.port}"
    with pytest.raises(ProviderUnavailable, match="certificate") as caught:
        ProviderClient(issuer, environ={}, resolve=lambda _: [HERE]).get(issuer)
    assert "ca_file" in caught.value.remedy
    assert server.requests == []


def test_another_hosts_certificate_is_refused(serve: Serve, authority: Authority) -> None:
    server = serve(answer(b"{}"), context=authority.make_context("other.example.com"))
    issuer = f"https://id.example.com:{server.port}"
    client = ProviderClient(issuer, environ={}, ca_file=authority.file, resolve=lambda _: [HERE])
    with pytest.raises(ProviderUnavailable, match="certificate"):
        client.get(issuer)
    assert server.requests == []


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_ca_file_without_certificates_is_a_wrong_setting(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    client = ProviderClient("https://id.example.com", environ={}, ca_file=file, resolve=lambda _: [HERE])
    with pytest.raises(ConfigurationError, match="ca_file"):
        client.get("https://id.example.com/")


# -- proxies


def test_a_proxy_is_asked_for_the_host_by_name_and_tls_ends_at_the_provider(serve: Serve, authority: Authority) -> None:
    provider = serve(answer(b"{}"), context=authority.make_context("id.example.com"))

    def tunnel(connection: socket.socket, head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with socket.create_connection(("127.0.0.1", provider.port)) as onward:
            threading.Thread(target=copy, args=(onward, connection), daemon=True).start()
            copy(connection, onward)

    proxy = serve(tunnel)
    client = ProviderClient(
        "https://id.example.com",
        ca_file=authority.file,
        environ={"HTTPS_PROXY": f"http://us%65r:pass@127.0.0.1:{proxy.port}"},
    )
    assert client.get("https://id.example.com/jwks").status == 200
    assert proxy.requests == ["CONNECT id.example.com:443 HTTP/1.1"]
    assert provider.requests == ["GET /jwks HTTP/1.1"]


def copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):  # until one of them closes
            target.sendall(data)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_request_to_this_machine_never_goes_through_a_proxy(serve: Serve, name: str) -> None:
    proxy, server = serve(answer(b"{}")), serve(answer(b"{}"))
    assert make_client(server, environ={name: proxy.url}).get(server.url).status == 200
    assert proxy.connections == 0


def test_no_proxy_is_heeded(serve: Serve, authority: Authority) -> None:
    proxy = serve(answer(b"{}"))
    server = serve(answer(b"{}"), context=authority.make_context("id.example.com"))
    issuer = f"https://id.example.com:{server.port}"
    environ = {"https_proxy": proxy.url, "no_proxy": ".example.com"}
    client = ProviderClient(issuer, environ=environ, ca_file=authority.file, resolve=lambda _: [HERE])
    assert client.get(issuer).status == 200
    assert proxy.connections == 0


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "http://", "http://a:b"])
def test_a_proxy_that_is_none_is_a_wrong_setting(proxy: str) -> None:
    client = ProviderClient("https://id.example.com", environ={"HTTPS_PROXY": proxy})
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        client.get("https://id.example.com/")
