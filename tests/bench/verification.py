"""How dear a verification is, in memory: against a bare SHA-256, dictionary access and compare_digest."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import loki_core
from loki_core.audit.memory_log import NoLog
from loki_core.tokens.document import Document
from loki_core.tokens.memory_store import MemoryStore
from loki_core.tokens.record import Record, dump_record
from loki_core.tokens.secret import mint_secret
from tests.bench.ratio import Ratio, compare

NOW = datetime.now(UTC)
ROUNDS = range(20_000)


def make_tokens(count: int) -> tuple[Document, list[str]]:
    """Return a document of that many tokens, and their secrets."""
    choose = random.Random(1).choice
    tokens, secrets = {}, []
    for number in range(count):
        secret = mint_secret(choose).reveal()
        digest = hashlib.sha256(secret.encode()).hexdigest()
        record = Record(
            id=f"tok-{digest[:12]}",
            name=f"bot-{number}",
            hash=digest,
            scopes=("read", "write"),
            owner="os:alice",
            created_at=NOW,
            expires_at=NOW + timedelta(days=1 + number % 365),
        )
        tokens[record.id] = dump_record(record)
        secrets.append(secret)
    return Document(tokens=tokens), secrets


def open_in_memory(document: Document) -> loki_core.Loki:
    """Return a Loki on a store in memory."""
    return loki_core.open(store=MemoryStore(document), audit=NoLog())


def measure() -> Iterator[Ratio]:
    """Yield the ratios of verification in memory."""
    sha256, compare_digest = hashlib.sha256, hmac.compare_digest
    for count in (10_000, 1_000_000):
        document, secrets = make_tokens(count)
        bare = {raw["hash"]: (raw["hash"], raw) for raw in document.tokens.values()}
        authenticate = open_in_memory(document).authenticate
        hot = secrets[0]

        def bare_hot(table: dict[str, tuple[str, object]] = bare, secret: str = hot) -> None:
            for _ in ROUNDS:
                digest = sha256(secret.encode()).hexdigest()
                compare_digest(table[digest][0], digest)

        def ours_hot(call: object = authenticate, secret: str = hot) -> None:
            for _ in ROUNDS:
                call(secret)  # type: ignore[operator]

        sample = random.Random(2).sample(secrets, min(count, 20_000))

        def bare_random(table: dict[str, tuple[str, object]] = bare, chosen: list[str] = sample) -> None:
            for secret in chosen:
                digest = sha256(secret.encode()).hexdigest()
                compare_digest(table[digest][0], digest)

        def ours_random(call: object = authenticate, chosen: list[str] = sample) -> None:
            for secret in chosen:
                call(secret)  # type: ignore[operator]

        if count == 10_000:
            yield compare("a hot token : SHA-256 + dict + compare_digest", 2, ours_hot, bare_hot, calls=len(ROUNDS))
        yield compare(f"random tokens of {count:,} : the same, bare", 1.5, ours_random, bare_random, calls=len(sample))
        if count == 10_000:
            yield _compare_unknown(document, secrets[:5_000])


def _compare_unknown(document: Document, secrets: list[str]) -> Ratio:
    unknown = [mint_secret(random.Random(3).choice).reveal() for _ in secrets]
    view = MemoryStore(document).view()
    find = view.find

    def known() -> None:
        for secret in secrets:
            find(secret)

    def other() -> None:
        for secret in unknown:
            find(secret)

    return compare("an unknown secret : a known one, none salted", 1.5, other, known, calls=len(secrets))
