"""Sign-in with an identity provider: what a token must be, who it names, and which role that gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loki_core.oidc.jws import verify_jws

__all__ = ["verify_jws"]


def __getattr__(name: str) -> Any:
    if name != "verify_jws":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from loki_core.oidc.jws import verify_jws  # not before it is used: most starts need none of it

    globals()[name] = verify_jws
    return verify_jws
