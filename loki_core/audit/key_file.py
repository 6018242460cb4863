"""The private key of the log's current period, outside of the log's directory; erased when it is no longer needed.

The file holds the key in its first 512 bytes and the newest signed head in the next ones: noting a head never touches
the key, so a power failure cannot tear it, and the key's bytes stand in one place of the disk for as long as they are
needed. Erasing overwrites them there, before the name goes. (A disk or file system that writes elsewhere instead, as
flash memory does, may keep a copy that no file leads to.)

Whoever calls holds the log's lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping

from loki_core.audit.heads import Head, parse_head
from loki_core.disk.content import write_all
from loki_core.disk.directory import FILE_MODE, PrivateDirectory
from loki_core.disk.durability import sync
from loki_core.frozen import dataclass, field

KEY_NAME = "audit-key.json"
NEXT_NAME = "audit-key.next.json"
_SECTOR = 512
"""What a disk writes whole or not at all."""
_LARGEST = 1 << 16
_HEX_KEY = re.compile(r"[0-9a-f]{64}\Z")
_PERIOD = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_PRIVATE = re.compile(rb'("private_key": ?")[0-9a-f]{64}(?=")')


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodKey:
    """The key that signs a period's heads.

    Attributes:
        number: of its certificate.
        period: the day that it is for: `2026-03-01`.
        private_key: hex of 32 bytes; no `repr` shows it.
        public_key: hex of 32 bytes.
        head: the newest signed head, without its marks, or None.
    """

    number: int
    period: str
    private_key: str = field(repr=False)
    public_key: str
    head: Head | None = None


def dump_key(key: PeriodKey) -> bytes:
    """Return the content of the file: one JSON object in two sectors."""
    fields = {name: getattr(key, name) for name in ("number", "period", "public_key", "private_key")}
    return json.dumps(fields)[:-1].ljust(_SECTOR).encode("ascii") + _dump_head(key.head)


def _dump_head(head: Head | None) -> bytes:
    described = json.dumps(head.dump(with_marks=False) if head else None)
    return f', "head": {described}}}'.ljust(_SECTOR - 1).encode("ascii") + b"\n"


def parse_key(data: bytes) -> PeriodKey | None:
    """Return what the file says, or None when it holds no key; a head that makes no sense is left out."""
    fields = _load(data) or _load(data[:_SECTOR] + b"}")
    if fields is None:
        return None
    number = fields.get("number")
    texts: dict[str, str] = {}
    for name, form in (("period", _PERIOD), ("private_key", _HEX_KEY), ("public_key", _HEX_KEY)):
        value = fields.get(name)
        if not isinstance(value, str) or not form.match(value):
            return None
        texts[name] = value
    if type(number) is not int or number < 1:
        return None
    return PeriodKey(number=number, head=parse_head(fields.get("head")), **texts)


def _load(data: bytes) -> Mapping[str, object] | None:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, Mapping) else None


def load_key(directory: PrivateDirectory, name: str = KEY_NAME) -> PeriodKey | None:
    """Return the key in a file, or None when the file is missing or holds none.

    Raises:
        StorageError, OSError: it cannot be read, or is not a file of ours alone.
    """
    try:
        opened = directory.open_file(name)
    except FileNotFoundError:
        return None
    try:
        return parse_key(os.pread(opened.descriptor, _LARGEST, 0))
    finally:
        os.close(opened.descriptor)


def write_next_key(directory: PrivateDirectory, key: PeriodKey) -> None:
    """Write the key of the next period durably beside the current one.

    Raises:
        StorageError, OSError: it may not be durable.
    """
    erase_key(directory, NEXT_NAME)
    opened = directory.open_file(NEXT_NAME, os.O_WRONLY | os.O_EXCL, create=True)
    try:
        write_all(opened.descriptor, dump_key(key))
        sync(opened.descriptor)
    finally:
        os.close(opened.descriptor)
    sync(directory.descriptor)


def adopt_next_key(directory: PrivateDirectory) -> None:
    """Put the next key in the place of the current one, which is erased before: it must never sign again.

    Raises:
        StorageError, OSError: it was not done, or not to its end; doing it again does the rest.
    """
    _overwrite(directory, KEY_NAME)
    os.rename(NEXT_NAME, KEY_NAME, src_dir_fd=directory.descriptor, dst_dir_fd=directory.descriptor)
    sync(directory.descriptor)


def erase_key(directory: PrivateDirectory, name: str) -> None:
    """Overwrite the key in a file and remove the file, if there is one.

    Raises:
        StorageError, OSError: it was not done.
    """
    if _overwrite(directory, name):
        os.unlink(name, dir_fd=directory.descriptor)


def _overwrite(directory: PrivateDirectory, name: str) -> bool:
    """Overwrite a file's private key with zeros, durably; everything in it when it does not hold one as we write it."""
    try:
        opened = directory.open_file(name, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        content = os.pread(opened.descriptor, opened.status.st_size, 0)
        erased, found = _PRIVATE.subn(rb"\g<1>" + b"0" * 64, content)
        _write_at(opened.descriptor, erased if found else bytes(len(content)), 0)
        sync(opened.descriptor)
    finally:
        os.close(opened.descriptor)
    return True


def note_head(directory: PrivateDirectory, key: PeriodKey) -> None:
    """Note the newest head, `key.head`, beside the current key; not synced: an older one there is true as well.

    Raises:
        StorageError, OSError: it was not noted.
    """
    opened = directory.open_file(KEY_NAME, os.O_RDWR)
    try:
        if opened.status.st_mode & ~FILE_MODE & 0o777:
            os.fchmod(opened.descriptor, FILE_MODE)
        content = dump_key(key)
        if os.pread(opened.descriptor, _SECTOR, 0) == content[:_SECTOR]:
            _write_at(opened.descriptor, content[_SECTOR:], _SECTOR)
        else:  # someone has laid it out in another way
            _write_at(opened.descriptor, content, 0)
            sync(opened.descriptor)
        with contextlib.suppress(OSError):
            os.ftruncate(opened.descriptor, len(content))
    finally:
        os.close(opened.descriptor)


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
