"""The HTTP API: parse, one call into the library, encode. An optional extra: `pip install loki-tui[api]`.

Any ASGI app is guarded with the two public parts:

app.add_middleware(loki_core.api.AuthMiddleware, loki=loki_core.open())
@app.get("/jobs", dependencies=[Depends(loki_core.api.require_scope("read"))])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loki_core.api.app import create_app
    from loki_core.api.auth_middleware import AuthMiddleware
    from loki_core.api.require import get_principal, require_scope

__all__ = ["AuthMiddleware", "create_app", "get_principal", "require_scope"]

_HOMES = {
    "AuthMiddleware": "auth_middleware",
    "create_app": "app",
    "get_principal": "require",
    "require_scope": "require",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
