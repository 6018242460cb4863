"""How we say to the provider which client we are, and prove it when there is a secret (RFC 6749, 2.3). Pure."""

from __future__ import annotations

import base64
from collections.abc import Collection
from urllib.parse import quote_plus

from loki_core.frozen import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProof:
    """What every request of ours carries: fields of the form, and a header or ""."""

    form: dict[str, str] = field(repr=False)
    authorization: str = field(default="", repr=False)


def prove_client(client_id: str, secret: str | None, methods: Collection[str]) -> ClientProof:
    """Return how this client presents itself.

    Args:
        client_id: its name.
        secret: its secret, or None for a public client.
        methods: what the provider takes (`token_endpoint_auth_methods_supported`).
    """
    if secret is None:
        return ClientProof(form={"client_id": client_id})
    if "client_secret_basic" in methods or "client_secret_post" not in methods:
        # Both are form-encoded before they are joined: a colon or a letter beyond ASCII would be read differently.
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode("ascii")
        return ClientProof(form={}, authorization=f"Basic {base64.b64encode(pair).decode('ascii')}")
    return ClientProof(form={"client_id": client_id, "client_secret": secret})
