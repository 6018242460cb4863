from datetime import timedelta

import pytest

from loki_core import AuditEvent
from loki_tui.audit import entries as module
from loki_tui.audit.command import find_options
from loki_tui.audit.entries import EntryList
from tests.tui.audit_samples import make_entry, make_failure, make_row
from tests.tui.samples import NOW

CREATE = make_entry(
    AuditEvent.TOKEN_CREATE,
    resource_id="tok-000000000001",
    details={"name": "ci-bot", "role": "viewer", "claimed": {"SUDO_USER": "mallory"}},
)
USE = make_entry(
    user_id="tok-000000000001", token_id="tok-000000000001", ip_address="10.2.0.14", user_agent="Grafana/11"
)
EXPIRED = make_failure("token_expired", user_id="tok-000000000002", token_id="tok-000000000002", resource_id="")
PEER = make_entry("delete", user_id="unknown", resource_type="project", resource_id="p-1")
RECOVER = make_entry(
    AuditEvent.RECOVER, user_id="os:bo", resource_type="audit", resource_id="", error="truncated", success=False
)
ENTRIES = {"create": CREATE, "use": USE, "unknown": make_failure(), "expired": EXPIRED, "peer": PEER, "cut": RECOVER}


def list_entries() -> EntryList:
    entries = EntryList(NOW)
    entries.begin([make_row(entry, -number) for number, entry in enumerate(ENTRIES.values())])
    entries.names.update({"tok-000000000001": "ci-bot", "tok-000000000002": "Release-Signer"})
    return entries


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "create use unknown expired peer cut"),
        ("event:auth.fail", "unknown expired"),
        ("-event:auth.fail -event:delete", "create use cut"),
        ("event:token", "create use"),
        ("actor:os:alice", "create"),
        ("actor:ci-bot", "use"),
        ("actor:release", "expired"),
        ("token:ci-bot", "create use"),
        ("token:tok-000000000002", "expired"),
        ("-token:ci-bot outcome:ok", "peer"),
        ("outcome:failed", "unknown expired cut"),
        ("outcome:token_e", "expired"),
        ("outcome:failed -outcome:token_unknown", "expired cut"),
        ("from:10.2", "use"),
        ("from:local event:create", "create"),
        ("level:error", "cut"),
        ("level:warning", "unknown expired cut"),
        ("event:auth.fail actor:os:alice token:ci-bot outcome:failed", ""),
        ("grafana", "use"),
        ("MALLORY", "create"),
        ("viewer ci", "create"),
        ("p-1", "peer"),
        ("nothing:like:a:term", ""),
        ("event:", "create use unknown expired peer cut"),
    ],
)
def test_words_and_terms_must_all_hold(text: str, names: str) -> None:
    entries = list_entries()
    entries.show_matches(text)
    shown = [list(ENTRIES)[-entries.row_at(index).number] for index in range(len(entries))]
    assert shown == names.split()
    assert entries.is_filtered is bool(text and text != "event:")


def test_new_entries_come_on_top_older_ones_at_the_end_and_each_is_found_again() -> None:
    entries = list_entries()
    entries.add_new([make_row(USE, 2), make_row(CREATE, 1)])
    entries.add_older([make_row(USE, -6), make_row(USE, -7)])
    assert [int(entries.key_at(index)) for index in range(len(entries))] == [2, 1, 0, -1, -2, -3, -4, -5, -6, -7]
    for index in range(len(entries)):
        assert entries.find_index(entries.key_at(index)) == index
    assert entries.find_index("3") is None
    entries.show_matches("event:create")
    assert [int(entries.key_at(index)) for index in range(len(entries))] == [1, 0]
    assert entries.find_index("2") is None
    assert entries.find_index("0") == 1


def test_while_paused_new_entries_are_counted_and_come_all_at_once_afterwards() -> None:
    entries = list_entries()
    entries.pause(True)
    entries.add_new([make_row(USE, 1)])
    entries.add_new([make_row(USE, 3), make_row(USE, 2)])
    assert (entries.held, entries.total) == (3, 6)
    entries.pause(False)
    assert (entries.held, entries.total) == (0, 9)
    assert [entries.row_at(index).number for index in range(4)] == [3, 2, 1, 0]


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 6)
    entries = list_entries()
    entries.show_matches("event:auth.fail")
    entries.add_new([make_row(make_failure(), 2), make_row(USE, 1)])
    assert entries.total == 6
    assert entries.is_full
    assert [entries.row_at(index).number for index in range(len(entries))] == [2, -2, -3]


def test_w_finds_what_needs_a_look_and_begins_again_at_the_top() -> None:
    entries = list_entries()
    assert entries.find_troubling(0) == 2
    assert entries.find_troubling(3) == 5
    assert entries.find_troubling(5) == 2
    entries.show_matches("outcome:ok")
    assert entries.find_troubling(0) is None


def test_the_same_line_read_anew_is_recognised() -> None:
    entries = list_entries()
    before = make_row(USE, 12_345)
    twin = entries.find_twin(before)
    assert twin is not None
    assert twin.number == -1
    assert entries.find_twin(make_row(USE, seq=8)) is None
    assert entries.find_twin(None) is None


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("time", ["13:57:11"] * 2),
        ("event", ["auth.token.create", "auth.fail"]),
        ("deed", ["token.create", "fail"]),
        ("actor", ["os:alice", "anonymous"]),
        ("about", ["ci-bot", "203.0.113.9"]),
        ("what", ["ci-bot", "-"]),
        ("address", ["this host", "203.0.113.9"]),
        ("seq", ["7", "7"]),
        ("outcome", ["ok", "token_unknown !"]),
    ],
)
def test_the_columns_say_when_what_who_where_and_how_it_ended(column: str, told: list[str]) -> None:
    entries = list_entries()
    assert [entries.cell_at(index, column).text for index in (0, 2)] == told


def test_other_days_are_named_and_tokens_are_called_by_their_names() -> None:
    entries = EntryList(NOW)
    rows = [make_row(make_entry(timestamp=NOW - timedelta(days=days)), -days) for days in (1, 400)]
    entries.begin(rows)
    entries.names["tok-000000000001"] = "ci-bot"
    assert [entries.cell_at(index, "time").text for index in (0, 1)] == ["22 Nov 14:02", "19 Oct 2025"]
    assert entries.cell_at(0, "about").text == "ci-bot"


@pytest.mark.parametrize(
    ("text", "options", "is_all"),
    [
        ("", "", True),
        ("outcome:failed", "--failed", True),
        ("event:auth.token level:notice", "--event auth.token --level notice", True),
        ("actor:os:alice", "--actor os:alice", True),
        ("actor:alice", "--actor alice", True),
        ("token:ci-bot two words", "--text two --token ci-bot", False),
        ("actor:ali", "", False),
        ("-event:auth.fail", "", False),
        ("event:auth.fai", "", False),
        ("it's", '--text "it\'s"', True),
    ],
)
def test_the_command_says_what_the_filter_does_or_that_it_does_not(text: str, options: str, is_all: bool) -> None:
    entries = list_entries()
    told, whole = find_options(text, entries.row_at(0), entries.names)
    assert (told.replace("'it'\"'\"'s'", '"it\'s"'), whole) == (options, is_all)
