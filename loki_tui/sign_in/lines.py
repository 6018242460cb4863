"""The words of the Sign-in screen, stage by stage. Pure; whatever a provider says goes through `safe_text`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from loki_core import safe_text
from loki_tui.screens.list_lines import compose_facts, compose_panel
from loki_tui.sign_in.large_type import draw_large
from loki_tui.sign_in.stage import Asking, Deciding, SignedIn, SignedOut, Stage, Waiting, count_down, describe_span
from loki_tui.spans import Line, Span, join_ends

if TYPE_CHECKING:
    from loki_core import LokiError, Principal, Session, Settings

Lines = list[list[Span]]
_WARNING = "Approve only what you started here, just now. Somebody who sends you a code wants to be let in as you."
_NOT_CONFIGURED = (
    ("what to do", "set LOKI_OIDC_ISSUER and LOKI_OIDC_CLIENT_ID, or enterprise.auth.oidc in the configuration"),
    ("then", "start the console again"),
    ("headless", "loki enterprise oidc check"),
)


def compose_address(stage: Stage, width: int) -> list[Line]:
    """Return the lines above everything: the title with the time left, and the address alone on its line."""
    if not isinstance(stage, Waiting):
        return []
    title = [Span("   Open this address in a browser, on any device", "strong")]
    return [
        join_ends(title, (), width),
        join_ends([Span(f" {safe_text(stage.pending.verification_uri)}", "accent")], (), width),
    ]


def compose_stage(stage: Stage, settings: Settings, local: Principal, now: datetime, width: int) -> Lines:
    """Return what stands in the middle of the screen.

    Args:
        stage: where the sign-in stands.
        settings: what is configured.
        local: the user of this system, who works here while nobody is signed in.
        now: the time (UTC).
        width: the room, in cells.
    """
    match stage:
        case SignedOut():
            return _compose_signed_out(stage, settings, local, width)
        case Asking():
            return compose_panel(stage.words, "strong", ["The provider is asked. Esc leaves it at that."], width)
        case Waiting():
            return _compose_waiting(stage, now, width)
        case Deciding():
            return _compose_who(stage.session, now, "Is that you, and should you hold this here?", width)
        case SignedIn():
            return _compose_who(stage.session, now, "You are signed in", width)


def compose_state(stage: Stage, now: datetime) -> list[Span]:
    """Return where the sign-in stands in a few words, for the line at the bottom."""
    match stage:
        case Waiting():
            return [Span(f" waiting, {count_down(stage.pending.expires_at, now)} left", "strong")]
        case Deciding():
            return [Span(" approved, and not taken yet", "warn")]
        case SignedIn():
            return [Span(f" signed in for {describe_span(stage.session.expires_at, now)} more", "muted")]
        case Asking():
            return [Span(" asking the provider…", "muted")]
    return [Span(" nobody is signed in", "muted")]


def _compose_signed_out(stage: SignedOut, settings: Settings, local: Principal, width: int) -> Lines:
    oidc = settings.auth.oidc
    if not oidc.is_configured:
        said = f"You are {local.subject}, and hold {' '.join(local.scopes)} here."
        lines = compose_panel("No identity provider is configured", "strong", [safe_text(said)], width)
        return lines + compose_facts(_NOT_CONFIGURED, width)
    lines = _compose_problem(stage.problem, width) if stage.problem else []
    if stage.told:
        lines += [[], *_fold(stage.told, width, "good")]
    said = (
        f"You are {local.subject}, and hold {' '.join(local.scopes)} here. Signing in names you and limits this "
        "session to what your role allows; it does not limit the owner of the store's file."
    )
    lines += compose_panel("Nobody is signed in", "strong", [safe_text(said)], width)
    facts = [("provider", oidc.issuer or ""), ("headless", "loki enterprise login")]
    lines += [
        [Span("   s or Enter".ljust(17), "key", "screen.start"), Span("Sign in with the provider", "", "screen.start")]
    ]
    return lines + compose_facts(facts, width)


def _compose_problem(problem: LokiError, width: int) -> Lines:
    titles = {
        "access_denied": "Refused",
        "expired_token": "Nobody approved the code in time",
        "cancelled": "Cancelled",
        "provider_unavailable": "The provider does not answer",
        "session_ended": "The sign-in has ended",
    }
    lines = compose_panel(f"! {titles.get(problem.code, 'Not signed in')}", "bad", [safe_text(problem.message)], width)
    return lines[:-1] + compose_facts([("what to do", problem.remedy), ("code", problem.code)], width)


def _compose_waiting(stage: Waiting, now: datetime, width: int) -> Lines:
    code = safe_text(stage.pending.user_code, limit=40)
    lines: Lines = [[Span("   and compare or enter this code:", "strong")], []]
    lines += [[Span(f"   {drawn}", "strong")] for drawn in draw_large(code, width - 4)]
    lines += [[], [Span(f"   {code}", "strong")], []]
    lines += _fold(_WARNING, width, "warn")
    left = count_down(stage.pending.expires_at, now)
    return [*lines, [], [Span("   The code is good for ", "muted"), Span(left, "strong"), Span(".", "muted")]]


def _compose_who(session: Session, now: datetime, title: str, width: int) -> Lines:
    principal = session.principal
    until = f"{session.expires_at:%Y-%m-%d %H:%MZ}, {describe_span(session.expires_at, now)} from now"
    until += "; renewed by itself" if session.renews else "; then sign in again"
    facts = [
        (
            "who",
            f"{principal.name} ({principal.subject})" if principal.name != principal.subject else principal.subject,
        ),
        ("role", principal.role or "none"),
        ("scopes", " ".join(principal.scopes)),
        ("includes", " > ".join(principal.effective_scopes)),
        *(("why" if index == 0 else "", reason) for index, reason in enumerate(session.reasons)),
        ("how long", until),
        ("provider", session.issuer),
    ]
    lines: Lines = [[], [Span(f"   {title}", "strong")], []]
    lines += _compose_all(facts, width)
    if session.is_full_access:
        lines += [[], *_fold("Everybody who signs in has full access: no roles are configured.", width, "warn")]
    lines += [[], *_fold("It limits this session, and not the owner of the store's file.", width, "muted")]
    return lines


def _compose_all(facts: Sequence[tuple[str, str]], width: int) -> Lines:
    lines: Lines = []
    for label, text in facts:
        lines += compose_facts([(label, text)], width)
    return lines


def _fold(text: str, width: int, tone: str) -> Lines:
    return [[Span(f"   {part}", tone)] for part in textwrap.wrap(text, max(width - 6, 20))]
