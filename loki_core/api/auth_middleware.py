"""Who is calling: one pure-ASGI middleware in front of any app. What it does not know it does not let through.

A `loki_` secret is verified in memory without leaving the event loop. What may wait for the network, a JWT, is done by
threads of its own, so that a provider that hangs delays nobody but those who sign in with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from loki_core.api.addresses import Network, find_client
from loki_core.api.bearer import NOTHING, parse_authorization
from loki_core.api.problems import (
    TOKENS_OFF,
    Problem,
    ask_for_credential,
    explain_error,
    refuse_malformed,
    refuse_site,
)
from loki_core.api.sending import send_problem
from loki_core.errors import AuthenticationError, LokiError
from loki_core.tokens.record import format_time
from loki_core.tokens.secret import PREFIX

if TYPE_CHECKING:
    from loki_core.api.rate_limits import RateLimit
    from loki_core.api.sites import SiteRules
    from loki_core.principal import Principal
    from loki_core.services import Loki

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Observe = Callable[[str, float], None]
"""Told of each verification: its outcome (`ok` or the refusal's code) and how long it took (seconds)."""

Headers = tuple[tuple[bytes, bytes], ...]

PRINCIPAL = "loki.principal"
ADDRESS = "loki.address"
LOKI = "loki.loki"
_BAD = frozenset({"token_malformed", "token_unknown", "invalid_token"})
"""What counts as a bad sign-in; an expired or revoked token is a mistake, and proves that it was no guess."""
_JWT_THREADS = 16
_MOST_STAMPS = 10_000
_NO_STORE = (b"cache-control", b"no-store")


class AuthMiddleware:
    """Lets a request through when its credential proves somebody, who is then found at `scope["loki.principal"]`."""

    def __init__(
        self,
        app: App,
        *,
        loki: Loki,
        public: Iterable[str] = (),
        anonymous: Principal | None = None,
        accepts_tokens: bool = True,
        proxies: Sequence[Network] = (),
        sites: SiteRules | None = None,
        limit: RateLimit | None = None,
        observe: Observe | None = None,
    ) -> None:
        """Guard an app.

        Args:
            app: what is guarded.
            loki: the opened store; whoever opened it closes it.
            public: paths that need no credential.
            anonymous: who calls when nobody has to prove anything; credentials are then not looked at.
            accepts_tokens: whether a `loki_` secret is a credential here.
            proxies: whose forwarding headers are believed.
            sites: which sites may ask without a credential; by default any, because nothing without one is let in.
            limit: how many bad credentials one address may present.
            observe: is told of each verification.
        """
        self.app = app
        self._loki = loki
        self._public = frozenset(public)
        self._anonymous = anonymous
        self._accepts_tokens = accepts_tokens
        self._proxies = tuple(proxies)
        self._sites = sites
        self._limit = limit
        self._observe = observe
        self._stamps: dict[int, tuple[Principal, Headers]] = {}
        self._threads = ThreadPoolExecutor(_JWT_THREADS, thread_name_prefix="loki-jwt")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = scope["headers"]
        client = scope.get("client")
        address = find_client(client[0], headers, self._proxies) if client else "unknown"
        scope[ADDRESS] = address
        scope[LOKI] = self._loki
        if self._anonymous is not None:
            await self._let_in(scope, receive, send, self._anonymous)
            return
        presented = parse_authorization(headers)
        if presented is NOTHING or not (presented.credential or presented.problem):
            if scope["path"] in self._public:
                await self._let_in(scope, receive, send, None)
            else:
                await send_problem(scope, receive, send, ask_for_credential())
            return
        if presented.problem:
            self._tell("invalid_token", 0.0)
            await send_problem(scope, receive, send, self._limited(address) or refuse_malformed(presented.problem))
            return
        try:
            principal = await self._prove(presented.credential, address, headers)
        except AuthenticationError as error:
            problem = self._limited(address) if error.code in _BAD else None
            await send_problem(scope, receive, send, problem or explain_error(error))
        except LokiError as error:
            await send_problem(scope, receive, send, explain_error(error))
        else:
            scope[PRINCIPAL] = principal
            await self.app(scope, receive, _Stamp(send, self._stamp(principal)))

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, principal: Principal | None) -> None:
        refusal = self._sites.find_refusal(scope["headers"]) if self._sites is not None else ""
        if refusal:
            await send_problem(scope, receive, send, refuse_site(refusal))
            return
        if principal is not None:
            scope[PRINCIPAL] = principal
        await self.app(scope, receive, send)

    async def _prove(self, credential: str, address: str, headers: Iterable[tuple[bytes, bytes]]) -> Principal:
        agent = next((value.decode("latin-1") for name, value in headers if name == b"user-agent"), "")
        began = time.perf_counter()
        outcome = "error"
        try:
            if credential.startswith(PREFIX):
                if not self._accepts_tokens:
                    raise AuthenticationError(
                        "tokens are switched off here",
                        code=TOKENS_OFF,
                        remedy="sign in, or set LOKI_ENTERPRISE_AUTH=true",
                    )
                principal = self._loki.authenticate(credential, address=address, agent=agent)
            else:
                loop = asyncio.get_running_loop()
                principal = await loop.run_in_executor(
                    self._threads, lambda: self._loki.authenticate(credential, address=address, agent=agent)
                )
            outcome = "ok"
        except LokiError as error:
            outcome = error.code
            raise
        finally:
            self._tell(outcome, time.perf_counter() - began)
        return principal

    def _stamp(self, principal: Principal) -> Headers:
        known = self._stamps.get(id(principal))
        if known is not None and known[0] is principal:
            return known[1]
        headers = _describe(principal)
        if len(self._stamps) >= _MOST_STAMPS:
            self._stamps.clear()
        self._stamps[id(principal)] = (principal, headers)
        return headers

    def _tell(self, outcome: str, seconds: float) -> None:
        if self._observe is not None:
            self._observe(outcome, seconds)

    def _limited(self, address: str) -> Problem | None:
        return None if self._limit is None else self._limit.hit(address)


class _Stamp:
    """Adds to the answer what its caller may know of the credential, and keeps it out of caches."""

    __slots__ = ("_headers", "_send")

    def __init__(self, send: Send, headers: Headers) -> None:
        self._send = send
        self._headers = headers

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers", ())
            headers = [*given, *self._headers]
            for name, _ in given:
                if name.lower() == b"cache-control":
                    headers.remove(_NO_STORE)
                    break
            message = {**message, "headers": headers}
        await self._send(message)


def _describe(principal: Principal) -> Headers:
    headers = [_NO_STORE, (b"x-loki-scopes", " ".join(principal.scopes).encode("ascii", "replace"))]
    if principal.expires_at is not None:
        headers.append((b"x-loki-token-expires", str(format_time(principal.expires_at)).encode("ascii")))
    return tuple(headers)
