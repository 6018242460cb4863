"""Whatever stands in a file or a variable, the answer is a value or an error of ours."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from loki_core.errors import ConfigurationError
from loki_core.settings.assembly import build_settings
from loki_core.settings.keys import KEYS, Key
from loki_core.settings.layers import Rank
from loki_core.settings.places import find_places
from loki_core.settings.reader import read_environment, read_file
from loki_core.settings.safefile import SafeFile
from loki_core.settings.values import Base
from loki_core.text import safe_text

ROOT = Path("/")
PLACES = find_places({}, ROOT, ROOT)


def read(data: bytes) -> None:
    file = SafeFile(path=ROOT / "config.yaml", data=data, identity=(1, 1), mode=0o600, owner=0)
    try:
        found = read_file(file, "config.yaml", ROOT)
        build_settings(PLACES, [(Rank.HOME, found)])
    except ConfigurationError as error:
        check_error(error)


def check_error(error: ConfigurationError) -> None:
    assert safe_text(str(error)) == str(error)
    assert error.remedy


NAMES = sorted({part for key in KEYS for part in key.name.split(".")} | {"name", "implies", "<<", "x"})
SIGNS = [
    *(
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
        "? ",
        "'",
        '"',
        "|\n",
        ">\n",
        "=",
        "#",
    ),
    *("!!int ", "!!python/x ", "!!set ", "!!binary ", "!<tag:yaml.org,2002:map> ", "%YAML 1.1\n", "---\n", "...", "\\"),
    *(
        "~",
        "true",
        "3",
        "1.5",
        ".nan",
        "0x1",
        "1:30",
        "2026-01-01",
        "read",
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
        "\U0001f511",
    ),
]
PIECES = st.sampled_from([*NAMES, *SIGNS])


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=1500, deadline=None)
def test_pieces_of_yaml_never_raise_a_foreign_exception(text: str) -> None:
    read(text.encode())


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_bytes_never_raise_a_foreign_exception(data: bytes) -> None:
    read(data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(KEYS), VALUES)
@settings(max_examples=1500, deadline=None)
def test_any_value_under_any_key_is_read_or_refused(key: Key, value: object) -> None:
    tree = value
    for part in reversed(key.name.split(".")):
        tree = {part: tree}
    read(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "replace"))


@given(st.sampled_from(KEYS), st.text() | st.text(alphabet="0123456789.:/@[]-*, "))
@settings(max_examples=800, deadline=None)
def test_any_text_in_any_variable_is_read_or_refused(key: Key, text: str) -> None:
    for variable in key.variables:
        try:
            read_environment({variable.name: text}, Base(ROOT, ROOT))
        except ConfigurationError as error:
            check_error(error)
