"""What verifying the log is asked with, and where else something is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from loki_core.frozen import dataclass

if TYPE_CHECKING:
    from loki_core.audit.verifying.evidence import Testimony


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """What whoever wants a log verified has to say.

    Attributes:
        stored_head: the newest head that the token store knows, or None.
        noted: what somebody noted of the log.
        progress: is called for every 64 KiB with the bytes that were read, and with all; or None.
        is_cancelled: is asked as often; True ends verifying.
    """

    stored_head: Mapping[str, Any] | None = None
    noted: tuple[Testimony, ...] = ()
    progress: Callable[[int, int], None] | None = None
    is_cancelled: Callable[[], bool] | None = None


NO_REQUEST = VerifyRequest()


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessPaths:
    """Where copies of heads are, or "".

    Attributes:
        keys: the directory of the private key.
        second_sink: the file to which each head is appended as well.
    """

    keys: str = ""
    second_sink: str = ""


NO_WITNESSES = WitnessPaths()
