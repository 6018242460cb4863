"""What is wrong or remarkable about an installation. Looks everywhere, changes nothing and never raises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from loki_core.errors import AuditUnavailable, LokiError
from loki_core.interfaces import AuditSink, Finding, Store, sort_findings
from loki_core.settings import Settings
from loki_core.tokens.record import BrokenRecord, Record

_PEER_MARKS = (b"loki-mode", b"loki_mode", b"dashboard.server", b"dashboard/server.py")


def check_health(
    store: Store, sink: AuditSink, settings: Settings, now: datetime, directory: str
) -> tuple[Finding, ...]:
    """Return the findings, worst first.

    Args:
        store: the token store.
        sink: the audit log.
        settings: what is configured.
        now: the clock's time (UTC).
        directory: where store and log are.
    """
    findings = [
        *store.diagnose(),
        *_check_records(store, now),
        *_check_log(sink, settings),
        *_check_forwarding(settings),
        *_check_settings(settings),
        *_find_peer(directory),
    ]
    return sort_findings(findings)


def _check_records(store: Store, now: datetime) -> Iterator[Finding]:
    try:
        view = store.view()
        broken = [record for record in view.records() if isinstance(record, BrokenRecord)]
        salted = sum(1 for record in view.readable() if isinstance(record, Record) and record.salt)
    except LokiError:
        return  # the store's own diagnosis says it
    for record in broken[:10]:
        yield Finding(
            code="record_unreadable",
            severity="warning",
            message=f"the record {record.id} cannot be read: {record.problem}",
            remedy="mend or remove it by hand; it never verifies",
        )
    if view.undone:
        yield Finding(
            code="revocation_undone",
            severity="warning",
            message=f"{len(view.undone)} revocations were undone by another writer; they still hold",
            remedy="the next change repairs the records; find out who rewrote the store",
        )
    if view.outbox:
        yield Finding(
            code="audit_pending",
            severity="warning",
            message=f"{len(view.outbox)} audit entries wait for a log that can be written",
            remedy="mend the log: they arrive by themselves",
        )
    if view.written_at is not None and view.floor > now:
        yield Finding(
            code="clock_set_back",
            severity="error",
            message=f"the clock says {now:%F %H:%MZ}, but the store was written {view.written_at:%F %H:%MZ}",
            remedy="set the clock; if it is right now: loki enterprise doctor --accept-clock",
        )
    if salted:
        yield Finding(
            code="salted_records",
            severity="info",
            message=f"{salted} records are salted: an unknown secret is compared with each of them",
        )


def _check_log(sink: AuditSink, settings: Settings) -> Iterator[Finding]:
    if not settings.audit.enabled:
        yield Finding(
            code="audit_off",
            severity="warning",
            message="the audit log is switched off: nothing that happens is recorded",
            remedy="set enterprise.audit.enabled: true",
        )
        return
    try:
        sink.check_writable()
    except AuditUnavailable as error:
        yield Finding(code=error.code, severity="error", message=error.message, remedy=error.remedy)
    else:
        yield Finding(code="audit_writable", severity="ok", message=f"the audit log in {sink.label} can be written")
    yield from sink.diagnose()


def _check_forwarding(settings: Settings) -> Iterator[Finding]:
    if settings.audit.syslog.host is not None:
        from loki_core.audit.syslog_findings import diagnose_forwarding

        yield diagnose_forwarding(str(settings.dashboard / "audit"), settings.audit.syslog.address)


def _check_settings(settings: Settings) -> Iterator[Finding]:
    for ignored in settings.ignored:
        yield Finding(
            code="setting_ignored",
            severity="warning",
            message=f"{ignored.key} in {ignored.file} is ignored: {ignored.reason}",
            remedy="read the file, then: loki enterprise config trust",
        )


def _find_peer(directory: str, processes: str = "/proc") -> Iterator[Finding]:
    """Name a running Loki Mode: it writes the same file without a lock."""
    try:
        numbers = [name for name in os.listdir(processes) if name.isdigit() and int(name) != os.getpid()]
    except OSError:
        return  # no such list on this system
    for number in numbers:
        try:
            with open(os.path.join(processes, number, "cmdline"), "rb") as file:
                command = file.read(4096)
        except OSError:
            continue
        if any(mark in command for mark in _PEER_MARKS):
            yield Finding(
                code="peer_running",
                severity="warning",
                message=f"Loki Mode runs as process {number} and writes {directory} without a lock",
                remedy="make changes there or here, not in both at once",
            )
