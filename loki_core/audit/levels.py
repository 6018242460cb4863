"""How much attention an entry needs: derived from what it says, never stored. Pure."""

from __future__ import annotations

from enum import StrEnum

from loki_core.audit.events import AuditEntry, AuditEvent


class Level(StrEnum):
    """From what happens all day to what must not happen."""

    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Its place in the order, from 0."""
        return _ORDER.index(self)


_ORDER = tuple(Level)
_ROUTINE = frozenset(
    {
        AuditEvent.TOKEN_USE,
        AuditEvent.OIDC_SUCCESS,
        AuditEvent.SIGN_IN_START,
        AuditEvent.SIGN_IN_END,
        AuditEvent.WORK_START,
        AuditEvent.WORK_STOP,
        AuditEvent.TASK_CREATE,
    }
)
_REFUSALS = frozenset({AuditEvent.FAIL, AuditEvent.OIDC_FAIL, AuditEvent.PERMISSION_DENIED})
_CRASHES = frozenset({"torn_line", "not_stored"})
"""What an audit.recover entry says of an ordinary crash; all its other codes say that something is missing."""


def get_level(entry: AuditEntry) -> Level:
    """Return the level of an entry.

    `error`: the log lost something, or what was logged could not be stored. `warning`: something was refused or
    failed, was repaired, or the log was switched off. `notice`: something was changed. `info`: everything else.
    """
    if entry.event == AuditEvent.RECOVER:
        return Level.WARNING if entry.error in _CRASHES else Level.ERROR
    if not entry.success:
        is_change = entry.event in _KNOWN and entry.event not in _ROUTINE | _REFUSALS
        return Level.ERROR if is_change else Level.WARNING
    if entry.event in _REFUSALS or entry.event == AuditEvent.STORE_REPAIRED:
        return Level.WARNING
    if entry.event == AuditEvent.POLICY_CHANGE and entry.details.get("enabled") is False:
        return Level.WARNING
    return Level.NOTICE if entry.event in _KNOWN - _ROUTINE else Level.INFO


def get_levels_from(least: Level) -> frozenset[Level]:
    """Return a level and all above it."""
    return frozenset(level for level in Level if level.rank >= least.rank)


_KNOWN = frozenset(AuditEvent)
