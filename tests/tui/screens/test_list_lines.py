from dataclasses import replace

import pytest

from loki_tui.actions import ACTIONS
from loki_tui.screens import list_lines as lines
from loki_tui.spans import Span, measure

TOKENS = [action for action in ACTIONS if action.works_on("tokens")]


def say(line: tuple[Span, ...] | list[Span]) -> str:
    return "".join(span.text for span in line).rstrip()


def test_the_keys_for_help_and_for_leaving_are_there_at_any_width() -> None:
    assert say(lines.compose_footer(TOKENS, 80)).endswith("? Keys  q Quit")
    assert say(lines.compose_footer(TOKENS, 40)).endswith("? Keys  q Quit")
    assert "Revoke" not in say(lines.compose_footer(TOKENS, 40))


def test_actions_that_are_off_are_named_and_not_offered() -> None:
    off = [replace(action, refusal="no") if action.changes else action for action in TOKENS]
    told = say(lines.compose_footer(off, 100))
    assert "off: n r x d e" in told
    assert "Revoke" not in told


def test_what_is_to_be_known_everywhere_stays_when_the_counts_give_way() -> None:
    counts = [[Span("17 active")], [Span("2 expiring")], [Span("1 rotating")]]
    wide = lines.compose_tabs("tokens", ACTIONS, counts, [Span("audit sealed #12")], 100)
    assert say(wide).endswith("17 active  2 expiring  1 rotating  audit sealed #12")
    narrow = lines.compose_tabs("tokens", ACTIONS, counts, [Span("audit sealed #12")], 56)
    assert say(narrow).endswith("audit sealed #12")
    assert "active" not in say(narrow)


def test_the_tabs_name_the_keys_that_lead_to_them() -> None:
    given = [replace(action, keys="f1") if action.id == "place.tokens" else action for action in ACTIONS]
    assert say(lines.compose_tabs("tokens", given, (), (), 80)).startswith(" f1 Tokens")


LONG, SHORT = f"headless: {'x' * 40}", "headless: x …"


@pytest.mark.parametrize(("width", "form"), [(15, ""), (40, SHORT), (80, LONG)])
def test_a_command_is_shown_in_the_first_form_that_fits_whole(width: int, form: str) -> None:
    line = lines.end_with_command([Span(" live")], (LONG, SHORT), width)
    assert measure(line) == width
    assert say(line).removeprefix(" live").strip() == form
