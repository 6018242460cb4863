"""The command lines that do without the console what a dialog does. Pure.

They are shown to be read and copied: quoted for a POSIX shell, folded with a backslash where a line is too short.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from loki_core import Status, Token, is_id, is_printable, safe_text

_PROGRAM = ("loki", "enterprise", "token")


def generate(
    name: str,
    *,
    role: str | None,
    scopes: Sequence[str] | None,
    expires: str,
    note: str = "",
    extra: Sequence[str] = (),
) -> list[str]:
    """Return the command that makes a token.

    Args:
        name: what it is to be called.
        role: the role asked for, or None.
        scopes: the scopes asked for, or None.
        expires: a number of days, a date, or `never`.
        note: what stops if it is revoked.
        extra: further options, such as where the secret goes.
    """
    options: list[str] = []
    if role is not None:
        options += ["--role", role]
    if scopes is not None:
        options += ["--scopes", ",".join(scopes)]
    options += ["--expires", expires]
    if note:
        options += option("note", note)
    return [*_PROGRAM, "generate", *_place_names([name], [*options, *extra])]


def option(name: str, value: str) -> list[str]:
    """Return an option with its value, as one word where the value itself looks like an option."""
    return [f"--{name}={value}"] if value.startswith("-") else [f"--{name}", value]


def rotate(target: str, *, grace_hours: str, expires: str = "") -> list[str]:
    """Return the command that replaces a token's secret."""
    options = ["--grace", grace_hours]
    if expires:
        options += ["--expires", expires]
    return [*_PROGRAM, "rotate", *_place_names([target], options)]


def revoke(tokens: Iterable[Token]) -> list[str]:
    """Return the command that revokes the tokens."""
    return [*_PROGRAM, "revoke", *_place_names(find_targets(tokens), [])]


def delete(tokens: Iterable[Token]) -> list[str]:
    """Return the command that deletes the tokens; by id, because dead tokens may share a name with a live one."""
    return [*_PROGRAM, "delete", *(token.id for token in tokens), "--yes"]


def find_targets(tokens: Iterable[Token]) -> tuple[str, ...]:
    """Return what to call each token by when it is revoked.

    Its name, which takes both secrets of a rotation; its id where the name would say too much or cannot be typed: the
    old secret of a rotation, a record that cannot be read, a name that is shared or not printable.
    """
    tokens = merge_pairs(tokens)
    names = [token.name for token in tokens]
    return tuple(
        token.id
        if token.rotated_to is not None
        or token.revoked
        or token.status is Status.UNREADABLE
        or names.count(token.name) > 1
        or not token.name.strip()
        or not is_printable(token.name)
        or is_id(token.name)
        else token.name
        for token in tokens
    )


def merge_pairs(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """Return the tokens without those whose successor is among them: the name of the new one means both."""
    tokens = tuple(tokens)
    names = {token.id: token.name for token in tokens}
    return tuple(token for token in tokens if names.get(token.rotated_to or "") != token.name)


def _place_names(names: Sequence[str], options: Sequence[str]) -> list[str]:
    """Put the names first, or last behind `--` when one of them looks like an option."""
    if any(name.startswith("-") for name in names):
        return [*options, "--", *names]
    return [*names, *options]


def fold(argv: Sequence[str], width: int) -> str:
    """Return the command quoted for a shell, in lines of at most that many cells where words allow it.

    An option stays on one line with its value.
    """
    lines: list[str] = []
    line = ""
    words: list[str] = []
    for part in argv:
        quoted = safe_text(shlex.quote(part))
        if (
            words
            and words[-1].startswith("--")
            and " " not in words[-1]
            and words[-1] not in {"--", "--yes"}
            and "=" not in words[-1]
        ):
            words[-1] = f"{words[-1]} {quoted}"
        else:
            words.append(quoted)
    for word in words:
        if not line:
            line = word
        elif len(line) + 1 + len(word) + 2 <= width:
            line = f"{line} {word}"
        else:
            lines.append(line + " \\")
            line = "  " + word
    return "\n".join([*lines, line])
