"""`/api/status`, `/api/tasks`, `/api/control`: how far the work is, what waits, starting and stopping it."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

import loki_core
from loki_core.api.bodies import NewTaskBody, StartBody, StartedForm, StatusForm, StoppedForm, TaskForm
from loki_core.api.documented import document_refusals
from loki_core.api.problems import Problem
from loki_core.api.require import Refusal, get_caller, require_scope
from loki_core.audit.events import AuditEvent
from loki_core.tokens.record import format_time
from loki_core.work.prd import resolve_prd
from loki_core.work.project_state import list_tasks, read_state
from loki_core.work.task_queue import NewTask, append_task

if TYPE_CHECKING:
    from loki_core.services import Loki
    from loki_core.work.runner import Session, SessionRunner

Caller = Annotated[Any, Depends(get_caller)]
_NOT_CONFIGURED = "session_not_configured"


def build_work_routes(project: str, runner: SessionRunner) -> APIRouter:
    """Return the endpoints.

    Args:
        project: the project's directory.
        runner: starts and stops what works in it.
    """
    router = APIRouter(prefix="/api", tags=["work"])
    began = time.monotonic()
    reads, writes, controls = (Depends(require_scope(scope)) for scope in ("read", "write", "control"))

    @router.get("/status", response_model=StatusForm, responses=document_refusals(), dependencies=[reads])
    async def show_status() -> Response:
        """Show how far the work is."""
        return JSONResponse(await run_in_threadpool(look))

    def look() -> dict[str, Any]:
        session = runner.find()
        state = read_state(project, is_running=session is not None)
        return {
            "status": state.status,
            "version": loki_core.__version__,
            "uptime_seconds": time.monotonic() - began,
            "active_sessions": int(state.is_running),
            "running_agents": state.running_agents,
            "pending_tasks": state.pending_tasks,
            "database_connected": True,
            "phase": state.phase,
            "iteration": state.iteration,
            "complexity": state.complexity,
            "mode": state.mode,
            "provider": state.provider,
            "current_task": state.current_task,
            "started_by": session.started_by if session else None,
            "session": _describe(session) if session else None,
        }

    @router.get("/tasks", response_model=list[TaskForm], responses=document_refusals(422), dependencies=[reads])
    def show_tasks(status: str | None = None) -> list[dict[str, Any]]:
        """List the tasks."""
        return [task for task in list_tasks(project) if status is None or task["status"] == status]

    def create_task(body: NewTaskBody, response: Response, loki: Caller) -> dict[str, Any]:
        """Queue a task."""
        caller: Loki = loki
        task = NewTask(
            id=f"task-{secrets.token_hex(8)}",
            title=body.title,
            description=body.description,
            priority=body.priority,
            type=body.type,
            created_by=caller.actor.subject,
        )
        caller.log_event(AuditEvent.TASK_CREATE, "task", task.id)
        append_task(project, task, caller.clock())
        response.headers["Location"] = "/api/tasks"
        return {
            "id": task.id,
            "title": task.title,
            "description": task.description,
            "status": "pending",
            "priority": task.priority,
            "type": task.type,
            "position": 0,
        }

    for path in ("/tasks/create", "/tasks"):
        router.add_api_route(
            path,
            create_task,
            methods=["POST"],
            status_code=201,
            response_model=TaskForm,
            responses=document_refusals(422),
            dependencies=[writes],
            operation_id=f"create_task_at{path.replace('/', '_')}",
        )

    @router.post(
        "/control/start",
        status_code=202,
        response_model=StartedForm,
        responses=document_refusals(404, 409, 422),
        dependencies=[controls],
    )
    def start(body: StartBody, loki: Caller) -> dict[str, Any]:
        """Start a session of work on a file of the project."""
        caller: Loki = loki
        prd = resolve_prd(body.prd, project)
        if not runner.is_configured:
            raise Refusal(
                Problem(
                    status=503,
                    code=_NOT_CONFIGURED,
                    detail="no command is configured that does the work",
                    remedy="set session.command in the configuration",
                )
            )
        caller.log_event(AuditEvent.WORK_START, "session", prd)
        session = runner.start(prd, caller.actor.subject, caller.clock())
        return {"status": "started", "session": _describe(session)}

    @router.post("/control/stop", response_model=StoppedForm, responses=document_refusals(), dependencies=[controls])
    def stop(loki: Caller) -> dict[str, Any]:
        """Stop the session of work; without one nothing is done."""
        caller: Loki = loki
        stopped = runner.stop()
        if stopped is None:
            return {"status": "stopped", "was_running": False, "killed": False}
        session, was_killed = stopped
        caller.log_event(AuditEvent.WORK_STOP, "session", session.prd, {"killed": was_killed}, must=False)
        return {"status": "stopped", "was_running": True, "killed": was_killed}

    return router


def _describe(session: Session) -> dict[str, Any]:
    return {
        "prd": session.prd,
        "pid": session.pid,
        "started_at": format_time(session.started_at),
        "started_by": session.started_by,
        "log": f".loki/logs/{session.log}",
    }
