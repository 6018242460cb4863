"""Why a token was refused: the whole reason for the log, and nothing of it for whoever presented the token."""

from __future__ import annotations

from loki_core.errors import InvalidTokenError
from loki_core.oidc.rules import Rule
from loki_core.text import safe_text

LONGEST_REASON = 300
LONGEST_QUOTE = 80


class Broken(Exception):
    """A rule does not hold; the text says why. It never leaves the rules: `Refusal` does, with the rule's name."""


class Refusal(InvalidTokenError):
    """A token that broke a rule.

    As an error it says no more than that the token is not valid: an attacker must not learn how far he came. The log
    takes `for_log`.

    Attributes:
        rule: the rule that it broke.
        reason: why, as one printable line. It quotes claims, and never the token.
    """

    def __init__(self, rule: Rule, reason: str) -> None:
        super().__init__("the token is not valid", remedy="sign in again")
        self.rule = rule
        self.reason = safe_text(reason, limit=LONGEST_REASON)

    @property
    def for_log(self) -> str:
        """The rule, its section and the reason, as one printable line."""
        return f"{self.rule.name} ({self.rule.section}): {self.reason}"


def quote(value: object) -> str:
    """Return a value that someone else wrote, short, printable and in quotes when it is text."""
    if isinstance(value, str):
        return f"'{safe_text(value[: 2 * LONGEST_QUOTE], limit=LONGEST_QUOTE)}'"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of more than 20 digits"
    if isinstance(value, (int, float)):
        return str(value)
    return "a list" if isinstance(value, (list, tuple)) else "an object"
