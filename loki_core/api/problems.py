"""What a refused request is answered with: problem details (RFC 9457) with a stable `code`. Pure."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from loki_core.errors import (
    AuditUnavailable,
    AuthenticationError,
    AuthorizationError,
    InvalidInput,
    LokiError,
    NotFound,
    ProviderUnavailable,
    Refused,
    StorageError,
)
from loki_core.frozen import dataclass
from loki_core.tokens.secret import clean_text

MEDIA_TYPE = "application/problem+json"
REALM = "loki"
TOKENS_OFF = "token_auth_disabled"
_TOLD = frozenset({"token_expired", "token_revoked", "token_locked", TOKENS_OFF})
"""What the holder of a proved secret may learn; everything else, and every JWT, is `invalid_token`."""
_STATUS: tuple[tuple[type[LokiError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Refused, HTTPStatus.CONFLICT),
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (AuthenticationError, HTTPStatus.UNAUTHORIZED),
    (AuthorizationError, HTTPStatus.FORBIDDEN),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
    (AuditUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (ProviderUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One refusal.

    Attributes:
        status: the HTTP status.
        code: a stable identifier for programs.
        detail: one line for people.
        remedy: what to do about it, or "".
        headers: what the answer carries besides, such as `WWW-Authenticate`.
    """

    status: int
    code: str
    detail: str
    remedy: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, request_id: str, **more: Any) -> bytes:
        """Return the body of the answer, with further members (RFC 9457, 3.2)."""
        fields = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "remedy": self.remedy,
            "request_id": request_id,
            **more,
        }
        return json.dumps({name: value for name, value in fields.items() if value != ""}).encode("ascii")


def challenge(error: str = "", description: str = "", *, scope: str = "") -> tuple[str, str]:
    """Return the `WWW-Authenticate` header (RFC 6750, 3); without an error when nothing was presented."""
    parts = [f'realm="{REALM}"']
    if error:
        parts.append(f'error="{error}"')
    if description:
        parts.append(f'error_description="{description}"')
    if scope:
        parts.append(f'scope="{scope}"')
    return ("WWW-Authenticate", f"Bearer {', '.join(parts)}")


def ask_for_credential() -> Problem:
    """Return the answer to a request that presents nothing."""
    return Problem(
        status=401,
        code="authentication_required",
        detail="this needs a token",
        remedy="send it in the header Authorization: Bearer loki_…",
        headers=(challenge(),),
    )


def refuse_malformed(problem: str) -> Problem:
    """Return the answer to an Authorization header that cannot be one (RFC 6750, 3.1)."""
    return Problem(
        status=401,
        code="invalid_token",
        detail=problem,
        headers=(challenge("invalid_token", "the token is malformed"),),
    )


def refuse_site(reason: str) -> Problem:
    """Return the answer to a request from a site that may not ask."""
    return Problem(
        status=403,
        code="foreign_site",
        detail=reason,
        remedy="use http://localhost with the server's port, server.public_url, or a token",
    )


def slow_down(detail: str, seconds: int) -> Problem:
    """Return the answer to an address that asked too often (RFC 6585, 4)."""
    return Problem(
        status=429,
        code="too_many_requests",
        detail=detail,
        remedy=f"wait {seconds} s",
        headers=(("Retry-After", str(seconds)),),
    )


def explain_error(error: LokiError) -> Problem:
    """Return the answer that an error of the library becomes."""
    if isinstance(error, AuthenticationError):
        return _explain_authentication(error)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(error, AuthorizationError):
        headers = (challenge("insufficient_scope", "the token does not hold the scope", scope=error.missing),)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = (("Retry-After", "5"),)
    return Problem(
        status=status,
        code=error.code,
        detail=clean_text(error.message, limit=500),
        remedy=clean_text(error.remedy, limit=500),
        headers=headers,
    )


def _explain_authentication(error: AuthenticationError) -> Problem:
    code = error.code if error.code in _TOLD else "invalid_token"
    detail = error.message if code in _TOLD else "the token is not valid"
    remedy = error.remedy if code in _TOLD else "check that all of it was copied, and that it is for this server"
    return Problem(
        status=401,
        code=code,
        detail=detail,
        remedy=remedy,
        headers=(challenge("invalid_token", detail),),
    )
