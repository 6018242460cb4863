"""The provider's documents on disk: a convenience that no content of the file can turn into harm."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from loki_core.oidc.document_store import DocumentStore
from loki_core.oidc.documents import ProviderDocuments, read_documents
from tests.core.oidc.signer import get_signer

ISSUER = "https://id.example.com"
DISCOVERY = json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}).encode()
KEYS = json.dumps(get_signer().jwks).encode()


def make_documents() -> ProviderDocuments:
    return read_documents((DISCOVERY, KEYS), ISSUER, 1_000.0)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "loki-tui"


@pytest.fixture
def store(directory: Path) -> DocumentStore:
    return DocumentStore(lambda: str(directory), ISSUER, None)


def find_file(directory: Path) -> Path:
    (file,) = directory.glob("provider-*.json")
    return file


def test_what_was_stored_comes_back_as_kept_and_private(store: DocumentStore, directory: Path) -> None:
    assert store.load() is None
    store.store(make_documents())
    found = store.load()
    assert found is not None
    assert (found.metadata, found.fetched_at, found.is_kept) == (make_documents().metadata, 1_000.0, True)
    assert set(found.keys.names) == {"key-1"}
    assert (find_file(directory).stat().st_mode & 0o777, directory.stat().st_mode & 0o777) == (0o600, 0o700)


def test_another_issuer_and_other_authorities_have_documents_of_their_own(
    store: DocumentStore, directory: Path
) -> None:
    store.store(make_documents())
    assert DocumentStore(lambda: str(directory), "https://other.example", None).load() is None
    assert DocumentStore(lambda: str(directory), ISSUER, Path("/etc/ca.pem")).load() is None


def spoil_issuer(file: Path) -> None:
    change(file, issuer="https://evil.example")


def spoil_discovery(file: Path) -> None:
    change(file, discovery=json.dumps({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"}))


def spoil_keys(file: Path) -> None:
    change(file, keys='{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "key-1"}]}')


def spoil_types(file: Path) -> None:
    change(file, keys=7, fetched_at=[])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def nest(file: Path) -> None:
    file.write_bytes(b"[" * 100_000)


def open_to_others(file: Path) -> None:
    file.chmod(0o666)


def replace_by_link(file: Path) -> None:
    elsewhere = file.with_name("elsewhere")
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def replace_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def change(file: Path, **values: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


SPOILERS = [
    spoil_issuer,
    spoil_discovery,
    spoil_keys,
    spoil_types,
    empty,
    nest,
    open_to_others,
    replace_by_link,
    replace_by_pipe,
]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_what_somebody_changed_is_not_there(
    store: DocumentStore, directory: Path, spoil: Callable[[Path], None]
) -> None:
    store.store(make_documents())
    spoil(find_file(directory))
    assert store.load() is None


def test_a_directory_that_cannot_be_made_fails_nobody(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    store = DocumentStore(lambda: str(tmp_path / "cache" / "loki-tui"), ISSUER, None)
    store.store(make_documents())
    assert store.load() is None
