"""From a credential to a principal, or to the reason why not.

The path of a good secret is short on purpose: one view of the store, one dictionary access, one comparison in constant
time, two comparisons of times. Notes of uses and log entries are made in the background.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from loki_core.auth_journal import AuthJournal
from loki_core.errors import AuthenticationError, InvalidTokenError
from loki_core.interfaces import Clock, Store
from loki_core.ledger import find_time
from loki_core.principal import Method, Principal
from loki_core.scopes import ScopeCatalog
from loki_core.tokens.secret import PREFIX, is_well_formed
from loki_core.tokens.snapshot import NEVER, Entry

LONGEST_CREDENTIAL = 16_384
_EXPLANATIONS = {
    "token_expired": ("the token has expired", "generate a new one"),
    "token_revoked": ("the token was revoked", "generate a new one"),
    "token_locked": ("the token is locked", "ask an administrator to unlock it"),
    "token_unknown": ("no such token", "check that all of it was copied, and that it is for this store"),
    "token_malformed": ("this is not a token", "a token begins with loki_"),
    "invalid_token": ("the token is not valid", "sign in again"),
}
_PAST = datetime.min.replace(tzinfo=UTC)
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
        now = self._clock()
        try:
            entry = view.find(credential) if len(credential) <= LONGEST_CREDENTIAL else None
        except (UnicodeEncodeError, AttributeError, TypeError):
            entry = None
        if entry is not None and not entry.refusal:
            end = entry.live_until
            if now < end and (end is NEVER or find_time(now, view) < end):
                caller = (entry.token_id, address)
                if now >= self._due.get(caller, _PAST):
                    self._note_use(caller, now, agent)
                return entry.proof or self._prove(entry)
        raise self._refuse(credential, entry, now, address, agent)

    def _prove(self, entry: Entry) -> Principal:
        record = entry.record
        assert record is not None  # noqa: S101 - an entry without a record always has a refusal
        principal = Principal(
            subject=record.id,
            name=record.name,
            role=record.role,
            scopes=record.scopes,
            effective_scopes=self._catalog.sort(self._catalog.expand(record.scopes)),
            method=Method.TOKEN,
            expires_at=record.expires_at,
            catalog=self._catalog,
        )
        entry.proof = principal
        return principal

    def _note_use(self, caller: tuple[str, str], now: datetime, agent: str) -> None:
        if len(self._due) >= _MOST_CALLERS:
            self._due.clear()
        self._due[caller] = now + _MINUTE
        self._journal.note_use(caller[0], now, caller[1], agent)

    def _refuse(
        self, credential: str, entry: Entry | None, now: datetime, address: str, agent: str
    ) -> AuthenticationError:
        if entry is not None:
            code = entry.refusal or "token_expired"
        elif not isinstance(credential, str):
            code = "token_malformed"
        elif credential.startswith(PREFIX):
            code = "token_unknown" if is_well_formed(credential) else "token_malformed"
        else:
            code = "invalid_token" if credential.count(".") == 2 else "token_malformed"
        self._journal.note_failure(code, entry.token_id if entry else "", now, address, agent)
        return _refusal(code)
