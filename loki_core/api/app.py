"""The app: endpoints behind their guards. What it may do is the library's; what it serves is listed here."""

from __future__ import annotations

import os
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import loki_core
from loki_core.api.addresses import parse_proxies
from loki_core.api.auth_middleware import AuthMiddleware
from loki_core.api.bodies import ProblemForm
from loki_core.api.body_middleware import BodyMiddleware
from loki_core.api.guard_middleware import GuardMiddleware
from loki_core.api.metrics import Metrics
from loki_core.api.problems import MEDIA_TYPE, Problem, explain_error
from loki_core.api.rate_limits import RateLimit
from loki_core.api.require import Refusal
from loki_core.api.routes_audit import build_audit_routes
from loki_core.api.routes_enterprise import build_enterprise_routes
from loki_core.api.routes_front import PUBLIC as FRONT
from loki_core.api.routes_front import build_front_routes
from loki_core.api.routes_health import PUBLIC, build_health_routes
from loki_core.api.routes_metrics import build_metrics_routes
from loki_core.api.routes_tokens import build_token_routes
from loki_core.api.routes_work import build_work_routes
from loki_core.api.sending import REQUEST_ID
from loki_core.api.sites import SiteRules
from loki_core.errors import LokiError
from loki_core.tokens.secret import clean_text
from loki_core.work.runner import SessionRunner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from loki_core.services import Loki

BAD_SIGN_INS = "10/minute"
NEW_TOKENS = "60/minute"
_AUTH_OFF = Problem(
    status=403,
    code="auth_disabled",
    detail="authentication is off, so there is nothing to manage here",
    remedy="set LOKI_ENTERPRISE_AUTH=true and start the server again",
)


def create_app(loki: Loki, *, project: str | None = None) -> FastAPI:
    """Return the app of the HTTP API.

    Args:
        loki: the opened store; whoever opened it closes it.
        project: the directory in which work is done; the current one by default.
    """
    settings = loki.settings
    project = project or os.getcwd()

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        yield

    app = FastAPI(
        title="Loki Mode access API",
        version=loki_core.__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=live,
        separate_input_output_schemas=False,
    )
    app.state.loki = loki
    is_on = settings.auth.is_on
    # In the order of how often they are asked for: they are tried one after the other.
    app.include_router(build_work_routes(project, SessionRunner(settings.session.command, project, os.environ)))
    app.include_router(build_front_routes())
    app.include_router(build_health_routes())
    app.include_router(build_enterprise_routes())
    app.include_router(build_token_routes(RateLimit(NEW_TOKENS, "too many tokens were made from this address")))
    app.include_router(build_audit_routes())
    metrics = Metrics(loki)
    app.include_router(build_metrics_routes(metrics))
    _answer_errors(app)
    _document_problems(app)
    app.add_middleware(BodyMiddleware, needs_type=not is_on)
    if not is_on:
        app.add_middleware(AuthOffMiddleware)
    app.add_middleware(
        AuthMiddleware,
        loki=loki,
        public=(*PUBLIC, *FRONT),
        anonymous=None if is_on else loki.actor,
        accepts_tokens=settings.auth.accepts_tokens,
        proxies=parse_proxies(settings.server.trusted_proxies),
        sites=SiteRules(settings.server.public_url),
        limit=RateLimit(BAD_SIGN_INS, "too many bad sign-ins from this address"),
        observe=metrics.observe,
    )
    app.add_middleware(GuardMiddleware, make_id=lambda: secrets.token_hex(8))
    return app


_CODES = {400: "invalid_json", 404: "not_found", 405: "method_not_allowed"}


def _name(part: object) -> str:
    """Return a member's name, which in a wrong body is the caller's and may be anything."""
    return clean_text(part, limit=40)


class AuthOffMiddleware:
    """Refuses the management of access while nobody has to prove who they are."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and scope["path"].startswith("/api/enterprise/"):
            from loki_core.api.sending import send_problem

            await send_problem(scope, receive, send, _AUTH_OFF)
            return
        await self.app(scope, receive, send)


def _answer_errors(app: FastAPI) -> None:
    def answer(request: Request, problem: Problem, **more: Any) -> Response:
        body = problem.encode(request.scope.get(REQUEST_ID, ""), **more)
        headers = {"Cache-Control": "no-store", **dict(problem.headers)}
        return Response(body, status_code=problem.status, headers=headers, media_type=MEDIA_TYPE)

    @app.exception_handler(Refusal)
    async def on_refusal(request: Request, error: Refusal) -> Response:
        return answer(request, error.problem)

    @app.exception_handler(LokiError)
    async def on_error(request: Request, error: LokiError) -> Response:
        return answer(request, explain_error(error))

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        problems = error.errors()
        if any(each["type"] == "json_invalid" for each in problems):
            return answer(request, Problem(status=400, code="invalid_json", detail="the body is not JSON"))
        # Only where and what: the values may hold anything, secrets too.
        errors = [{"where": [_name(part) for part in each["loc"]], "what": each["msg"]} for each in problems[:20]]
        where = ".".join(errors[0]["where"][1:]) or "the body"
        detail = f"{where}: {errors[0]['what']}"[:300]
        return answer(request, Problem(status=422, code="invalid_input", detail=detail), errors=errors)

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        code = _CODES.get(error.status_code, "http_error")
        headers = tuple((error.headers or {}).items())
        return answer(request, Problem(status=error.status_code, code=code, detail=str(error.detail), headers=headers))

    @app.exception_handler(Exception)
    async def on_mistake(request: Request, error: Exception) -> Response:
        detail = "a mistake of ours; what was confirmed before is stored"
        return answer(request, Problem(status=500, code="internal_error", detail=detail))


def _document_problems(app: FastAPI) -> None:
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault(ProblemForm.__name__, ProblemForm.model_json_schema())
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        schemes = document["components"].setdefault("securitySchemes", {})
        schemes["bearer"] = {"type": "http", "scheme": "bearer", "description": "a loki_ secret or a JWT"}
        document["security"] = [{"bearer": []}]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
