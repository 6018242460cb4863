from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from loki_tui.spans import Span, clip, clip_middle, count_changed, fit, fit_line, join_ends, measure, take_while_fits

TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=40)


@given(TEXT, st.integers(0, 30))
def test_any_text_fits_any_width_exactly(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


@given(TEXT, st.integers(0, 30))
def test_a_clipped_text_is_never_wider_than_allowed(text: str, width: int) -> None:
    assert cell_len(clip(text, width)) <= width


def test_wide_letters_are_never_cut_in_half() -> None:
    assert fit("東京都", 4) == "東… "
    assert fit("東京都", 6) == "東京都"


@given(st.lists(TEXT, max_size=5), st.integers(1, 60))
def test_a_line_of_spans_has_exactly_the_width_asked_for(texts: list[str], width: int) -> None:
    assert measure(fit_line([Span(text) for text in texts], width)) == width


def test_a_path_keeps_its_end_when_it_is_cut() -> None:
    clipped = clip_middle("/srv/very/long/way/to/.loki/dashboard/tokens.json", 24)
    assert len(clipped) == 24
    assert clipped.endswith("tokens.json")


def test_the_right_part_gives_way_when_there_is_no_room_for_both() -> None:
    assert "".join(span.text for span in join_ends([Span("left")], [Span("right")], 12)) == "left   right"
    assert "".join(span.text for span in join_ends([Span("left")], [Span("right")], 9)) == "left     "


def test_only_whole_parts_are_taken() -> None:
    parts = [[Span("one")], [Span("two")], [Span("three")]]
    assert "".join(span.text for span in take_while_fits(parts, 9, separator=" | ")) == "one | two"


@given(TEXT, TEXT)
def test_painting_the_changed_cells_turns_one_line_into_the_other(before: str, after: str) -> None:
    old, new = fit_line([Span(before)], 50), fit_line([Span(after)], 50)
    cells = count_changed(old, new, 50)
    texts = ["".join(span.text for span in line) for line in (old, new)]
    if all(cell_len(text) == len(text) for text in texts):
        assert texts[1][:cells] + texts[0][cells:] == texts[1]
    else:
        assert cells in {0, 50}


def test_another_tone_is_a_change_too() -> None:
    assert count_changed([Span("a"), Span("b")], [Span("a", "warn"), Span("b")], 2) == 1
