from pathlib import Path

from loki_core import Status
from loki_tui.concerns import Concern
from loki_tui.demo import open_demo
from loki_tui.rows import build_rows
from tests.tui.samples import NOW


def test_the_demonstration_shows_every_state_and_something_of_every_kind_to_do() -> None:
    with open_demo(now=NOW) as loki:
        tokens = loki.tokens.list(include_revoked=True)
        rows = build_rows(tokens, NOW)
    assert {token.status for token in tokens} == set(Status) - {Status.LOCKED}
    assert {row.concern for row in rows} - {None} == set(Concern) - {Concern.LOCKED}
    assert len({token.owner for token in tokens}) > 3
    assert any(not token.name.isascii() for token in tokens)


def test_the_same_moment_always_gives_the_same_store() -> None:
    tokens = []
    for _ in range(2):
        with open_demo(now=NOW) as loki:
            tokens.append(loki.tokens.list(include_revoked=True))
    assert tokens[0] == tokens[1]


def test_its_store_is_private_and_goes_away() -> None:
    with open_demo(now=NOW) as loki:
        home = Path(loki.settings.dashboard).parents[1]
        assert home.stat().st_mode & 0o777 == 0o700
        assert home.name.startswith("loki-demo-")
    assert not home.exists()


def test_somebody_can_act_in_it() -> None:
    with open_demo() as loki:
        issued = loki.tokens.generate("mine", role="viewer")
        assert loki.authenticate(issued.secret.reveal()).name == "mine"
        assert any(entry.user_id == "os:alice" for entry in loki.tokens.history(issued.token.id))
