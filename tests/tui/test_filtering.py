from datetime import timedelta

import pytest

from loki_core import Status
from loki_tui.filtering import parse_filter
from loki_tui.rows import build_rows
from loki_tui.token_fields import TOKEN_FIELDS
from tests.tui.samples import NOW, make_pair, make_token

ROWS = build_rows(
    [
        make_token("ci-bot", last_used=NOW),
        make_token("ci-nightly", status=Status.EXPIRING, expires_at=NOW + timedelta(days=3), role="viewer"),
        make_token("Grafana", owner="os:chandra", note="war room", scopes=("control",), expires_at=None),
        make_token("vendor:trial", status=Status.EXPIRED, owner=None, role="operator"),
        *make_pair("ci-deploy", old_used=NOW),
    ],
    NOW,
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["ci-bot", "ci-nightly", "Grafana", "vendor:trial", "ci-deploy"]),
        ("ci", ["ci-bot", "ci-nightly", "ci-deploy"]),
        ("CI NIGHT", ["ci-nightly"]),
        ("grafana", ["Grafana"]),
        ("war", ["Grafana"]),
        ("tok-00000000000a", ["ci-deploy"]),
        ("status:exp", ["ci-nightly", "vendor:trial"]),
        ("-status:active -status:exp", ["ci-deploy"]),
        ("owner:chandra", ["Grafana"]),
        ("owner:none", ["vendor:trial"]),
        ("role:viewer", ["ci-nightly"]),
        ("role:none ci", ["ci-bot", "ci-deploy"]),
        ("scope:write", ["Grafana"]),
        ("used:never name:n", ["ci-nightly", "Grafana", "vendor:trial"]),
        ("expires:never", ["Grafana"]),
        ("note:room", ["Grafana"]),
        ("needs:old", ["ci-deploy"]),
        ("id:00000000000b", ["ci-deploy"]),
        ("vendor:trial", ["vendor:trial"]),
        ("status:", ["ci-bot", "ci-nightly", "Grafana", "vendor:trial", "ci-deploy"]),
        ("nobody", []),
    ],
)
def test_words_and_terms_must_all_hold(text: str, names: list[str]) -> None:
    assert [row.token.name for row in parse_filter(text, TOKEN_FIELDS).select(ROWS)] == names
