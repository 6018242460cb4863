"""`/api/enterprise/tokens`: making, listing, rotating, revoking and deleting tokens. All of it needs `*`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from loki_core.api.auth_middleware import ADDRESS
from loki_core.api.bodies import IssuedForm, NewToken, RemovedForm, Rotation, TokenForm
from loki_core.api.documented import document_refusals
from loki_core.api.paging import LONGEST_CURSOR, MOST_ROWS, cut_page
from loki_core.api.require import Refusal, get_caller, require_scope
from loki_core.json_forms import describe_token
from loki_core.scopes import ALL
from loki_core.tokens.policy import DEFAULT
from loki_core.tokens.status import Status

if TYPE_CHECKING:
    from loki_core.api.rate_limits import RateLimit
    from loki_core.services import Loki
    from loki_core.tokens.token import IssuedToken

PATH = "/api/enterprise/tokens"
Caller = Annotated[Any, Depends(get_caller)]


def build_token_routes(limit: RateLimit) -> APIRouter:
    """Return the endpoints.

    Args:
        limit: how many tokens one address may make.
    """
    router = APIRouter(prefix=PATH, tags=["tokens"], dependencies=[Depends(require_scope(ALL))])

    def count(request: Request) -> None:
        problem = limit.hit(request.scope.get(ADDRESS, ""))
        if problem is not None:
            raise Refusal(problem)

    @router.post(
        "",
        status_code=201,
        response_model=IssuedForm,
        responses=document_refusals(409, 422),
        dependencies=[Depends(count)],
    )
    def generate(body: NewToken, response: Response, loki: Caller) -> dict[str, Any]:
        """Make a token. Its secret is in `token`, this once."""
        caller: Loki = loki
        issued = caller.tokens.generate(
            body.name,
            scopes=body.scopes,
            role=body.role,
            expires_days=body.expires_days if "expires_days" in body.model_fields_set else DEFAULT,
            note=body.note,
        )
        return _answer(issued, response)

    @router.get("", response_model=list[TokenForm], responses=document_refusals(422))
    def list_tokens(
        response: Response,
        loki: Caller,
        include_revoked: bool = False,
        q: Annotated[str, Query(max_length=255)] = "",
        status: Status | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = MOST_ROWS,
        cursor: Annotated[str, Query(max_length=LONGEST_CURSOR)] = "",
    ) -> list[dict[str, Any]]:
        """List tokens, oldest first. Where there are more, `Link` and `X-Next-Cursor` lead to them."""
        caller: Loki = loki
        tokens = caller.tokens.list(include_revoked=include_revoked, query=q, status=status)
        rows, following = cut_page(tokens, limit, cursor)
        if following:
            asked = {"include_revoked": str(include_revoked).lower(), "q": q, "status": status or ""}
            query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in asked.items() if value)
            response.headers["X-Next-Cursor"] = following
            response.headers["Link"] = f'<{PATH}?{query}&limit={limit}&cursor={following}>; rel="next"'
        return [describe_token(token) for token in rows]

    @router.post(
        "/{name_or_id:path}/rotate",
        status_code=201,
        response_model=IssuedForm,
        responses=document_refusals(404, 409, 422),
        dependencies=[Depends(count)],
    )
    def rotate(name_or_id: str, response: Response, loki: Caller, body: Rotation | None = None) -> dict[str, Any]:
        """Replace a token's secret; the old one works on during the grace."""
        caller: Loki = loki
        given = body or Rotation()
        issued = caller.tokens.rotate(
            name_or_id,
            grace_hours=given.grace_hours,
            expires_days=given.expires_days if "expires_days" in given.model_fields_set else DEFAULT,
        )
        return _answer(issued, response)

    @router.get("/{name_or_id:path}", response_model=TokenForm, responses=document_refusals(404, 409, 422))
    def show(name_or_id: str, loki: Caller) -> dict[str, Any]:
        """Show one token."""
        caller: Loki = loki
        return describe_token(caller.tokens.get(name_or_id))

    @router.delete("/{name_or_id:path}", response_model=RemovedForm, responses=document_refusals(404, 409, 422))
    def remove(name_or_id: str, loki: Caller, permanent: bool = False) -> dict[str, Any]:
        """Revoke a token, at once and for good; `permanent` deletes one that is revoked or expired already."""
        caller: Loki = loki
        if permanent:
            (token,) = caller.tokens.delete(name_or_id)
            return {"id": token.id, "name": token.name, "revoked": token.revoked, "deleted": True}
        revocations = caller.tokens.revoke(name_or_id)
        told = revocations[-1]
        return {
            "id": told.token.id,
            "name": told.token.name,
            "already_revoked": all(each.already for each in revocations),
            "audit": "pending" if any(each.audit == "pending" for each in revocations) else "written",
        }

    return router


def _answer(issued: IssuedToken, response: Response) -> dict[str, Any]:
    response.headers["Location"] = f"{PATH}/{issued.token.id}"
    return {**describe_token(issued.token), "token": issued.secret.reveal()}
