"""The session on disk: one file (0600) in a directory of the user's own (0700), replaced whole and under a lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from loki_core.disk.directory import PrivateDirectory
from loki_core.disk.lock import hold_lock
from loki_core.errors import StorageError
from loki_core.oidc.session import DamagedSession, Session, dump_session, parse_session
from loki_core.scopes import ScopeCatalog

LOCK = ".session.lock"
_LARGEST = 256 * 1024


class SessionFile:
    """Where the sign-in of this user is kept. One at a time."""

    def __init__(self, path: str, catalog: ScopeCatalog) -> None:
        """Name the file; nothing is read or made yet.

        Args:
            path: where it is; its directory is made when something is kept.
            catalog: the scopes that exist.
        """
        self.path = path
        self._directory, self._name = os.path.split(path)
        self._catalog = catalog

    def load(self) -> Session | None:
        """Return the session, or None when nobody is signed in.

        Raises:
            StorageError: there is one that cannot be read or believed.
        """
        try:
            with PrivateDirectory.open(self._directory) as directory:
                opened = directory.open_file(self._name)
                with open(opened.descriptor, "rb") as file:
                    return parse_session(file.read(_LARGEST), self._catalog)
        except FileNotFoundError:
            return None
        except DamagedSession:
            raise StorageError(
                f"{self.path} is damaged", code="session_damaged", remedy="loki enterprise logout removes it"
            ) from None
        except OSError as error:
            raise self._explain(error) from None

    @contextlib.contextmanager
    def change(self) -> Iterator[SessionChange]:
        """Hold the right to change it: nobody else renews or removes it meanwhile.

        Raises:
            StorageError: the directory or the lock cannot be used; StoreBusy when another holds it for too long.
        """
        try:
            with (
                PrivateDirectory.open(self._directory, create=True) as directory,
                hold_lock(directory, LOCK),
            ):
                yield SessionChange(directory, self._name)
        except OSError as error:
            raise self._explain(error) from None

    def _explain(self, error: OSError) -> StorageError:
        reason = error.strerror or type(error).__name__
        return StorageError(
            f"the sign-in in {self.path} cannot be read or kept: {reason}",
            code="session_not_kept",
            remedy="make that directory writable for you (XDG_STATE_HOME moves it)",
        )


class SessionChange:
    """The session's file while the lock on it is held. The methods raise OSError when the system refuses."""

    def __init__(self, directory: PrivateDirectory, name: str) -> None:
        self._directory = directory
        self._name = name

    def replace(self, session: Session) -> None:
        """Keep this session instead of the one before."""
        self._directory.sweep(self._name)
        os.close(self._directory.replace(self._name, [dump_session(session)]))

    def remove(self) -> None:
        """Remove the session, whatever is there."""
        self._directory.sweep(self._name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._name, dir_fd=self._directory.descriptor)
