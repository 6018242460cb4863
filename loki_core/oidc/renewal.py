"""Using a refresh token, and giving tokens back: exchanges of one request each (RFC 6749, 6; RFC 7009). Pure."""

from __future__ import annotations

from loki_core.errors import ProviderUnavailable, SignInFailed
from loki_core.oidc.answer import Unreachable
from loki_core.oidc.client_proof import ClientProof
from loki_core.oidc.discovery import ProviderMetadata
from loki_core.oidc.exchange import Exchange, Post
from loki_core.oidc.token_answer import Tokens, parse_token_answer


def refresh_tokens(metadata: ProviderMetadata, client: ClientProof, refresh_token: str) -> Exchange[Tokens]:
    """Exchange a refresh token for new tokens.

    It may be spent by this one request (rotation): whoever asks holds a lock, and asks once.

    Raises:
        SignInFailed: `session_ended`: the provider does not take it (any more).
        ProviderUnavailable: it does not answer, or with nothing that makes sense; the refresh token may still be good.
    """
    if metadata.token_endpoint is None:
        raise ProviderUnavailable("the provider does not say where tokens are had", remedy="tell its administrator")
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **client.form}
    reply = yield Post(url=metadata.token_endpoint, form=form, authorization=client.authorization)
    if reply.answer is None:
        raise reply.problem or Unreachable("the provider said nothing")
    found = parse_token_answer(reply.answer)
    if isinstance(found, Tokens):
        return found
    if found.is_passing or found.status == 200:
        raise Unreachable(f"the provider did not renew the sign-in ({found})", remedy="try again soon")
    raise SignInFailed(
        f"the provider does not renew the sign-in any more ({found})", code="session_ended", remedy="sign in again"
    )


def revoke_token(metadata: ProviderMetadata, client: ClientProof, token: str, kind: str) -> Exchange[None]:
    """Tell the provider that a token is not used any more.

    Args:
        metadata: the provider.
        client: who we are to it.
        token: what to revoke.
        kind: `refresh_token` or `access_token`.

    Raises:
        ProviderUnavailable: it has no place for that, or did not take it.
    """
    if metadata.revocation_endpoint is None:
        raise ProviderUnavailable(
            "the provider has no revocation endpoint", remedy="what it gave stays good there until it expires"
        )
    form = {"token": token, "token_type_hint": kind, **client.form}
    reply = yield Post(url=metadata.revocation_endpoint, form=form, authorization=client.authorization)
    if reply.answer is None:
        raise reply.problem or Unreachable("the provider said nothing")
    if reply.answer.status != 200:
        raise ProviderUnavailable(
            f"the provider did not revoke it (status {reply.answer.status})", remedy="revoke it at the provider"
        )
