"""`loki-tui`: reads its options and checks the terminal first, and only then loads the console."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

from loki_core.errors import (
    AuditUnavailable,
    AuthorizationError,
    ConfigurationError,
    InvalidInput,
    LokiError,
    StorageError,
)
from loki_tui.terminal.environment import (
    HEADLESS,
    UnusableTerminalError,
    check_terminal,
    choose_theme,
    drop_developer_switches,
)

if TYPE_CHECKING:
    from loki_core import Loki, Session
    from loki_tui.preferences import Preferences
    from loki_tui.terminal.guarded_app import GuardedApp

_EPILOG = f"""\
Your own colours, keys and lock time go into loki-tui/config.yaml in your configuration directory
(~/.config on Linux). Without a screen, the same is done by: {HEADLESS}"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, without the usage block."""
        _complain(f"{message}: see loki-tui --help")
        raise SystemExit(2)


class _ShowVersion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import loki_core

        sys.stdout.write(f"loki-tui {loki_core.__version__}\n")
        raise SystemExit(0)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = _Parser(
        prog="loki-tui",
        description="The access console of Loki Mode: API tokens, in a terminal.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and leave")
    parser.add_argument("--demo", action="store_true", help="try it on made-up data in a temporary store")
    parser.add_argument("--read-only", action="store_true", help="show everything, change nothing")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    parser.add_argument("--theme", metavar="NAME", help="use these colours, such as nord or ansi-light")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the console and return the exit status.

    Args:
        argv: the arguments, or None for the command line's.

    Raises:
        SystemExit: by the options themselves: --help, --version, a wrong one.
    """
    options = build_parser().parse_args(argv)
    try:
        check_terminal(
            os.environ,
            platform=sys.platform,
            stdin_is_terminal=_is_terminal(0),
            stdout_is_terminal=_is_terminal(1),
        )
    except UnusableTerminalError as problem:
        _complain(str(problem))
        return 2
    from loki_core.hardening import harden_process

    harden_process()
    drop_developer_switches(os.environ)
    try:
        return _run_console(options)
    except LokiError as error:
        _complain(str(error))
        return get_exit_status(error)
    except Exception as error:  # noqa: BLE001 whatever it is, its values must not be printed
        from loki_tui.terminal.crash import report_crash

        _complain(report_crash(error), prefix="")
        return 1


def _run_console(options: argparse.Namespace) -> int:
    # Nothing made on the way to the first frame is garbage, and looking for it costs a tenth of the start; the app
    # turns it on again.
    gc.disable()
    from loki_tui.preferences import load_preferences

    preferences = load_preferences()
    import loki_core

    with ExitStack() as stack:
        if options.demo:
            from loki_tui.demo import open_demo

            loki = stack.enter_context(open_demo())
        else:
            loki = stack.enter_context(loki_core.open())
        from loki_tui.app import LokiApp

        session = None if options.demo else _find_session(loki)
        app = LokiApp(loki, preferences=preferences, session=session, read_only=options.read_only, demo=options.demo)
        _apply_theme(app, options.theme, preferences)
        return app.run_guarded(mouse=preferences.mouse and not options.no_mouse)


def _find_session(loki: Loki) -> Session | None:
    """Return who is signed in, renewed or not: what has ended is refused by the library, and the screen says it."""
    return loki.sign_in.find() if loki.settings.auth.oidc.is_configured else None


def _apply_theme(app: GuardedApp, asked: str | None, preferences: Preferences) -> None:
    theme = choose_theme(os.environ, asked=asked, preferred=preferences.theme)
    if theme is None:
        return
    known = sorted(app.available_themes)
    if theme not in known:
        import difflib

        near = difflib.get_close_matches(theme, known, 1)
        remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise ConfigurationError(f"no theme is called {theme!r}", remedy=remedy)
    app.theme = theme


def get_exit_status(error: LokiError) -> int:
    """Return the exit status that an error ends the program with."""
    if isinstance(error, InvalidInput):
        return 2
    if isinstance(error, AuthorizationError):
        return 3
    if isinstance(error, StorageError | AuditUnavailable):
        return 4
    return 1


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _complain(message: str, *, prefix: str = "loki-tui: ") -> None:
    from loki_core import redact
    from loki_core.text import safe_text

    sys.stderr.write(f"{prefix}{redact(safe_text(message))}\n")


def run() -> NoReturn:
    """Run the console as the program it is."""
    from loki_tui.terminal.standard_streams import leave

    leave(main())
