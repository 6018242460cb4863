"""Which public keys of the log are proved, each by the one before it, and whose signature something bears. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from loki_core.audit.certificates import Certificate, parse_certificate_line
from loki_core.audit.signing import is_signed
from loki_core.audit.verdict import ProblemKind
from loki_core.frozen import dataclass

MOST_CERTIFICATES = 20_000
"""Days, which is fifty years: more in one file is no chain of keys but an attempt to wear us out."""
_MOST_TRIES = 2_000
"""Signatures that are tried with other periods' keys, over a whole verification."""


class Signer(Enum):
    """Whose signature something bears."""

    ITS_PERIOD = 1
    """The key of the period that it names."""
    OTHER_PERIOD = 2
    """A known key, but of another period."""
    NOBODY = 3
    """None of the known keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProblem:
    """A certificate that does not prove its key.

    Attributes:
        kind: `forged` or `wrong_period`.
        line: its line in `keys.jsonl`, from 1.
        period: the day that it is for, or "".
        message: what is wrong.
    """

    kind: ProblemKind
    line: int
    period: str
    message: str


class KeyChain:
    """The keys, by period.

    A key that is not proved is a problem, once: what it signed afterwards is taken as signed, so that later tampering
    is located all the same.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        """Check every certificate.

        Args:
            lines: the lines of `keys.jsonl`, without their ends; those that are no certificates are passed over.
        """
        self.problems: list[KeyProblem] = []
        self.first: Certificate | None = None
        self.newest: Certificate | None = None
        self._keys: dict[str, list[str]] = {}
        self._tries = _MOST_TRIES
        self.is_begun_anew = False
        """Whether the chain of keys begins anew somewhere, because a key was lost."""
        for line, data in enumerate(lines, 1):
            certificate = parse_certificate_line(data)
            if certificate is None:
                continue
            if line > MOST_CERTIFICATES:
                self._report(ProblemKind.FORGED, line, "", "there are more keys than days: the rest was not read")
                break
            self._add(line, certificate)

    def _add(self, line: int, certificate: Certificate) -> None:
        before, period = self.newest, certificate.period
        if before is not None and (certificate.number <= before.number or period < before.period):
            self._report(
                ProblemKind.FORGED, line, period, f"the certificate of the key of {period} is not in its place"
            )
            return  # that number, or that day, has its key already
        signed = certificate.get_signed_bytes()
        signer = certificate.public_key if before is None else before.public_key
        if not is_signed(signer, signed, certificate.signature):
            self._report(*self._judge(line, certificate, signed))
        self.first = self.first or certificate
        self.newest = certificate
        self._keys.setdefault(period, []).append(certificate.public_key)

    def _judge(self, line: int, certificate: Certificate, signed: bytes) -> tuple[ProblemKind, int, str, str]:
        period = certificate.period
        if self.newest is None:
            message = "the first certificate is not signed by its own key"
            return ProblemKind.FORGED, line, period, message
        if is_signed(certificate.public_key, signed, certificate.signature):
            self.is_begun_anew = True
            message = f"the key of {period} is not signed by the one before it: a new chain of keys was begun"
            return ProblemKind.FORGED, line, period, message
        if self._is_signed_by_another("", signed, certificate.signature):
            message = f"the key of {period} is signed by the key of another day than the one before it"
            return ProblemKind.WRONG_PERIOD, line, period, message
        return ProblemKind.FORGED, line, period, f"the key of {period} is not signed by any known key"

    def _report(self, kind: ProblemKind, line: int, period: str, message: str) -> None:
        self.problems.append(KeyProblem(kind=kind, line=line, period=period, message=message))

    @property
    def first_key(self) -> str:
        """The first public key (hex), or ""."""
        return self.first.public_key if self.first else ""

    def has_period(self, period: str) -> bool:
        """Tell whether there is a key of that day."""
        return period in self._keys

    def find_signer(self, period: str, signed: bytes, signature: str) -> Signer:
        """Tell whose signature it is.

        Args:
            period: the day that is named in what was signed.
            signed: what was signed.
            signature: the signature (hex).
        """
        if any(is_signed(key, signed, signature) for key in reversed(self._keys.get(period, []))):
            return Signer.ITS_PERIOD
        return Signer.OTHER_PERIOD if self._is_signed_by_another(period, signed, signature) else Signer.NOBODY

    def _is_signed_by_another(self, period: str, signed: bytes, signature: str) -> bool:
        """Tell whether another day's key signed it, as it stands or before it was given this day's name."""
        for other, keys in reversed(self._keys.items()):
            renamed = signed.replace(_name_period(period), _name_period(other))
            for key in keys if other != period else ():
                self._tries -= 1
                if self._tries < 0:
                    return False
                if is_signed(key, signed, signature) or is_signed(key, renamed, signature):
                    return True
        return False


def _name_period(period: str) -> bytes:
    return f'"period": "{period}"'.encode("ascii")
