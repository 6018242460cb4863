r"""ArcSight's Common Event Format, version 0 (CEF Implementation Standard): one line an entry. Pure.

    CEF:0|vendor|product|version|event|name|severity|key=value key=value …

In the header `\` and `|` are escaped, in values `\`, `=` and line breaks: no value can end its field or begin another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from loki_core.audit.events import AuditEvent
from loki_core.audit.levels import Level
from loki_core.audit.lines import LoggedLine
from loki_core.text import safe_text
from loki_core.version import __version__

_SEVERITIES = {Level.INFO: 2, Level.NOTICE: 4, Level.WARNING: 6, Level.ERROR: 9}
_NAMES = {
    AuditEvent.TOKEN_CREATE: "Token created",
    AuditEvent.TOKEN_ROTATE: "Token rotated",
    AuditEvent.TOKEN_REVOKE: "Token revoked",
    AuditEvent.TOKEN_DELETE: "Token deleted",
    AuditEvent.TOKEN_USE: "Token used",
    AuditEvent.FAIL: "Authentication failed",
    AuditEvent.OIDC_SUCCESS: "Signed in by OIDC",
    AuditEvent.OIDC_FAIL: "Sign-in by OIDC failed",
    AuditEvent.SIGN_IN_START: "Session begun",
    AuditEvent.SIGN_IN_END: "Session ended",
    AuditEvent.PERMISSION_DENIED: "Permission denied",
    AuditEvent.POLICY_CHANGE: "Policy changed",
    AuditEvent.LOCK_SET: "Locked",
    AuditEvent.LOCK_LIFTED: "Unlocked",
    AuditEvent.PRUNE: "Audit log pruned",
    AuditEvent.RECOVER: "Audit log recovered",
    AuditEvent.STORE_REPAIRED: "Store repaired",
    AuditEvent.WORK_START: "Work started",
    AuditEvent.WORK_STOP: "Work stopped",
    AuditEvent.TASK_CREATE: "Task created",
}


def format_cef(lines: Iterable[LoggedLine]) -> Iterator[str]:
    """Yield a line for each entry, with its end."""
    for line in lines:
        yield f"{format_cef_line(line)}\n"


def format_cef_line(line: LoggedLine) -> str:
    """Return one entry in CEF, without a line end."""
    entry = line.entry
    name = next((name for event, name in _NAMES.items() if event == entry.event), entry.event)
    header = ("Loki Mode", "Loki", __version__, entry.event, name, str(_SEVERITIES[line.level]))
    values = " ".join(f"{key}={escape_value(value)}" for key, value in _list_values(line) if value)
    return f"CEF:0|{'|'.join(map(escape_header, header))}|{values}"


def escape_header(text: str) -> str:
    """Return a text fit for the header."""
    return safe_text(text).replace("\\", "\\\\").replace("|", "\\|")


def escape_value(text: str) -> str:
    """Return a text fit for a value; its line breaks are kept, as two characters each."""
    lines = (safe_text(line).replace("\\", "\\\\").replace("=", "\\=") for line in text.splitlines())
    return "\\n".join(lines)


def _list_values(line: LoggedLine) -> Iterator[tuple[str, str]]:
    entry = line.entry
    yield "rt", str(int(entry.timestamp.timestamp() * 1000))
    yield "act", entry.action
    yield "outcome", "success" if entry.success else "failure"
    yield "reason", entry.error
    yield "suser", entry.user_id
    yield from _list_address(entry.ip_address)
    yield "requestClientApplication", entry.user_agent
    yield "externalId", str(entry.seq or "")
    for number, (label, value) in enumerate(
        (
            ("resourceType", entry.resource_type),
            ("resourceId", entry.resource_id),
            ("tokenId", entry.token_id),
            ("details", json.dumps(entry.details) if entry.details else ""),
        ),
        start=1,
    ):
        if value:
            yield f"cs{number}Label", label
            yield f"cs{number}", value


def _list_address(address: str) -> Iterator[tuple[str, str]]:
    """Yield an address under the key of its kind: `src` takes IPv4 alone."""
    import ipaddress

    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        yield "shost", address
        return
    if version == 6:
        yield "c6a2Label", "Source IPv6 Address"
        yield "c6a2", address
    else:
        yield "src", address
