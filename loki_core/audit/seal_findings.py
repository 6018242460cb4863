"""What is wrong with the seals of a log: lines that no head covers, keys that cannot be used, copies left behind."""

from __future__ import annotations

from loki_core.audit.log_end import LogEnd
from loki_core.audit.sealer import Sealer
from loki_core.audit.second_sink import SecondSink
from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.failures import as_storage_error
from loki_core.errors import StorageError
from loki_core.interfaces import Finding


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
        with as_storage_error("the audit log cannot be signed"):
            sealer.check_keys(directory)
            newest = sealer.find_newest(directory)
    except StorageError as error:
        return (_describe(f"new lines of the audit log are not signed: {error.message}", error.remedy),)
    if newest is None or newest.count != end.seq:
        behind = end.seq - newest.count if newest is not None else end.seq
        if behind < 0:
            what, remedy = f"lacks {-behind} lines that were signed", "see: loki enterprise audit verify"
        else:
            what, remedy = f"has {behind} lines that are not signed yet", "the next entry, or its writer, signs them"
        found = [_describe(f"the audit log {what}", remedy)] if end.seq or newest else []
    else:
        found = [
            Finding(
                code="audit_sealed", severity="ok", message=f"the audit log is signed up to its end ({end.seq} lines)"
            )
        ]
    if second_sink is not None and newest is not None:
        found += second_sink.diagnose(newest)
    return tuple(found)


def _describe(message: str, remedy: str) -> Finding:
    return Finding(code="audit_unsealed", severity="warning", message=message, remedy=remedy)
