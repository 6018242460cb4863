from datetime import timedelta

from loki_core import AuditEvent
from loki_tui.audit.failures import RecentFailures, find_failure
from tests.tui.audit_samples import make_entry, make_failure, make_line
from tests.tui.samples import NOW


def collect(*entries: object) -> RecentFailures:
    recent = RecentFailures()
    recent.add(failure for entry in entries if (failure := find_failure(make_line(entry))) is not None)  # type: ignore[arg-type]
    return recent


def test_failed_sign_ins_are_counted_by_code_and_by_address_the_worst_first() -> None:
    recent = collect(
        *[make_failure()] * 5,
        *[make_failure("token_expired", "10.0.0.1")] * 2,
        make_failure("token_malformed", ""),
        make_entry(AuditEvent.OIDC_FAIL, success=False, error="invalid_token", ip_address="10.0.0.1"),
    )
    assert recent.describe(NOW) == (
        "9 failed sign-ins in 1 h",
        "5 from 203.0.113.9",
        "5 token_unknown",
        "2 token_expired",
        "1 token_malformed",
        "3 from 10.0.0.1",
    )


def test_one_entry_that_counts_many_counts_as_many() -> None:
    details = {"count": 940, "by_code": {"token_unknown": 900, "token_expired": 40}}
    recent = collect(make_failure(), make_failure("many", "", details=details))
    assert recent.describe(NOW)[:2] == ("941 failed sign-ins in 1 h", "940 from this host")


def test_after_an_hour_they_are_forgotten_and_what_is_no_sign_in_never_counts() -> None:
    denied = make_entry(AuditEvent.PERMISSION_DENIED, success=False, error="insufficient_scope")
    recent = collect(make_failure(timestamp=NOW - timedelta(minutes=59)), denied, make_entry())
    assert recent.describe(NOW)[0] == "1 failed sign-in in 1 h"
    assert recent.describe(NOW + timedelta(minutes=2)) == ()


def test_hostile_codes_and_addresses_are_text() -> None:
    told = " ".join(collect(make_failure("\x1b[31mx", "\u202e10.0.0.1")).describe(NOW))
    assert "\x1b" not in told
    assert "\u202e" not in told
