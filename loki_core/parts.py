"""What a Loki is made of, wired together by the settings. The only place that knows which store and log are used."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from loki_core.actor import find_os_actor
from loki_core.background import BackgroundWriter
from loki_core.errors import ConfigurationError

if TYPE_CHECKING:
    from loki_core.audit.sealing import Sealing
    from loki_core.audit.second_sink import SecondSink
    from loki_core.audit.syslog_forwarding import SyslogForwarding
    from loki_core.audit.verify_request import WitnessPaths
    from loki_core.auth_journal import AuthJournal
    from loki_core.authenticator import Authenticator
    from loki_core.interfaces import AuditSink, Clock, Store, TokenView
    from loki_core.jwt_authenticator import JwtAuthenticator
    from loki_core.ledger import Ledger
    from loki_core.minting import Mint
    from loki_core.oidc.provider import Provider
    from loki_core.oidc.session_file import SessionFile
    from loki_core.principal import Principal
    from loki_core.settings import Settings
    from loki_core.tokens.secret import Choice

_T = TypeVar("_T")


class Parts:
    """What is wired together once and shared by every view of the same Loki; each part is made when first used."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        clock: Clock,
        choose: Choice | None,
        store: Store | None,
        sink: AuditSink | None,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.scopes = settings.rbac.build_scopes()
        self.roles = settings.rbac.build_roles(self.scopes)
        self.background = BackgroundWriter()
        if store is None and settings.store.url != "file":
            raise ConfigurationError(
                "store.url names a store that this version does not have", remedy="leave it out, or set it to: file"
            )
        self._environ = environ
        given = {"store": store, "sink": sink}
        self._shared: dict[str, Any] = {name: part for name, part in given.items() if part is not None}
        self._is_log_ours = sink is None
        self._environ = environ
        self._choose = choose
        self._random_bytes = random_bytes

    @cached_property
    def operator(self) -> Principal:
        """Whom the operating system says that we run as."""
        return find_os_actor(self._environ, self.scopes)

    @property
    def store(self) -> Store:
        """Where tokens live; who only reads the log does without."""
        return self._share("store", self._open_store)

    @property
    def sink(self) -> AuditSink:
        """Where entries go and are read from."""
        return self._share("sink", self._open_log)

    def _open_log(self) -> AuditSink:
        from loki_core.audit.file_log import FileLog
        from loki_core.audit.late_sealing import LateSealing

        return FileLog(
            self._log_path,
            clock=self.clock,
            max_file_size=self.settings.audit.max_file_size,
            sealing=LateSealing(self._make_sealing),
            notify=self.wake_forwarding,
            is_on=self.settings.audit.enabled,
            witnesses=self._find_witnesses(),
        )

    def _find_witnesses(self) -> WitnessPaths:
        from loki_core.audit.verify_request import WitnessPaths

        place = self.settings.audit.second_sink
        return WitnessPaths(keys=self._keys_path, second_sink=str(place) if isinstance(place, Path) else "")

    @property
    def _keys_path(self) -> str:
        return str(self.settings.dashboard / "keys")

    @property
    def _log_path(self) -> str:
        return str(self.settings.dashboard / "audit")

    @property
    def first_key_made(self) -> str:
        """The first public key of the log (hex) when it was made here, else ""."""
        sink: AuditSink | None = self._shared.get("sink")
        return "" if sink is None else sink.first_key_made

    def _make_sealing(self) -> Sealing:
        from loki_core.audit.retention import Retention
        from loki_core.audit.seal_schedule import SealSchedule
        from loki_core.audit.sealer import Sealer

        sealer = Sealer(self._keys_path, mint_seed=lambda: self._random_bytes(32))
        return SealSchedule(
            sealer,
            self.clock,
            user_id=self.operator.subject,
            later=self.background.submit_later,
            retention=Retention(self.settings.audit.retention_days, sealer),
            second_sink=self._make_second_sink(),
        )

    def _make_second_sink(self) -> SecondSink | None:
        place = self.settings.audit.second_sink
        if not isinstance(place, Path):
            return self.forwarding if place == "syslog" else None
        from loki_core.audit.second_sink import FileSink

        return FileSink(str(place), self._log_path)

    @property
    def forwarding(self) -> SyslogForwarding | None:
        """How what is logged goes to a syslog receiver, or None when it goes nowhere."""
        return self._share("forwarding", self._make_forwarding) if self._forwards else None

    @property
    def _forwards(self) -> bool:
        return self.settings.audit.syslog.host is not None and self._is_log_ours

    def _make_forwarding(self) -> SyslogForwarding:
        from loki_core.audit.syslog_forwarder import SyslogForwarder
        from loki_core.audit.syslog_forwarding import SyslogForwarding

        audit = self.settings.audit
        forwarder = SyslogForwarder(
            self._log_path,
            audit.syslog,
            clock=self.clock,
            host=os.uname().nodename,
            with_heads=audit.second_sink == "syslog",
        )
        return SyslogForwarding(forwarder, BackgroundWriter())

    def wake_forwarding(self) -> None:
        """Forward soon what waits for a syslog receiver, if there is one."""
        if (forwarding := self.forwarding) is not None:
            forwarding.wake()

    @cached_property
    def ledger(self) -> Ledger:
        """How changes are logged and stored."""
        from loki_core.ledger import Ledger

        return Ledger(self.store, self.sink, self.clock, lambda: self._random_bytes(8).hex())

    def settle(self, view: TokenView, user_id: str) -> None:
        """Deliver the entries that wait for the log, or for a receiver of it, if any do; see Ledger.settle."""
        # What waits is in the store, or in a ledger that was used before.
        if view.outbox or "ledger" in self.__dict__:
            self.ledger.settle(view, user_id)
        if self._forwards:
            from loki_core.audit.syslog_cursor_file import may_wait

            if may_wait(self._log_path):
                self.wake_forwarding()

    @cached_property
    def journal(self) -> AuthJournal:
        """What verification leaves behind."""
        from loki_core.auth_journal import AuthJournal

        return AuthJournal(self.store, self.sink, self.background, self.clock, self.operator)

    @cached_property
    def authenticator(self) -> Authenticator:
        """From a credential to a principal."""
        from loki_core.authenticator import Authenticator

        get_jwts = self._get_jwts if self.settings.auth.oidc.is_configured else None
        return Authenticator(self.store, self.clock, self.scopes, self.journal, get_jwts)

    def _get_jwts(self) -> JwtAuthenticator:
        from loki_core.jwt_authenticator import JwtAuthenticator

        return self._share("jwts", lambda: JwtAuthenticator(self.provider.verifier, self.journal))

    @property
    def provider(self) -> Provider:
        """The identity provider.

        Raises:
            ConfigurationError: none is configured, or it may not be used as it is configured.
        """
        return self._share("provider", lambda: self.make_provider().check())

    def make_provider(self) -> Provider:
        """Return the identity provider, whether or not it may be used as it is configured.

        Raises:
            ConfigurationError: none is configured.
        """
        from loki_core.oidc.provider import Provider
        from loki_core.user_directories import find_cache_directory

        return Provider(
            self.settings.auth.oidc,
            roles=self.roles,
            scopes=self.scopes,
            clock=self.clock,
            environ=self._environ,
            find_cache=find_cache_directory,
        )

    @property
    def sessions(self) -> SessionFile:
        """Where the sign-in of this user is kept."""
        from loki_core.oidc.session_file import SessionFile
        from loki_core.user_directories import find_session_file

        return self._share("sessions", lambda: SessionFile(find_session_file(), self.scopes))

    def _share(self, name: str, make: Callable[[], _T]) -> _T:
        """Make a part once; of threads that ask at the same time, all get the same one."""
        found: _T | None = self._shared.get(name)
        return self._shared.setdefault(name, make()) if found is None else found

    @cached_property
    def mint(self) -> Mint:
        """How tokens are made."""
        from loki_core.minting import Mint

        return Mint(self.settings.tokens, self.roles, self._choose)

    def close(self) -> None:
        """Write what waits and let go of everything."""
        if "journal" in self.__dict__:
            self.journal.close()
        for name in ("store", "sink", "forwarding"):
            if name in self._shared:
                self._shared[name].close()
        self.background.drop_later()

    def _open_store(self) -> Store:
        from loki_core.tokens.file_reader import NAME
        from loki_core.tokens.file_store import FileStore

        path = str(self.settings.dashboard)
        home = self._environ.get("HOME", "")
        label = f"~{path[len(home) :]}" if home and path.startswith(home.rstrip("/") + "/") else path
        return FileStore(
            path,
            self.background,
            label=os.path.join(label, NAME),
            allow_network_fs=self.settings.store.allow_network_fs,
        )
