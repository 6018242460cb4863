"""How forwarding to a syslog receiver is doing: where it goes, how much waits, and why."""

from __future__ import annotations

from loki_core.audit.file_lines import FIRM, list_files
from loki_core.audit.log_end import count_to_end
from loki_core.audit.syslog_cursor import Cursor
from loki_core.audit.syslog_cursor_file import CursorFile
from loki_core.audit.syslog_forwarder import MOST_LINES
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.failures import as_storage_error
from loki_core.errors import StorageError
from loki_core.interfaces import Finding


def diagnose_forwarding(path: str, address: str) -> Finding:
    """Return how forwarding is doing; changes nothing and never raises.

    Args:
        path: the directory of the log.
        address: where it goes.
    """
    try:
        with as_storage_error("it cannot be read"):
            cursor, waiting = _look(path)
    except StorageError as error:
        return _warn(f"the audit log is not forwarded to {address}: {error.message}", error.remedy)
    many = f"{max(waiting, 0):,} {'entry waits' if waiting == 1 else 'entries wait'}"
    if cursor.is_failing:
        since = f" since {cursor.failing_since:%F %H:%MZ}" if cursor.failing_since is not None else ""
        reason = cursor.error or "whoever tried did not come to an end"
        return _warn(
            f"the audit log is not forwarded to {address}{since}: {reason}; {many}",
            f"mend the receiver or enterprise.audit.syslog: then they are sent, of too many the newest {MOST_LINES:,}",
        )
    if waiting > 0:
        return _warn(
            f"{many} to be forwarded to {address}", "the next entry, or whoever looks at the tokens, sends them"
        )
    last = f", last at {cursor.sent_at:%F %H:%MZ}" if cursor.sent_at is not None else ""
    return Finding(code="syslog_forwarded", severity="ok", message=f"the audit log is forwarded to {address}{last}")


def _look(path: str) -> tuple[Cursor, int]:
    try:
        directory = PrivateDirectory.open(path, firm=FIRM)
    except FileNotFoundError:
        return Cursor(), 0
    with directory:
        cursor = CursorFile(directory).load()
        return cursor, count_to_end(directory, list_files(directory))[1] - cursor.seq


def _warn(message: str, remedy: str) -> Finding:
    return Finding(code="syslog_behind", severity="warning", message=message, remedy=remedy)
