"""The seams: what the rules need of a store, an audit log and a clock. Whoever fulfils these can take their place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from loki_core.audit.events import AuditEntry
from loki_core.audit.flood import Flood
from loki_core.audit.lines import StoredLine
from loki_core.frozen import dataclass
from loki_core.tokens.burials import Burial
from loki_core.tokens.record import BrokenRecord, Record
from loki_core.tokens.snapshot import Entry
from loki_core.tokens.token import Use

if TYPE_CHECKING:
    from loki_core.audit.verdict import Verdict
    from loki_core.audit.verify_request import VerifyRequest

Clock = Callable[[], datetime]
"""Returns the current time, aware."""

Severity = Literal["ok", "info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of a health check: a stable code, how bad it is, what was seen and what to do."""

    code: str
    severity: Severity
    message: str
    remedy: str = ""


_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info", "ok")


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings with the worst first, otherwise in their order."""
    return tuple(sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity)))


class TokenView(Protocol):
    """One consistent moment of a store. Immutable."""

    @property
    def revision(self) -> Hashable:
        """Changes whenever the stored tokens do."""

    @property
    def written_at(self) -> datetime | None:
        """The newest time at which we wrote (UTC), or None."""

    @property
    def floor(self) -> datetime:
        """The earliest that it can be now (UTC): five minutes before the newest time at which we wrote."""

    @property
    def outbox(self) -> tuple[Mapping[str, Any], ...]:
        """Audit entries that wait for a log that can be written, each with its `event_id`."""

    @property
    def audit_head(self) -> Mapping[str, Any] | None:
        """The newest signed head of the audit log that was known at a write, as `newest_head` gives it, or None."""

    @property
    def undone(self) -> tuple[str, ...]:
        """Ids of revoked tokens whose stored record says otherwise; the next commit repairs them."""

    def find(self, credential: str) -> Entry | None:
        """Return the entry that the secret proves, or None; one that ended before `floor` is refused in it."""

    def get_record(self, token_id: str) -> Record | BrokenRecord | None:
        """Return the record of that id, or None."""

    def records(self) -> Iterable[Record | BrokenRecord]:
        """Yield every record, broken ones too."""

    def readable(self) -> Iterable[Record]:
        """Yield the records that are not broken."""

    def find_by_name(self, name: str) -> tuple[Record | BrokenRecord, ...]:
        """Return the records that people call by this name."""

    @property
    def burials(self) -> Collection[Burial]:
        """The digests that never verify again."""


class Transaction(Protocol):
    """An exclusive change. Nothing is stored before `commit`; leaving without it changes nothing."""

    @property
    def view(self) -> TokenView:
        """The store as it is now, under the lock."""

    def put(self, record: Record) -> None:
        """Add or replace a record."""

    def remove(self, token_id: str) -> None:
        """Remove a record."""

    def set_outbox(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Replace the waiting audit entries."""

    def set_audit_head(self, head: Mapping[str, Any] | None) -> None:
        """Keep the newest head of the audit log with the tokens, unless the one kept has a higher number."""

    def bury(self, burials: Iterable[Burial]) -> None:
        """Make digests unusable for good, at once and durably, whether or not a commit follows.

        Raises:
            StorageError: they could not be written.
        """

    def accept_clock(self) -> None:
        """Take the time of the commit as the newest, even when an earlier commit was later."""

    def commit(self, now: datetime) -> tuple[Finding, ...]:
        """Store the change durably, and return what was repaired on the way.

        Raises:
            StorageError: the store holds what it held before.
        """


class Store(Protocol):
    """Where tokens live."""

    @property
    def label(self) -> str:
        """What to call it to a person."""

    def view(self) -> TokenView:
        """Return the store as it is now.

        Raises:
            StorageError: it cannot be read, or what it holds is not a token store.
        """

    def revision(self) -> Hashable:
        """Return what changes whenever tokens or their uses do; cheap."""

    def transaction(self, *, wait: bool = True) -> AbstractContextManager[Transaction]:
        """Return the exclusive right to change the store.

        Args:
            wait: whether to wait for another writer; without it a busy store is refused at once.

        Raises:
            StoreBusy: another writer holds it, for longer than we wait.
            StorageError: it cannot be read or locked.
        """

    def note_use(self, use: Use) -> None:
        """Note a use, soon and in the background; never raises and never waits for the disk."""

    def find_uses(self, token_id: str | None = None) -> tuple[Use, ...]:
        """Return the noted uses of one token, or of all."""

    def find_last_uses(self) -> Mapping[str, datetime]:
        """Return the newest noted use of each token (UTC)."""

    def check_writable(self) -> None:
        """Find out whether a change could be stored now.

        Raises:
            StorageError: it could not.
        """

    def diagnose(self) -> tuple[Finding, ...]:
        """Return what is wrong or remarkable about the store; never raises."""

    def close(self) -> None:
        """Write what is waiting and let go of everything."""


