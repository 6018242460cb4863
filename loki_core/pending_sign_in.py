"""A sign-in that waits for a person to approve it on another device."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loki_core.oidc.device_answer import DeviceCode
    from loki_core.oidc.driver import Cancellation
    from loki_core.oidc.session import Session


class PendingSignIn:
    """What to show a person, and the wait for the person's answer.

    Attributes:
        user_code: what the person compares with the provider's page, or types there. Printable ASCII.
        verification_uri: where to go. A URL of printable ASCII.
        verification_uri_complete: the same with the code in it, for a QR code, or None.
        life: seconds for which the code was given.
        expires_at: until when it can be approved (UTC).
    """

    def __init__(
        self, code: DeviceCode, expires_at: datetime, cancelled: Cancellation, wait: Callable[[], Session]
    ) -> None:
        self.user_code = code.user_code
        self.verification_uri = code.verification_uri
        self.verification_uri_complete = code.verification_uri_complete
        self.life = int(code.life)
        self.expires_at = expires_at
        self._cancelled = cancelled
        self._wait = wait

    def cancel(self) -> None:
        """End it, from any thread: `wait` raises at its next step, and gives back what it got meanwhile."""
        self._cancelled.set()

    def wait(self) -> Session:
        """Wait until the person approved, and return who that is. Nothing is adopted yet.

        Call it once, in a thread that may wait for minutes.

        Raises:
            SignInFailed: `access_denied`, `expired_token`, `cancelled`, `client_not_allowed`, `no_id_token` or
                `invalid_token`.
            ProviderUnavailable: the provider did not answer until the code expired, or not with anything usable.
        """
        return self._wait()
