"""The signed heads that were not forwarded yet: `heads.jsonl` is their spool."""

from __future__ import annotations

import os
from itertools import islice, takewhile
from typing import Any

from loki_core.audit.certificates_file import CertificatesFile
from loki_core.audit.file_lines import read_backwards
from loki_core.audit.heads import HEADS_NAME, Head, parse_head_line
from loki_core.disk.directory import PrivateDirectory

_MOST_HEADS = 64


def read_new_heads(directory: PrivateDirectory, number: int) -> list[tuple[dict[str, Any], Head]]:
    """Return the heads behind one, oldest first, each with its fields as they are kept elsewhere.

    Args:
        directory: the log's.
        number: of the newest head that was sent; of many newer ones the last few are returned: each covers all before.

    Raises:
        StorageError, OSError: a file cannot be read.
    """
    try:
        opened = directory.open_file(HEADS_NAME)
    except FileNotFoundError:
        return []
    try:
        heads = (parse_head_line(line.data) for line in read_backwards(HEADS_NAME, opened))
        newer = takewhile(lambda head: head.number > number, (head for head in heads if head is not None))
        found = list(islice(newer, _MOST_HEADS))
    finally:
        os.close(opened.descriptor)
    if not found:
        return []
    first = CertificatesFile().read(directory).first
    first_key = first.public_key if first is not None else ""
    return [({**head.dump(with_marks=False), "first_key": first_key}, head) for head in reversed(found)]