class LineFollower(Protocol):
    """Reads on in a log from where its end was when it was asked for."""

    def lines_before(self) -> Iterator[StoredLine]:
        """Yield the lines before that end, newest first, lazily.

        Raises:
            AuditUnavailable: the log cannot be read.
        """

    def read_new(self) -> tuple[StoredLine, ...]:
        """Return the whole lines that came since the last call, oldest first; never waits.

        Raises:
            AuditUnavailable: the log cannot be read.
        """


class AuditSink(Protocol):
    """Where audit entries go, in order."""

    @property
    def label(self) -> str:
        """What to call it to a person."""

    def record(self, entry: AuditEntry, *, durable: bool = True) -> None:
        """Append an entry; with `durable`, return once it survives a power failure.

        Raises:
            AuditUnavailable: it was not written.
        """

    def record_all(self, entries: Sequence[AuditEntry], *, durable: bool = True) -> None:
        """Append entries that belong together one after the other, all or none.

        Raises:
            AuditUnavailable: none of them was written.
        """

    def record_failures(
        self, failure: AuditEntry | None, counted: Mapping[str, int], now: datetime, *, is_end: bool = False
    ) -> Flood:
        """Append a failure, or count it when there were too many in this minute; by the rule of `flood.admit`.

        Args:
            failure: what failed, or None when there is only something to count.
            counted: failures that were counted by the caller meanwhile, by code.
            now: the time (UTC).
            is_end: whether the caller will not come back.

        Returns:
            What is known of this minute's failures now: while they are too many, the caller can count them itself.

        Raises:
            AuditUnavailable: nothing was written, and nothing counted.
        """

    @property
    def newest_head(self) -> Mapping[str, Any] | None:
        """The newest signed head without its marks, and the first public key as `first_key`; None without heads.

        It is kept where whoever changes the log does not reach. Never raises.
        """

    @property
    def first_key_made(self) -> str:
        """The first public key of the log (hex) when this object has made it, else "": worth noting once."""

    def diagnose(self) -> tuple[Finding, ...]:
        """Return what is wrong or remarkable about the log; never raises."""

    def check_writable(self) -> None:
        """Find out whether an entry could be written now.

        Raises:
            AuditUnavailable: it could not.
        """

    def find_newest(
        self, *, limit: int, token_id: str = "", contains: str = "", within: int = sys.maxsize
    ) -> tuple[AuditEntry, ...]:
        """Return the newest entries, newest first.

        Args:
            limit: how many at most.
            token_id: only entries about or by this token.
            contains: only entries whose stored line holds this text.
            within: how many of the newest lines to look at.

        Raises:
            AuditUnavailable: the log cannot be read.
        """

    def lines(self, *, newest_first: bool = False, since: datetime | None = None) -> Iterator[StoredLine]:
        """Yield the stored lines, lazily: who stops early has read little more than what was yielded.

        Args:
            newest_first: from the last to the first.
            since: what was written on days before this time may be left out.

        Raises:
            AuditUnavailable: the log cannot be read.
        """

    def follow(self) -> LineFollower:
        """Return who reads on from the log's end; the log need not exist yet.

        Raises:
            AuditUnavailable: the log cannot be read.
        """

    def verify(self, request: VerifyRequest) -> Verdict:
        """Return whether the log was tampered with, and how; writes nothing.

        Raises:
            AuditUnavailable: the log cannot be read.
            Cancelled: whoever asked said so.
        """

    def count_lines_before(self, line: StoredLine) -> int:
        """Return how many lines stand before a line in the same file.

        Raises:
            AuditUnavailable: the log cannot be read, or that file is gone.
        """

    def revision(self) -> Hashable:
        """Return what changes whenever the log does; cheap, never raises."""

    def close(self) -> None:
        """Let go of everything."""
