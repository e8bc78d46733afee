"""Ed25519 signatures over bytes, and the files in which their keys stand.

Who signs what belongs to the callers, each under a purpose of its own: a signature under one purpose is none
under another. Ed25519 is RFC 8032, by the `cryptography` package; it is imported inside functions, for only
who signs or verifies shall pay for it.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from hive_core.contracts.base import Contract, Sha256
from hive_core.evidence.canonical import sha256_hex

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_PURPOSE = re.compile(r"[a-z0-9._-]{1,64}", re.ASCII)
_KEY_TEXT = re.compile(r"[0-9a-f]{64}\n", re.ASCII)
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


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


def new_signing_key() -> SigningKey:
    """A fresh key from the system's randomness, in memory only."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.generate())


def key_file(folder: Path, name: str) -> Path:
    """Where the secret half of a named key stands; the public half stands beside it as `.pub`.

    Raises:
        SignatureFault: the name is none.
    """
    if not _NAME.fullmatch(name):
        raise SignatureFault(f"{name!r} is no name of a key: small letters, digits, _ and - are")
    return folder / f"{name}.key"


def signing_key(folder: Path, name: str) -> SigningKey:
    """The named key of a folder, made on its first use.

    The secret file is the owner's alone (0600), the folder too (0700). Two processes that make it at the
    same time get the same key: the file appears whole, and only one of them can create it.

    Raises:
        SignatureFault: a key file that others can read, that is no plain file or no key, or whose public
            half is another one.
        OSError: it cannot be read or written.
    """
    path = key_file(folder, name)
    if not path.is_symlink() and not path.exists():
        _create(path)
    key = _read_secret(path)
    beside = path.with_suffix(".pub")
    if not beside.exists():
        _publish(beside, key.public.raw.hex() + "\n", 0o644)
    if public_key(folder, name) != key.public:
        raise SignatureFault(f"{beside}: not the public half of {path.name}; remove it, and it is made anew")
    return key


def public_key(folder: Path, name: str) -> PublicKey:
    """The public half of a named key.

    Raises:
        SignatureFault: there is none, or the file holds no key.
    """
    path = key_file(folder, name).with_suffix(".pub")
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        raise SignatureFault(
            f"{path}: no such key; it is made when something is first signed with it"
        ) from None
    except UnicodeDecodeError:
        raise SignatureFault(f"{path}: not a key (64 hexadecimal digits and a line's end)") from None
    return PublicKey(_raw(path, text))


def _create(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = Ed25519PrivateKey.generate().private_bytes_raw()
    _publish(path, secret.hex() + "\n", 0o600)


def _publish(path: Path, text: str, mode: int) -> None:
    """Write a file that is there as a whole or not at all; one that another process made first stays."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_secret(path: Path) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise SignatureFault(f"{path}: cannot be opened as a plain file ({error.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise SignatureFault(f"{path}: not a plain file")
        if facts.st_uid != os.geteuid():
            raise SignatureFault(f"{path}: belongs to another user than the one who runs this")
        if facts.st_mode & _FOR_OTHERS:
            raise SignatureFault(
                f"{path}: others may read or write it (mode {stat.S_IMODE(facts.st_mode):04o}); "
                "chmod 600, and make a new key if anybody could have read it"
            )
        payload = file.read(128)
    return SigningKey(
        Ed25519PrivateKey.from_private_bytes(_raw(path, payload.decode("ascii", "backslashreplace")))
    )


def _raw(path: Path, text: str) -> bytes:
    if not _KEY_TEXT.fullmatch(text):
        raise SignatureFault(f"{path}: not a key (64 hexadecimal digits and a line's end)")
    return bytes.fromhex(text)
