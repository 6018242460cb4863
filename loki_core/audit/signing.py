"""Ed25519 (RFC 8032) in hex: who only reads or appends does not load the cryptography behind it."""

from __future__ import annotations

from loki_core.forks import holding_forks
from loki_core.frozen import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A private key, which no `repr` shows, and its public key; both hex of 32 bytes."""

    private_key: str = field(repr=False)
    public_key: str


def load_cryptography() -> None:
    """Load what signing needs, which takes ten times as long as signing.

    Raises:
        ImportError: it cannot be loaded.
    """
    with holding_forks():  # it is loaded in the background, where nobody waits for it
        import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401


def make_key_pair(seed: bytes) -> KeyPair:
    """Return the key pair of a seed.

    Args:
        seed: 32 bytes from the operating system's randomness.

    Raises:
        ValueError: it has another length.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(seed)
    return KeyPair(private_key=seed.hex(), public_key=private.public_key().public_bytes_raw().hex())


def sign(private_key: str, message: bytes) -> str:
    """Return the signature of a message, in hex."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private_key)).sign(message).hex()


def is_signed(public_key: str, message: bytes, signature: str) -> bool:
    """Tell whether the signature is that key's of that message; malformed hex is no signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
