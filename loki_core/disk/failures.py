"""What the system refused, said so that the administrator knows what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from loki_core.errors import StorageError


def explain_failure(what: str, error: OSError) -> StorageError:
    """Return the error that says what could not be done, why, and what to do about it."""
    return StorageError(
        f"{what}: {error.strerror or error}",
        code="storage_failed",
        remedy=_REMEDIES.get(error.errno or 0, "see the system's log"),
    )


@contextlib.contextmanager
def as_storage_error(what: str) -> Iterator[None]:
    """Turn an OSError into a StorageError that names what could not be done.

    Raises:
        StorageError: `storage_failed`.
    """
    try:
        yield
    except OSError as error:
        raise explain_failure(what, error) from None


_REMEDIES = {
    13: "run as the owner of the file, or mend its permissions",
    1: "run as the owner of the file, or mend its permissions",
    24: "close some files or raise the limit (ulimit -n)",
    23: "close some files or raise the system's limit (fs.file-max)",
    28: "free some space on that disk",
    122: "free some space: the disk quota is used up",
    27: "raise the limit on the size of files (ulimit -f)",
    30: "remount the file system for writing",
    5: "check the disk: it reports errors",
}
