"""Device login (RFC 8628) as an exchange: ask for a code, then for the tokens until somebody approved or it is over.

Rules: the first poll comes one interval after the code, the others a fifth later than the provider asks. `slow_down`
adds five seconds for good. After an answer that ends it, and above all after success, nothing is asked again: some
providers revoke everything when they are. What passes (no connection, no sense, a server's error) is survived until the
code expires, with longer and longer pauses.
"""

from __future__ import annotations

from collections.abc import Sequence

from loki_core.errors import ProviderUnavailable, SignInFailed
from loki_core.oidc.answer import Unreachable
from loki_core.oidc.client_proof import ClientProof
from loki_core.oidc.device_answer import LONGEST_INTERVAL, DeviceCode, MalformedAnswer, parse_device_answer
from loki_core.oidc.discovery import DEVICE_GRANT, ProviderMetadata
from loki_core.oidc.exchange import Exchange, Post, Wait
from loki_core.oidc.token_answer import OAuthError, Tokens, parse_token_answer

POLITENESS = 1.2
SLOWER_SECONDS = 5.0
OFFLINE = "offline_access"
_USUAL_SCOPES = ("openid", "email", "profile")
_LONGEST_PAUSE = 30.0
_CLIENT_ERRORS = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_request"})
_DENIED = frozenset({"access_denied", "authorization_declined"})
_OVER = frozenset({"expired_token", "code_expired"})
_UNKNOWN_CODE = frozenset({"invalid_grant", "bad_verification_code"})


def choose_scopes(configured: tuple[str, ...], metadata: ProviderMetadata) -> tuple[str, ...]:
    """Return the scopes to ask for: those configured; with the usual ones also to stay signed in, where that is had."""
    is_offered = metadata.scopes is not None and OFFLINE in metadata.scopes
    return (*configured, OFFLINE) if configured == _USUAL_SCOPES and is_offered else configured


def ask_for_code(metadata: ProviderMetadata, client: ClientProof, scopes: Sequence[str]) -> Exchange[DeviceCode]:
    """Ask for a code that a person can approve.

    Args:
        metadata: the provider.
        client: who we are to it.
        scopes: what to ask for; `offline_access` is left out when the provider refuses it.

    Raises:
        SignInFailed: `device_flow_unavailable` or `client_not_allowed`; the remedy names the setting at the provider.
        ProviderUnavailable: it does not answer, or not with a code.
    """
    if metadata.device_endpoint is None or metadata.token_endpoint is None:
        raise SignInFailed(
            "the provider has no device login (no device_authorization_endpoint in its document)",
            code="device_flow_unavailable",
            remedy="switch on the device authorization grant (RFC 8628) at the provider",
        )
    form = {"scope": " ".join(scopes), **client.form}
    reply = yield Post(url=metadata.device_endpoint, form=form, authorization=client.authorization)
    if reply.answer is None:
        raise reply.problem or ProviderUnavailable("the provider said nothing")
    if reply.answer.status == 200:
        try:
            return parse_device_answer(reply.answer.body, metadata.issuer)
        except MalformedAnswer as malformed:
            error = parse_token_answer(reply.answer)
            if not isinstance(error, OAuthError) or not error.code:
                raise ProviderUnavailable(
                    f"the provider's answer {malformed}", remedy="tell the provider's administrator"
                ) from None
    error = parse_token_answer(reply.answer)
    if not isinstance(error, OAuthError):
        raise ProviderUnavailable("the provider answers with tokens that nobody asked for", remedy="do not trust it")
    if error.code == "invalid_scope" and OFFLINE in scopes:
        return (yield from ask_for_code(metadata, client, [scope for scope in scopes if scope != OFFLINE]))
    raise _explain_refused_code(error)


def _explain_refused_code(error: OAuthError) -> SignInFailed | ProviderUnavailable:
    if error.code == "invalid_scope":
        return SignInFailed(
            f"the provider does not give this client one of the scopes ({error})",
            code="client_not_allowed",
            remedy="allow it at the provider, or change enterprise.auth.oidc.scopes",
        )
    if error.code in _CLIENT_ERRORS or (not error.code and error.status in (400, 401, 403)):
        return _explain_client(error)
    if not error.code and error.status in (404, 405, 501):
        return SignInFailed(
            f"the provider has no device login at the address that it gives ({error})",
            code="device_flow_unavailable",
            remedy="switch on the device authorization grant (RFC 8628) at the provider",
        )
    return ProviderUnavailable(f"the provider gave no code ({error})", remedy="try again soon")


