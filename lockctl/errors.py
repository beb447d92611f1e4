"""Every error that lockctl reports, each with its exit status and kind. No error of a library leaves its boundary.

A message says what happened, to which file or host, and what to do next. `kind` is the stable word in JSON.
"""

from __future__ import annotations


class LockctlError(Exception):
    """What a user reads instead of a traceback. `status` is the exit status of the command that it ends."""

    status = 1
    kind = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.message = message
        """What happened, without what to do next."""


class UsageError(LockctlError):
    """The command line or the environment asks for something that cannot be."""

    status = 2
    kind = "usage"


class Unanswered(LockctlError):
    """A question that nobody was there to answer."""

    status = 2
    kind = "unanswered"


class Declined(LockctlError):
    """The answer was no."""

    kind = "declined"


class NoRepository(LockctlError):
    """The path holds no restic repository."""

    status = 10
    kind = "no-repository"


class LocksRemain(LockctlError):
    """`prune --fail-if-locked`: a lock that blocks restic remains."""

    status = 11
    kind = "locks-remain"


class WrongPassword(LockctlError):
    """No key of the repository opens with this password."""

    status = 12
    kind = "wrong-password"


class DamagedKey(LockctlError):
    """A key file that is no key, was altered, or asks for more work or memory than any restic would."""

    kind = "damaged-key"


class DamagedConfig(LockctlError):
    """The repository's config does not open with its own master key, or is no config."""

    kind = "damaged-config"


class ShareRefused(LockctlError):
    """The share did not let this user in, or not to this path."""

    status = 13
    kind = "share-refused"


class LogonRefused(ShareRefused):
    """The server did not let this user in at all, with this password: to try again could lock the account."""


class Unreachable(LockctlError):
    """The server does not answer, or the connection cannot be made."""

    status = 14
    kind = "unreachable"


class ConnectionLost(Unreachable):
    """The connection broke, or a reply did not come: what was asked last is neither done nor undone."""

    kind = "connection-lost"


class DeadlinePassed(Unreachable):
    """The time that the whole run was given is over."""

    kind = "deadline"


class FileError(LockctlError):
    """Something with one file of the share; the command may go on with others."""

    kind = "file"


class NotFound(FileError):
    """No such file or directory."""

    kind = "not-found"


class NotADirectory(NotFound):
    """Something else stands where a directory is wanted, or on the way to it."""


class NoLocksFolder(NotFound):
    """The repository's folder locks/ is missing, or is none: restic makes it anew only where nothing stands there."""

    def __init__(self, *, in_its_place: bool) -> None:
        if in_its_place:
            super().__init__(
                "a file stands where the repository's folder 'locks/' belongs, and no restic can lock here",
                "Move it away; the next restic command that locks, such as 'restic snapshots', makes the folder",
            )
        else:
            super().__init__(
                "the repository has no folder 'locks/', and so no locks",
                "The next restic command that locks, such as 'restic snapshots', makes it; 'restic unlock' does not",
            )


class UnusableName(FileError):
    """A name that leads elsewhere, or that SMB reads otherwise than it stands there: nothing is done with it."""


class PermissionRefused(FileError):
    """The server does not permit this user to do that with this file."""

    status = 13
    kind = "permission"


class InUse(FileError):
    """Another program has the file open and does not share it."""

    kind = "in-use"


class NameTaken(FileError):
    """A file of that name stands there already."""

    kind = "name-taken"


class ShareFull(FileError):
    """There is no room for what was to be written."""

    kind = "share-full"

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: there is no room left", "Make room there, and run it again")


class JournalError(LockctlError):
    """The journal cannot be read or written. Without it nothing is removed."""

    kind = "journal"


class UnknownLock(LockctlError):
    """No lock, or more than one, fits the id that was given."""

    kind = "unknown-lock"


class NotStarted(LockctlError):
    """`run`: there is no such command, or it cannot be started. The status is that of a shell."""

    status = 127
    kind = "not-started"


class Interrupted(LockctlError):
    """SIGINT or SIGTERM ended the run between two locks."""

    kind = "interrupted"

    def __init__(self, signal_number: int) -> None:
        super().__init__("interrupted; nothing was left half done")
        self.status = 128 + signal_number
