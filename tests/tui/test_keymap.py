from pathlib import Path

from loki_tui.actions import ACTIONS
from loki_tui.keymap import bind_actions, find_clashes, remap_actions, write_table

DOCS = Path(__file__).parents[2] / "docs" / "keys.md"


def test_our_own_keys_do_not_clash() -> None:
    assert find_clashes({}) == ()


def test_ids_are_unique_and_every_action_says_what_it_does() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert all(action.help and action.label for action in ACTIONS)


def test_a_user_can_give_an_action_other_keys() -> None:
    (revoke,) = [action for action in remap_actions({"token.revoke": "X,delete"}) if action.id == "token.revoke"]
    assert revoke.shown_keys == "X or delete"
    bindings = bind_actions([revoke], "tokens")
    assert [(binding.key, binding.id) for binding in bindings] == [("X,delete", "token.revoke")]


def test_two_actions_on_one_key_and_unknown_ids_are_reported_by_name() -> None:
    told = [clash.message for clash in find_clashes({"token.revoke": "n", "token.frobnicate": "z"})]
    assert told == ["no action is called 'token.frobnicate'", "n is given to token.new and token.revoke"]


def test_a_key_may_mean_something_else_on_another_screen_but_nothing_else_on_its_own() -> None:
    assert find_clashes({"token.why": "w"})[0].message == "w is given to token.why and list.walk"
    assert find_clashes({"token.why": "j"})[0].message == "j is given to token.why and table.down"
    assert find_clashes({"place.tokens": "y"})[0].message == "y is given to token.why and place.tokens"


def test_keys_that_terminals_eat_have_a_plain_second_key() -> None:
    for action in ACTIONS:
        keys = action.keys.split(",")
        assert any(not key.startswith("ctrl+") for key in keys), action.id


def test_the_docs_list_the_keys_that_there_are() -> None:
    assert write_table() in DOCS.read_text()
