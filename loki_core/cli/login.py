"""`login`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from loki_core.cli import output
from loki_core.cli.columns import format_fields
from loki_core.cli.failure import Interrupted, UsageError, clean, get_exit_status
from loki_core.cli.opening import open_local
from loki_core.cli.signals import signals_raised
from loki_core.cli.token_text import format_minute, join_scopes
from loki_core.errors import LokiError, SignInFailed

if TYPE_CHECKING:
    from argparse import Namespace

    from loki_core import Loki, PendingSignIn, Session
    from loki_core.cli.arguments import Parser

_HURRY = 0.7
"""Seconds for each request that gives something back while somebody waits for the end."""


def declare(parser: Parser) -> None:
    """Add the arguments."""
    parser.add_argument("--yes", action="store_true", help="take the role that results without asking")
    parser.add_argument("--no-qr", action="store_true", help="draw no QR code")
    parser.epilog = (
        "Shows a code and an address, and waits until somebody approved the code there, on any device. From then\n"
        "on commands and console act as that person, with that role, until `loki enterprise logout` or the sign-in's\n"
        "end. That limits whoever works here, and not the owner of the store's file.\n\n"
        "With --json each event is one line: code, then signed_in or failed. Exit status: 130 when interrupted."
    )


def run(options: Namespace) -> int:
    """Do it and return the exit status."""
    if not options.yes and not options.json and not os.isatty(0):
        raise UsageError(
            "nobody can be asked here whether the role that results is right",
            code="not_confirmed",
            remedy="add --yes, or --json",
        )
    try:
        with open_local() as loki, signals_raised():
            _sign_in(loki, options)
    except Interrupted as signal:
        if options.json:
            _write_event("failed", code="cancelled", message="the sign-in was cancelled")
        else:
            after_prompt = "\n" if output.is_terminal() else ""
            output.complain(f"{after_prompt}{options.program}: the sign-in was cancelled")
        return 128 + signal.number
    except LokiError as error:
        if not options.json or error.code == output.FAILED:
            raise
        _write_event("failed", code=error.code, message=clean(error))
        return get_exit_status(error)
    return 0


def _sign_in(loki: Loki, options: Namespace) -> None:
    pending = loki.sign_in.start()
    if options.json:
        _write_event(
            "code",
            user_code=pending.user_code,
            verification_uri=pending.verification_uri,
            verification_uri_complete=pending.verification_uri_complete,
            expires_in=pending.life,
        )
    else:
        output.write(_format_code(pending, is_drawn=not options.no_qr))
    session = pending.wait()
    try:
        if not options.json:
            output.write(format_session(session))
            if not options.yes and not _is_confirmed(session):
                raise SignInFailed("the sign-in was not taken", code="cancelled", remedy="nothing has changed")
        loki.sign_in.adopt(session)
    except BaseException:
        loki.sign_in.discard(session, seconds=_HURRY)
        raise
    if options.json:
        principal = session.principal
        _write_event(
            "signed_in",
            subject=principal.subject,
            name=principal.name,
            role=principal.role,
            scopes=list(principal.scopes),
            expires_at=session.expires_at.isoformat(),
        )
    else:
        output.write(f"\nSigned in as {clean(session.principal.name)}. To end it: loki enterprise logout\n")


def _write_event(event: str, **fields: Any) -> None:
    output.write(json.dumps({"event": event, **fields}) + "\n")


def _format_code(pending: PendingSignIn, *, is_drawn: bool) -> str:
    """Return address and code, below the QR code: on a low screen its upper part is what may scroll away."""
    drawn = _draw(pending.verification_uri_complete or pending.verification_uri) if is_drawn else ""
    parts = [
        "Scan that, or open this address on any device:" if drawn else "Open this address in a browser, on any device:",
        clean(pending.verification_uri),
        f"and compare or enter the code:  {clean(pending.user_code)}",
        "Approve only what you started here, just now. A code that somebody sent to you\nwould let him in as you.",
        f"Waiting, for {max(pending.life // 60, 1)} minutes at most. Ctrl+C cancels.",
    ]
    if drawn:
        parts.insert(0, drawn)
    roomy = "\n\n".join(parts) + "\n"
    is_low = output.is_terminal() and roomy.count("\n") >= shutil.get_terminal_size().lines
    return "\n".join(parts) + "\n" if is_low else f"\n{roomy}"


def _draw(address: str) -> str:
    from loki_core.cli.qr_code import format_qr_code, is_wanted

    return format_qr_code(address).rstrip("\n") if is_wanted(None, is_terminal=output.is_terminal()) else ""


def format_session(session: Session) -> str:
    """Return who is signed in, with which role and why, and until when."""
    principal = session.principal
    until = format_minute(session.expires_at)
    return "\n" + format_fields(
        [
            ("You are", f"{clean(principal.name)} ({clean(principal.subject)})"),
            ("Role", clean(principal.role or "")),
            ("Scopes", join_scopes(principal.scopes)),
            *(("Because", clean(reason)) for reason in session.reasons),
            ("Until", f"{until}, and renewed by itself" if session.renews else f"{until}: then sign in again"),
        ]
    )


def _is_confirmed(session: Session) -> bool:
    output.write(f"\nWork here as {clean(session.principal.name)} with that role? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