def _explain_client(error: OAuthError) -> SignInFailed:
    return SignInFailed(
        f"the provider does not let this client sign in by device code ({error})",
        code="client_not_allowed",
        remedy="at the provider, allow the client the device authorization grant (Keycloak: OAuth 2.0 Device "
        "Authorization Grant; Entra: Allow public client flows; Okta: Device Authorization; Google: a client of type "
        "TVs and Limited Input devices), and check client_id and client secret",
    )


def poll_for_tokens(
    metadata: ProviderMetadata, client: ClientProof, code: DeviceCode, began: float
) -> Exchange[Tokens]:
    """Ask for the tokens until a person approved or refused the code, or it expired.

    Args:
        metadata: the provider, which has a token endpoint.
        client: who we are to it.
        code: what the person approves.
        began: when the code was given (seconds, by the clock of the replies).

    Raises:
        SignInFailed: `access_denied`, `expired_token`, or `client_not_allowed`.
        ProviderUnavailable: it answered nothing usable until the code expired, or something that ends every hope.
    """
    form = {"grant_type": DEVICE_GRANT, "device_code": code.device_code, **client.form}
    post = Post(url=metadata.token_endpoint or "", form=form, authorization=client.authorization)
    expires_at, interval, wait, now = began + code.life, code.interval, code.interval, began
    passing: str = ""
    pauses = 0
    while now + wait <= expires_at:
        now = (yield Wait(seconds=wait)).now
        if now >= expires_at:  # the machine slept meanwhile
            break
        reply = yield post
        now = reply.now
        if reply.answer is None:
            passing, pauses = _survive(reply.problem), pauses + 1
        else:
            found = parse_token_answer(reply.answer)
            if isinstance(found, Tokens):
                return found
            if found.code == "slow_down":
                interval = min(interval + SLOWER_SECONDS, LONGEST_INTERVAL + SLOWER_SECONDS)
                passing, pauses = "", 0
            elif found.code == "authorization_pending":
                passing, pauses = "", 0
            elif found.is_passing:
                passing, pauses = str(found), pauses + 1
            else:
                raise _explain_end(found)
        wait = min(interval * POLITENESS * 2 ** min(pauses, 5), max(_LONGEST_PAUSE, interval * POLITENESS))
        if reply.answer is not None:
            wait = max(wait, min(reply.answer.retry_after, _LONGEST_PAUSE))
    if now < expires_at:
        yield Wait(seconds=expires_at - now)
    raise _explain_expiry(passing)


def _survive(problem: ProviderUnavailable | None) -> str:
    if problem is None or isinstance(problem, Unreachable):
        return problem.message if problem else "no answer"
    raise problem


def _explain_expiry(passing: str) -> SignInFailed | ProviderUnavailable:
    if passing:
        return ProviderUnavailable(
            f"the provider did not answer until the code expired (at last: {passing})", remedy="try again soon"
        )
    return SignInFailed("nobody approved the code in time", code="expired_token", remedy="start again")


def _explain_end(error: OAuthError) -> SignInFailed | ProviderUnavailable:
    if error.code in _DENIED:
        return SignInFailed(
            "the sign-in was refused at the provider", code="access_denied", remedy="start again if that was a mistake"
        )
    if error.code in _OVER:
        return _explain_expiry("")
    if error.code in _UNKNOWN_CODE:
        return SignInFailed(
            "the provider does not know the code any more: it was used, refused, or forgotten in a restart",
            code="expired_token",
            remedy="start again",
        )
    if error.code in _CLIENT_ERRORS or (not error.code and error.status == 401):
        return _explain_client(error)
    if not error.code and error.status == 200:
        return ProviderUnavailable("the provider answers success without tokens", remedy="tell its administrator")
    return ProviderUnavailable(f"the provider gave no tokens ({error})", remedy="tell its administrator")
