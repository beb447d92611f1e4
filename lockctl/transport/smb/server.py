"""What a server said of itself when we logged on. Values."""

from __future__ import annotations

from dataclasses import dataclass

from lockctl.clock.boot import boottime
from lockctl.transport.smb.requests import CREDIT_UNIT

LEAST_UNIT = 4096
"""Bytes to ask for at a time at least, whatever the server says: else one that says 1 would be asked for ever."""


@dataclass(frozen=True, slots=True)
class Server:
    """Its limits and its clock, from the answer to NEGOTIATE ([MS-SMB2] 2.2.4)."""

    system_time: int
    """Its clock then, in nanoseconds since 1970."""
    received_at: float
    """Our boot-time clock when that answer had come."""
    max_transact_size: int
    max_read_size: int
    max_write_size: int
    encrypts: bool
    """Whether all messages of the session are encrypted; else they are signed."""
    dialect: int = 0
    """DialectRevision."""

    @property
    def dialect_name(self) -> str:
        """`SMB 3.1.1` for 0x0311."""
        digits = [self.dialect >> 8, self.dialect >> 4 & 0xF, self.dialect & 0xF]
        return "SMB " + ".".join(str(digit) for digit in (digits if digits[2] else digits[:2]))

    def now(self) -> int:
        """Its clock: what it said, and the time since by a clock that cannot be set."""
        return int(self.system_time + (boottime() - self.received_at) * 1e9)

    def max_read(self) -> int:
        """Bytes that one READ may ask for: what one credit pays for, or less where the server says so."""
        return max(LEAST_UNIT, min(CREDIT_UNIT, self.max_read_size))

    def max_write(self) -> int:
        """Bytes that one WRITE may bring, likewise."""
        return max(LEAST_UNIT, min(CREDIT_UNIT, self.max_write_size))

    def max_transaction(self, credits_at_hand: int) -> int:
        """Bytes that one QUERY_DIRECTORY may answer with, where so many credits may be spent on it."""
        return min(self.max_transact_size, 2**20, max(1, credits_at_hand) * CREDIT_UNIT)
