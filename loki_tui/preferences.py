"""What a person prefers: colours, keys, the mouse, when the console locks. From one file of the user's own.

theme: nord
mouse: true
idle_lock_minutes: 15          # 0 never locks
keys:
  token.revoke: X         # or a list: [X, delete]
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from loki_core.errors import ConfigurationError
from loki_core.text import safe_text

if TYPE_CHECKING:
    from yaml.nodes import Node

_NAMES = ("theme", "mouse", "idle_lock_minutes", "keys")
_MAX_LOCK_MINUTES = 24 * 60
_MAX_BYTES = 1 << 20
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A person's preferences; the defaults hold where no file says otherwise.

    Attributes:
        theme: the name of a theme, or None for the console's own.
        mouse: whether the mouse works.
        idle_lock_minutes: after how many idle minutes the console locks; 0 means never.
        keys: by the id of an action, its keys, separated by commas.
    """

    theme: str | None = None
    mouse: bool = True
    idle_lock_minutes: int = 15
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def get_preferences_path() -> Path:
    """Return where the preferences are: `loki-tui/config.yaml` in the user's configuration directory."""
    from platformdirs import user_config_path

    return user_config_path("loki-tui", appauthor=False) / "config.yaml"


def load_preferences(path: Path | None = None) -> Preferences:
    """Read the preferences; a file that is missing means the defaults.

    Args:
        path: the file, or None for the user's own.

    Raises:
        ConfigurationError: it cannot be read, or something in it is wrong; file and line are in the message.
    """
    path = get_preferences_path() if path is None else path
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return Preferences()
    except OSError as problem:
        raise ConfigurationError(f"{path} cannot be read: {problem.strerror}", remedy="mend or remove it") from None
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"{path} is larger than 1 MB", remedy="mend or remove it")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8", remedy="save it as UTF-8") from None
    return parse_preferences(text, str(path))


def parse_preferences(text: str, name: str) -> Preferences:
    """Return the preferences that a text holds.

    Args:
        text: YAML.
        name: the file's name, for messages.

    Raises:
        ConfigurationError: something in it is wrong; file and line are in the message.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark else name
        what = getattr(problem, "problem", None) or "not YAML"
        raise ConfigurationError(f"{place}: {safe_text(what)}", remedy="mend the line") from None
    if root is None:
        return Preferences()
    values: dict[str, Any] = {}
    for key, node in _iterate_mapping(root, name):
        match key:
            case "theme":
                values["theme"] = _get_scalar(node, name, "the name of a theme")
            case "mouse":
                values["mouse"] = _get_truth(node, name)
            case "idle_lock_minutes":
                values["idle_lock_minutes"] = _get_minutes(node, name)
            case "keys":
                pairs = list(_iterate_mapping(node, name))
                values["keys"] = MappingProxyType({id_: _get_keys(keys, name) for id_, keys in pairs})
            case _:
                near = difflib.get_close_matches(key, _NAMES, 1)
                remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(_NAMES)}"
                raise ConfigurationError(f"{_place(node, name)}: unknown key {safe_text(key)!r}", remedy=remedy)
    return Preferences(**values)


def _place(node: Node, name: str) -> str:
    return f"{name}:{node.start_mark.line + 1}"


def _refuse(node: Node, name: str, wanted: str) -> NoReturn:
    raise ConfigurationError(f"{_place(node, name)}: wrong value", remedy=f"give {wanted}")


def _iterate_mapping(node: Node, name: str) -> Iterator[tuple[str, Node]]:
    from yaml.nodes import MappingNode, ScalarNode

    if isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return
    if not isinstance(node, MappingNode):
        _refuse(node, name, "keys and values, one a line")
    seen = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            _refuse(key, name, "a plain key")
        if key.value in seen:
            raise ConfigurationError(
                f"{_place(key, name)}: {safe_text(key.value)!r} is there twice", remedy="remove one"
            )
        seen.add(key.value)
        yield key.value, value


def _get_scalar(node: Node, name: str, wanted: str) -> str:
    from yaml.nodes import ScalarNode

    # The text as written: YAML would read the keys `1` and `on` as a number and as true.
    if not isinstance(node, ScalarNode) or not node.value.strip():
        _refuse(node, name, wanted)
    return str(node.value).strip()


def _get_truth(node: Node, name: str) -> bool:
    wanted = "true or false"
    text = _get_scalar(node, name, wanted).lower()
    if text not in _TRUTH:
        _refuse(node, name, wanted)
    return _TRUTH[text]


def _get_minutes(node: Node, name: str) -> int:
    wanted = f"whole minutes, 0 (never) to {_MAX_LOCK_MINUTES}"
    text = _get_scalar(node, name, wanted)
    if not (text.isascii() and text.isdigit()) or int(text[:9]) > _MAX_LOCK_MINUTES:
        _refuse(node, name, wanted)
    return int(text)


def _get_keys(node: Node, name: str) -> str:
    from yaml.nodes import SequenceNode

    wanted = "a key such as X, ctrl+x or f2, or a list of them"
    parts = node.value if isinstance(node, SequenceNode) else [node]
    if not parts:
        _refuse(node, name, wanted)
    return ",".join(_get_scalar(part, name, wanted) for part in parts)
