"""A log in the hands of somebody who changes it: lines edited, moved, removed, chained and numbered anew."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from loki_core.audit.verdict import Problem, Verdict
from loki_core.audit.verification import verify_log
from loki_core.audit.verify_request import VerifyRequest, WitnessPaths
from loki_core.audit.verifying.evidence import Testimony
from tests.core.workshop import GENESIS

_SEQ = re.compile(rb'"seq": (\d+), "success"')


class Line(NamedTuple):
    """A line and the day file that it is in."""

    file: str
    data: bytes


class Copy:
    """A copy of a home's `dashboard` directory, to be tampered with."""

    def __init__(self, original: Path, place: Path) -> None:
        shutil.copytree(original, place)
        self.place = place
        self.audit = place / "audit"
        self.lines = self.load()

    def load(self) -> list[Line]:
        """Return the log's lines as they are on disk."""
        return [
            Line(file.name, data)
            for file in sorted(self.audit.glob("audit-*.jsonl"))
            for data in file.read_bytes().splitlines()
        ]

    def save(self) -> None:
        """Write the lines back; a file without lines is emptied."""
        contents: dict[str, bytes] = {file.name: b"" for file in self.audit.glob("audit-*.jsonl")}
        for line in self.lines:
            contents[line.file] += line.data + b"\n"
        for name, content in contents.items():
            (self.audit / name).write_bytes(content)

    def locate(self, index: int) -> tuple[str, int]:
        """Return the file and the line in it of one of the lines."""
        file = self.lines[index].file
        return file, sum(line.file == file for line in self.lines[: index + 1])

    # -- what an attacker does

    def edit(self, index: int, **changes: Any) -> None:
        """Change fields of a line, and keep its hash."""
        line = self.lines[index]
        self.lines[index] = line._replace(data=write_line({**json.loads(line.data), **changes}))

    def rechain(self, start: int, *, renumber: bool = False) -> None:
        """Compute the hashes anew from a line to the end, and the numbers too if that is asked for."""
        previous = get_hash(self.lines[start - 1].data) if start else GENESIS
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            data = number_line(line.data, index + 1) if renumber else line.data
            data, previous = chain_line(data, previous)
            self.lines[index] = line._replace(data=data)

    def renumber(self, start: int) -> None:
        """Change the numbers from a line to the end, and keep the hashes."""
        for index in range(start, len(self.lines)):
            line = self.lines[index]
            self.lines[index] = line._replace(data=number_line(line.data, index + 1))

    def verify(self, *noted: Testimony, paths: WitnessPaths | None = None, has_store: bool = True) -> Verdict:
        """Verify what is on disk, with the key and the store as witnesses unless told otherwise."""
        stored = json.loads((self.place / "tokens.json").read_bytes()).get("audit_head") if has_store else None
        return verify_log(
            str(self.audit),
            VerifyRequest(stored_head=stored, noted=noted),
            WitnessPaths(keys=str(self.place / "keys")) if paths is None else paths,
        )


def write_line(fields: dict[str, Any]) -> bytes:
    """Return a line in our form: sorted, the hash last."""
    digest = fields.pop("_integrity_hash")
    payload = json.dumps(fields, sort_keys=True)
    return f'{payload[:-1]}, "_integrity_hash": "{digest}"}}'.encode()


def get_hash(data: bytes) -> str:
    """Return the hash that a line claims."""
    return data[-66:-2].decode()


def chain_line(data: bytes, previous: str) -> tuple[bytes, str]:
    """Return a line with the hash that it should have behind another, and that hash."""
    payload = data[:-88] + b"}"
    digest = hashlib.sha256(previous.encode() + payload).hexdigest()
    return data[:-66] + digest.encode() + b'"}', digest


def number_line(data: bytes, seq: int) -> bytes:
    """Return a line with another number."""
    return _SEQ.sub(b'"seq": %d, "success"' % seq, data, count=1)


def summarize(problem: Problem) -> tuple[str, str, int]:
    """Return kind and place of a problem."""
    return str(problem.kind), problem.file, problem.line


def list_problems(verdict: Verdict) -> list[tuple[str, str, int]]:
    """Return kind and place of each problem."""
    return [summarize(problem) for problem in verdict.problems]
