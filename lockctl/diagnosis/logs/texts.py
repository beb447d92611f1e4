"""What restic and rclone print about locks: each text, the versions that print it, and where it stands in their source.

Looked up in restic 0.14.0 to 0.19.1 and rclone 1.60.1 to 1.75. A text is matched from the start of a line: the name of
a file that was backed up stands in a log as well, and may hold anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a line tells."""

    OPENED = "opened"
    STARTED = "started"
    BACKING_UP = "backing-up"
    RETRIED = "retried"
    GAVE_UP = "gave-up"
    RECOVERED = "recovered"
    BREAKER = "breaker"
    CUT_GET = "cut-get"
    """rclone served a file that had grown since it listed it."""
    LOCKED = "locked"
    LOCK_AGE = "lock-age"
    LOCK_ID = "lock-id"
    WAITING = "waiting"
    INVALID = "invalid"
    UNAUTHENTIC = "unauthentic"
    REMOVE_ALL_HINT = "remove-all-hint"
    UNLOCK_HINT = "unlock-hint"
    NOT_REFRESHED = "not-refreshed"
    NOT_IN_TIME = "not-in-time"
    REMOVED_MEANWHILE = "removed-meanwhile"
    NOT_UNLOCKED = "not-unlocked"
    UNLOCKED = "unlocked"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105
    NO_REPOSITORY = "no-repository"
    SAVED = "saved"
    DONE = "done"
    SIGNAL = "signal"
    FATAL = "fatal"
    RCLONE = "rclone"


@dataclass(frozen=True, slots=True)
class Text:
    """One text. `versions` are restic's, or rclone's where `source` begins with its name."""

    kind: Kind
    pattern: re.Pattern[str]
    versions: str
    source: str
    example: str


_BEFORE = r"(?:Fatal: )?(?:unable to create lock in backend: )?"
BEGINS_LOCKED = _BEFORE + r"repository is already locked (?P<exclusive>exclusively )?by PID (?P<pid>\d{1,19}) on "
"""Before the names of host and user, which may hold anything, newlines as well."""
_IDS = r" \(UID \d{1,10}, GID \d{1,10}\)"
"""How that message ends: looked for first, since a long name that holds many ` by ` costs the square of its length."""
_LOCK = r"<lock/(?P<lock>[0-9a-f]{8,64})>"
_HANDLE = (
    r"(?P<action>Load|Save|Stat|Remove|List|Test)\((?:<?(?P<type>\w{1,20})(?:/(?P<name>[0-9a-f]{0,64}))?>?)[^)]{0,60}\)"
)
_RETRY = "internal/backend/retry/backend_retry.go"
_GLOBAL = "cmd/restic/global.go, internal/global/global.go"
_LOCK_GO = "internal/restic/lock.go, internal/repository/lock_file.go"
_LOCKING = "cmd/restic/lock.go, internal/repository/lock.go"


def _row(kind: Kind, pattern: str, versions: str, source: str, example: str) -> Text:
    return Text(kind, re.compile(pattern, re.DOTALL), versions, source, example)


