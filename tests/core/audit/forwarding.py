"""A log, a clock and a receiver in the test's hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loki_core.audit.file_log import FileLog
from loki_core.audit.seal_schedule import SealSchedule
from loki_core.audit.sealer import Sealer
from loki_core.audit.syslog_forwarder import SyslogForwarder
from loki_core.settings import SyslogSettings
from tests.core.audit.seals import make_entry
from tests.core.workshop import HandClock
from tests.support.syslog_messages import Message, read_message

TO = SyslogSettings(host="loghost", proto="tcp")


class Receiver:
    """Takes messages, unless it is told to fail.

    Attributes:
        batches: what it took, batch by batch.
        error: what it fails with.
        attempts: how often it was asked.
    """

    def __init__(self) -> None:
        self.batches: list[list[Message]] = []
        self.error: BaseException | None = None
        self.attempts = 0

    def __call__(self, messages: Sequence[bytes], to: SyslogSettings) -> None:
        self.attempts += 1
        if self.error is not None:
            raise self.error
        self.batches.append([read_message(message) for message in messages])

    @property
    def messages(self) -> list[Message]:
        return [message for batch in self.batches for message in batch]

    @property
    def names(self) -> list[str]:
        return [message.name for message in self.messages]

    @property
    def seqs(self) -> list[int]:
        return [message.seq for message in self.messages if "seq" in message.values]


class Bench:
    """A log, a clock and a receiver; each `forwarder` is that of a new process."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self.home, self.audit = home, home / "audit"
        self.clock = HandClock()
        self.receiver = Receiver()

    def forwarder(self, **options: Any) -> SyslogForwarder:
        given = {"clock": self.clock, "host": "here", "send": self.receiver, **options}
        return SyslogForwarder(str(self.audit), TO, **given)

    def forward(self, **options: Any) -> float | None:
        """Forward in a new process; return the pause, None when all is sent."""
        return self.forwarder(**options).forward().pause

    def write(self, count: int, *, sealed: bool = False, **options: float) -> None:
        """Append entries to the log."""
        sealing = {"sealing": SealSchedule(Sealer(str(self.home / "keys")), self.clock, user_id="os:alice")}
        log = FileLog(str(self.audit), clock=self.clock, **(sealing if sealed else {}), **options)  # type: ignore[arg-type]
        log.record_all([make_entry(self.clock()) for _ in range(count)], durable=False)
        log.close()
