"""What the token endpoint says: tokens, or an error (RFC 6749, 5). Pure: an answer in, one of the two out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from loki_core.frozen import dataclass, field
from loki_core.oidc.answer import Answer
from loki_core.oidc.strict_json import JsonProblem, parse_object
from loki_core.text import safe_text

LONGEST_TOKEN = 16 * 1024
_TOKEN = re.compile(r"[\x21-\x7e]+\Z")
_ERROR = re.compile(r"[0-9A-Za-z_.:-]{1,80}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a sign-in gives: each is None when the provider left it out."""

    id_token: str | None = field(repr=False)
    access_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthError:
    """Why there are none.

    Attributes:
        code: such as `authorization_pending`; "" when the provider did not say anything usable.
        text: what it said besides, as one printable line, or "".
        status: the HTTP status.
    """

    code: str
    text: str
    status: int

    @property
    def is_passing(self) -> bool:
        """Whether it says more of the provider's state than of the request."""
        if self.code:
            return self.code in ("temporarily_unavailable", "server_error")
        return self.status >= 500 or self.status in (408, 425, 429)

    def __str__(self) -> str:
        said = ", ".join(filter(None, (self.code, self.text))) or "nothing that says why"
        return f"status {self.status}: {said}"


def parse_token_answer(answer: Answer) -> Tokens | OAuthError:
    """Return the tokens in an answer, or the error; an answer that is neither is an error without a code.

    The status decides nothing by itself: providers send `authorization_pending` with 400, 403, 428 and even 200.
    """
    try:
        document = parse_object(answer.body)
    except JsonProblem:
        return OAuthError(code="", text="", status=answer.status)
    code = _read_error(document)
    if code or answer.status != 200:
        text = document.get("error_description")
        text = safe_text(text, limit=200) if isinstance(text, str) else ""
        return OAuthError(code=code, text=text, status=answer.status)
    tokens = Tokens(
        id_token=_read_token(document, "id_token"),
        access_token=_read_token(document, "access_token"),
        refresh_token=_read_token(document, "refresh_token"),
    )
    if tokens.access_token is None and tokens.id_token is None:
        return OAuthError(code="", text="", status=answer.status)
    return tokens


def _read_error(document: Mapping[str, Any]) -> str:
    code = document.get("error")
    return code if isinstance(code, str) and _ERROR.match(code) else ""


def _read_token(document: Mapping[str, Any], name: str) -> str | None:
    token = document.get(name)
    is_token = isinstance(token, str) and len(token) <= LONGEST_TOKEN and _TOKEN.match(token)
    return token if is_token else None
