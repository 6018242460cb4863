"""The composition root: settings in, a working Loki out. The only place that knows which store and log are used."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from loki_core.actor import find_os_actor
from loki_core.background import BackgroundWriter
from loki_core.clock import read_system_clock
from loki_core.errors import ConfigurationError
from loki_core.principal import Caller, Principal
from loki_core.settings import Settings, load_settings
from loki_core.tokens.secret import clean_text
from loki_core.tokens.uses import LONGEST_FIELD

if TYPE_CHECKING:
    from datetime import datetime

    from loki_core.audit_trail import AuditTrail
    from loki_core.auth_journal import AuthJournal
    from loki_core.authenticator import Authenticator
    from loki_core.interfaces import AuditSink, Clock, Finding, Store, TokenView
    from loki_core.ledger import Ledger
    from loki_core.minting import Mint
    from loki_core.roles import RoleCatalog
    from loki_core.scopes import Decision, ScopeCatalog
    from loki_core.token_manager import TokenManager
    from loki_core.tokens.secret import Choice


class Authenticate(Protocol):
    """From a credential to a principal."""

    def __call__(self, credential: str, *, address: str = "", agent: str = "") -> Principal:
        """Return who the credential proves, called from an address by an agent.

        Raises:
            AuthenticationError: it proves nobody; `code` says why.
            StorageError: the store cannot be read.
        """


class _Parts:
    """What is wired together once and shared by every view of the same Loki; each part is made when first used."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        clock: Clock,
        choose: Choice | None,
        store: Store | None,
        sink: AuditSink | None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.scopes = settings.rbac.build_scopes()
        self.roles = settings.rbac.build_roles(self.scopes)
        self.background = BackgroundWriter()
        self.store = store or _open_store(settings, self.background, environ)
        self._sink = sink
        self._choose = choose

    @cached_property
    def sink(self) -> AuditSink:
        if self._sink is not None:
            return self._sink
        if not self.settings.audit.enabled:
            from loki_core.audit.memory_log import NoLog

            return NoLog()
        from loki_core.audit.file_log import FileLog

        return FileLog(
            str(self.settings.dashboard / "audit"),
            clock=self.clock,
            max_file_size=self.settings.audit.max_file_size,
        )

    @cached_property
    def ledger(self) -> Ledger:
        from loki_core.ledger import Ledger

        return Ledger(self.store, self.sink, self.clock, lambda: os.urandom(8).hex())

    def settle(self, view: TokenView, user_id: str) -> None:
        # What waits is in the store, or in a ledger that was used before.
        if view.outbox or "ledger" in self.__dict__:
            self.ledger.settle(view, user_id)

    @cached_property
    def journal(self) -> AuthJournal:
        from loki_core.auth_journal import AuthJournal

        return AuthJournal(self.store, self.ledger, self.background, self.clock)

    @cached_property
    def authenticator(self) -> Authenticator:
        from loki_core.authenticator import Authenticator

        return Authenticator(self.store, self.clock, self.scopes, self.journal)

    @cached_property
    def mint(self) -> Mint:
        from loki_core.minting import Mint

        return Mint(self.settings.tokens, self.roles, self._choose)

    def close(self) -> None:
        if "journal" in self.__dict__:
            self.journal.close()
        self.store.close()
        if "sink" in self.__dict__:
            self.sink.close()


class Loki:
    """One opened store with its rules, its log and someone who acts. Safe to use from several threads."""

    def __init__(self, parts: _Parts, caller: Caller) -> None:
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

    def clock(self) -> datetime:
        """Return the current time (UTC)."""
        return self._parts.clock()

    def revision(self) -> Hashable:
        """Return what changes whenever tokens or their uses do; two stats."""
        return self._parts.store.revision()

    def explain(self, credential: str, scope: str) -> Decision:
        """Tell whether the holder of a credential has a scope, and why.

        Raises:
            AuthenticationError, StorageError: as for `authenticate`.
            InvalidInput: `unknown_scope`.
        """
        self._parts.scopes.check_known((scope,))
        return self.authenticate(credential).explain(scope)

    def acting_as(self, principal: Principal, *, address: str = "", agent: str = "") -> Loki:
        """Return the same store and log with another actor.

        Args:
            principal: who acts.
            address: where the actor is, for the log.
            agent: what the actor's client calls itself, for the log.
        """
        address, agent = clean_text(address, limit=LONGEST_FIELD), clean_text(agent, limit=LONGEST_FIELD)
        return Loki(self._parts, Caller(principal=principal, address=address, agent=agent))

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

    Raises:
        ConfigurationError: a setting is wrong.
    """
    environ = os.environ if environ is None else environ
    if settings is None:
        settings = load_settings(environ, directory or Path.cwd())
    parts = _Parts(settings, environ, clock or read_system_clock, choose, store, audit)
    return Loki(parts, Caller(principal=find_os_actor(environ, parts.scopes)))


def _open_store(settings: Settings, background: BackgroundWriter, environ: Mapping[str, str]) -> Store:
    from loki_core.tokens.file_reader import NAME
    from loki_core.tokens.file_store import FileStore

    if settings.store.url != "file":
        raise ConfigurationError(
            "store.url names a store that this version does not have", remedy="leave it out, or set it to: file"
        )
    path = str(settings.dashboard)
    home = environ.get("HOME", "")
    label = f"~{path[len(home) :]}" if home and path.startswith(home.rstrip("/") + "/") else path
    return FileStore(
        path, background, label=os.path.join(label, NAME), allow_network_fs=settings.store.allow_network_fs
    )
