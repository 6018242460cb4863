"""`keys.jsonl`: the certificates of the periods' public keys, oldest first. None is ever removed."""

from __future__ import annotations

import os

from loki_core.audit.certificates import (
    CERTIFICATES_NAME,
    Certificate,
    dump_certificate_line,
    parse_certificate_line,
)
from loki_core.audit.signed_lines import append_signed_line, find_signature
from loki_core.disk.content import read_all
from loki_core.disk.directory import PrivateDirectory
from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """What the file held at one moment.

    Attributes:
        first: the first certificate, or None.
        newest: the last one, or None.
        lines: all lines.
    """

    first: Certificate | None = None
    newest: Certificate | None = None
    lines: tuple[bytes, ...] = ()

    def has_key(self, public_key: str) -> bool:
        """Tell whether one of them is of this key."""
        found = (parse_certificate_line(line) for line in self.lines if public_key.encode() in line)
        return any(each is not None and each.public_key == public_key for each in found)


class CertificatesFile:
    """The certificates beside the log; what was read is remembered until the file changes."""

    def __init__(self) -> None:
        self._known: tuple[tuple[int, ...], Certificates] = ((), Certificates())

    def read(self, directory: PrivateDirectory) -> Certificates:
        """Return the certificates, also what another process has just appended.

        Raises:
            StorageError, OSError: the file cannot be read.
        """
        signature = find_signature(CERTIFICATES_NAME, directory.descriptor)
        known, certificates = self._known
        if signature != known:
            certificates = _read(directory) if signature else Certificates()
            self._known = signature, certificates
        return certificates

    def append(self, directory: PrivateDirectory, certificate: Certificate) -> None:
        """Append a certificate durably; whoever calls holds the log's lock.

        Raises:
            StorageError, OSError: it was not written.
        """
        append_signed_line(directory, CERTIFICATES_NAME, dump_certificate_line(certificate))


def _read(directory: PrivateDirectory) -> Certificates:
    opened = directory.open_file(CERTIFICATES_NAME)
    try:
        content = read_all(opened.descriptor, opened.status.st_size)
    finally:
        os.close(opened.descriptor)
    lines = tuple(content.splitlines())
    return Certificates(first=_find_first(lines), newest=_find_first(lines[::-1]), lines=lines)


def _find_first(lines: tuple[bytes, ...]) -> Certificate | None:
    return next((found for found in map(parse_certificate_line, lines) if found is not None), None)
