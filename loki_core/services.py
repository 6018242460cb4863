"""The composition root: settings in, a working Loki out. Which store and log are used is decided in `parts`."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from loki_core.clock import read_system_clock
from loki_core.parts import Parts
from loki_core.principal import Caller, Principal
from loki_core.settings import Settings, load_settings
from loki_core.tokens.secret import clean_text
from loki_core.tokens.uses import LONGEST_FIELD

if TYPE_CHECKING:
    from datetime import datetime

    from loki_core.audit_trail import AuditTrail
    from loki_core.interfaces import AuditSink, Clock, Finding, Store
    from loki_core.provider_inspection import ProviderInspection
    from loki_core.roles import RoleCatalog
    from loki_core.scopes import Decision, ScopeCatalog
    from loki_core.sign_in import SignIn
    from loki_core.token_manager import TokenManager
    from loki_core.tokens.secret import Choice


class Authenticate(Protocol):
    """From a credential to a principal."""

    def __call__(self, credential: str, *, address: str = "", agent: str = "") -> Principal:
        """Return who the credential proves, called from an address by an agent.

        Raises:
            AuthenticationError: it proves nobody; `code` says why.
            StorageError: the store cannot be read.
            ProviderUnavailable, ConfigurationError: a JWT cannot be judged by the provider's keys.
        """


class Loki:
    """One opened store with its rules, its log and someone who acts. Safe to use from several threads."""

    def __init__(self, parts: Parts, caller: Caller) -> None:
        self._parts = parts
        self._caller = caller

    @cached_property
    def tokens(self) -> TokenManager:
        """The operations on tokens, done and logged as `actor`."""
        from loki_core.token_manager import TokenManager

        return TokenManager(self._parts, self._caller)

    @cached_property
    def audit(self) -> AuditTrail:
        """What the audit log says, read as `actor`."""
        from loki_core.audit_trail import AuditTrail

        return AuditTrail(self._parts, self._caller)

    @cached_property
    def sign_in(self) -> SignIn:
        """The sign-in with the identity provider."""
        from loki_core.sign_in import SignIn
        from loki_core.sign_in_log import SignInLog

        parts = self._parts
        log = SignInLog(parts.journal, parts.clock, self._caller)
        return SignIn(parts.settings.auth.oidc, lambda: parts.provider, parts.sessions, log, parts.clock)

    @property
    def oidc(self) -> ProviderInspection:
        """What can be told about the identity provider and its tokens.

        Raises:
            ConfigurationError: none is configured.
        """
        from loki_core.provider_inspection import ProviderInspection

        return ProviderInspection(self._parts.make_provider(), self._parts.clock)

    @cached_property
    def authenticate(self) -> Authenticate:
        """Returns who a credential proves; see Authenticator.authenticate for arguments and errors."""
        return self._parts.authenticator.authenticate

    @property
    def actor(self) -> Principal:
        """Who acts: the operating system's user, unless `acting_as` named another."""
        return self._caller.principal

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._parts.settings

    @property
    def scopes(self) -> ScopeCatalog:
        """The scopes that exist here."""
        return self._parts.scopes

    @property
    def roles(self) -> RoleCatalog:
        """The roles that exist here."""
        return self._parts.roles

    @property
    def store_label(self) -> str:
        """What to call the store to a person, such as `~/.loki/dashboard/tokens.json`."""
        return self._parts.store.label

    @property
    def audit_label(self) -> str:
        """What to call the audit log to a person; `off` when it is switched off."""
        return self._parts.sink.label

    @property
    def audit_first_key(self) -> str:
        """The first public key of the audit log (hex) when it was made here, else "": what to note of a new log.

        It is made with the first head, within a moment of the first entry or at `close()`.
        """
        return self._parts.first_key_made

    def clock(self) -> datetime:
        """Return the current time (UTC)."""
        return self._parts.clock()

    def revision(self) -> Hashable:
        """Return what changes whenever tokens or their uses do; two stats."""
        return self._parts.store.revision()

    def check_store(self) -> None:
        """Find out whether the store can be read.

        Raises:
            StorageError: it cannot.
        """
        self._parts.store.view()

    def check_audit(self) -> None:
        """Find out whether the audit log could be written now; makes nothing.

        Raises:
            AuditUnavailable: it could not.
        """
        self._parts.sink.check_writable()

    def explain(self, credential: str, scope: str) -> Decision:
        """Tell whether the holder of a credential has a scope, and why.

        Raises:
            AuthenticationError, StorageError: as for `authenticate`.
            InvalidInput: `unknown_scope`.
        """
        self._parts.scopes.check_known((scope,))
        return self.authenticate(credential).explain(scope)

    def require(self, scope: str, *, resource_type: str = "api") -> None:
        """Return when the actor holds a scope; that it does not is noted in the log.

        Args:
            scope: what is needed.
            resource_type: what it is needed for.

        Raises:
            AuthorizationError: the actor does not hold it.
        """
        from loki_core.administration.office import admit

        admit(self._parts, self._caller, scope, resource_type=resource_type)

    def log_event(
        self,
        event: str,
        resource_type: str,
        resource_id: str,
        details: Mapping[str, object] | None = None,
        *,
        must: bool = True,
    ) -> None:
        """Log what the actor does to something that is no token, such as work that is started.

        Args:
            event: one of AuditEvent.
            resource_type: the kind of thing that it is done to.
            resource_id: which one.
            details: what else there is to say; never a secret.
            must: whether it may not be done when it cannot be logged; taking away is never refused for that.

        Raises:
            AuditUnavailable: it could not be logged, and `must`.
        """
        from loki_core.audit.events import AuditEntry
        from loki_core.errors import AuditUnavailable

        principal = self._caller.principal
        entry = AuditEntry(
            timestamp=self.clock(),
            event=event,
            user_id=principal.subject,
            resource_type=resource_type,
            resource_id=clean_text(resource_id, limit=LONGEST_FIELD),
            ip_address=self._caller.address,
            user_agent=self._caller.agent,
            details={**(details or {}), **self._caller.describe_seat()},
        )
        try:
            self._parts.sink.record(entry)
        except AuditUnavailable:
            if must:
                raise

    def acting_as(self, principal: Principal, *, address: str = "", agent: str = "") -> Loki:
        """Return the same store and log with another actor.

        Args:
            principal: who acts.
            address: where the actor is, for the log.
            agent: what the actor's client calls itself, for the log.
        """
        address, agent = clean_text(address, limit=LONGEST_FIELD), clean_text(agent, limit=LONGEST_FIELD)
        caller = Caller(principal=principal, address=address, agent=agent, operator=self._parts.operator)
        return Loki(self._parts, caller)

    def health(self) -> tuple[Finding, ...]:
        """Return what is wrong or remarkable about this installation, worst first; never raises."""
        from loki_core.health import check_health

        parts = self._parts
        return check_health(parts.store, parts.sink, parts.settings, parts.clock(), str(parts.settings.dashboard))

    def accept_clock(self) -> None:
        """Take the clock's time as true although the store was written later, because the clock was wrong then.

        Raises:
            AuditUnavailable: it could not be logged, so it was not done.
            AuthorizationError: the actor does not hold `*`.
            StorageError: the store could not be written.
        """
        self.tokens.accept_clock()

    def flush(self) -> None:
        """Wait until what was noted in the background is written, two seconds at most; the object stays open."""
        self._parts.background.flush()

    def close(self) -> None:
        """Write what is waiting (at most two seconds) and let go of every file."""
        self._parts.close()

    def __enter__(self) -> Loki:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_loki(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    store: Store | None = None,
    audit: AuditSink | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    choose: Choice | None = None,
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> Loki:
    """Open the token store. Asks no network and creates nothing on disk.

    Args:
        settings: what to go by; by default the environment and the configuration files.
        clock: returns the current time, aware; the system's by default.
        store: another store than the configured one.
        audit: another audit log than the configured one.
        environ: the environment to read instead of the process's.
        directory: the project's directory instead of the current one.
        choose: picks characters of new secrets at random; must be fit for cryptography.
        random_bytes: returns that many bytes at random, for the keys that sign the audit log and for ids of its
            entries; must be fit for cryptography.

    Raises:
        ConfigurationError: a setting is wrong.
    """
    environ = os.environ if environ is None else environ
    if settings is None:
        settings = load_settings(environ, directory or Path.cwd())
    parts = Parts(settings, environ, clock or read_system_clock, choose, store, audit, random_bytes)
    return Loki(parts, Caller(principal=parts.operator))
