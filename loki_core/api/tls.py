"""HTTPS: the certificate and its key, checked before they are used and read again when they change."""

from __future__ import annotations

import os
import ssl
import stat
from pathlib import Path

from loki_core.errors import ConfigurationError

_Signature = tuple[int, int, int]


class Certificate:
    """A server's certificate in a context that lives as long as the server; new connections get the newest."""

    def __init__(self, cert: Path | None, key: Path | None) -> None:
        """Load the files.

        Args:
            cert: `enterprise.tls.cert`: the certificate and its chain, PEM.
            key: `enterprise.tls.key`: its private key, PEM.

        Raises:
            ConfigurationError: one is missing, cannot be read, is open to others, or they do not belong together.
        """
        if cert is None or key is None:
            raise ConfigurationError(
                "TLS is on, but there is no certificate",
                code="tls_files",
                remedy="set enterprise.tls.cert and enterprise.tls.key, or LOKI_TLS_CERT and LOKI_TLS_KEY",
            )
        self._cert, self._key = cert, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._loaded = self._load()

    def reload_when_changed(self) -> bool:
        """Load the files again when they have changed; what is wrong with them leaves the old certificate in use.

        Returns:
            Whether a new certificate is in use.

        Raises:
            ConfigurationError: the new files are not usable.
        """
        try:
            if self._find_signatures() == self._loaded:
                return False
        except OSError:
            return False  # being replaced right now
        self._loaded = self._load()
        return True

    def _load(self) -> tuple[_Signature, _Signature]:
        try:
            signatures = self._find_signatures()
            mode = stat.S_IMODE(os.stat(self._key).st_mode)
            if mode & 0o077 and not _is_for_group_of_root(self._key):
                raise ConfigurationError(
                    f"others can read {self._key} (mode {mode:04o})",
                    code="tls_files",
                    remedy=f"chmod 600 '{self._key}'",
                )
            probe = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            probe.load_cert_chain(self._cert, self._key, password=_refuse_password)
            self.context.load_cert_chain(self._cert, self._key, password=_refuse_password)
        except ssl.SSLError as error:
            raise ConfigurationError(
                f"{self._cert} and {self._key} are no certificate with its key ({error.reason or 'not PEM'})",
                code="tls_files",
                remedy="give the PEM files of one certificate and its key, without a password",
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"{error.filename or self._cert} cannot be read: {error.strerror}",
                code="tls_files",
                remedy="mend enterprise.tls.cert and enterprise.tls.key, or their permissions",
            ) from None
        return signatures

    def _find_signatures(self) -> tuple[_Signature, _Signature]:
        def sign(path: Path) -> _Signature:
            status = os.stat(path)
            return status.st_ino, status.st_size, status.st_mtime_ns

        return sign(self._cert), sign(self._key)


def _is_for_group_of_root(path: Path) -> bool:
    # Debian's ssl-cert group and container mounts: root's file, readable by one group.
    status = os.stat(path)
    return status.st_uid == 0 and not status.st_mode & 0o037


def _refuse_password() -> str:
    raise ConfigurationError(
        "the private key has a password", code="tls_files", remedy="give a key without one, with mode 0600"
    )
