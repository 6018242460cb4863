"""`policy check`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.columns import Column, write_columns
from loki_core.cli.failure import UsageError, clean
from loki_core.cli.opening import open_loki
from loki_core.frozen import replace

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from loki_core import TokenPolicy
    from loki_core.cli.arguments import Parser

_SECTION = "enterprise.tokens."
_COLUMNS = (Column("ID"), Column("NAME", least=8), Column("WHY", least=12))


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "changes",
        metavar="KEY=VALUE",
        nargs="*",
        help="a key of enterprise.tokens, such as max_expiration_days=30, or =none for no limit; "
        "without any, the policy in force is checked",
    )
    parser.epilog = "Exit status: 1 when the policy would refuse to make any of the usable tokens."


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    with open_loki() as loki:
        findings = loki.tokens.check_policy(change_policy(loki.settings.tokens, options.changes))
    if options.json:
        output.write_json(
            [
                {"id": found.token.id, "name": found.token.name, "code": found.code, "message": found.message}
                for found in findings
            ]
        )
    elif findings:
        write_columns(
            _COLUMNS, [(clean(each.token.id), clean(each.token.name), clean(each.message)) for each in findings]
        )
    else:
        output.write("The policy would refuse none of the usable tokens.\n")
    return 1 if findings else 0


def change_policy(policy: TokenPolicy, changes: Iterable[str]) -> TokenPolicy:
    """Return a policy with other values.

    Args:
        policy: the one to start from.
        changes: `KEY=VALUE` each; the value `none` means that there is no limit.

    Raises:
        UsageError: `invalid_policy`, with the nearest key offered.
    """
    values: dict[str, Any] = {}
    for change in changes:
        name, equals, text = change.partition("=")
        name = name.strip().removeprefix(_SECTION)
        if not equals:
            raise UsageError(
                "a change is written KEY=VALUE", code="invalid_policy", remedy="such as max_expiration_days=30"
            )
        values[name] = _read_value(name, text.strip())
    return replace(policy, **values)


def _read_value(name: str, text: str) -> Any:
    from loki_core.settings.keys import KEYS_BY_NAME
    from loki_core.settings.values import Base
    from loki_core.settings.wrong import Wrong, quote_name

    key = KEYS_BY_NAME.get(_SECTION + name)
    if key is None:
        from difflib import get_close_matches

        known = [each.removeprefix(_SECTION) for each in KEYS_BY_NAME if each.startswith(_SECTION)]
        nearest = get_close_matches(name, known, n=1)
        offer = f"did you mean {nearest[0]}? " if nearest else ""
        raise UsageError(
            f"unknown key {quote_name(name)}", code="invalid_policy", remedy=f"{offer}known: {', '.join(known)}"
        )
    if text.lower() in ("none", "null") and key.default is None:
        return None
    try:
        return key.value.parse_text(text, Base(directory=Path(os.curdir), user_home=Path(os.curdir)))
    except Wrong as wrong:
        raise UsageError(f"{name} {wrong.what}", code="invalid_policy", remedy=wrong.remedy) from None
