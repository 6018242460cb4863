"""Where the server listens: never beyond this machine while nobody has to prove who they are."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from loki_core.errors import ConfigurationError, Refused
from loki_core.text import safe_text

if TYPE_CHECKING:
    from loki_core.settings import Settings

_BACKLOG = 2048


def listen(settings: Settings, host: str, port: int) -> socket.socket:
    """Return a socket that is bound to the address, after every check that can be made before serving.

    Args:
        settings: what is configured.
        host: the address.
        port: the port; 0 for any that is free.

    Raises:
        ConfigurationError: `auth_required`: it would be reached from other machines while authentication is off;
            `tls_files`.
        Refused: `address_in_use`, or the address is none of this machine's.
    """
    check_reach(settings, host)
    if settings.tls.enabled:
        from loki_core.api.tls import Certificate

        Certificate(settings.tls.cert, settings.tls.key)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        raise Refused(
            f"{safe_text(host, limit=60)}:{port} cannot be listened on: {error.strerror}",
            code="address_in_use",
            remedy="choose another --port, or end what listens there",
        ) from None
    bound.set_inheritable(True)
    bound.listen(_BACKLOG)  # whoever connects from now on is answered as soon as the server runs
    return bound


def check_reach(settings: Settings, host: str) -> None:
    """Refuse to listen beyond this machine while nobody has to prove who they are.

    Raises:
        ConfigurationError: `auth_required`.
    """
    if not settings.auth.is_on and not is_loopback(host):
        raise ConfigurationError(
            f"authentication is off, and {safe_text(host, limit=60)} can be reached from other machines",
            code="auth_required",
            remedy="set LOKI_ENTERPRISE_AUTH=true, or listen on 127.0.0.1",
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
