"""Making a token live and bringing its secret where it is to go: never a live token whose secret nobody holds.

Order: with --secret-file or --sink the secret arrives first and the token becomes live then. Otherwise the token
becomes live and its secret is written to standard output; when that fails (a full disk, a closed pipe, a lost terminal,
a signal), the token is revoked at once. Writing first would announce tokens that could then not be stored.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.failure import Interrupted, UsageError, clean
from loki_core.cli.signals import handle_signals, signals_raised
from loki_core.cli.token_text import format_day, format_minute, join_scopes
from loki_core.errors import InvalidInput, LokiError, StorageError
from loki_core.json_forms import describe_token

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Draft, Loki, Token
    from loki_core.cli.arguments import Parser
    from loki_core.delivery import SecretFile

_IMPORTANT = "\nIMPORTANT: Save this token - it won't be shown again!\n"


def declare_destination(parser: Parser) -> None:
    """Add the options that say where the secret is to go instead of standard output."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--secret-file", metavar="PATH", help="write the secret to this new file (0600), do not show it")
    group.add_argument("--sink", metavar="NAME", help="send it to the command in session.sinks, do not show it")


def issue(loki: Loki, draft: Draft, options: Namespace, heading: str) -> int:
    """Make a draft live, deliver its secret, say so, and return the exit status.

    Args:
        loki: the opened store.
        draft: what to make live.
        options: where the secret goes, and whether to answer in JSON.
        heading: the first line of the answer.

    Raises:
        LokiError: it was not made live, or it was revoked again because nobody saw its secret.
        Interrupted: a signal came; the token was revoked again.
    """
    with signals_raised():
        delivered = _deliver(loki, draft, options)
        try:
            issued = loki.tokens.commit(draft)
            output.write(_format_answer(loki, draft, issued.token, options, heading))
        except BaseException as error:
            if delivered is not None and not _is_live(loki, draft):
                _take_back(delivered)
                raise
            if options.secret_file is None and options.sink is None:
                _withdraw(loki, draft, error)
            raise
    return 0


def _format_answer(loki: Loki, draft: Draft, token: Token, options: Namespace, heading: str) -> str:
    hidden = options.secret_file or options.sink
    old = None if draft.replaces is None else loki.tokens.get(draft.replaces.id)
    if options.json:
        answer: dict[str, Any] = describe_token(token)
        if options.secret_file:
            answer["secret_file"] = _expand(options.secret_file)
        elif options.sink:
            answer["sink"] = options.sink
        else:
            answer["token"] = draft.secret.reveal()
        if old is not None:
            answer["replaces"] = describe_token(old)
        return output.format_json(answer)
    if options.secret_file:
        shown = f"written to {clean(_expand(options.secret_file))}"
    elif options.sink:
        shown = f"sent to the sink {clean(options.sink)}"
    else:
        shown = draft.secret.reveal()
    lines = [
        f"{heading}\n",
        f"Name: {clean(token.name)}",
        f"ID: {token.id}",
        f"Token: {shown}",
        f"Scopes: {join_scopes(token.scopes)}",
        f"Expires: {format_day(token.expires_at)}",
    ]
    if old is not None:
        lines.append(f"Replaces: {clean(old.id)}, which works until {format_minute(old.expires_at)}")
    return "\n".join(lines) + "\n" + ("" if hidden else _IMPORTANT)


# -- other destinations than standard output


def _deliver(loki: Loki, draft: Draft, options: Namespace) -> SecretFile | str | None:
    if options.secret_file is None and options.sink is None:
        return None
    from loki_core.delivery import send_to_sink, write_secret_file

    if options.secret_file is not None:
        return write_secret_file(options.secret_file, draft.secret)
    send_to_sink(get_sink(loki, options.sink), draft.secret)
    return str(options.sink)


def get_sink(loki: Loki, name: str) -> tuple[str, ...]:
    """Return the command that a sink's name stands for.

    Raises:
        UsageError: `unknown_sink`, with the nearest name offered.
    """
    sinks = loki.settings.session.sinks
    if name in sinks:
        return sinks[name]
    from difflib import get_close_matches

    nearest = get_close_matches(name, sinks, n=1)
    known = f"known: {', '.join(sinks)}" if sinks else "none is configured: set session.sinks"
    raise UsageError(
        f"unknown sink {clean(name[:40])!r}",
        code="unknown_sink",
        remedy=f"did you mean {nearest[0]}?" if nearest else known,
    )


def _take_back(delivered: SecretFile | str) -> None:
    if isinstance(delivered, str):
        return  # what the sink got never becomes live
    from loki_core.delivery import remove_secret_file

    with contextlib.suppress(OSError):
        remove_secret_file(delivered)


def _expand(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path.strip()))


# -- when the secret could not be shown


def _is_live(loki: Loki, draft: Draft) -> bool:
    try:
        return loki.tokens.get(draft.token.id).status.is_usable
    except LokiError:
        return False


def _withdraw(loki: Loki, draft: Draft, error: BaseException) -> None:
    """Revoke a token that became live although nobody saw its secret, and say so."""
    if isinstance(error, InvalidInput):
        return  # refused by the rules, before anything was stored
    with handle_signals(signal.SIG_IGN):
        if not _is_live(loki, draft):
            return
        token_id = draft.token.id
        try:
            loki.tokens.revoke(token_id)
            message = f"{token_id} was revoked again, because nobody saw its secret"
            remedy = "make another one"
            if draft.replaces is not None:
                old = loki.tokens.get(draft.replaces.id)
                remedy = f"{old.id} works until {format_minute(old.expires_at)}: generate a new token before"
        except LokiError:
            message = f"{token_id} is live, but nobody saw its secret, and it could not be revoked"
            remedy = f"loki enterprise token revoke {token_id}"
        if isinstance(error, Interrupted):
            raise Interrupted(error.number, f"{message}: {remedy}") from None
        raise StorageError(f"{_describe(error)}: {message}", code=output.FAILED, remedy=remedy) from None


def _describe(error: BaseException) -> str:
    if isinstance(error, output.ReaderGone):
        return "standard output is closed"
    if isinstance(error, LokiError):
        return error.message
    return "an unexpected error came"
