"""The JSON that requests bring and answers carry; OpenAPI documents it from here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """What a request brings: nothing unknown, no types bent."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewToken(Body):
    """A token to be made."""

    name: str = Field(min_length=1, max_length=255, description="free among usable tokens")
    scopes: list[str] | None = Field(default=None, max_length=100, description="with neither scopes nor role: read")
    role: str | None = Field(default=None, min_length=1, max_length=255)
    expires_days: int | None = Field(
        default=None, ge=1, le=36_500, description="null for never; left out, the policy's default"
    )
    note: str = Field(default="", max_length=255, description="what stops if it is revoked")


class Rotation(Body):
    """How a token is to be rotated."""

    grace_hours: int | None = Field(default=None, ge=0, le=720, description="left out, the policy's default")
    expires_days: int | None = Field(
        default=None, ge=1, le=36_500, description="null for never; left out, as long as the old one was made for"
    )


class TokenForm(BaseModel):
    """A token."""

    id: str
    name: str
    scopes: list[str]
    effective_scopes: list[str]
    role: str | None
    owner: str | None
    status: str
    created_at: str | None
    expires_at: str | None
    last_used: str | None
    revoked: bool
    revoked_at: str | None


class IssuedForm(TokenForm):
    """A token that was just made, with its secret, which is shown this once."""

    token: str


class RemovedForm(BaseModel):
    """What became of a token that was to be revoked or deleted."""

    id: str
    name: str
    revoked: bool = True
    deleted: bool = False
    already_revoked: bool = False
    audit: Literal["written", "pending"] = "written"


class PrincipalForm(BaseModel):
    """Who is calling."""

    subject: str
    name: str
    role: str | None
    scopes: list[str]
    effective_scopes: list[str]
    method: str
    expires_at: str | None


class EnterpriseForm(BaseModel):
    """Which parts are switched on, in Loki Mode's names."""

    auth_enabled: bool
    audit_enabled: bool
    enterprise_mode: bool
    oidc_enabled: bool
    oidc_issuer: str | None
    oidc_client_id: str | None
    version: str


class HealthForm(BaseModel):
    """Whether the server works."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = {}


class ProblemForm(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    remedy: str | None = None
    request_id: str | None = None
    errors: list[dict[str, Any]] | None = None


class NewTaskBody(Body):
    """A task to be queued."""

    title: str = Field(min_length=1, max_length=500)
    description: str = Field(default="", max_length=20_000)
    priority: Literal["low", "medium", "high", "critical"] = "medium"
    type: str = Field(default="task", min_length=1, max_length=50)


class StartBody(Body):
    """What a session of work is to be about."""

    prd: str = Field(min_length=1, max_length=1024, description="a file of the project, such as ./prd.md")


class TaskForm(BaseModel):
    """A task, in Loki Mode's fields."""

    id: str
    title: str
    description: str
    status: str
    priority: str
    type: str
    position: int


class SessionForm(BaseModel):
    """A session of work."""

    prd: str
    pid: int
    started_at: str
    started_by: str
    log: str


class StatusForm(BaseModel):
    """How far the work is, in Loki Mode's fields, and who started it."""

    status: str
    version: str
    uptime_seconds: float
    active_sessions: int
    running_agents: int
    pending_tasks: int
    database_connected: bool
    phase: str
    iteration: int
    complexity: str
    mode: str
    provider: str
    current_task: str
    started_by: str | None
    session: SessionForm | None


class StartedForm(BaseModel):
    """A session that was started."""

    status: Literal["started"]
    session: SessionForm


class StoppedForm(BaseModel):
    """What became of the session that was to be stopped."""

    status: Literal["stopped"]
    was_running: bool
    killed: bool


class TallyForm(BaseModel):
    """How often something was done, and how often it failed."""

    name: str
    ok: int
    failed: int


class FailedSignInsForm(BaseModel):
    """The failed sign-ins of the last hour."""

    last_hour: int
    by_code: dict[str, int]
    by_address: dict[str, int]


class AuditSummaryForm(BaseModel):
    """What happened in the last days."""

    since: str
    until: str
    entries: int
    days: list[TallyForm]
    events: list[TallyForm]
    actors: list[TallyForm]
    failed_sign_ins: FailedSignInsForm
    oldest_at: str | None
    newest_at: str | None
    unreadable: int


class FrontForm(BaseModel):
    """What this server is."""

    service: str
    version: str
    openapi: str


class VerdictProblemForm(BaseModel):
    """One thing that is wrong with the log."""

    kind: str
    file: str
    line: int
    seq: int | None
    message: str
    severity: Literal["error", "info"]
    witness: str


class VerdictForm(BaseModel):
    """Whether the log is whole."""

    ok: bool
    entries: int
    problems: list[VerdictProblemForm]
    head: dict[str, Any] | None
    words: str | None
    first_key: str | None
    witnesses: list[str]
