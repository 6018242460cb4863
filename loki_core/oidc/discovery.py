"""The provider's own description of itself (OpenID Connect Discovery 1.0, RFC 8414). Pure: bytes in, data or error out.

What the provider says about itself is believed only as far as it says it under the configured name: the issuer in the
document is the configured one to the letter (Discovery, 4.3; the mix-up attack of RFC 9207), and no endpoint is less
public than that issuer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loki_core.errors import ProviderUnavailable
from loki_core.frozen import dataclass
from loki_core.oidc.addresses import UnsafeAddress, parse_url
from loki_core.oidc.issuer import get_published_name
from loki_core.oidc.strict_json import JsonProblem, parse_object
from loki_core.text import safe_text

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_MOST_NAMES = 500
_ENDPOINTS = (
    "jwks_uri",
    "authorization_endpoint",
    "token_endpoint",
    "device_authorization_endpoint",
    "revocation_endpoint",
    "end_session_endpoint",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMetadata:
    """What is known of a provider. An endpoint that it does not have, or that is not asked, is None.

    Attributes:
        issuer: its name, as configured.
        jwks_uri: where its keys are.
        scopes: what it says it can be asked for, or None when it does not say.
        token_auth_methods: how a client may prove itself at the token endpoint (`client_secret_basic` by default).
        grants: the grant types that it has, or None when it does not say.
        sends_issuer: whether its callback carries `iss` (RFC 9207).
        problems: what in its document was not taken, each as a line for `oidc check`.
    """

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    device_endpoint: str | None = None
    revocation_endpoint: str | None = None
    end_session_endpoint: str | None = None
    scopes: frozenset[str] | None = None
    token_auth_methods: frozenset[str] = frozenset({"client_secret_basic"})
    algorithms: frozenset[str] | None = None
    challenge_methods: frozenset[str] | None = None
    grants: frozenset[str] | None = None
    sends_issuer: bool = False
    problems: tuple[str, ...] = ()


def make_discovery_url(issuer: str) -> str:
    """Return where an issuer describes itself (Discovery, 4.1: a slash at its end is not doubled)."""
    return issuer.removesuffix("/") + "/.well-known/openid-configuration"


def parse_discovery(data: bytes, issuer: str) -> ProviderMetadata:
    """Return what a provider's document says.

    Args:
        data: the document's bytes, of limited length.
        issuer: the configured issuer.

    Raises:
        ProviderUnavailable: it is not such a document, it is another issuer's, or its keys cannot be asked for.
    """
    try:
        document = parse_object(data)
    except JsonProblem as problem:
        raise ProviderUnavailable(
            f"the document that describes the provider {problem}",
            remedy=f"see what answers at {make_discovery_url(issuer)}",
        ) from None
    check_issuer(document.get("issuer"), issuer)
    problems: list[str] = []
    endpoints = {name: _read_endpoint(document, name, issuer, problems) for name in _ENDPOINTS}
    jwks_uri = endpoints["jwks_uri"]
    if jwks_uri is None:
        raise ProviderUnavailable(
            problems[0] if "jwks_uri" in document and problems else "the provider does not say where its keys are",
            remedy="correct jwks_uri at the provider",
        )
    return ProviderMetadata(
        issuer=issuer,
        jwks_uri=jwks_uri,
        authorization_endpoint=endpoints["authorization_endpoint"],
        token_endpoint=endpoints["token_endpoint"],
        device_endpoint=endpoints["device_authorization_endpoint"],
        revocation_endpoint=endpoints["revocation_endpoint"],
        end_session_endpoint=endpoints["end_session_endpoint"],
        scopes=_read_names(document, "scopes_supported"),
        token_auth_methods=_read_names(document, "token_endpoint_auth_methods_supported")
        or frozenset({"client_secret_basic"}),
        algorithms=_read_names(document, "id_token_signing_alg_values_supported"),
        challenge_methods=_read_names(document, "code_challenge_methods_supported"),
        grants=_read_names(document, "grant_types_supported"),
        sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        problems=tuple(problems),
    )


def check_issuer(said: object, issuer: str) -> None:
    """Refuse a document that is not the configured issuer's, and say what is likely meant.

    Args:
        said: the document's `issuer`.
        issuer: the configured one.

    Raises:
        ProviderUnavailable: it is another's.
    """
    if said == get_published_name(issuer):
        return
    shown = safe_text(said, limit=200) if isinstance(said, str) else "nothing usable"
    if isinstance(said, str) and said.rstrip("/") == issuer.rstrip("/"):
        remedy = f"write enterprise.auth.oidc.issuer {'with' if said.endswith('/') else 'without'} a slash at its end"
    elif isinstance(said, str) and "{" in said:
        remedy = "put your tenant's id into enterprise.auth.oidc.issuer: this address serves every tenant"
    else:
        remedy = "set enterprise.auth.oidc.issuer to what your provider's own document says, to the letter"
    raise ProviderUnavailable(f"the provider at {safe_text(issuer, limit=200)} calls itself {shown}", remedy=remedy)


def _read_endpoint(document: Mapping[str, Any], name: str, issuer: str, problems: list[str]) -> str | None:
    url = document.get(name)
    if url is None or url == "":
        return None
    try:
        if not isinstance(url, str):
            raise UnsafeAddress("it is not a URL")
        parse_url(url, issuer)
    except UnsafeAddress as error:
        problems.append(f"{name} {safe_text(url, limit=200)} is not asked: {error}")
        return None
    return url


def _read_names(document: Mapping[str, Any], name: str) -> frozenset[str] | None:
    found = document.get(name)
    if not isinstance(found, list):
        return None
    return frozenset(each for each in found[:_MOST_NAMES] if isinstance(each, str))
