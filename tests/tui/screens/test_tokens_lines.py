from datetime import timedelta

import pytest

from loki_core import Status, StorageError
from loki_tui.actions import ACTIONS
from loki_tui.concerns import count_concerns
from loki_tui.rows import build_rows
from loki_tui.screens import tokens_lines as lines
from loki_tui.screens.list_lines import compose_footer, compose_tabs
from loki_tui.spans import Span, measure
from loki_tui.token_list import Reading
from tests.tui.samples import NOW, make_pair, make_token


def say(line: tuple[Span, ...] | list[Span]) -> str:
    return "".join(span.text for span in line).rstrip()


def read(*tokens: object) -> Reading:
    rows = build_rows(tokens, NOW)  # type: ignore[arg-type]
    return Reading(rows=rows, at=NOW, counts=count_concerns(row.concern for row in rows))


TROUBLED = read(
    make_token("a", status=Status.EXPIRING, expires_at=NOW + timedelta(days=3)),
    make_token("b", status=Status.EXPIRING, expires_at=NOW + timedelta(days=3)),
    make_token("c", status=Status.UNREADABLE),
    *make_pair(old_used=NOW),
)


def test_what_needs_somebody_is_counted_in_one_line_worst_first() -> None:
    told = say(lines.compose_attention(TROUBLED, 120))
    assert told.startswith(" ! 1 old secret still in use | 2 expire within 14 d | 1 record unreadable")
    assert told.endswith("w Walk")


def test_in_a_narrow_line_what_does_not_fit_is_counted() -> None:
    assert " +2 more" in say(lines.compose_attention(TROUBLED, 50))


def test_when_nothing_needs_somebody_it_says_so() -> None:
    assert say(lines.compose_attention(read(make_token()), 80)) == " nothing needs you today"


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_every_line_has_exactly_the_width_of_the_terminal(width: int) -> None:
    row = TROUBLED.rows[0]
    for line in (
        compose_tabs("tokens", ACTIONS, lines.count_states(TROUBLED), [Span("audit sealed #12")], width),
        lines.compose_attention(TROUBLED, width),
        lines.compose_shown(TROUBLED, 4, is_filtered=True, with_revoked=True, hint=True, width=width),
        lines.compose_status(TROUBLED, row, TROUBLED.rows, 2, silent_for=0, width=width),
        compose_footer(ACTIONS, width),
    ):
        assert measure(line) == width


def test_a_command_that_does_not_fit_is_not_cut_in_the_middle() -> None:
    (row,) = build_rows([make_token("n" * 90)], NOW)
    assert say(lines.compose_status(TROUBLED, row, (), 0, silent_for=0, width=80)).endswith("token show …")


def test_a_name_that_a_shell_would_take_apart_is_replaced_by_the_id() -> None:
    (row,) = build_rows([make_token("$(reboot) ; x")], NOW)
    assert lines.name_for_shell(row) == row.token.id
    (row,) = build_rows([make_token("-rf")], NOW)
    assert lines.name_for_shell(row) == row.token.id
    (row,) = build_rows([make_token("ci-bot")], NOW)
    assert lines.name_for_shell(row) == "ci-bot"


def test_a_store_that_does_not_answer_is_told_at_once() -> None:
    told = say(lines.compose_status(TROUBLED, None, (), 0, silent_for=5.4, width=80))
    assert told.startswith(" ! the store has not answered for 5 s")


def test_marked_tokens_that_the_filter_hides_are_counted() -> None:
    told = say(lines.compose_status(TROUBLED, None, TROUBLED.rows[:3], 2, silent_for=0, width=80))
    assert told.startswith(" 3 marked, 2 not shown")


def test_a_store_that_cannot_be_used_says_why_and_what_to_do() -> None:
    error = StorageError("the file is a symbolic link", remedy="replace it by the file it points to", code="symlink")
    told = "\n".join(say(line) for line in lines.compose_error("~/tokens.json", error, 80))
    for part in (
        error.message,
        error.remedy,
        "~/tokens.json",
        "Nothing was changed",
        "loki enterprise doctor",
        "symlink",
    ):
        assert part in told


def test_an_empty_store_offers_the_first_token_and_one_of_revoked_tokens_offers_to_show_them() -> None:
    empty = "\n".join(say(line) for line in lines.compose_empty("~/t.json", 0, "", 80))
    assert "No tokens yet" in empty
    assert "Enter or n" in empty
    assert "loki enterprise token generate" in empty
    buried = "\n".join(say(line) for line in lines.compose_empty("~/t.json", 3, "", 80))
    assert "3 revoked tokens are in ~/t.json" in buried
    refused = "\n".join(say(line) for line in lines.compose_empty("~/t.json", 0, "started with --read-only", 80))
    assert "off: started with --read-only" in refused
