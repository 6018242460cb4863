"""Which keys do what: the actions with a user's keys, as bindings, as docs, and what is wrong with them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from textual.binding import Binding

from loki_tui.actions import ACTIONS, Action
from loki_tui.key_names import normalize_key, show_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Two actions that were given the same key, or an id that no action has."""

    key: str
    message: str


def remap_actions(keys: Mapping[str, str]) -> tuple[Action, ...]:
    """Return the actions with a user's keys in place of ours.

    Args:
        keys: by the id of the action, its keys, separated by commas.
    """
    return tuple(replace(action, keys=keys[action.id]) if keys.get(action.id) else action for action in ACTIONS)


def find_clashes(keys: Mapping[str, str]) -> tuple[Clash, ...]:
    """Return what is wrong with a user's keys: ids that no action has, and keys that two actions of a screen share."""
    known = {action.id for action in ACTIONS}
    clashes = [Clash(key=id_, message=f"no action is called {id_!r}") for id_ in keys if id_ not in known]
    taken: dict[str, list[Action]] = {}
    for action in remap_actions(keys):
        for key in action.keys.split(","):
            name = normalize_key(key)
            clashes += [
                Clash(key=name, message=f"{show_key(name)} is given to {other.id} and {action.id}")
                for other in taken.setdefault(name, [])
                if other is not action and (other.works_on(action.place) or action.works_on(other.place))
            ]
            taken[name].append(action)
    return tuple(clashes)


def bind_actions(actions: Iterable[Action], place: str) -> list[Binding]:
    """Return the bindings of the actions of a place."""
    return [
        Binding(
            ",".join(normalize_key(key) for key in action.keys.split(",")),
            action.run,
            action.label,
            id=action.id,
            show=False,
        )
        for action in actions
        if action.place == place
    ]


def write_table(actions: Iterable[Action] = ACTIONS) -> str:
    """Return the actions as a table in Markdown, for the docs."""
    lines = ["| Key | Where | Id | What it does |", "|---|---|---|---|"]
    lines += [f"| `{action.shown_keys}` | {action.place} | `{action.id}` | {action.help} |" for action in actions]
    return "\n".join(lines) + "\n"