TEXTS = (
    _row(
        Kind.RETRIED,
        _HANDLE + r" returned error, retrying after (?P<pause>[\d.a-zµ]{1,60}): (?P<error>.*)",
        "0.14 to 0.19",
        _GLOBAL,
        "Load(<lock/c6632a542a>, 0, 0) returned error, retrying after 1.39s: net/http: server replied with more than "
        "declared Content-Length; truncated",
    ),
    _row(
        Kind.GAVE_UP,
        _HANDLE + r" failed: (?P<error>.*)",
        "0.17 to 0.19",
        _GLOBAL,
        "Load(<lock/c6632a542a>, 0, 0) failed: net/http: server replied with more than declared Content-Length; "
        "truncated",
    ),
    _row(
        Kind.RECOVERED,
        _HANDLE + r" operation successful after \d+ retries",
        "0.15 to 0.19",
        _GLOBAL,
        "Load(<lock/c6632a542a>, 0, 0) operation successful after 3 retries",
    ),
    _row(
        Kind.BREAKER,
        r"(?:Fatal: )?(?:(?:unable|failed) to [a-z ]{1,40}: ){0,3}circuit breaker open for file " + _LOCK + "$",
        "0.17 to 0.19",
        _RETRY,
        "unable to create lock in backend: circuit breaker open for file <lock/c6632a542a>",
    ),
    _row(
        Kind.CUT_GET,
        r"(?:rclone: )?(?:[\d/: .]{0,30})?ERROR\s*: locks/(?P<lock>[0-9a-f]{64}): Didn't finish writing GET request "
        r"\(wrote (?P<wrote>\d+)/(?P<size>\d+) bytes\)",
        "rclone 1.60 to 1.75",
        "rclone lib/http/serve/serve.go, cmd/serve/httplib/serve/serve.go",
        "rclone: 2026/11/24 02:00:07 ERROR : locks/c6632a542a6f1c1d0f5a3a0d4ef4a3cbb0a4c7d5c8f8b3a0f3b2ac5b8c1d2e3f: "
        "Didn't finish writing GET request (wrote 136/60 bytes): http: wrote more than the declared Content-Length",
    ),
    _row(
        Kind.LOCKED,
        BEGINS_LOCKED
        + rf"(?=.{{0,6000}}{_IDS}$)(?P<host>.*) by (?P<user>.*) \(UID (?P<uid>\d{{1,10}}), GID (?P<gid>\d{{1,10}})\)$",
        "0.14 to 0.19",
        _LOCK_GO,
        "unable to create lock in backend: repository is already locked exclusively by PID 31337 on db2 by backup "
        "(UID 34, GID 34)",
    ),
    _row(
        Kind.LOCK_AGE,
        r"lock was created at (?P<created>[\d: -]{19}) \((?P<age>-?[\d.a-zµ]{1,60}) ago\)",
        "0.14 to 0.19",
        _LOCK_GO,
        "lock was created at 2026-11-23 00:16:16 (26h3m0.641943135s ago)",
    ),
    _row(Kind.LOCK_ID, r"storage ID (?P<lock>[0-9a-f]{8,64})", "0.14 to 0.19", _LOCK_GO, "storage ID 31d3f10a"),
    _row(
        Kind.WAITING,
        r"repo already locked, waiting up to (?P<pause>[\d.a-zµ]{1,60}) for the lock",
        "0.16 to 0.19",
        _LOCKING,
        "repo already locked, waiting up to 5m0s for the lock",
    ),
    _row(
        Kind.INVALID,
        _BEFORE + r"(?:invalid lock file: )?(?:LoadRaw|load|loadAll) ?\(?" + _LOCK + r"\)?: invalid data returned",
        "0.14 to 0.19",
        "internal/repository/raw.go, internal/repository/repository.go, internal/backend/utils.go",
        "Fatal: invalid lock file: LoadRaw(<lock/c6632a542a>): invalid data returned",
    ),
    _row(
        Kind.INVALID,
        _BEFORE + r"invalid lock file: (?P<error>.*)",
        "0.15.2 to 0.19",
        _LOCK_GO,
        "Fatal: invalid lock file: unexpected EOF",
    ),
    _row(
        Kind.UNAUTHENTIC,
        _BEFORE + r"ciphertext verification failed",
        "0.14 to 0.19",
        "internal/crypto/crypto.go",
        "unable to create lock in backend: ciphertext verification failed",
    ),
    _row(
        Kind.REMOVE_ALL_HINT,
        r"the `unlock --remove-all` command can be used to remove invalid locks",
        "0.15.2 to 0.19",
        _LOCKING,
        "the `unlock --remove-all` command can be used to remove invalid locks. Make sure that no other restic process "
        "is accessing the repository when running the command",
    ),
    _row(
        Kind.UNLOCK_HINT,
        r"the `unlock` command can be used to remove stale locks",
        "0.14 to 0.19",
        "cmd/restic/main.go",
        "the `unlock` command can be used to remove stale locks",
    ),
    _row(
        Kind.REMOVED_MEANWHILE,
        r"(?:failed to refresh stale lock: |unable to refresh lock: )?lock file was removed in the meantime",
        "0.16 to 0.19",
        _LOCK_GO,
        "failed to refresh stale lock: lock file was removed in the meantime",
    ),
    _row(
        Kind.NOT_REFRESHED,
        r"(?:unable to refresh lock|failed to refresh stale lock): (?P<error>.*)",
        "0.14 to 0.19",
        _LOCKING,
        "unable to refresh lock: server response unexpected: 500 Internal Server Error (500)",
    ),
    _row(
        Kind.NOT_IN_TIME,
        r"Fatal: failed to refresh lock in time",
        "0.15 to 0.19",
        _LOCKING,
        "Fatal: failed to refresh lock in time",
    ),
    _row(
        Kind.NOT_UNLOCKED,
        r"error while unlocking: (?P<error>.*)",
        "0.14 to 0.19",
        _LOCKING,
        "error while unlocking: <lock/c6632a542a> does not exist",
    ),
    _row(
        Kind.UNLOCKED,
        r"successfully removed (?:\d+ )?locks",
        "0.14 to 0.19",
        "cmd/restic/cmd_unlock.go",
        "successfully removed 2 locks",
    ),
    _row(
        Kind.WRONG_PASSWORD,
        r"Fatal: wrong password or no key found",
        "0.14 to 0.19",
        "internal/repository/key.go",
        "Fatal: wrong password or no key found",
    ),
    _row(
        Kind.NO_REPOSITORY,
        r"Fatal: (?:repository does not exist|unable to open config file): ?(?P<error>.*)",
        "0.14 to 0.19",
        _GLOBAL,
        "Fatal: repository does not exist: unable to open config file: <config/> does not exist",
    ),
    _row(
        Kind.OPENED,
        r"repository (?P<repository>[0-9a-f]{8,64}) opened \(",
        "0.14 to 0.19",
        _GLOBAL,
        "repository 1c84ca10 opened (version 2, compression level auto)",
    ),
    _row(
        Kind.BACKING_UP,
        r"(?:using parent snapshot [0-9a-f]{8}|no parent snapshot found, will read all files|start backup on \[)",
        "0.14 to 0.19",
        "cmd/restic/cmd_backup.go",
        "no parent snapshot found, will read all files",
    ),
    _row(
        Kind.STARTED,
        r"(?:open repository|create exclusive lock for repository|load indexes)$",
        "0.14 to 0.19",
        "cmd/restic/cmd_backup.go, cmd/restic/cmd_check.go",
        "create exclusive lock for repository",
    ),
    _row(
        Kind.DONE,
        r"(?:processed \d+ files, |Would add to the repository: |no errors were found)",
        "0.14 to 0.19",
        "internal/ui/backup/text.go, cmd/restic/cmd_check.go",
        "processed 3 files, 12 B in 0:00",
    ),
    _row(
        Kind.SAVED,
        r"snapshot [0-9a-f]{8} saved",
        "0.14 to 0.19",
        "internal/ui/backup/text.go",
        "snapshot 5ab2ba4b saved",
    ),
    _row(
        Kind.SIGNAL,
        r"signal \w+ received, cleaning up",
        "0.14 to 0.19",
        "cmd/restic/cleanup.go",
        "signal interrupt received, cleaning up",
    ),
    _row(
        Kind.RCLONE,
        r"(?:rclone: (?>[\d/: .]*)(?!DEBUG|INFO|NOTICE)|(?=ERROR|CRITICAL))"
        r"(?:(?:ERROR|CRITICAL)\s*: )?(?:locks/(?P<lock>[0-9a-f]{64}): (?=Delete))?(?P<error>.*)",
        "rclone 1.60 to 1.75",
        "rclone fs/log.go",
        "rclone: 2026/11/24 02:00:07 ERROR : data/0a/0a5b: Post request rcat error: response error: The disk is full",
    ),
    _row(
        Kind.FATAL,
        r"(?:Fatal: |unable to create lock in backend(?:$|: )|unable to save snapshot: )(?P<error>.*)",
        "0.14 to 0.19",
        "cmd/restic/main.go",
        "Fatal: unable to save snapshot: server response unexpected: 500 Internal Server Error (500)",
    ),
)
"""In the order in which they are tried: the first that fits is what the line tells."""
