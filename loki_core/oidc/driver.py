"""Runs an exchange with the provider: sends what it asks for, one request at a time, waits, and can be cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from loki_core.errors import ProviderUnavailable, SignInFailed
from loki_core.oidc.answer import Answer
from loki_core.oidc.exchange import Exchange, Post, Reply, T, Wait


class Sends(Protocol):
    """Sends a form to the provider; ProviderClient does."""

    def post(self, url: str, form: Mapping[str, str], *, authorization: str = "") -> Answer:
        """Return the answer, or raise ProviderUnavailable."""


class Cancellation(Protocol):
    """Says that nobody wants the end of the exchange any more; `threading.Event` fulfils it."""

    def set(self) -> None:
        """Cancel it."""

    def is_set(self) -> bool:
        """Tell whether it was cancelled."""

    def wait(self, timeout: float) -> bool:
        """Wait for so many seconds, or until it is cancelled; tell whether it was."""


def refuse_cancelled() -> SignInFailed:
    """Return the error for a sign-in that was cancelled here."""
    return SignInFailed("the sign-in was cancelled", code="cancelled", remedy="start again")


def run_exchange(
    exchange: Exchange[T],
    client: Sends,
    cancelled: Cancellation | None = None,
    read_seconds: Callable[[], float] = time.monotonic,
) -> T:
    """Run an exchange to its end and return its result.

    A request that is under way when it is cancelled is still answered to the exchange: it may bring the tokens, and
    whoever gets them can give them back.

    Args:
        exchange: what to run.
        client: sends the requests.
        cancelled: ends it between two steps.
        read_seconds: the clock of the replies.

    Raises:
        SignInFailed: `cancelled`, or what the exchange raises.
        ProviderUnavailable: what the exchange raises.
    """
    try:
        step = next(exchange)
        while True:
            if cancelled is not None and cancelled.is_set():
                raise refuse_cancelled()
            if isinstance(step, Wait):
                _wait(step, cancelled)
                reply = Reply(now=read_seconds())
            else:
                reply = _send(step, client, read_seconds)
            step = exchange.send(reply)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        exchange.close()


def _wait(step: Wait, cancelled: Cancellation | None) -> None:
    if cancelled is None:
        time.sleep(step.seconds)
    elif cancelled.wait(step.seconds):
        raise refuse_cancelled()


def _send(step: Post, client: Sends, read_seconds: Callable[[], float]) -> Reply:
    try:
        answer = client.post(step.url, step.form, authorization=step.authorization)
    except ProviderUnavailable as problem:
        return Reply(now=read_seconds(), problem=problem)
    return Reply(now=read_seconds(), answer=answer)
