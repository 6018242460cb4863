"""Verifying the log on disk: reads its files and those of its witnesses, and writes nothing.

The log's lock is not taken. Lines, heads, days and pieces that come while this runs do no harm; see `log_snapshot`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from loki_core.audit.certificates import CERTIFICATES_NAME
from loki_core.audit.file_lines import FIRM, as_audit_unavailable, read_backwards
from loki_core.audit.key_file import load_key
from loki_core.audit.verdict import Verdict, Witness
from loki_core.audit.verify_request import NO_REQUEST, NO_WITNESSES, VerifyRequest, WitnessPaths
from loki_core.audit.verifying.evidence import Evidence, Testimony
from loki_core.audit.verifying.head_reader import HeadReader
from loki_core.audit.verifying.key_chain import MOST_CERTIFICATES, KeyChain
from loki_core.audit.verifying.line_stream import LineStream
from loki_core.audit.verifying.log_line import LARGEST_SEQ, read_log_line
from loki_core.audit.verifying.log_snapshot import Changed, LogSnapshot, Tick, read_pieces
from loki_core.audit.verifying.verifier import Verifier
from loki_core.audit.verifying.witnesses import find_newest_kept, make_testimony, parse_kept
from loki_core.disk.directory import OpenedFile, PrivateDirectory
from loki_core.errors import AuditUnavailable, Cancelled, StorageError

_MOST_ATTEMPTS = 5
_NUMBERS = 3
_MOST_SINK_LINES = 1_000
_GUARDED = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def verify_log(
    directory_path: str, request: VerifyRequest = NO_REQUEST, witnesses: WitnessPaths = NO_WITNESSES
) -> Verdict:
    """Return what is wrong with a log.

    Args:
        directory_path: the log's directory; one that is missing is an empty log.
        request: what whoever asks knows; a head that is kept in the store must have been read before.
        witnesses: where else something is known of the log; what cannot be read there is no witness.

    Raises:
        AuditUnavailable: the log cannot be read.
        Cancelled: `request.is_cancelled` said so.
    """
    # Witnesses are read first: what they know of is in the log by then.
    known = [
        _load_key_head(witnesses.keys),
        parse_kept(request.stored_head, Witness.STORE),
        _load_second_sink(witnesses.second_sink),
    ]
    testimonies = (*(each for each in known if each is not None), *request.noted)
    with as_audit_unavailable(directory_path, "read"):
        try:
            directory = PrivateDirectory.open(os.path.abspath(directory_path), firm=FIRM)
        except FileNotFoundError:
            return Verifier(_make_empty_evidence(testimonies)).verify()
        with directory:
            for _ in range(_MOST_ATTEMPTS):
                snapshot = LogSnapshot(directory)
                try:
                    tick = _make_tick(snapshot.size, request)
                    return Verifier(_read_evidence(directory, snapshot, testimonies, tick)).verify()
                except Changed:
                    continue
                finally:
                    snapshot.close()
    raise AuditUnavailable(f"the audit log in {directory_path} changes all the time", remedy="try again")


def _make_tick(total: int, request: VerifyRequest) -> Tick:
    progress, is_cancelled, done = request.progress, request.is_cancelled, 0

    def tick(size: int) -> None:
        nonlocal done
        done += size
        if is_cancelled is not None and is_cancelled():
            raise Cancelled("verifying the audit log was cancelled", remedy="start it again")
        if progress is not None:
            progress(min(done, total), total)

    tick(0)
    return tick


def _make_empty_evidence(testimonies: tuple[Testimony, ...]) -> Evidence:
    keys = KeyChain(())
    return Evidence(
        files=(),
        stream=LineStream(iter(())),
        first_numbers=(),
        heads=HeadReader((), keys),
        keys=keys,
        pruned=None,
        testimonies=testimonies,
    )


def _read_evidence(
    directory: PrivateDirectory, snapshot: LogSnapshot, testimonies: tuple[Testimony, ...], tick: Tick
) -> Evidence:
    keys = KeyChain(_read_certificates(directory, tick))
    return Evidence(
        files=snapshot.names,
        stream=LineStream(snapshot.read_log(tick)),
        first_numbers=tuple(_find_first_numbers(snapshot)),
        heads=HeadReader(snapshot.read_heads(tick), keys),
        keys=keys,
        pruned=snapshot.pruned,
        testimonies=testimonies,
    )


def _read_certificates(directory: PrivateDirectory, tick: Tick) -> Iterator[bytes]:
    try:
        opened = directory.open_file(CERTIFICATES_NAME)
    except FileNotFoundError:
        return
    try:
        number = 0
        for piece in read_pieces(CERTIFICATES_NAME, opened.descriptor, opened.status.st_size, lambda _: tick(0)):
            yield from piece.lines[:-1] if piece.is_torn else piece.lines
            number += len(piece.lines)
            if number > MOST_CERTIFICATES:
                return
    finally:
        os.close(opened.descriptor)


def _find_first_numbers(snapshot: LogSnapshot) -> Iterator[tuple[int, int]]:
    """Yield of the first lines that have a number how many entries stand before, and the number."""
    before = found = 0
    for piece in snapshot.read_log(lambda _: None):
        for index, data in enumerate(piece.lines):
            if b'"seq": ' in data:
                line = read_log_line(data, piece.file, piece.first + index)
                if line.seq is not None and line.seq < LARGEST_SEQ:
                    yield before, line.seq
                    found += 1
                    if found == _NUMBERS:
                        return
            before += data.startswith(b"{")


# -- witnesses


def _load_key_head(keys_path: str) -> Testimony | None:
    """Return the head kept beside the private key; what cannot be read is no witness."""
    if not keys_path:
        return None
    with (
        contextlib.suppress(OSError, StorageError),
        PrivateDirectory.open(os.path.abspath(keys_path), firm=FIRM) as keys,
    ):
        key = load_key(keys)
        if key is not None and key.head is not None:
            return make_testimony(key.head, Witness.KEY)
    return None


def _load_second_sink(path: str) -> Testimony | None:
    """Return the newest head in the second sink; what cannot be read is no witness."""
    if not path:
        return None
    with contextlib.suppress(OSError):
        descriptor = os.open(path, _GUARDED)
        try:
            lines = read_backwards("", OpenedFile(descriptor=descriptor, status=os.fstat(descriptor)))
            return find_newest_kept(line.data for line, _ in zip(lines, range(_MOST_SINK_LINES), strict=False))
        finally:
            os.close(descriptor)
    return None
