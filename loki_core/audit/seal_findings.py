"""What is wrong with the seals of a log: lines that no head covers, keys that cannot be used, copies left behind."""

from __future__ import annotations

from loki_core.audit.log_end import LogEnd
from loki_core.audit.sealer import Sealer
from loki_core.audit.second_sink import SecondSink
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.failures import as_storage_error
from loki_core.errors import StorageError
from loki_core.interfaces import Finding, Severity

MOST_UNSIGNED = 256
"""Lines that there may be without a signature for a minute, and after crashes."""


def diagnose_seals(
    sealer: Sealer, directory: PrivateDirectory, end: LogEnd, second_sink: SecondSink | None
) -> tuple[Finding, ...]:
    """Return the findings; changes nothing and never raises.

    Args:
        sealer: signs the log.
        directory: where the log is.
        end: where it ends.
        second_sink: where heads go as well, or None.
    """
    try:
        with as_storage_error(f"the keys in {sealer.keys_path} cannot be used"):
            sealer.check_keys(directory)
            newest = sealer.find_newest(directory)
    except StorageError as error:
        return (_describe(f"new lines of the audit log are not signed: {error.message}", error.remedy),)
    signed = newest.count if newest is not None else 0
    found = [_compare(signed, end.seq)] if end.seq or signed else []
    if second_sink is not None and newest is not None:
        found += second_sink.diagnose(newest)
    return tuple(found)


def _compare(signed: int, lines: int) -> Finding:
    if lines == signed:
        message = f"the audit log is signed up to its end ({lines:,} lines)"
        return Finding(code="audit_sealed", severity="ok", message=message)
    if lines < signed:
        message = f"{signed - lines:,} lines at the end of the audit log are gone: more were signed"
        return _describe(message, "see: loki enterprise audit verify")
    is_usual = lines - signed <= MOST_UNSIGNED
    message = f"the newest {lines - signed:,} lines of the audit log are not signed yet"
    return _describe(
        message, "whoever writes the next entry signs them too", severity="info" if is_usual else "warning"
    )


def _describe(message: str, remedy: str, *, severity: Severity = "warning") -> Finding:
    return Finding(code="audit_unsealed", severity=severity, message=message, remedy=remedy)
