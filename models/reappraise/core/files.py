"""Files that are ours and no others: no link followed, no pipe waited for, no name that leads elsewhere."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

from reappraise.core.errors import OutputError

_TEMPORARY = re.compile(r"\.reappraise-[0-9a-f]{16}\.part")
_CLOSED_TO_OTHERS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A link is an error, a pipe without a writer is no reason to wait; Windows has the last of the three."""


def is_folder(path: Path) -> bool:
    """Whether it is a folder itself, and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode) and not path.is_junction()
    except OSError:
        return False


def exists(path: Path) -> bool:
    """Whether anything has this name, be it a link that leads nowhere."""
    return os.path.lexists(path)


def descriptor(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a plain file by its descriptor.

    Raises
    ------
    OSError
        If it is a link, folder, pipe or device, or cannot be opened.
    """
    if path.is_symlink():  # where O_NOFOLLOW is not to be had
        raise OSError(f"{path.name} is a link")
    number = os.open(path, flags | _CLOSED_TO_OTHERS, 0o666)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(f"{path.name} is no plain file")
    return number


def read(path: Path, *, most: int) -> bytes:
    """Content of a plain file.

    Raises
    ------
    OSError
        If it is no plain file, cannot be read, or holds more bytes than that.
    """
    with os.fdopen(descriptor(path), "rb") as opened:
        content = opened.read(most + 1)
    if len(content) > most:
        raise OSError(f"{path.name} holds more than {most} bytes")
    return content


def sha256(path: Path) -> str | None:
    """Digest of a plain file; None of anything else, and of what cannot be read."""
    try:
        with os.fdopen(descriptor(path), "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None


def make_temporary(folder: Path, prefix: str = "") -> Path:
    """Make an empty file of a name that nothing else had, and that `sweep` knows again."""
    path = folder / f"{prefix}.reappraise-{secrets.token_hex(8)}.part"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CLOSED_TO_OTHERS, 0o666))
    return path


def sweep(folder: Path, prefix: str = "") -> None:
    """Remove what a run that was killed left half written; whatever else is there stays."""
    if not is_folder(folder):
        return
    with os.scandir(folder) as items:
        for item in items:
            if is_temporary(item, prefix):
                with suppress(FileNotFoundError):
                    Path(item).unlink()


def is_temporary(item: os.DirEntry[str], prefix: str = "") -> bool:
    """Whether this program made it to be renamed."""
    ours = item.name.startswith(prefix) and _TEMPORARY.fullmatch(item.name, len(prefix))
    return bool(ours) and item.is_file(follow_symlinks=False)


@contextmanager
def locked(path: Path, busy: str) -> Iterator[int]:
    """Open a plain file for reading and writing, made if it is missing, for one process at a time.

    Raises
    ------
    OutputError
        If another process has it; ``busy`` says so.
    OSError
        If it is no plain file, or cannot be opened or locked.
    """
    number = descriptor(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        if not lock_descriptor(number, blocking=False):
            raise OutputError(busy)
        yield number
    finally:
        os.close(number)
