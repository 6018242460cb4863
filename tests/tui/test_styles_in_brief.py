import re

from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.style import Style

from loki_tui.styles_in_brief import abbreviate_styles

COLOURS = st.sampled_from(["#e0e0e0", "#121212", "red", "bright_blue", "default", "color(120)", None])
STYLES = st.builds(
    Style, color=COLOURS, bgcolor=COLOURS, bold=st.booleans(), underline=st.booleans(), reverse=st.booleans()
)
PIECES = st.lists(
    st.tuples(st.text(st.sampled_from("ab \n"), min_size=1, max_size=4), STYLES, st.booleans()), max_size=12
)
_TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|(.)", re.DOTALL)


def interpret(frame: str) -> list[tuple[str, tuple[str, str, frozenset[str]]]]:
    """Return every character and movement with the style that a terminal would give it."""
    shown: list[tuple[str, tuple[str, str, frozenset[str]]]] = []
    fg, bg, attributes = "", "", set[str]()
    for parameters, final, text in _TOKEN.findall(frame):
        if final == "m":
            codes = (parameters or "0").split(";")
            while codes:
                code = codes.pop(0)
                if code == "0":
                    fg, bg, attributes = "", "", set()
                elif code in ("38", "48"):
                    count = 4 if codes[0] == "2" else 2
                    colour = ";".join(codes[:count])
                    del codes[:count]
                    fg, bg = (colour, bg) if code == "38" else (fg, colour)
                elif code in ("39", "49"):
                    fg, bg = ("", bg) if code == "39" else (fg, "")
                elif 30 <= int(code) <= 37 or 90 <= int(code) <= 97:
                    fg = code
                elif 40 <= int(code) <= 47 or 100 <= int(code) <= 107:
                    bg = code
                else:
                    attributes.add(code)
        elif final:
            # Erasing takes the background's colour; moving takes none.
            shown.append(
                (parameters + final, (fg, bg, frozenset(attributes)) if final in "JK" else ("", "", frozenset()))
            )
        elif text not in "\r\n":
            shown.append((text, (fg, bg, frozenset(attributes))))
    assert (fg, bg, attributes) == ("", "", set())
    return shown


def render(pieces: list[tuple[str, Style, bool]]) -> str:
    return "".join(
        ("\x1b[4;7H" if moves else "") + style.render(text, color_system=ColorSystem.TRUECOLOR)
        for text, style, moves in pieces
    )


@given(PIECES)
def test_every_character_keeps_its_colours_and_attributes(pieces: list[tuple[str, Style, bool]]) -> None:
    frame = render(pieces)
    assert interpret(abbreviate_styles(frame)) == interpret(frame)


@given(PIECES)
def test_no_frame_gets_longer(pieces: list[tuple[str, Style, bool]]) -> None:
    frame = render(pieces)
    assert len(abbreviate_styles(frame)) <= len(frame)


def test_a_line_is_erased_in_the_colour_it_was_to_be_erased_in() -> None:
    frame = "\x1b[1;31ma\x1b[0m\x1b[2Kb\x1b[32mc\x1b[0m"
    assert interpret(abbreviate_styles(frame)) == interpret(frame)


def test_what_is_not_understood_is_left_as_it_is() -> None:
    for frame in ("\x1b[38;9;1ma\x1b[0mb\x1b[31mc\x1b[0m", "\x1b[31ma\x1b[1mb\x1b[0m", "plain", "\x1b]0;title\x07"):
        assert abbreviate_styles(frame) == frame
