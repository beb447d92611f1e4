"""A file's birth time on Linux: statx(2) through the C library, which Python 3.11 does not offer."""

from __future__ import annotations

import ctypes
import functools
import os
import struct
from typing import Any

_AT_FDCWD = -100
_AT_SYMLINK_NOFOLLOW = 0x100
_STATX_BTIME = 0x800
_BUFFER_SIZE = 256
_MASK_OFFSET, _BTIME_OFFSET = 0, 80
"""Offsets in struct statx (linux/stat.h): stx_mask, and stx_btime after stx_atime."""


@functools.cache
def _statx() -> Any:
    """The C library's function, or None where it has none (before glibc 2.28)."""
    return getattr(ctypes.CDLL(None, use_errno=True), "statx", None)


def birth_time(path: str) -> int | None:
    """Nanoseconds since 1970 when this file was made, or None where the file system or the C library cannot tell."""
    statx = _statx()
    if statx is None:
        return None
    buffer = ctypes.create_string_buffer(_BUFFER_SIZE)
    if statx(_AT_FDCWD, os.fsencode(path), _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, buffer) != 0:
        return None
    (mask,) = struct.unpack_from("=I", buffer, _MASK_OFFSET)
    if not mask & _STATX_BTIME:
        return None
    seconds, nanoseconds = struct.unpack_from("=qI", buffer, _BTIME_OFFSET)
    return int(seconds * 10**9 + nanoseconds)
