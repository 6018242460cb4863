"""Every error that leaves the library, in one tree, branched by who must act.

LokiError
├── InvalidInput            the caller: what was given is wrong by itself
│   └── ConfigurationError  the administrator: a setting is wrong (file and line are in the message)
├── Refused                 the caller: well formed, but policy or the store's state forbids it
│   └── NotFound            nothing of that name or id
├── AuthenticationError     the credential's holder: it proves nobody
│   ├── InvalidTokenError   a JWT that broke a rule (the reason goes to the log, not to the caller)
│   └── SignInFailed        whoever signs in, or the provider's administrator: `code` says which
├── AuthorizationError      the principal's administrator: a scope is missing
├── StorageError            the host's administrator: the store cannot be used as it is
│   └── StoreBusy           another writer holds the lock for too long
├── Cancelled               nobody: the caller asked to stop
├── AuditUnavailable        the host's administrator: the audit log cannot be written
└── ProviderUnavailable     the identity provider's administrator

Each error has a stable `code`, a one-line message and, where there is one, the `remedy`. None of them ever holds a
secret.
"""

from __future__ import annotations


class LokiError(Exception):
    """What every error of this library derives from.

    Attributes:
        code: a stable identifier for programs, such as `name_taken`.
        message: one line for people, without the remedy.
        remedy: what to do about it, one line, or "" when there is nothing to say.
    """

    default_code = "error"

    def __init__(self, message: str, *, code: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message


class InvalidInput(LokiError):
    """What was given is wrong by itself, whatever the store holds."""

    default_code = "invalid_input"


class ConfigurationError(InvalidInput):
    """A setting is wrong; the message names file and line, or the variable."""

    default_code = "invalid_configuration"


class Refused(LokiError):
    """Well formed, but the policy or the state of the store forbids it."""

    default_code = "refused"


class NotFound(Refused):
    """No token has that name or id."""

    default_code = "not_found"


class AuthenticationError(LokiError):
    """The credential proves nobody.

    `code` is one of token_expired, token_revoked, token_locked, token_unknown, token_malformed, invalid_token.
    """

    default_code = "token_unknown"


class InvalidTokenError(AuthenticationError):
    """A JWT broke a rule (RFC 8725, OpenID Connect Core 3.1.3.7, RFC 9068)."""

    default_code = "invalid_token"


class SignInFailed(AuthenticationError):
    """A sign-in with the identity provider ended, and nobody is signed in.

    `code` is one of access_denied, expired_token, cancelled, device_flow_unavailable, client_not_allowed, no_id_token,
    invalid_token, session_ended.
    """

    default_code = "access_denied"


class AuthorizationError(LokiError):
    """The principal does not hold the scope that is needed (`missing`)."""

    default_code = "insufficient_scope"

    def __init__(self, message: str, *, missing: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.missing = missing


class StorageError(LokiError):
    """The store cannot be used as it is; it was left untouched."""

    default_code = "storage_refused"


class StoreBusy(StorageError):
    """Another writer has held the store's lock for longer than we wait."""

    default_code = "store_busy"


class AuditUnavailable(LokiError):
    """The audit log cannot be written, so nothing is granted."""

    default_code = "audit_unavailable"


class Cancelled(LokiError):
    """What was going on was stopped, as was asked for; nothing was changed."""

    default_code = "cancelled"


class ProviderUnavailable(LokiError):
    """The identity provider cannot be reached or does not make sense."""

    default_code = "provider_unavailable"
