"""`lockctl history`: what was removed, when, from where, why and by whom."""

from __future__ import annotations

import base64
import getpass
import hashlib
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime

from lockctl.render.past import history_table
from lockctl.state.records import Origin, Outcome, Record, Removed
from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import history, ids, lockctl, state_of
from tests.cli.seeing import seen_for
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

KEYS = """id at repository state reason age_seconds lock outcome outcome_text restored_at returned_as by""".split()


def test_nothing_was_removed(repository: Repository) -> None:
    done = lockctl(repository, "history")
    assert done.status == 0
    assert done.stdout == ""
    assert "nothing was removed yet" in done.stderr
    told = lockctl(repository, "history", "--json")
    assert (told.status, told.json) == (0, {"schema": "lockctl.history/1", "entries": []})


def test_table(repository: Repository) -> None:
    old, other = aged_lock(repository, 3 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    assert lockctl(repository, "restore", other).status == 0
    done = lockctl(repository, "history")
    assert done.status == 0
    head, first, second = done.stdout.splitlines()
    assert head.split() == "WHEN ID HOST PID OUTCOME STATE WHY BY REPOSITORY".split()
    assert first.split()[1:6] == [old[:8], "web1", "4209", "removed", "stale"]
    assert first.split()[-1] == repository.address
    assert f"{getpass.getuser()}@{socket.gethostname()}" in first
    assert "removed, restored" in second


def test_json(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB2, exclusive=True)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    told = lockctl(repository, "history", "--json").json
    assert told["schema"] == "lockctl.history/1"
    (entry,) = told["entries"]
    assert list(entry) == KEYS
    assert (entry["id"], entry["state"], entry["reason"]) == (lock_id, "stale", "not renewed for 2 h")
    assert entry["repository"]["address"] == repository.address
    assert entry["outcome"] == "removed"
    assert abs((datetime.now(UTC) - datetime.fromisoformat(entry["at"])).total_seconds()) < 60
    lock = entry["lock"]
    assert (lock["hostname"], lock["pid"], lock["username"], lock["exclusive"]) == ("web2", 77, "björn", True)
    assert entry["by"]["user"] == getpass.getuser()


def test_the_journal_holds_the_bytes(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    lines = [json.loads(line) for line in (state_of(repository) / "journal.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["intent", "outcome"]
    assert hashlib.sha256(base64.b64decode(lines[0]["data"])).hexdigest() == lock_id
    assert lines[0]["key"] == lines[1]["key"]


def test_history_needs_no_repository(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    variables = {name: value for name, value in repository.env.items() if not name.startswith(("RESTIC_", "RCLONE_"))}
    assert len(history(variables, state_of(repository))) == 1
    there = lockctl(variables, "history", "--json", "--state-dir", str(state_of(repository)))
    assert len(there.json["entries"]) == 1
    assert there.status == 0


def test_a_torn_last_line_is_no_line(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    journal = state_of(repository) / "journal.jsonl"
    with journal.open("a") as file:
        file.write('{"type":"intent","key":"half')
    assert len(history(repository)) == 1
    aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0, done.text
    assert [entry["outcome"] for entry in history(repository)] == ["removed", "removed"]


def test_a_damaged_line_stops_nothing(repository: Repository) -> None:
    """It is named where the journal is shown, and what is sound stays of use."""
    old = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    journal = state_of(repository) / "journal.jsonl"
    lines = ['{"type": "intent"}', *journal.read_text().splitlines(), "no json \x1b[31m"]
    journal.write_text("".join(f"{line}\n" for line in lines))
    told = lockctl(repository, "history", "--json")
    assert told.status == 0
    assert ids(told.json["entries"]) == {old}
    assert told.stderr.splitlines() == [
        f"lockctl: warning: line {number} of {journal} is damaged and was passed over" for number in (1, 4)
    ]
    lock_id = aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert (done.status, repository.lock_ids()) == (0, []), done.text
    for one in (old, lock_id):
        assert lockctl(repository, "restore", one).status == 0
    assert repository.sound_lock_ids() == {old, lock_id}
    kept = journal.read_text().splitlines()
    assert (kept[0], kept[3]) == (lines[0], lines[3])


def test_nothing_but_damaged_lines(repository: Repository) -> None:
    journal = state_of(repository) / "journal.jsonl"
    journal.parent.mkdir()
    journal.write_text("no json\n")
    done = lockctl(repository, "history")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr == f"lockctl: warning: line 1 of {journal} is damaged and was passed over\n"


def test_a_journal_that_others_can_write_is_refused(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    journal = state_of(repository) / "journal.jsonl"
    journal.touch()
    journal.chmod(0o666)
    for words in (["history"], ["prune", "--yes"], ["restore", lock_id]):
        done = lockctl(repository, *words, "--json")
        assert done.status == 1
        assert (done.json["schema"], done.json["kind"]) == ("lockctl.error/1", "journal")
        assert f"{journal} can be written by others" in done.json["message"]
    assert repository.lock_ids() == [lock_id]
    journal.chmod(0o600)
    state_of(repository).chmod(0o777)
    done = lockctl(repository, "history", "--json")
    assert (done.status, done.json["entries"]) == (0, [])
    assert done.stderr.startswith(f"lockctl: warning: {state_of(repository)} can be written by others")
    assert done.stderr.count("\n") == 1


ESCAPE = "\x1b]0;owned\x07\n\u202e"


def test_no_escape_of_an_altered_journal_reaches_the_terminal(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    journal = state_of(repository) / "journal.jsonl"
    intent, outcome = (json.loads(line) for line in journal.read_text().splitlines())
    intent["at"] = intent["at"].replace("T", "\x1b")
    for fields, names in (
        (intent, ("state", "reason")),
        (intent["repository"], ("address", "id")),
        (intent["lock"], ("hostname", "username", "time")),
        (intent["by"], ("user", "hostname")),
        (outcome, ("text",)),
    ):
        fields.update({name: ESCAPE + fields[name] for name in names})
    restored = {"type": "restored", "key": intent["key"], "at": outcome["at"].replace("T", "\x1b")}
    journal.write_text("".join(json.dumps(line) + "\n" for line in (intent, outcome, restored)))
    for words in (["history"], ["history", "--json"], ["restore", lock_id]):
        done = lockctl(repository, *words)
        assert lock_id[:8] in done.text or words[0] == "restore"
        assert not set("\x1b\x07\u202e") & set(done.text), done.text
    assert len(lockctl(repository, "history").stdout.splitlines()) == 2


def test_the_table_shows_nothing_raw() -> None:
    """Whatever gets past the checks of the journal."""
    lock = {"hostname": ESCAPE, "pid": ESCAPE, "username": ESCAPE}
    removed = Removed(ESCAPE, b"", ESCAPE, ESCAPE, None, lock, 0)
    by = {"user": ESCAPE, "hostname": [ESCAPE]}
    record = Record(ESCAPE, ESCAPE, Origin(ESCAPE, ESCAPE, ESCAPE), removed, by, Outcome.REMOVED, ESCAPE)
    told = history_table([replace(record, restored_at=ESCAPE, returned_as=ESCAPE)])
    assert not set("\x1b\x07\u202e") & set(told)
    assert len(told.splitlines()) == 2


def test_an_intent_without_outcome_is_told_and_closed(repository: Repository) -> None:
    """As a run leaves it that was killed right after its intent, the lock standing or gone."""
    standing, gone = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    journal = state_of(repository) / "journal.jsonl"
    lines = [line for line in journal.read_text().splitlines() if '"type":"intent"' in line]
    journal.write_text("\n".join(lines) + "\n")
    data = {json.loads(line)["id"]: base64.b64decode(json.loads(line)["data"]) for line in lines}
    (repository.path / "locks" / standing).write_bytes(data[standing])
    repository.samba.give(repository.path / "locks")
    assert {entry["outcome"] for entry in history(repository)} == {None}
    assert lockctl(repository, "history").stdout.count("not finished") == 2
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0, done.text
    assert f"a run was ended at lock {standing[:8]}" in done.stderr
    told = {entry["id"]: (entry["outcome"], entry["outcome_text"]) for entry in history(repository)}
    assert told[standing][0] == "kept"
    assert "still stands" in told[standing][1]
    assert told[gone][0] == "unknown"
    restored = lockctl(repository, "restore", gone)
    assert restored.status == 0, restored.text
    assert "it is not certain" in restored.stderr
