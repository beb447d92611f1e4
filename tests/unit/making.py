"""Locks, verdicts and surveys of any kind, for the tests of what is made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from lockctl.clock.rfc3339 import format_moment
from lockctl.liveness.evidence import Clocks, Facts, Reason, State, Verdict, Witness
from lockctl.liveness.judge import judge
from lockctl.repository.config import RepositoryConfig
from lockctl.repository.lock import Lock, LockFile, Problem
from lockctl.settings.policy import Policy
from lockctl.state.memory import Seen
from lockctl.survey.values import Survey
from lockctl.transport.base import Entry

SECOND = 10**9
NOW = 1_800_000_000 * SECOND
"""The moment of all these tests, by every clock that is right."""
MISSED, GIVES_UP, EXPIRED, DAY = 450, 1350, 1800, 86400
ALIVE = Witness("process", "alive", "PID 4209 runs on this machine")
GONE = Witness("process", "gone", "no process with PID 4209 runs on this machine")
BLIND = Witness("process", None, "PIDs say nothing")
IN_AN_HOUR = -3600
CONFIG = RepositoryConfig("c" * 64, 2, "5" * 64)


def seconds(amount: float) -> int:
    """Nanoseconds."""
    return round(amount * SECOND)


def make_lock(
    age: float = 0, *, hostname: str = "web1", username: str = "root", pid: int = 4209, exclusive: bool = False
) -> Lock:
    """A lock that was renewed `age` seconds ago by its owner's clock."""
    time_ns = NOW - seconds(age)
    return Lock(format_moment(time_ns), time_ns, exclusive, hostname, username, pid, 0, 0)


def make_entry(name: str, size: int, created: float | None, written: float) -> Entry:
    """A directory entry; times are ages in seconds, by the server's clock."""
    born = None if created is None else NOW - seconds(created)
    last = NOW - seconds(written)
    return Entry(name, size, born, last, last, int(name[:8], 16) if name[:8].isalnum() else 7)


def make_file(
    lock: Lock | None = None,
    *,
    name: str = "",
    created: float | None = 0,
    written: float | None = None,
    problem: Problem | None = None,
    data: bytes | None = b"sealed",
) -> LockFile:
    """A file of locks/: of `lock`, or with a `problem`. Its last write is 3 ms older than its creation if not told."""
    last = (created or 0) + 0.003 if written is None else written
    name = name or hashlib.sha256(repr((lock, created, problem)).encode()).hexdigest()
    detail = "why it is so" if problem is not None else ""
    return LockFile(
        make_entry(name, len(data or b""), created, last), data, lock or problem or Problem.INCOMPLETE, detail
    )


def make_facts(
    *,
    directory: float = 0,
    trust_clock: str | None = None,
    local: float = 0,
    server: float = 0,
    keeps_creation: bool = True,
    seen: Mapping[str, Seen] | None = None,
) -> Facts:
    """Facts at NOW; `local` and `server` are by how many seconds these clocks are ahead, `directory` is an age."""
    clocks = Clocks(NOW + seconds(local), NOW + seconds(server))
    return Facts(clocks, NOW - seconds(directory), trust_clock, seen=seen or {}, keeps_creation=keeps_creation)


def judge_one(
    file: LockFile, facts: Facts | None = None, *findings: Witness, beside: tuple[LockFile, ...] = ()
) -> Verdict:
    """What is made of the first of these files, with what was found out about its owner."""
    verdicts = judge((file, *beside), facts or make_facts(), {file.id: findings})
    return verdicts[0]


def make_verdict(
    file: LockFile | None = None,
    state: State = State.STALE,
    *,
    age: float | None = 7200,
    claimed: float | None = 7200,
    text: str = "not renewed for 2 h",
    seen: float = GIVES_UP,
    wait: float | None = 0,
) -> Verdict:
    """A verdict, as the judgement might have given it."""
    file = make_file(make_lock(7200), created=7200) if file is None else file
    return Verdict(file, state, age, claimed, (Reason("code", text),), (), seen, wait)


def make_survey(
    verdicts: Sequence[Verdict],
    config: RepositoryConfig = CONFIG,
    policy: Policy | None = None,
    forgetful: str = "",
    held: frozenset[str] = frozenset(),
) -> Survey:
    """A survey at NOW."""
    address = "smb://backup@nas/backup/restic"
    return Survey(address, config, Clocks(NOW, NOW), tuple(verdicts), policy or Policy(), forgetful, held)


def of_host(name: str, state: State = State.STALE) -> Verdict:
    """A verdict on a lock of this host and user name, two hours old."""
    return make_verdict(make_file(make_lock(7200, hostname=name, username=name), created=7200), state)
