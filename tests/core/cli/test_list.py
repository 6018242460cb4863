"""`token list`: what it shows, in which order, and how: columns in a pipe, a table in a terminal, JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loki_core.cli.columns import Column, format_columns
from loki_core.cli.table import fit_widths, format_table
from tests.core.cli.program import Program
from tests.support.fixtures import StartPty

KEYS = [
    "id",
    "name",
    "scopes",
    "effective_scopes",
    "role",
    "owner",
    "status",
    "created_at",
    "expires_at",
    "last_used",
    "revoked",
    "revoked_at",
]


def _write_store(loki: Program, *records: dict[str, Any]) -> None:
    """A store as another writer leaves it: ages, states and names that we would not make."""
    tokens = {}
    for number, record in enumerate(records):
        token_id = f"tok-{number:012x}"
        tokens[token_id] = {
            "id": token_id,
            "name": f"bot-{number}",
            "hash": f"{number:064x}",
            "scopes": ["read"],
            "created_at": _ago(days=100),
            "expires_at": None,
            "last_used": None,
            "revoked": False,
            **record,
        }
    loki.store.parent.mkdir(mode=0o700, parents=True)
    loki.store.write_text(json.dumps({"version": "1.0", "tokens": tokens}))
    loki.store.chmod(0o600)


def _ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def _names(answer: str) -> list[str]:
    return [token["name"] for token in json.loads(answer)]


@pytest.fixture
def mixed(loki: Program) -> Program:
    """A store with a token in most states."""
    _write_store(
        loki,
        {"name": "ended", "expires_at": _ago(days=1), "created_at": _ago(days=30)},
        {"name": "ending", "expires_at": _ago(days=-5), "created_at": _ago(days=200), "last_used": _ago(days=1)},
        {"name": "fresh", "created_at": _ago(hours=1), "expires_at": _ago(days=-90), "owner": "os:alice"},
        {"name": "gone", "revoked": True, "revoked_at": _ago(days=2)},
        {"name": "idle", "created_at": _ago(days=300), "last_used": _ago(days=120)},
        {"name": "odd", "scopes": "read"},
    )
    return loki


def test_json_is_an_array_of_the_fields_in_their_order(loki: Program) -> None:
    issued = loki.do("token generate ci-bot --scopes write --json").json
    assert list(issued) == [*KEYS, "token"]
    (listed,) = loki.do("token list --json").json
    assert list(listed) == KEYS
    assert listed == {key: issued[key] for key in KEYS}
    assert listed["scopes"] == ["write"]
    assert listed["effective_scopes"] == ["write", "read"]
    assert listed["status"] == "active"
    assert datetime.fromisoformat(listed["created_at"]).utcoffset() == timedelta(0)


def test_an_empty_store_lists_nothing_and_is_not_made(loki: Program) -> None:
    assert loki.do("token list --json").out == "[]\n"
    assert loki.do("token list").out.split() == ["ID", "NAME", "STATUS", "SCOPES", "EXPIRES", "LAST", "USED", "OWNER"]
    assert list(loki.home.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("", ["ended", "ending", "fresh", "idle", "odd"]),
        ("--all", ["ended", "ending", "fresh", "gone", "idle", "odd"]),
        ("--status expired,revoked", ["ended", "gone"]),
        ("--status unreadable", ["odd"]),
        ("--owner os:alice", ["fresh"]),
        ("--query ING", ["ending"]),
        ("--expiring 14d", ["ending"]),
        ("--expiring 2w", ["ending"]),
        ("--expiring 36h", []),
        ("--unused 90d", ["idle"]),
        ("--sort name", ["ended", "ending", "fresh", "idle", "odd"]),
        ("--sort used --status active,expiring", ["fresh", "idle", "ending"]),
        ("--sort expires --status active,expiring", ["ending", "fresh", "idle"]),
        ("--sort created --status active,expiring", ["fresh", "ending", "idle"]),
        ("--sort status --all", ["fresh", "idle", "ending", "ended", "gone", "odd"]),
    ],
)
def test_filters_and_orders(mixed: Program, options: str, names: list[str]) -> None:
    assert _names(mixed.do(f"token list {options} --json").out) == names


def test_exit_code_tells_cron_that_something_is_listed(mixed: Program) -> None:
    assert mixed("token list --expiring 14d --exit-code").status == 1
    assert mixed("token list --expiring 1d --exit-code").status == 0
    assert mixed("token list --expiring 14d").status == 0


def test_in_a_pipe_columns_are_aligned_plain_and_whole(loki: Program) -> None:
    long_name = "a-very-long-name-" * 12
    loki.do(f"token generate {long_name}")
    loki.do("token generate 'mit Leerzeichen äöü 中文'")
    out = loki.do("token list").out
    heading, first, second = out.splitlines()
    assert heading.startswith("ID                NAME")
    assert long_name in first
    assert "mit Leerzeichen äöü 中文" in second
    assert "\x1b" not in out
    assert first.split()[2:4] == ["active", "read"]
    assert first.index("active") == heading.index("STATUS")
    # The two wide characters take a column more each than they count.
    assert second.index("active") == heading.index("STATUS") - 2


def test_no_name_moves_the_cursor_or_turns_the_text(loki: Program, start_pty: StartPty) -> None:
    evil = "x\x1b[2J\x1b]52;c;AAAA\x07\u202ecod\r\n\x9b31m[red]\U000e0041"
    _write_store(loki, {"name": evil, "owner": evil, "scopes": [evil]}, {"name": "[bold]markup[/bold]"})
    for line in (
        "token list",
        "token list --json",
        "token show tok-000000000000",
        "token show tok-000000000000 --json",
    ):
        out = loki.do(line).out
        assert all(character.isprintable() or character == "\n" for character in out), line
    terminal = start_pty([*loki.argv, "enterprise", "token", "list"], columns=200)
    terminal.wait()
    assert b"\x1b[2J" not in terminal.raw
    assert b"\x1b]52" not in terminal.raw
    assert "[bold]markup[/bold]" in terminal.text
    revoked = loki("token revoke tok-000000000000")
    assert (revoked.status, revoked.out[:-1].isprintable()) == (0, True)


def test_in_a_terminal_no_line_is_wider_than_the_screen(loki: Program, start_pty: StartPty) -> None:
    loki.do(f"token generate {'long-' * 40} --scopes 'control,write,read,audit'")
    loki.do("token generate 中文中文中文中文中文中文中文中文中文中文中文中文中文中文中文中文")
    for columns in (60, 80, 130, 200):
        terminal = start_pty([*loki.argv, "enterprise", "token", "list"], columns=columns)
        assert terminal.wait() == 0
        lines = terminal.text.rstrip("\n").split("\n")
        assert [line.split()[0] for line in lines] == ["ID", *loki.records], columns
        assert all("active" in line for line in lines[1:])
        assert "…" in lines[1]


def test_colours_are_for_terminals_and_not_with_no_color(loki: Program, start_pty: StartPty) -> None:
    loki.do("token generate ci-bot")
    argv = [*loki.argv, "enterprise", "token", "list"]
    coloured = start_pty(argv)
    coloured.wait()
    assert re.search(rb"\x1b\[[0-9;]*32m", coloured.raw)
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain = start_pty(argv, env=env)
        plain.wait()
        assert not re.search(rb"\x1b\[[0-9;]*3[0-9]m", plain.raw), env
        assert "ci-bot" in plain.text


def test_an_empty_store_in_a_terminal_says_what_to_do(loki: Program, start_pty: StartPty) -> None:
    terminal = start_pty([*loki.argv, "enterprise", "token", "list"])
    assert terminal.wait() == 0
    assert "No tokens. Make one: loki enterprise token generate NAME" in terminal.text


def test_show_tells_everything_about_one_token(loki: Program) -> None:
    issued = loki.do("token generate ci-bot --role operator --note 'the nightly build'")
    loki.do("token verify", stdin=issued.secret)
    shown = loki.do("token show ci-bot").out
    for line in ("Name: ci-bot", f"ID: {issued.token_id}", "Status: active", "Scopes: control, read, write"):
        assert f"{line}\n" in shown
    assert "Role: operator\n" in shown
    assert "Note: the nightly build\n" in shown
    assert "Used from: this host loki enterprise, last " in shown
    as_json = loki.do(f"token show {issued.token_id} --json").json
    assert list(as_json)[: len(KEYS)] == KEYS
    assert as_json["note"] == "the nightly build"
    assert as_json["last_used"] is not None


def test_columns_give_way_longest_first_and_never_below_their_least() -> None:
    assert fit_widths([16, 40, 20], [0, 8, 8], 60) == [16, 24, 20]
    assert fit_widths([16, 40, 20], [0, 8, 8], 20) == [16, 8, 8]
    assert fit_widths([16, 4, 2], [0, 8, 8], 5) == [16, 4, 2]


def test_columns_without_rows_are_their_headings() -> None:
    assert format_columns(["ID", "NAME"], []) == "ID  NAME\n"
    assert format_table((Column("ID"),), [], screen=40).strip().endswith("ID\x1b[0m")
