"""Looking at tokens: lists, one, its uses and its history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from loki_core.administration.office import Office
from loki_core.audit.events import AuditEntry
from loki_core.errors import InvalidInput
from loki_core.frozen import dataclass
from loki_core.tokens.listing import Filter, Summary, summarise
from loki_core.tokens.policy import TokenPolicy, find_violations
from loki_core.tokens.resolve import get_record
from loki_core.tokens.status import Status
from loki_core.tokens.token import Token, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFinding:
    """A usable token that a policy would refuse to mint, and why."""

    token: Token
    code: str
    message: str


class Looking(Office):
    """The operations that change nothing."""

    def list(
        self,
        *,
        include_revoked: bool = False,
        status: Status | str | Iterable[Status | str] | None = None,
        owner: str | None = None,
        query: str = "",
        expiring_within: timedelta | None = None,
        unused_for: timedelta | None = None,
    ) -> tuple[Token, ...]:
        """Return the tokens, in the order of the store; revoked ones only when asked for.

        Args:
            include_revoked: revoked ones too.
            status: only tokens in this state, or one of these.
            owner: only this owner's.
            query: only tokens in whose name, id, owner or note this stands.
            expiring_within: only usable ones that end within this time.
            unused_for: only usable ones of which no use was noted for this long.

        Raises:
            InvalidInput: `unknown_status`.
            AuthorizationError: the actor does not hold `*`.
            StorageError: the store cannot be read.
        """
        statuses = None if status is None else _parse_statuses(status)
        wanted = Filter(
            include_revoked=include_revoked,
            statuses=statuses,
            owner=owner,
            query=query,
            expiring_within=expiring_within,
            unused_for=unused_for,
        )
        now, judge = self._look()
        tokens = (judge.judge(record) for record in self._store.view().records())
        return tuple(wanted.select(tokens, now))

    def get(self, name_or_id: str) -> Token:
        """Return one token.

        Raises:
            NotFound: none has that name or id.
            Refused: `ambiguous_name`.
            AuthorizationError, StorageError: as for `list`.
        """
        now, judge = self._look()
        return judge.judge(get_record(self._store.view(), name_or_id, now))

    def summary(self) -> Summary:
        """Return how many tokens there are in each state.

        Raises:
            AuthorizationError, StorageError: as for `list`.
        """
        return summarise(self.list(include_revoked=True))

    def find_uses(self, token_id: str, *, since: datetime) -> tuple[Use, ...]:
        """Return from where a token was used since a time, newest first.

        Raises:
            AuthorizationError: the actor does not hold `*`.
        """
        self._require_all()
        return tuple(use for use in self._store.find_uses(token_id) if use.last_at >= since)

    def history(self, token_id: str, *, limit: int = 100) -> tuple[AuditEntry, ...]:
        """Return the audit entries about a token, newest first.

        Raises:
            AuthorizationError: the actor does not hold `*`.
            AuditUnavailable: the log cannot be read.
        """
        self._require_all()
        return self._resources.sink.find_newest(limit=limit, token_id=token_id)

    def check_policy(self, policy: TokenPolicy) -> tuple[PolicyFinding, ...]:
        """Return the usable tokens that a policy would refuse to mint.

        Raises:
            AuthorizationError, StorageError: as for `list`.
        """
        now, judge = self._look()
        return tuple(
            PolicyFinding(token=judge.judge(found.record), code=found.code, message=found.message)
            for found in find_violations(self._store.view().readable(), policy, now)
        )


def _parse_statuses(status: Status | str | Iterable[Status | str]) -> frozenset[Status]:
    try:
        return frozenset(map(Status, [status] if isinstance(status, str) else status))
    except ValueError:
        known = ", ".join(Status)
        raise InvalidInput("no token is ever in that state", code="unknown_status", remedy=f"known: {known}") from None
