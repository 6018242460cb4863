"""A sign-in that holds on: who, with which role and why, until when, and the tokens behind it. Pure.

It names whoever works here and narrows what this session may do. It protects nothing from the owner of the file, who
holds everything anyway: so what was proved at the sign-in is kept as it came out, and not proved again at every start.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from loki_core.errors import SignInFailed
from loki_core.frozen import dataclass, field
from loki_core.oidc.strict_json import JsonProblem, parse_object
from loki_core.oidc.token_answer import Tokens
from loki_core.oidc.verifier import Proof
from loki_core.principal import Method, Principal
from loki_core.scopes import ScopeCatalog

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in.

    Attributes:
        issuer: the provider that proved it.
        client_id: the client that asked.
        provider_subject: `sub`, as the provider says it.
        principal: who acts, with which role and scopes, and until when.
        reasons: how the role came about, step by step, each one printable line.
        is_full_access: everybody who signs in may do everything, because nothing is configured.
        signed_in_at: when (UTC).
        tokens: what the provider gave.
    """

    issuer: str
    client_id: str
    provider_subject: str
    principal: Principal
    reasons: tuple[str, ...]
    is_full_access: bool
    signed_in_at: datetime
    tokens: Tokens = field(repr=False)

    @property
    def expires_at(self) -> datetime:
        """When the proof ends (UTC)."""
        assert self.principal.expires_at is not None  # noqa: S101 - no token without exp is taken
        return self.principal.expires_at

    @property
    def renews(self) -> bool:
        """Whether it goes on by itself when the proof ends."""
        return self.tokens.refresh_token is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """What came of signing out.

    Attributes:
        session: who was signed in, or None: nobody, or nobody could say.
        is_revoked: whether the provider took back what it gave.
        problem: why it did not, or "" when it did or there was nothing to take back.
    """

    session: Session | None
    is_revoked: bool
    problem: str


class DamagedSession(ValueError):
    """What is stored is not a session that we wrote."""


def make_session(proof: Proof, tokens: Tokens, client_id: str, now: datetime) -> Session:
    """Return the session of somebody who just proved who he is."""
    return Session(
        issuer=proof.claims.issuer,
        client_id=client_id,
        provider_subject=proof.claims.subject,
        principal=proof.principal,
        reasons=proof.decision.steps,
        is_full_access=proof.decision.is_full_access,
        signed_in_at=now,
        tokens=tokens,
    )


def refuse_ended(session: Session) -> SignInFailed:
    """Return the error for a session that is over."""
    return SignInFailed(
        f"the sign-in of {session.principal.name} has ended",
        code="session_ended",
        remedy="loki enterprise login, or loki enterprise logout to be the local user again",
    )


def dump_session(session: Session) -> bytes:
    """Return a session as JSON."""
    principal, tokens = session.principal, session.tokens
    value = {
        "version": VERSION,
        "issuer": session.issuer,
        "client_id": session.client_id,
        "provider_subject": session.provider_subject,
        "subject": principal.subject,
        "name": principal.name,
        "role": principal.role,
        "scopes": list(principal.scopes),
        "reasons": list(session.reasons),
        "is_full_access": session.is_full_access,
        "signed_in_at": session.signed_in_at.isoformat(),
        "expires_at": session.expires_at.isoformat(),
        "id_token": tokens.id_token,
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
    }
    return json.dumps(value, indent=2).encode() + b"\n"


def parse_session(data: bytes, catalog: ScopeCatalog) -> Session:
    """Return the session that was stored.

    Args:
        data: what `dump_session` returned.
        catalog: the scopes that exist; one that was removed since the sign-in is not held any more.

    Raises:
        DamagedSession: it is not what we write.
    """
    try:
        value = parse_object(data)
        if value.get("version") != VERSION:
            raise DamagedSession
        scopes = tuple(scope for scope in _read_texts(value, "scopes") if scope in catalog)
        principal = Principal(
            subject=_read_text(value, "subject"),
            name=_read_text(value, "name"),
            role=_read_text(value, "role"),
            scopes=scopes,
            effective_scopes=catalog.sort(catalog.expand(scopes)),
            method=Method.OIDC,
            expires_at=_read_time(value, "expires_at"),
            catalog=catalog,
        )
        return Session(
            issuer=_read_text(value, "issuer"),
            client_id=_read_text(value, "client_id"),
            provider_subject=_read_text(value, "provider_subject"),
            principal=principal,
            reasons=_read_texts(value, "reasons"),
            is_full_access=value.get("is_full_access") is True,
            signed_in_at=_read_time(value, "signed_in_at"),
            tokens=Tokens(
                id_token=_read_token(value, "id_token"),
                access_token=_read_token(value, "access_token"),
                refresh_token=_read_token(value, "refresh_token"),
            ),
        )
    except (JsonProblem, ValueError) as error:
        raise DamagedSession from error


def _read_text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text:
        raise DamagedSession
    return text


def _read_texts(value: dict[str, Any], name: str) -> tuple[str, ...]:
    texts = value.get(name)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise DamagedSession
    return tuple(texts)


def _read_time(value: dict[str, Any], name: str) -> datetime:
    moment = datetime.fromisoformat(_read_text(value, name))
    if moment.tzinfo is None:
        raise DamagedSession
    return moment.astimezone(UTC)


def _read_token(value: dict[str, Any], name: str) -> str | None:
    return None if value.get(name) is None else _read_text(value, name)
