"""Reading the audit log: what happened, as it happens, and how much of it. Needs `audit`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from loki_core.administration.office import admit
from loki_core.audit.lines import LoggedLine, StoredLine, read_line
from loki_core.audit.query import Query, Search
from loki_core.errors import InvalidInput, StorageError
from loki_core.nearest import offer
from loki_core.scopes import AUDIT
from loki_core.tokens.names import is_id

if TYPE_CHECKING:
    from loki_core.administration.office import Resources
    from loki_core.audit.summary import AuditSummary
    from loki_core.audit.verdict import Verdict
    from loki_core.interfaces import LineFollower
    from loki_core.principal import Caller


class AuditTrail:
    """What the log says. All of it needs `audit`, which `*` includes."""

    def __init__(self, resources: Resources, caller: Caller) -> None:
        """Prepare; nothing is read.

        Args:
            resources: where the log is.
            caller: who looks.
        """
        self._resources = resources
        self._caller = caller

    def check_allowed(self) -> None:
        """Return when the actor holds `audit`; that it does not is logged.

        Raises:
            AuthorizationError: it does not.
        """
        admit(self._resources, self._caller, AUDIT, resource_type="audit")

    def entries(self, query: Query | None = None, *, newest_first: bool = True, limit: int | None = None) -> Reading:
        """Return the entries that a query asks for, lazily: who stops early has read little more.

        Args:
            query: what is asked for; everything when left out.
            newest_first: from the newest line to the oldest; else in the order of the log.
            limit: how many at most.

        Raises:
            AuthorizationError: the actor does not hold `audit`.
            AuditUnavailable: the log cannot be read; also later, while it is read.
            StorageError: the query names a token, and the store, which knows its id, cannot be read.
        """
        self.check_allowed()
        query = query or Query()
        return Reading(
            self._search(query), self._resources.sink.lines(newest_first=newest_first, since=query.since), limit
        )

    def export(self, form: str, query: Query | None = None) -> Iterator[bytes]:
        """Return the entries that a query asks for in the form of another program, oldest first, piece by piece.

        Args:
            form: `json` (an array of the stored objects), `csv` or `cef`.
            query: what is asked for; everything when left out.

        Raises:
            InvalidInput: `unknown_format`.
            AuthorizationError, AuditUnavailable, StorageError: as for `entries`.
        """
        from loki_core.audit.formats import FORMATS

        if form not in FORMATS:
            raise InvalidInput("there is no such format", code="unknown_format", remedy=offer(form, FORMATS))
        found = self.entries(query, newest_first=False)
        return (piece.encode("utf-8", "replace") for piece in FORMATS[form](found))

    def follow(self, query: Query | None = None, *, last: int = 0) -> Follower:
        """Return who reads on from the log's end, which need not exist yet.

        Args:
            query: what is asked for; everything when left out.
            last: how many of the entries that are there already come first.

        Raises:
            AuthorizationError, AuditUnavailable, StorageError: as for `entries`.
        """
        self.check_allowed()
        return Follower(self._resources.sink.follow(), self._search(query or Query()), last)

    def summary(self, now: datetime | None = None, *, days: int = 7) -> AuditSummary:
        """Return what happened in the last days, counted.

        Args:
            now: the end of the time that is counted; by default the clock's.
            days: how many days, today counted (UTC).

        Raises:
            AuthorizationError, AuditUnavailable: as for `entries`.
        """
        from loki_core.audit.summary import Counting, find_beginning  # who only reads does not wait for it

        self.check_allowed()
        now = now or self._resources.clock()
        counting, search = Counting(now, days), Search(Query(since=find_beginning(now, days)))
        for line in search.select(self._resources.sink.lines(since=find_beginning(now, days))):
            counting.add(line.entry)
        newest, oldest = self._find_end(newest_first=True), self._find_end(newest_first=False)
        return counting.finish(
            newest=newest.entry if newest else None,
            oldest_at=oldest.entry.timestamp if oldest else None,
            unreadable=search.unreadable,
        )

    def _find_end(self, *, newest_first: bool) -> LoggedLine | None:
        return next(filter(None, map(read_line, self._resources.sink.lines(newest_first=newest_first))), None)

    def verify(
        self,
        *,
        head: str = "",
        progress: Callable[[int, int], None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Verdict:
        """Return whether the log was tampered with, and how; writes nothing and takes no lock.

        Args:
            head: what was noted of the log: a head as JSON or its 12 words, or the first public key as hex or 24 words.
            progress: is called now and then with the bytes that were read, and with all.
            is_cancelled: is asked as often; True ends verifying.

        Raises:
            InvalidInput: `invalid_head`.
            AuthorizationError: the actor does not hold `audit`.
            AuditUnavailable: the log cannot be read.
            Cancelled: `is_cancelled` said so.
        """
        from loki_core.audit.verify_request import VerifyRequest
        from loki_core.audit.verifying.witnesses import parse_note

        self.check_allowed()
        noted = (parse_note(head),) if head else ()
        stored = None
        with contextlib.suppress(StorageError):  # a store that cannot be read is no witness
            stored = self._resources.store.view().audit_head
        return self._resources.sink.verify(
            VerifyRequest(stored_head=stored, noted=noted, progress=progress, is_cancelled=is_cancelled)
        )

    def find_line_number(self, line: LoggedLine) -> int:
        """Return the number of a line in its file, from 1; reads the file up to there.

        Raises:
            AuthorizationError: the actor does not hold `audit`.
            AuditUnavailable: the log cannot be read, or that file is gone.
        """
        self.check_allowed()
        return self._resources.sink.count_lines_before(line.stored) + 1

    @property
    def newest_head(self) -> Mapping[str, Any] | None:
        """The newest signed head, with the first public key as `first_key`, or None; asks no permission, never raises.

        See AuditSink.newest_head.
        """
        return self._resources.sink.newest_head

    @property
    def first_key_made(self) -> str:
        """The first public key of the log (hex) when this process has made it, else "".

        See AuditSink.first_key_made.
        """
        return self._resources.sink.first_key_made

    def revision(self) -> Hashable:
        """Return what changes whenever the log does; cheap, asks no permission and never raises."""
        return self._resources.sink.revision()

    def _search(self, query: Query) -> Search:
        if not query.token or is_id(query.token):
            return Search(query)
        holders = self._resources.store.view().find_by_name(query.token)
        return Search(query, frozenset(record.id for record in holders))


class Reading(Iterator[LoggedLine]):
    """Entries of the log, each read when it is asked for."""

    def __init__(self, search: Search, lines: Iterator[StoredLine], limit: int | None = None) -> None:
        self._search = search
        self._found = islice(search.select(lines), limit)

    def __next__(self) -> LoggedLine:
        return next(self._found)

    @property
    def unreadable(self) -> int:
        """How many lines that are no entries it met so far."""
        return self._search.unreadable


class Follower:
    """Reads on in the log, for one query. Whoever holds it waits; this never does."""

    def __init__(self, lines: LineFollower, search: Search, last: int = 0) -> None:
        self._lines = lines
        self._search = search
        self._last = last

    @property
    def unreadable(self) -> int:
        """How many lines that are no entries it met so far."""
        return self._search.unreadable

    def read_new(self) -> tuple[LoggedLine, ...]:
        """Return the entries that came since the last call, oldest first; two stats when there are none.

        The first call also returns those that were asked for of what was there already. Survives new days, files that
        were full, pruning, and a log that does not exist yet; a half line is returned once it is whole.

        Raises:
            AuditUnavailable: the log cannot be read.
        """
        last, self._last = self._last, 0
        before: list[LoggedLine] = list(islice(self._search.select(self._lines.lines_before()), last)) if last else []
        new: tuple[StoredLine, ...] = self._lines.read_new()
        return (*reversed(before), *self._search.select(new))
