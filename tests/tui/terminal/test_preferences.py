"""Preferences: what they say, and where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from loki_core.errors import ConfigurationError
from loki_tui.preferences import Preferences, get_preferences_path, load_preferences, parse_preferences
from tests.support.fresh_process import run_python


def test_a_missing_file_means_the_defaults(isolated_home: Path) -> None:
    preferences = load_preferences()
    assert preferences == Preferences()
    assert (preferences.theme, preferences.mouse, preferences.idle_lock_minutes) == (None, True, 15)
    assert dict(preferences.keys) == {}
    assert list(isolated_home.iterdir()) == []


def test_what_the_file_says_holds(isolated_home: Path) -> None:
    path = get_preferences_path()
    path.parent.mkdir(parents=True)
    path.write_text(
        "theme: nord\nmouse: off\nidle_lock_minutes: 0  # never\nkeys:\n  token.revoke: X\n  list.mark: [m, 1]\n"
        "  token.new: on\n"
    )
    preferences = load_preferences()
    assert (preferences.theme, preferences.mouse, preferences.idle_lock_minutes) == ("nord", False, 0)
    assert dict(preferences.keys) == {"token.revoke": "X", "list.mark": "m,1", "token.new": "on"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "keys:\n"])
def test_nothing_said_means_the_defaults(text: str) -> None:
    assert parse_preferences(text, "config.yaml") == Preferences()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mouse: true\nthemes: nord\n", "config.yaml:2: unknown key 'themes': did you mean theme?"),
        ("zzz: 1\n", "config.yaml:1: unknown key 'zzz': known are theme, mouse, idle_lock_minutes, keys"),
        ("theme: a\ntheme: b\n", "config.yaml:2: 'theme' is there twice: remove one"),
        ("theme: [a]\n", "config.yaml:1: wrong value: give the name of a theme"),
        ("theme:\n", "config.yaml:1: wrong value: give the name of a theme"),
        ("\nmouse: maybe\n", "config.yaml:2: wrong value: give true or false"),
        ("idle_lock_minutes: -1\n", "config.yaml:1: wrong value: give whole minutes"),
        ("idle_lock_minutes: 99999999999999999999\n", "config.yaml:1: wrong value: give whole minutes"),
        ("idle_lock_minutes: 1.5\n", "config.yaml:1: wrong value: give whole minutes"),
        ("keys: X\n", "config.yaml:1: wrong value: give keys and values"),
        ("keys:\n  a: {b: c}\n", "config.yaml:2: wrong value: give a key"),
        ("keys:\n  a: []\n", "config.yaml:2: wrong value: give a key"),
        ("- theme\n", "config.yaml:1: wrong value: give keys and values"),
        ("theme: 'open\n", "config.yaml:2: found unexpected end of stream"),
        ("theme: !!python/object/apply:os.system [id]\n", "config.yaml:1: wrong value"),
        ("theme: \x07\n", "config.yaml: not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_preferences(text, "config.yaml")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"theme: \xff\n", b"#" * ((1 << 20) + 1)])
def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"config\.yaml is"):
        load_preferences(path)


def test_a_directory_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        load_preferences(tmp_path)


def test_without_a_file_no_yaml_is_loaded(child_environ: dict[str, str]) -> None:
    code = """
        import sys
        from loki_tui.preferences import load_preferences
        load_preferences()
        print("yaml" in sys.modules)
    """
    assert run_python(code, env=child_environ).stdout == "False\n"
