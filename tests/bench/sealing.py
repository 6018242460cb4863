"""How dear signing the log is: against the durable entries that it follows."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from loki_core.audit.file_log import FileLog
from loki_core.audit.seal_schedule import SealSchedule
from loki_core.audit.sealer import Sealer
from loki_core.background import BackgroundWriter
from loki_core.clock import read_system_clock
from loki_core.disk.directory import PrivateDirectory
from tests.bench.ratio import Ratio, compare
from tests.core.audit.seals import day, make_entry

LINES = 192
"""What is signed at once, when nothing was signed in the background."""
ENTRIES = 1_000


def measure() -> Iterator[Ratio]:
    """Yield the ratios of sealing."""
    with tempfile.TemporaryDirectory(prefix="loki-bench-") as place:
        home = Path(place)
        log = FileLog(str(home / "audit"))
        sealer = Sealer(str(home / "keys"))
        days = map(day, itertools.count(2))

        def append() -> None:
            log.record(make_entry())

        def append_and_seal() -> None:
            log.record_all([make_entry()] * LINES)
            with PrivateDirectory.open(str(home / "audit")) as directory:
                sealer.seal(directory, day(1))

        def append_many() -> None:
            log.record_all([make_entry()] * LINES)

        yield compare(
            f"{LINES} entries with their seal : the entries, durable", 5, append_and_seal, append_many, pairs=25
        )
        yield compare("an entry with its seal : an entry, durable", 5, _one_each(home, log, sealer), append, pairs=25)
        yield compare("beginning a day : an entry, durable", 15, _begin_days(home, log, sealer, days), append, pairs=25)
        yield from _measure_streams(home)


def _one_each(home: Path, log: FileLog, sealer: Sealer) -> Callable[[], None]:
    def append_and_seal() -> None:
        log.record(make_entry())
        with PrivateDirectory.open(str(home / "audit")) as directory:
            sealer.seal(directory, day(1))

    return append_and_seal


def _begin_days(home: Path, log: FileLog, sealer: Sealer, days: Iterator[datetime]) -> Callable[[], None]:
    def begin_day() -> None:
        at = next(days)
        with PrivateDirectory.open(str(home / "audit")) as directory:
            sealer.begin_period(directory, f"{at:%Y-%m-%d}", at)
        log.record(make_entry(at))

    return begin_day


def _measure_streams(home: Path) -> Iterator[Ratio]:
    """Yield what sealing costs who writes all the time."""
    background = BackgroundWriter()
    schedule = SealSchedule(
        Sealer(str(home / "sealed-keys")), read_system_clock, user_id="os:bench", later=background.submit_later
    )
    sealed = FileLog(str(home / "sealed"), sealing=schedule)
    bare = FileLog(str(home / "bare"))

    def write(log: FileLog, durable: bool) -> Callable[[], None]:
        def write_many() -> None:
            for _ in range(ENTRIES):
                log.record(make_entry(), durable=durable)

        return write_many

    for durable, words in ((True, "durable"), (False, "not durable")):
        name = f"{ENTRIES:,} entries, {words}, with seals : without"
        yield compare(name, 1.5 if durable else 10, write(sealed, durable), write(bare, durable), pairs=5)
    sealed.close()
    bare.close()
