"""When the provider is asked, who waits for it, and who never does."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from loki_core.errors import LokiError, ProviderUnavailable
from loki_core.frozen import replace
from loki_core.oidc.discovery import ProviderMetadata
from loki_core.oidc.documents import ProviderDocuments
from loki_core.oidc.key_cache import MOST_WAITING, KeyCache
from loki_core.oidc.key_set import KeySet

DEADLINE = 20.0


class Provider:
    """Answers with a new document each time; may be down, and may be held up."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.asked = 0
        self.is_down = False
        self.hold: threading.Event | None = None
        self.entered = threading.Semaphore(0)

    def fetch(self) -> ProviderDocuments:
        self.asked += 1
        self.entered.release()
        if self.hold is not None:
            assert self.hold.wait(DEADLINE)
        if self.is_down:
            raise ProviderUnavailable(f"down at {self.now}")
        metadata = ProviderMetadata(issuer="https://id.example.com", jwks_uri=f"https://id.example.com/{self.asked}")
        keys = KeySet(keys=(), dropped=(), names={})
        return ProviderDocuments(metadata=metadata, keys=keys, fetched_at=self.now, sources=(b"", b""))


class Background:
    """Jobs that run when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def __call__(self, job: Callable[[], None]) -> bool:
        self.jobs.append(job)
        return True

    def run(self) -> None:
        while self.jobs:
            self.jobs.pop()()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def background() -> Background:
    return Background()


@pytest.fixture
def cache(provider: Provider, background: Background) -> KeyCache:
    return KeyCache(provider.fetch, lambda: provider.now, start=background)


def run_threads(
    count: int, job: Callable[[], object], ended: threading.Semaphore | None = None
) -> tuple[list[threading.Thread], list[object]]:
    results: list[object] = []

    def work() -> None:
        try:
            results.append(job())
        except LokiError as error:
            results.append(error)
        if ended is not None:
            ended.release()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, results


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()


def test_for_five_minutes_the_provider_is_not_asked_again(
    provider: Provider, cache: KeyCache, background: Background
) -> None:
    first = cache.get()
    provider.now += 299
    assert cache.get() is first
    assert (provider.asked, background.jobs) == (1, [])


def test_then_the_old_keys_serve_while_new_ones_are_fetched_once_in_the_background(
    provider: Provider, cache: KeyCache, background: Background
) -> None:
    first = cache.get()
    provider.now += 301
    assert [cache.get() for _ in range(5)] == [first] * 5
    assert len(background.jobs) == 1
    background.run()
    assert cache.get() is not first
    assert provider.asked == 2


def test_stampede_twenty_cold_callers_share_one_request(provider: Provider, cache: KeyCache) -> None:
    provider.hold = threading.Event()
    threads, results = run_threads(20, cache.get)
    assert provider.entered.acquire(timeout=DEADLINE)
    provider.hold.set()
    join(threads)
    assert provider.asked == 1
    assert len(results) == 20
    assert len({id(each) for each in results}) == 1


def test_stampede_twenty_cold_callers_share_one_failure_each_with_an_error_of_its_own(
    provider: Provider, cache: KeyCache
) -> None:
    provider.hold, provider.is_down = threading.Event(), True
    threads, results = run_threads(20, cache.get)
    assert provider.entered.acquire(timeout=DEADLINE)
    provider.hold.set()
    join(threads)
    assert provider.asked == 1
    assert len({id(each) for each in results}) == 20
    assert {str(each) for each in results} == {"down at 1000000.0"}


def test_a_provider_that_is_down_for_an_hour_fails_nobody_who_has_its_keys(
    provider: Provider, cache: KeyCache, background: Background
) -> None:
    first = cache.get()
    provider.is_down = True
    for _ in range(3600):
        provider.now += 1
        assert cache.get() is first
        background.run()
    assert provider.asked < 70  # backing off to once a minute
    provider.is_down = False
    provider.now += 61
    assert cache.get() is first
    background.run()
    assert cache.get() is not first


def test_after_a_day_old_keys_are_not_believed_any_more(
    provider: Provider, cache: KeyCache, background: Background
) -> None:
    first = cache.get()
    provider.is_down = True
    provider.now += 86_399
    assert cache.get() is first
    background.run()
    provider.now += 2
    with pytest.raises(ProviderUnavailable):
        cache.get()


def test_a_provider_that_is_down_is_left_alone_for_longer_and_longer(provider: Provider, cache: KeyCache) -> None:
    provider.is_down = True
    asked_at = []
    for second in range(200):
        before = provider.asked
        with pytest.raises(ProviderUnavailable):
            cache.get()
        if provider.asked > before:
            asked_at.append(second)
        provider.now += 1
    assert asked_at == [0, 1, 3, 7, 15, 31, 63, 123, 183]


def test_unknown_kid_forces_a_request_at_once_after_a_cold_one_and_then_one_in_ten_seconds(
    provider: Provider, cache: KeyCache
) -> None:
    documents = cache.get()
    for _ in range(1000):
        documents = cache.get_newer(documents) or documents
    assert provider.asked == 2
    provider.now += 9.9
    assert cache.get_newer(documents) is None
    provider.now += 0.2
    assert cache.get_newer(documents) is not None
    assert provider.asked == 3


def test_unknown_kid_never_delays_a_known_one(provider: Provider, cache: KeyCache) -> None:
    documents = cache.get()
    provider.hold = threading.Event()
    threads, _ = run_threads(1, lambda: cache.get_newer(documents))
    assert provider.entered.acquire(timeout=DEADLINE)
    assert provider.entered.acquire(timeout=DEADLINE)
    assert cache.get() is documents  # while the request is under way
    provider.now += 301
    assert cache.get() is documents  # stale ones too
    provider.hold.set()
    join(threads)


def test_unknown_kid_only_a_few_wait_and_the_others_are_refused(provider: Provider, cache: KeyCache) -> None:
    documents = cache.get()
    provider.hold = threading.Event()
    ended = threading.Semaphore(0)
    threads, results = run_threads(MOST_WAITING + 10, lambda: cache.get_newer(documents), ended)
    for _ in range(9):  # one asks, sixteen wait
        assert ended.acquire(timeout=DEADLINE)
    assert results == [None] * 9
    provider.hold.set()
    join(threads)
    assert provider.asked == 2
    assert sum(each is not None for each in results) == MOST_WAITING + 1


def test_who_looks_after_a_rotation_gets_the_keys_that_another_fetched(provider: Provider, cache: KeyCache) -> None:
    old = cache.get()
    newer = cache.get_newer(old)
    assert cache.get_newer(old) is newer
    assert provider.asked == 2


def test_an_unknown_kid_while_the_provider_is_down_leaves_the_old_keys_in_place(
    provider: Provider, cache: KeyCache
) -> None:
    documents = cache.get()
    provider.is_down = True
    assert cache.get_newer(documents) is None
    assert cache.get() is documents


def test_a_clock_that_was_set_back_makes_keys_stale_and_not_useless(
    provider: Provider, cache: KeyCache, background: Background
) -> None:
    first = cache.get()
    provider.now -= 10_000
    assert cache.get() is first
    background.run()
    assert cache.get() is not first


class Keep:
    """What another process left."""

    def __init__(self, documents: ProviderDocuments | None) -> None:
        self.documents = documents

    def load(self) -> ProviderDocuments | None:
        return self.documents

    def store(self, documents: ProviderDocuments) -> None:
        self.documents = documents


def make_kept(provider: Provider, age: float) -> Keep:
    kept = replace(provider.fetch(), fetched_at=provider.now - age, is_kept=True)
    provider.asked = 0
    return Keep(kept)


def test_what_another_process_fetched_just_now_is_used(provider: Provider) -> None:
    keep = make_kept(provider, 10)
    cache = KeyCache(provider.fetch, lambda: provider.now, keep=keep)
    assert cache.get() is keep.documents
    assert provider.asked == 0


def test_what_is_older_is_fetched_first_and_kept_for_the_next(provider: Provider, background: Background) -> None:
    keep = make_kept(provider, 301)
    cache = KeyCache(provider.fetch, lambda: provider.now, keep=keep, start=background)
    assert cache.get() is keep.documents
    assert (provider.asked, background.jobs) == (1, [])


def test_what_is_older_serves_when_the_provider_is_down(provider: Provider) -> None:
    keep = make_kept(provider, 301)
    provider.is_down = True
    cache = KeyCache(provider.fetch, lambda: provider.now, keep=keep, start=lambda _: False)
    assert cache.get() == keep.documents
    assert cache.get().metadata == cache.get().metadata
    assert provider.asked == 1


@pytest.mark.parametrize("age", [86_401, 1e9, -86_401, float("-inf"), float("nan")])
def test_what_is_older_than_a_day_does_not_serve(provider: Provider, age: float) -> None:
    keep = make_kept(provider, age)
    provider.is_down = True
    with pytest.raises(ProviderUnavailable):
        KeyCache(provider.fetch, lambda: provider.now, keep=keep).get()
