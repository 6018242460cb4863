"""Signs the log: heads over its lines, and a new key for each day, certified by the key of the day before.

The order in which a day ends: its key signs a head over all its lines; the next key is written aside; the old key
signs the next one's certificate; the old key is overwritten; the next one takes its place. A crash between any two
steps is mended by whoever signs next: a next key that is certified is adopted, one that is not is dropped.

Whoever calls holds the log's lock.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from loki_core.audit.certificates import CERTIFICATES_NAME, Certificate
from loki_core.audit.certificates_file import Certificates, CertificatesFile
from loki_core.audit.day_files import find_period, get_period, list_day_files
from loki_core.audit.file_lines import FIRM
from loki_core.audit.heads import Head, digest_marks
from loki_core.audit.heads_file import HeadsFile
from loki_core.audit.key_file import (
    KEY_NAME,
    NEXT_NAME,
    PeriodKey,
    adopt_next_key,
    erase_key,
    load_key,
    note_head,
    write_next_key,
)
from loki_core.audit.pruning import Pruned
from loki_core.audit.signed_lines import Signature, find_signature, sync_file
from loki_core.audit.signing import make_key_pair, sign
from loki_core.audit.unsigned import find_unsigned
from loki_core.disk.directory import PrivateDirectory
from loki_core.errors import StorageError
from loki_core.frozen import replace


def mint_seed() -> bytes:
    """Return 32 bytes from the operating system's randomness."""
    return os.urandom(32)


