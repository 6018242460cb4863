"""A token as callers see it: its record, judged at one moment."""

from __future__ import annotations

from datetime import datetime

from loki_core.frozen import dataclass
from loki_core.tokens.secret import Secret
from loki_core.tokens.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token, as it was when it was looked at. It holds no secret and no digest.

    Attributes:
        id: `tok-` and twelve hex digits.
        name: what people call it (the original name, where the record on disk had to be renamed).
        scopes: the scopes granted, in the order given.
        effective_scopes: everything these include, strongest first; scopes that do not exist include nothing.
        role: the role it was minted by, a label only, or None.
        owner: who minted it, such as `os:alice`, or None in Loki Mode's own records.
        note: what stops if it is revoked, or "".
        status: its state at the time of the call.
        created_at, expires_at, last_used, revoked_at: UTC; None where unknown, never or not yet.
        revoked: whether it was revoked.
        rotated_from: the id of the token that it replaced, or None.
        rotated_to: the id of the token that replaced it, or None.
        problem: why the record cannot be read, when `status` is unreadable, else "".
    """

    id: str
    name: str
    scopes: tuple[str, ...] = ()
    effective_scopes: tuple[str, ...] = ()
    role: str | None = None
    owner: str | None = None
    note: str = ""
    status: Status = Status.ACTIVE
    created_at: datetime | None = None
    expires_at: datetime | None = None
    last_used: datetime | None = None
    revoked: bool = False
    revoked_at: datetime | None = None
    rotated_from: str | None = None
    rotated_to: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token just made, with the one chance to read its secret."""

    token: Token
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Where a token was used from: one line per address and agent.

    Attributes:
        token_id: the token.
        address: the network address, or "" for a local process.
        agent: what the caller called itself, or "".
        last_at: the newest use that was noted (UTC).
        count: how many times a use was noted: at most once a minute, so a lower bound of the calls.
    """

    token_id: str
    address: str
    agent: str
    last_at: datetime
    count: int
