from __future__ import annotations

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.geometry import Region

from loki_tui.spans import Span
from loki_tui.widgets.row_source import Column
from loki_tui.widgets.row_table import RowTable

COLUMNS = (Column(id="name", title="NAME", most=20), Column(id="age", title="AGE", width=8))


class Names:
    """Rows that are nothing but their names; it counts how many were ever formatted."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.formatted: set[int] = set()

    def __len__(self) -> int:
        return len(self.names)

    def key_at(self, index: int) -> str:
        return self.names[index]

    def find_index(self, key: str) -> int | None:
        return self.names.index(key) if key in self.names else None

    def cell_at(self, index: int, column: str) -> Span:
        self.formatted.add(index)
        return Span(self.names[index] if column == "name" else "1 d")


class TableApp(App[None]):
    """One table, and what it said."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.source = Names(names)
        self.table = RowTable(self.source, COLUMNS)
        self.chosen: list[str] = []
        self.painted: list[Region] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.rows_changed()
        self.table.focus()

    def on_row_table_chosen(self, event: RowTable.Chosen) -> None:
        self.chosen.append(event.key)

    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


def number(count: int) -> list[str]:
    return [f"row-{index:06}" for index in range(count)]


async def test_a_hundred_thousand_rows_cost_only_the_visible_ones() -> None:
    app = TableApp(number(100_000))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("G", "g", "pagedown")
        assert len(app.source.formatted) < 60


async def test_a_cursor_move_paints_two_lines() -> None:
    app = TableApp(number(50))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.table._exchange_repaint_regions()
        app.table.move_cursor(1)
        assert {region.y for region in app.table._exchange_repaint_regions()} == {0, 1}
        await pilot.pause()
        assert app.lines()[0].startswith("   row-000000")
        assert app.lines()[1].startswith(">  row-000001")


async def test_the_keys_move_the_cursor_and_the_view_follows() -> None:
    app = TableApp(number(50))
    async with app.run_test(size=(40, 10)) as pilot:
        for keys, cursor in (
            (("j", "down"), 2),
            (("k", "up", "up"), 0),
            (("G",), 49),
            (("pageup",), 40),
            (("home",), 0),
            (("end",), 49),
            (("g",), 0),
            (("pagedown", "ctrl+f"), 18),
        ):
            await pilot.press(*keys)
            assert app.table.cursor == cursor
            assert any(line.startswith(">") and f"{cursor:06}" in line for line in app.lines())


async def test_changed_rows_leave_the_cursor_on_its_row_and_that_row_on_its_line() -> None:
    app = TableApp(number(50))
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.move_cursor(30)
        app.table.move_cursor(27)
        await pilot.pause()
        line = app.table.cursor - app.table.scroll_offset.y
        app.source.names = ["new-1", "new-2", *app.source.names]
        app.table.rows_changed()
        await pilot.pause()
        assert app.table.cursor_key == "row-000027"
        assert app.table.cursor - app.table.scroll_offset.y == line
        assert app.lines()[line].startswith(">  row-000027")


async def test_at_the_top_new_rows_are_seen_without_moving_the_view() -> None:
    app = TableApp(number(50))
    async with app.run_test(size=(40, 10)) as pilot:
        app.source.names = ["new", *app.source.names]
        app.table.rows_changed()
        await pilot.pause()
        assert app.lines()[0].startswith("   new")
        assert app.table.cursor_key == "row-000000"


async def test_when_its_row_goes_the_cursor_stays_where_it_was() -> None:
    app = TableApp(number(5))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("j", "j")
        del app.source.names[2]
        app.table.rows_changed()
        assert app.table.cursor_key == "row-000003"
        app.source.names = []
        app.table.rows_changed()
        assert app.table.cursor_key is None
        await pilot.press("j", "k", "G", "pagedown")


async def test_a_click_moves_the_cursor_in_the_gutter_it_marks_and_twice_it_chooses() -> None:
    app = TableApp(number(50))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.click(RowTable, offset=(10, 4))
        assert app.table.cursor == 4
        await pilot.click(RowTable, offset=(1, 6))
        assert app.table.marks == {"row-000006"}
        assert app.lines()[6].startswith(">* row-000006")
        await pilot.double_click(RowTable, offset=(10, 3))
        assert app.chosen == ["row-000003"]
        await pilot.click(RowTable, offset=(10, 9))
        assert app.table.cursor == 9


async def test_marks_outlive_rows_that_are_not_shown() -> None:
    app = TableApp(number(5))
    async with app.run_test(size=(40, 10)):
        app.table.toggle_mark()
        app.table.toggle_mark()
        app.source.names = number(5)[3:]
        app.table.rows_changed()
        assert app.table.marks == {"row-000000", "row-000001"}


async def test_a_smaller_terminal_keeps_the_cursor_in_sight() -> None:
    app = TableApp(number(50))
    async with app.run_test(size=(40, 20)) as pilot:
        app.table.move_cursor(19)
        await pilot.resize_terminal(40, 8)
        await pilot.pause()
        assert any(line.startswith(">  row-000019") for line in app.lines())


async def test_the_scroll_bar_does_not_cover_the_last_column() -> None:
    app = TableApp(number(50))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        width = app.table.scrollable_content_region.width
        assert sum(cells for _, cells in app.table.find_layout(width)) + 3 == width
