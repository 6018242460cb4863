"""The console with two faults: `w` at the table and `q` in the reveal fail, with a secret at hand.

Run as `loki-tui` is; everything else is as it is there.
"""

from __future__ import annotations

from loki_tui.dialogs.reveal import RevealDialog
from loki_tui.main import run
from loki_tui.screens.tokens import TokensScreen


def _fail_in_reveal(dialog: RevealDialog) -> None:
    secret = dialog._find_secret()
    text = secret.reveal() if secret is not None else ""
    raise RuntimeError(f"cannot keep {text}")


def _fail_at_table(screen: TokensScreen) -> None:
    names = [row.token.name for row in screen.chosen_rows]
    raise KeyError(f"what is this: {names}")


if __name__ == "__main__":
    RevealDialog.action_refuse_key = _fail_in_reveal  # type: ignore[method-assign,assignment]
    TokensScreen.action_walk_concerns = _fail_at_table  # type: ignore[method-assign,assignment]
    run()
