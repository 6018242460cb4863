"""A file's content by its descriptor, all of it."""

from __future__ import annotations

import os


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: a write may take only a part (write(2))."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_all(descriptor: int, size_hint: int) -> bytes:
    """Return the whole content of a file from its start."""
    parts: list[bytes] = []
    offset = 0
    while part := os.pread(descriptor, max(size_hint - offset + 1, 65536), offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)