class Sealer:
    """The keys and heads of one log. Not for several threads at once."""

    def __init__(self, keys_path: str, *, mint_seed: Callable[[], bytes] = mint_seed) -> None:
        """Prepare; nothing is read or made.

        Args:
            keys_path: the directory of the private key.
            mint_seed: returns 32 bytes fit for cryptography.
        """
        self.keys_path = os.path.abspath(keys_path)
        self._mint_seed = mint_seed
        self._beside_key: tuple[Signature, Head | None] = ((), None)
        self.heads = HeadsFile()
        self.certificates = CertificatesFile()
        self.first_key_made = ""
        """The first public key (hex), when it was made here."""
        self.key_was_lost = False
        """Whether a new chain of keys had to be begun here; whoever says so in the log sets it back."""
        self.unsent: deque[dict[str, Any]] = deque()
        """The heads that were signed here, as `describe` gives them; whoever sends them elsewhere takes them out."""

    def seal(self, directory: PrivateDirectory, at: datetime) -> None:
        """Sign every line that is not signed yet.

        Args:
            directory: where the log is.
            at: now (UTC).

        Raises:
            StorageError, OSError: not every line is signed.
        """
        self._catch_up(directory, at, "")

    def begin_period(self, directory: PrivateDirectory, period: str, at: datetime) -> None:
        """Sign the last line of the days before and make the key of a day of which no line is written yet.

        Args:
            directory: where the log is.
            period: the day; nothing happens when it has its key.
            at: now (UTC).

        Raises:
            StorageError, OSError: not everything is signed, or there is no key.
        """
        self._catch_up(directory, at, period)

    def _catch_up(self, directory: PrivateDirectory, at: datetime, beginning: str) -> None:
        """Let each day be signed by its key: the days that have lines, and the one that begins."""
        names = [name for name in list_day_files(directory.names()) if _has_lines(directory, name)]
        days = [*map(find_period, names), *([beginning] if beginning else [])]
        if not days:
            return
        with PrivateDirectory.open(self.keys_path, create=True, firm=FIRM) as keys:
            key = self._find_key(directory, keys, find_period(names[-1]) if names else beginning, at)
            newest = self.certificates.read(directory).newest
            if newest is not None and newest.public_key == key.public_key:
                for period in sorted({day for day in days if day > key.period}):
                    key = self._sign_head(directory, keys, key, _up_to(names, key.period), at)
                    key = self._make_key(directory, keys, period, at, signer=key)
            elif beginning > key.period:
                # A key of an earlier day was put back. It signs as what it is, but it cannot certify another.
                key = self._sign_head(directory, keys, key, names, at)
                key = self._make_key(directory, keys, beginning, at, lost=key)
            if not beginning:
                self._sign_head(directory, keys, key, names, at)

    def sign_pruned(
        self, directory: PrivateDirectory, *, count: int, last_hash: str, heads_up_to: int, at: datetime
    ) -> Pruned:
        """Return how far the log is pruned, signed by the current key.

        Args:
            directory: where the log is.
            count: the number of the last line that goes.
            last_hash: its hash.
            heads_up_to: the number of the last head that goes.
            at: now (UTC).

        Raises:
            StorageError, OSError: there is no key that can be used.
        """
        with PrivateDirectory.open(self.keys_path, firm=FIRM) as keys:
            key = self._find_key(directory, keys, get_period(at), at)
        pruned = Pruned(count=count, last_hash=last_hash, heads_up_to=heads_up_to, period=key.period, at=at)
        return replace(pruned, signature=sign(key.private_key, pruned.get_signed_bytes()))

    def find_newest(self, directory: PrivateDirectory) -> Head | None:
        """Return the newest head that is known: from beside the log or from beside the key; two stats if unchanged.

        Raises:
            StorageError, OSError: one of them cannot be read.
        """
        signature = find_signature(os.path.join(self.keys_path, KEY_NAME))
        if signature != self._beside_key[0]:
            with PrivateDirectory.open(self.keys_path, firm=FIRM) as keys:
                key = load_key(keys)
            self._beside_key = signature, key.head if key is not None else None
        return _find_newer(self.heads.find_newest(directory), self._beside_key[1])

    def describe(self, directory: PrivateDirectory, head: Head) -> dict[str, Any]:
        """Return the head as it is kept elsewhere: without its marks, and with the first public key as `first_key`.

        Raises:
            StorageError, OSError: the certificates cannot be read.
        """
        first = self.certificates.read(directory).first
        return {**head.dump(with_marks=False), "first_key": first.public_key if first is not None else ""}

    def check_keys(self, directory: PrivateDirectory) -> None:
        """Find out whether the log could be sealed now; makes nothing.

        Raises:
            StorageError, OSError: it could not, or a new chain of keys would be begun.
        """
        certificates = self.certificates.read(directory)
        try:
            with PrivateDirectory.open(self.keys_path, firm=FIRM) as keys:
                key = load_key(keys)
                coming = load_key(keys, NEXT_NAME)
        except FileNotFoundError:
            key = coming = None
        if certificates.first is not None and key is None and coming is None:
            raise StorageError(
                f"the key in {self.keys_path} is lost",
                code="key_lost",
                remedy="find out who removed it; a new key, which nothing certifies, signs from the next entry on",
            )
        place = self.keys_path
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        if not os.access(place, os.W_OK | os.X_OK):
            raise StorageError(f"{place} cannot be written", remedy="mend its permissions, or remount it")

    def _find_newest(self, directory: PrivateDirectory, key: PeriodKey | None) -> Head | None:
        return _find_newer(self.heads.find_newest(directory), key.head if key is not None else None)

    def _find_key(self, directory: PrivateDirectory, keys: PrivateDirectory, period: str, at: datetime) -> PeriodKey:
        """Return the current key, after what a crash left undone was done; a new one where there is none."""
        certificates = self.certificates.read(directory)
        coming = load_key(keys, NEXT_NAME)
        if coming is not None and certificates.newest and certificates.newest.public_key == coming.public_key:
            sync_file(directory, CERTIFICATES_NAME)
            adopt_next_key(keys)
        else:
            erase_key(keys, NEXT_NAME)
        key = load_key(keys)
        if key is not None and _is_usable(key) and certificates.has_key(key.public_key):
            return key
        return self._make_key(directory, keys, period, at, lost=key)

    def _make_key(
        self,
        directory: PrivateDirectory,
        keys: PrivateDirectory,
        period: str,
        at: datetime,
        *,
        signer: PeriodKey | None = None,
        lost: PeriodKey | None = None,
    ) -> PeriodKey:
        """Make the key of a period the current one; without a signer it certifies itself."""
        certificates = self.certificates.read(directory)
        pair = make_key_pair(self._mint_seed())
        head = self._find_newest(directory, signer or lost)
        certificate = Certificate(
            number=certificates.newest.number + 1 if certificates.newest else 1,
            period=period,
            public_key=pair.public_key,
            at=at,
        )
        signature = sign(signer.private_key if signer else pair.private_key, certificate.get_signed_bytes())
        key = PeriodKey(
            number=certificate.number,
            period=period,
            private_key=pair.private_key,
            public_key=pair.public_key,
            head=head,
        )
        write_next_key(keys, key)
        self.certificates.append(directory, replace(certificate, signature=signature))
        if signer is None:
            self._note_beginning(certificates, key, is_first=head is None and lost is None)
        adopt_next_key(keys)
        return key

    def _note_beginning(self, before: Certificates, key: PeriodKey, *, is_first: bool) -> None:
        if is_first and before.first is None:
            self.first_key_made = key.public_key
        else:
            self.key_was_lost = True

    def _sign_head(
        self, directory: PrivateDirectory, keys: PrivateDirectory, key: PeriodKey, names: Sequence[str], at: datetime
    ) -> PeriodKey:
        """Sign the end of these files, unless that is done; return the key with the newest head noted."""
        newest = self._find_newest(directory, key)
        unsigned = find_unsigned(directory, names, newest)
        if unsigned is None:
            return key
        head = Head(
            number=newest.number + 1 if newest else 1,
            count=unsigned.count,
            last_hash=unsigned.last_hash,
            period=key.period,
            at=at,
            marks=unsigned.marks,
            marks_digest=digest_marks(unsigned.marks),
        )
        head = replace(head, signature=sign(key.private_key, head.get_signed_bytes()))
        self.heads.append(directory, head)
        self.unsent.append(self.describe(directory, head))
        key = replace(key, head=replace(head, marks=""))
        note_head(keys, key)
        return key


def _find_newer(one: Head | None, other: Head | None) -> Head | None:
    return max((head for head in (one, other) if head is not None), key=lambda head: head.number, default=None)


def _has_lines(directory: PrivateDirectory, name: str) -> bool:
    return os.stat(name, dir_fd=directory.descriptor, follow_symlinks=False).st_size > 0


def _up_to(names: Sequence[str], period: str) -> list[str]:
    return [name for name in names if find_period(name) <= period]


def _is_usable(key: PeriodKey) -> bool:
    """Tell whether private and public key belong together: not so of a key that was erased."""
    return make_key_pair(bytes.fromhex(key.private_key)).public_key == key.public_key
