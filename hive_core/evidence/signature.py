"""Ed25519 signatures over bytes. The files in which keys stand are `landing.keys`'s.

Who signs what belongs to the callers, each under a purpose of its own: a signature under one purpose is none
under another. Ed25519 is RFC 8032, by the `cryptography` package; it is imported inside functions, for only
who signs or verifies shall pay for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from hive_core.contracts.base import Contract, Sha256
from hive_core.evidence.canonical import sha256_hex

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PURPOSE = re.compile(r"[a-z0-9._-]{1,64}", re.ASCII)


class SignatureFault(ValueError):
    """A signature, or a key, is not what it must be. The text says why and what to do next."""


class Signature(Contract):
    """Who signed, and the signature itself. `key_id` is the SHA-256 of the public key's 32 bytes."""

    algorithm: Literal["ed25519"] = "ed25519"
    key_id: Sha256
    value: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


@dataclass(frozen=True)
class PublicKey:
    """A key that verifies: its 32 bytes."""

    raw: bytes

    @cached_property
    def key_id(self) -> str:
        """The name of the key: SHA-256 of its bytes, in hexadecimal digits."""
        return sha256_hex(self.raw)

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self.raw)

    def verify(self, purpose: str, payload: bytes, signature: Signature) -> None:
        """Nothing, where this key signed these bytes for this purpose.

        Raises:
            SignatureFault: it did not.
        """
        from cryptography.exceptions import InvalidSignature

        if signature.key_id != self.key_id:
            raise SignatureFault(
                f"signed by key {signature.key_id[:12]}, and {self.key_id[:12]} is the one that is trusted"
            )
        try:
            self._key.verify(bytes.fromhex(signature.value), _signed_bytes(purpose, payload))
        except InvalidSignature:
            raise SignatureFault(
                f"the signature of key {self.key_id[:12]} does not fit: the content was changed, "
                f"or was signed for another purpose than {purpose}"
            ) from None


@dataclass(frozen=True)
class SigningKey:
    """A key that signs. It never shows its secret half."""

    _key: Ed25519PrivateKey

    @cached_property
    def public(self) -> PublicKey:
        """The half that verifies."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.public.key_id[:12]})"

    def sign(self, purpose: str, payload: bytes) -> Signature:
        """The signature of these bytes for a purpose (small letters, digits and `._-`).

        Raises:
            SignatureFault: the purpose is none.
        """
        value = self._key.sign(_signed_bytes(purpose, payload))
        return Signature(key_id=self.public.key_id, value=value.hex())


def _signed_bytes(purpose: str, payload: bytes) -> bytes:
    if not _PURPOSE.fullmatch(purpose):
        raise SignatureFault(f"{purpose!r} is no purpose: small letters, digits and ._- are")
    return b"hive-signature-1\n" + purpose.encode("ascii") + b"\n" + payload


def signing_key_of(secret: bytes) -> SigningKey:
    """The key of its 32 secret bytes.

    Raises:
        ValueError: not 32 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.from_private_bytes(secret))


def new_secret() -> bytes:
    """The 32 secret bytes of a fresh key, from the system's randomness."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes_raw()


def new_signing_key() -> SigningKey:
    """A fresh key, in memory only."""
    return signing_key_of(new_secret())
