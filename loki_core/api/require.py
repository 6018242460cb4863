"""What an endpoint requires of its caller, for FastAPI's `Depends` and for Starlette alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from loki_core.api.auth_middleware import ADDRESS, LOKI, PRINCIPAL
from loki_core.api.problems import Problem, ask_for_credential, explain_error
from loki_core.errors import AuthorizationError

if TYPE_CHECKING:
    from loki_core.principal import Principal
    from loki_core.services import Loki


class Refusal(HTTPException):
    """Ends a request with a problem; an app that does not know it answers as it does to any HTTPException."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.status, detail=problem.detail, headers=dict(problem.headers))
        self.problem = problem


def get_principal(connection: HTTPConnection) -> Principal:
    """Return who is calling.

    Raises:
        Refusal: nobody was proved: the app has no AuthMiddleware, or the path is public.
    """
    principal: Principal | None = connection.scope.get(PRINCIPAL)
    if principal is None:
        raise Refusal(ask_for_credential())
    return principal


def get_caller(connection: HTTPConnection) -> Loki:
    """Return the store, acted on as whoever is calling, from where they are.

    Raises:
        Refusal: nobody was proved.
    """
    principal = get_principal(connection)
    loki: Loki = connection.scope[LOKI]
    agent = connection.headers.get("user-agent", "")
    return loki.acting_as(principal, address=connection.scope.get(ADDRESS, ""), agent=agent)


def require_scope(scope: str) -> Callable[[HTTPConnection], Awaitable[Principal]]:
    """Return a dependency that lets in whoever holds the scope, and returns who that is; a refusal is logged.

    Args:
        scope: such as `write`; it is held when a scope that includes it is.

    Raises:
        Refusal: on a call: 401 when nobody was proved, 403 `insufficient_scope` when it is not held.
    """

    async def check(connection: HTTPConnection) -> Principal:
        principal = get_principal(connection)
        if not principal.explain(scope).granted:
            try:
                get_caller(connection).require(scope)
            except AuthorizationError as error:
                raise Refusal(explain_error(error)) from None
        return principal

    return check
