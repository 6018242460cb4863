from loki_tui.idle_lock import IdleLock


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_due_after_the_minutes_without_a_touch() -> None:
    clock = Seconds()
    lock = IdleLock(15, clock=clock)
    clock.now = 899
    assert not lock.is_due()
    lock.touch()
    clock.now = 899 + 899
    assert not lock.is_due()
    clock.now = 899 + 900
    assert lock.is_due()


def test_while_locked_a_touch_is_not_enough_to_come_back() -> None:
    clock = Seconds()
    lock = IdleLock(1, clock=clock)
    clock.now = 60
    lock.lock()
    lock.touch()
    assert lock.is_locked
    assert not lock.is_due()
    lock.unlock()
    assert not lock.is_due()
    clock.now = 120
    assert lock.is_due()


def test_zero_minutes_never_lock() -> None:
    clock = Seconds()
    lock = IdleLock(0, clock=clock)
    clock.now = 1e9
    assert not lock.is_due()
