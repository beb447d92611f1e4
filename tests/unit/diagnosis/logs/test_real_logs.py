"""No story of a real log is wrong, by three versions of restic, and whatever a logger puts around its lines."""

from __future__ import annotations

import json
import re

import pytest

from lockctl.render.stories import stories_text
from tests.corpus import FORMS, Log, Truth, logs
from tests.unit.diagnosis.logs.reading import codes_of, stories_of

CODES: dict[Truth, set[tuple[str, ...]]] = {
    Truth.SUCCESS: {()},
    Truth.KILLED: {("unfinished",)},
    Truth.INTERRUPTED: {("interrupted",), ("unfinished",)},
    Truth.WRONG_PASSWORD: {("wrong-password",)},
    Truth.NO_REPOSITORY: {("no-repository",)},
    Truth.NO_CONNECTION: {("connection-lost",)},
    Truth.CONNECTION_LOST: {("connection-lost",)},
    Truth.CONNECTION_RECOVERED: {()},
    Truth.SHARE_FULL: {("share-full",)},
    Truth.NO_PERMISSION: {("refused",)},
    Truth.LOCKED_BY_LIVE: {("blocked",)},
    Truth.LOCKED_BY_STALE: {("blocked",)},
    Truth.RETRY_FAILED: {("blocked",)},
    Truth.RETRY_SUCCEEDED: {("waited",)},
    Truth.LOCK_CUT: {("invalid-lock",)},
    Truth.LOCK_ALTERED: {("invalid-lock",)},
    Truth.LOCK_UNDECODABLE: {("invalid-lock",)},
    Truth.LOCK_UNREADABLE: {("unreadable-lock",)},
    Truth.DATA_MISSING: {("data-missing",)},
    Truth.LOCK_REMOVED: {("lock-removed",)},
    Truth.RENEWAL_FAILED: {("not-renewed",), ("connection-lost",)},
    Truth.RENEWAL_LATE: {("not-renewed",)},
    Truth.BREAKER_OPEN: {("circuit-breaker",)},
    Truth.BREAKER_NEAR: {("outgrown-lock",)},
}
EVERY_LOG = pytest.mark.parametrize("log", logs(), ids=lambda log: log.file.removesuffix(".log"))


@EVERY_LOG
def test_the_log_alone(log: Log) -> None:
    assert tuple(codes_of(log.data)) in CODES[log.truth]


@EVERY_LOG
@pytest.mark.parametrize("form", FORMS)
def test_with_times_in_front(log: Log, form: str) -> None:
    assert tuple(codes_of(log.stamped(form))) in CODES[log.truth]


@EVERY_LOG
def test_as_other_programs_pass_it_on(log: Log) -> None:
    """A mail that was answered, Windows, a terminal, journald's and Docker's objects."""
    lines = [line.decode("utf-8", "replace").rstrip("\n") for line in log.lines]
    forms = [
        "".join(f"> {line}\n" for line in lines),
        "".join(f"{line}\r\n" for line in lines),
        "".join(f"\x1b[2K\x1b[31m{line}\x1b[0m\n" for line in lines),
        "".join(json.dumps({"MESSAGE": line, "_PID": "7", "__REALTIME_TIMESTAMP": "5"}) + "\n" for line in lines),
        "".join(json.dumps({"log": f"{line}\n", "stream": "stderr"}) + "\n" for line in lines),
    ]
    for form in forms:
        assert tuple(codes_of(form)) in CODES[log.truth], form[:300]


@EVERY_LOG
def test_the_locks_that_it_names(log: Log) -> None:
    """The right lock and the right owner, where restic says which."""
    named = {lock["id"]: lock for lock in log.locks if lock["named"]}
    for story in stories_of(log.data):
        for lock in story.finding.locks:
            (owner,) = [one for id_, one in named.items() if id_.startswith(lock)]
            if story.finding.code == "blocked":
                host = re.sub(r"\x1b\[\d+m", "", owner["host"])
                assert f"{host} (PID {owner['pid']}, {owner['user']})" in story.finding.seen


def test_all_of_them_in_one_log() -> None:
    """One after the other, as a year of a machine's life: each story is the same as alone."""
    data = b"".join(log.data if log.data.endswith(b"\n") else log.data + b"\n" for log in logs())
    together = {story.finding.code for story in stories_of(data)}
    alone = {code for log in logs() for code in codes_of(log.data)}
    assert together == alone, together ^ alone


def test_passwords_that_rclone_prints_are_not_quoted() -> None:
    """With -vv it prints them obscured, which hides nothing."""
    printed = [log for log in logs() if b'pass="' in log.data]
    assert printed
    for log in printed:
        assert "pass=" not in stories_text(stories_of(log.data), 10_000, colour=False)
