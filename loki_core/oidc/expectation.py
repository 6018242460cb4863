"""What a token must be to be taken here: from whom, for whom, and in which of the two profiles."""

from __future__ import annotations

from loki_core.frozen import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is configured, and what one sign-in knows besides.

    Attributes:
        issuer: the provider, to the letter.
        client_id: who we are to the provider.
        audience: whom a token must be meant for. Our client id: ID tokens are taken. Anything else: access tokens are.
            Never both (RFC 8725, 3.12).
        allowed_clients: clients whose access tokens are taken, and audiences that may stand beside ours; our own
            client id always counts.
        nonce: what this sign-in sent along, or None when its flow has none.
        access_token: what came with the ID token, or None.
    """

    issuer: str
    client_id: str
    audience: str
    allowed_clients: tuple[str, ...] = ()
    nonce: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)

    @property
    def takes_access_tokens(self) -> bool:
        """Whether access tokens are taken, and not ID tokens."""
        return self.audience != self.client_id

    def is_trusted(self, client: str) -> bool:
        """Tell whether this client is our own or one that was allowed."""
        return client == self.client_id or client in self.allowed_clients
