"""From a credential to a principal, or to the reason why not.

The path of a good secret is short on purpose: one view of the store, one dictionary access, one comparison in constant
time, two comparisons of times. Notes of uses and log entries are made in the background.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from loki_core.auth_journal import AuthJournal
from loki_core.clock import in_seconds
from loki_core.errors import AuthenticationError, InvalidTokenError
from loki_core.interfaces import Clock, Store
from loki_core.principal import Method, Principal
from loki_core.scopes import ScopeCatalog
from loki_core.tokens.secret import PREFIX, is_well_formed
from loki_core.tokens.snapshot import Entry

_EXPLANATIONS = {
    "token_expired": ("the token has expired", "generate a new one"),
    "token_revoked": ("the token was revoked", "generate a new one"),
    "token_locked": ("the token is locked", "ask an administrator to unlock it"),
    "token_unknown": ("no such token", "check that all of it was copied, and that it is for this store"),
    "token_malformed": ("this is not a token", "a token begins with loki_"),
    "invalid_token": ("the token is not valid", "sign in again"),
}
_MINUTE = timedelta(minutes=1)
_MOST_CALLERS = 100_000


def _refusal(code: str) -> AuthenticationError:
    message, remedy = _EXPLANATIONS[code]
    kind = InvalidTokenError if code == "invalid_token" else AuthenticationError
    return kind(message, code=code, remedy=remedy)


class Authenticator:
    """Verifies credentials against a store."""

    def __init__(self, store: Store, clock: Clock, catalog: ScopeCatalog, journal: AuthJournal) -> None:
        self._store = store
        self._clock = clock
        self._read_seconds = in_seconds(clock)
        self._catalog = catalog
        self._journal = journal
        self._due: dict[tuple[str, str], datetime] = {}

    def authenticate(self, credential: str, *, address: str = "", agent: str = "") -> Principal:
        """Return who the credential proves.

        Args:
            credential: a `loki_…` secret.
            address: where the caller is, for the log.
            agent: what the caller calls itself, for the log.

        Raises:
            AuthenticationError: it proves nobody; `code` says why.
            StorageError: the store cannot be read.
        """
        view = self._store.view()
        try:
            entry = view.find(credential)
        except (UnicodeEncodeError, AttributeError, TypeError):
            entry = None
        if entry is not None and self._read_seconds() < entry.fresh_until and address == entry.address:
            return entry.proof  # type: ignore[no-any-return]
        now = self._clock()
        if entry is not None and not entry.refusal and now < entry.live_until:
            return self._accept(entry, now, address, agent)
        raise self._refuse(credential, entry, now, address, agent)

    def _accept(self, entry: Entry, now: datetime, address: str, agent: str) -> Principal:
        caller = (entry.token_id, address)
        due = self._due.get(caller)
        if due is None or now >= due or due > now + _MINUTE:  # the last: the clock was set back
            due = now + _MINUTE
            if len(self._due) >= _MOST_CALLERS:
                self._due.clear()
            self._due[caller] = due
            self._journal.note_use(entry.token_id, now, address, agent)
        if entry.proof is None:
            entry.proof = self._prove(entry)
        # Written in this order: a thread that sees the new time must not see the old address with it.
        entry.fresh_until = 0.0
        entry.address = address
        entry.fresh_until = min(due, entry.live_until).timestamp()
        return entry.proof  # type: ignore[no-any-return]

    def _prove(self, entry: Entry) -> Principal:
        record = entry.record
        assert record is not None  # noqa: S101 - an entry without a record always has a refusal
        return Principal(
            subject=record.id,
            name=record.name,
            role=record.role,
            scopes=record.scopes,
            effective_scopes=self._catalog.sort(self._catalog.expand(record.scopes)),
            method=Method.TOKEN,
            expires_at=record.expires_at,
            catalog=self._catalog,
        )

    def _refuse(
        self, credential: str, entry: Entry | None, now: datetime, address: str, agent: str
    ) -> AuthenticationError:
        if entry is not None:
            is_over = entry.refusal in {"", "token_locked"} and now >= entry.live_until
            code = "token_expired" if is_over else entry.refusal
        elif not isinstance(credential, str):
            code = "token_malformed"
        elif credential.startswith(PREFIX):
            code = "token_unknown" if is_well_formed(credential) else "token_malformed"
        else:
            code = "invalid_token" if credential.count(".") == 2 else "token_malformed"
        self._journal.note_failure(code, entry.token_id if entry else "", now, address, agent)
        return _refusal(code)
