from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loki_core.errors import ConfigurationError
from loki_core.settings.document import Node, parse_document
from loki_core.settings.keys import KEYS
from loki_core.settings.places import find_places
from loki_core.settings.reader import read_file
from loki_core.settings.safefile import SafeFile
from tests.core.settings.conftest import World

BOMB = "\n".join(["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"a: b: c", "1: not YAML"),
        (b"a: 1\n\tb: 2", "2: not YAML"),
        (b"a: [1", "not YAML"),
        (b"a: *x", "not YAML"),
        (b"%YAML 9.9\n---\na: 1", "not YAML"),
        (b"%YAML 99999999999999999999.1\n---\na: 1", "not YAML"),
        (b"a: 1\n---\nb: 2", "not YAML"),
        (b'a: "\\UFFFFFFFF"', "not YAML"),
        (b"a: \x00", "not YAML"),
        (b"a: \x1b[31m", "not YAML"),
        (b"a: 1\nb: \xff", "2: not UTF-8"),
        ("a: 1".encode("utf-16"), "1: not UTF-8"),
        (b"- a", "1: a list instead of a mapping"),
        (b"text", "1: text instead of a mapping"),
        (b"a: !!python/object/apply:os.system [x]", "1: a tag names a Python object"),
        (b"a: 1\nb:\n- !!python/name:os.system ''", "3: a tag names a Python object"),
        (b"!!python/object:x {a: 1}", "1: a tag names a Python object"),
        (b"!mine {a: 1}", "1: a value with a tag instead of a mapping"),
        (b"a: " + b"[" * 100, "1: nested more than 64 deep"),
        (b"a: [" + b"x, " * 60_000 + b"]", "1: too many values"),
    ],
)
def test_a_document_that_is_no_configuration_is_refused_with_its_line(world: World, data: bytes, what: str) -> None:
    world.write_home(data)
    assert world.fail().message.startswith(f"~/.loki/config.yaml:{what}") or (
        what == "not YAML" and "not YAML" in world.fail().message
    )


def test_an_alias_bomb_in_a_foreign_section_is_left_alone_unexpanded(world: World) -> None:
    world.write_home(f"{BOMB}\nserver: {{port: 81}}")
    assert world.load().server.port == 81


@pytest.mark.parametrize("section", ["server: *a29", "session: {command: *a29}", "session: {sinks: {x: *a29}}"])
def test_an_alias_bomb_in_our_sections_is_refused_unexpanded(world: World, section: str) -> None:
    world.write_home(f"{BOMB}\n{section}")
    assert world.fail().message.startswith("~/.loki/config.yaml:")


def test_an_alias_that_holds_itself_is_refused(world: World) -> None:
    for text in ("session: &a {sinks: {x: [*a]}}", "session: {command: &a [x, *a]}", "&a a: 1\nserver: &b {port: *b}"):
        world.write_home(text)
        world.fail()


@pytest.mark.parametrize("shape", ["'[' * 500_000", "'{a: ' * 200_000", "'- ' * 500_000", "'? ' * 500_000"])
def test_deep_nesting_does_not_crash_the_process(shape: str) -> None:
    program = (
        "from loki_core.settings.document import parse_document\nfrom loki_core.errors import ConfigurationError\n"
        f"try: parse_document(({shape}).encode(), 'x')\nexcept ConfigurationError as error: print(error.message)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "nested" in done.stdout


def test_without_the_c_parser_the_answers_are_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    world.write_home("enterprise: {tokens: {default_expiration_days: 3}}")
    assert world.load().tokens.default_expiration_days == 3
    world.write_home("a: b: c")
    assert "1: not YAML" in world.fail().message


def _read(data: bytes) -> None:
    places = find_places({}, find_places({}, _ROOT, _ROOT).directory, _ROOT)
    file = SafeFile(path=places.home_file, data=data, identity=(1, 1), mode=0o600, owner=0)
    try:
        read_file(file, "x", places.user_home)
    except ConfigurationError as error:
        assert str(error).isprintable()


_ROOT = find_places({"HOME": "/"}, __import__("pathlib").Path("/")).directory
_NAMES = sorted({part for key in KEYS for part in key.name.split(".")} | {"name", "scopes", "implies", "<<", "x"})
_PIECES = st.sampled_from(
    [
        *_NAMES,
        ": ",
        ":\n",
        "\n",
        "  ",
        "    ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "&a ",
        "*a",
        "!!int ",
        "!!python/x ",
        "? ",
    ]
    + [
        "'",
        '"',
        "|\n",
        ">\n",
        "~",
        "true",
        "3",
        "1.5",
        ".nan",
        "0x1",
        "2026-01-01",
        "=",
        "#",
        "%YAML 1.1\n",
        "---\n",
        "...",
    ]
    + [
        "\\",
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
        "\U0001f511",
        "1:30",
        "!<tag:yaml.org,2002:map> ",
        "!!set ",
        "!!binary ",
    ]
)


@given(st.lists(_PIECES, max_size=40).map("".join))
@settings(max_examples=1500, deadline=None)
def test_pieces_of_yaml_never_raise_a_foreign_exception(text: str) -> None:
    _read(text.encode())


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_bytes_never_raise_a_foreign_exception(data: bytes) -> None:
    _read(data)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES) | st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(KEYS), _VALUES)
@settings(max_examples=1500, deadline=None)
def test_any_value_under_any_key_is_read_or_refused(key: object, value: object) -> None:
    import yaml

    tree = value
    for part in reversed(key.name.split(".")):  # type: ignore[attr-defined]
        tree = {part: tree}
    _read(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "replace"))


@given(st.sampled_from(KEYS), st.text() | st.text(alphabet="0123456789.:/@[]-*, "))
@settings(max_examples=800, deadline=None)
def test_any_text_in_any_variable_is_read_or_refused(key: object, text: str) -> None:
    from loki_core.settings.reader import read_environment
    from loki_core.settings.values import Base

    for variable in key.variables:  # type: ignore[attr-defined]
        try:
            read_environment({variable.name: text}, Base(_ROOT, _ROOT))
        except ConfigurationError as error:
            assert str(error).isprintable()


def test_a_byte_order_mark_is_taken(world: World) -> None:
    assert isinstance(parse_document(b"\xef\xbb\xbfa: 1", "x"), Node)
