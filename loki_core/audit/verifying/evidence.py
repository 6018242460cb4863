"""What a log is verified from: everything that was read, in the form in which the rules take it. Pure."""

from __future__ import annotations

from loki_core.audit.heads import Head
from loki_core.audit.pruning import Pruned
from loki_core.audit.verdict import Witness
from loki_core.audit.verifying.head_reader import HeadReader
from loki_core.audit.verifying.key_chain import KeyChain
from loki_core.audit.verifying.line_stream import LineStream
from loki_core.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What somebody else knows of the log.

    Attributes:
        witness: who.
        count: how many lines it had, or 0 when only the first key is known.
        digest: the first hex digits of the hash of the last of them.
        head: the whole head, when it was kept whole.
        first_key: the first public key (hex), or "".
    """

    witness: Witness
    count: int = 0
    digest: str = ""
    head: Head | None = None
    first_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One log and what is known of it.

    Attributes:
        files: the names of its files, in their order.
        stream: its lines.
        first_numbers: of the first lines that have a number: how many lines stand before, and the number.
        heads: the signed heads.
        keys: the keys that they are signed with.
        pruned: how far it was pruned, signed by a known key, or None.
        testimonies: what others know.
    """

    files: tuple[str, ...]
    stream: LineStream
    first_numbers: tuple[tuple[int, int], ...]
    heads: HeadReader
    keys: KeyChain
    pruned: Pruned | None
    testimonies: tuple[Testimony, ...]
