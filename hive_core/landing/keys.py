"""The files in which keys stand: the secret half for its owner alone, the public half beside it.

What keys sign and how is `evidence.signature`'s.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from hive_core.evidence.signature import PublicKey, SignatureFault, SigningKey, new_secret, signing_key_of

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_KEY_TEXT = re.compile(r"[0-9a-f]{64}\n", re.ASCII)
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


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
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _publish(path, new_secret().hex() + "\n", 0o600)


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
    return signing_key_of(_raw(path, payload.decode("ascii", "backslashreplace")))


def _raw(path: Path, text: str) -> bytes:
    if not _KEY_TEXT.fullmatch(text):
        raise SignatureFault(f"{path}: not a key (64 hexadecimal digits and a line's end)")
    return bytes.fromhex(text)
