from __future__ import annotations

import subprocess
import sys

import pytest

from loki_core.settings.document import Node, parse_document
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
    assert "nest" in done.stdout  # "nested more than …", or a word on nesting of the parser's own


def test_without_the_c_parser_the_answers_are_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    world.write_home("enterprise: {tokens: {default_expiration_days: 3}}")
    assert world.load().tokens.default_expiration_days == 3
    world.write_home("a: b: c")
    assert "1: not YAML" in world.fail().message
    world.write_home(f"a: b: loki_{'A' * 49}")  # this parser's errors quote the line
    assert "A" * 10 not in str(world.fail())


def test_a_byte_order_mark_is_taken(world: World) -> None:
    assert isinstance(parse_document(b"\xef\xbb\xbfa: 1", "x"), Node)
