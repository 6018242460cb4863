"""`/api/enterprise/audit`: reading the audit log. All of it needs `audit`."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from loki_core.api.bodies import AuditSummaryForm, VerdictForm
from loki_core.api.documented import document_refusals
from loki_core.api.problems import slow_down
from loki_core.api.require import Refusal, get_caller, require_scope
from loki_core.audit.chain import HASH_FIELD
from loki_core.audit.query import Query as AuditQuery
from loki_core.errors import InvalidInput
from loki_core.json_forms import describe_summary
from loki_core.scopes import AUDIT

if TYPE_CHECKING:
    from loki_core.services import Loki

PATH = "/api/enterprise/audit"
MOST_ENTRIES = 1_000
_BUSY_SECONDS = 5
Caller = Annotated[Any, Depends(get_caller)]


def build_audit_routes() -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix=PATH, tags=["audit"], dependencies=[Depends(require_scope(AUDIT))])

    @router.get("", response_model=list[dict[str, Any]], responses=document_refusals(422))
    def list_entries(
        response: Response,
        loki: Caller,
        since: Annotated[datetime | None, Query(alias="from", description="not before; with its offset")] = None,
        until: Annotated[datetime | None, Query(alias="to", description="before; with its offset")] = None,
        event: Annotated[str, Query(max_length=500, description="events or areas, by commas")] = "",
        actor: Annotated[str, Query(max_length=255)] = "",
        token: Annotated[str, Query(max_length=255, description="id or name")] = "",
        failed: bool | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
        cursor: Annotated[str, Query(pattern="^([0-9a-f]{64})?$")] = "",
    ) -> list[dict[str, Any]]:
        """List entries, newest first, as they are stored. Where there are more, `X-Next-Cursor` leads to them."""
        caller: Loki = loki
        query = AuditQuery(
            since=_check_offset(since),
            until=_check_offset(until),
            events=frozenset(event.replace(",", " ").split()),
            actor=actor,
            token=token,
            failed=failed,
        )
        rows: list[dict[str, Any]] = []
        is_reached = not cursor
        for line in caller.audit.entries(query):
            if len(rows) == limit:
                response.headers["X-Next-Cursor"] = str(rows[-1].get(HASH_FIELD, ""))
                break
            if is_reached:
                rows.append(dict(line.fields))
            else:
                is_reached = line.fields.get(HASH_FIELD) == cursor
        if not is_reached:
            raise InvalidInput(
                "that cursor leads nowhere", code="invalid_cursor", remedy="use X-Next-Cursor of the page before"
            )
        return rows

    @router.get("/summary", response_model=AuditSummaryForm, responses=document_refusals(422))
    def summarise(loki: Caller, days: Annotated[int, Query(ge=1, le=366)] = 7) -> dict[str, Any]:
        """Count what happened in the last days."""
        caller: Loki = loki
        return describe_summary(caller.audit.summary(days=days))

    busy = threading.Lock()

    @router.get("/verify", response_model=VerdictForm, responses=document_refusals(422))
    def verify(
        loki: Caller,
        head: Annotated[str, Query(max_length=2_000, description="what was noted: a head, its words, a key")] = "",
    ) -> dict[str, Any]:
        """Find out whether anybody changed the log, and where. It reads all of it, so one at a time is served."""
        caller: Loki = loki
        if not busy.acquire(blocking=False):
            raise Refusal(slow_down("the log is being verified for somebody else", _BUSY_SECONDS))
        try:
            return caller.audit.verify(head=head).describe()
        finally:
            busy.release()

    return router


def _check_offset(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidInput(
            "a time without its offset may mean any of many",
            code="invalid_time",
            remedy="write such as 2026-03-01T12:00:00Z",
        )
    return moment
