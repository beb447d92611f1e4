"""Several repositories in one run, on real Samba: by name, by tag, all; and what is down holds up no other."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import Done, assert_fails, finish, history, ids, lockctl, start
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.lab.known import Known
from tests.lab.processes import LOOPBACK, free_port, until
from tests.lab.proxy import Proxy
from tests.lab.seal import Owner, aged_lock

SECRETS = ("lab-password",)


@pytest.fixture
def known(tmp_path: Path, new_repository: NewRepository) -> Known:
    """Three repositories: `nas` with an old lock, `office` with an old and a live one, `attic` with none."""
    found = Known(tmp_path)
    found.open({name: new_repository() for name in ("nas", "office", "attic")})
    found.extra = {"nas": 'tags = ["home"]\n', "office": 'tags = ["work", "big"]\n', "attic": 'tags = ["home"]\n'}
    found.write()
    aged_lock(found.repositories["nas"], 2 * HOUR, WEB1)
    aged_lock(found.repositories["office"], 3 * HOUR, WEB2)
    aged_lock(found.repositories["office"], 60, Owner("db1", pid=7))
    return found


def run(known: Known, *words: str, **more: Any) -> Done:
    done = lockctl(known.variables(), *words, **more)
    assert not any(secret in done.text for secret in SECRETS)
    return done


def lines(done: Done) -> dict[str, Any]:
    """The objects of a run, by the name of the repository."""
    return {one["repository"]["name"]: one for one in map(json.loads, done.stdout.splitlines())}


def is_down(known: Known, name: str) -> None:
    """Its server cannot be reached any more."""
    known.repositories[name] = replace(known.repositories[name], port=free_port())
    known.write()


@contextmanager
def server_that_hangs_up() -> Iterator[list[int]]:
    """Takes connections and ends each at once: yields its port, and then the numbers of those connections."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        taken = [listener.getsockname()[1]]

        def take() -> None:
            while True:
                try:
                    connection, address = listener.accept()
                except OSError:
                    return
                taken.append(address[1])
                connection.close()

        threading.Thread(target=take, daemon=True).start()
        yield taken
        listener.shutdown(socket.SHUT_RDWR)


def test_one_by_its_name(known: Known) -> None:
    done = run(known, "list", "-r", "nas", "--json")
    assert (done.status, done.stderr) == (0, "")
    assert done.json["repository"]["name"] == "nas"
    assert done.json["repository"]["address"] == known.repositories["nas"].smb_address
    named = lockctl(known.variables(LOCKCTL_REPOSITORY="nas"), "list", "--json")
    assert ids(named.json["locks"]) == ids(done.json["locks"])


def test_options_go_before_the_configuration_and_it_before_the_environment(known: Known) -> None:
    wrong = known.secret("wrong", "not it\n")
    assert lockctl(known.variables(RESTIC_PASSWORD="not it"), "list", "-r", "nas").status == 0
    assert_fails(run(known, "list", "-r", "nas", "--password-file", str(wrong)), 12, "wrong password")
    credentials = known.secret("other-smb", f"username={known.repositories['nas'].samba.user}\npassword=no\n")
    assert_fails(run(known, "list", "-r", "nas", "--smb-credentials", str(credentials)), 13, "refused user")


def test_thresholds_of_one(known: Known) -> None:
    known.extra["nas"] = '[repositories.nas.thresholds]\nexpired = "5h"\n'
    known.write('[thresholds]\nexpired = "1h"\n')
    done = run(known, "list", "--all", "--json")
    states = {name: sorted(lock["state"] for lock in told["locks"]) for name, told in lines(done).items()}
    assert states == {"nas": ["overdue"], "office": ["active", "stale"], "attic": []}


def test_a_list_of_all(known: Known) -> None:
    done = run(known, "list", "--all")
    assert (done.status, done.stderr) == (0, "")
    table, _, foot = done.stdout.partition("\n\n")
    rows = [line.split() for line in table.splitlines()]
    assert rows[0][:4] == ["REPOSITORY", "ID", "HOST", "PID"]
    assert [(row[0], row[2]) for row in rows[1:]] == [("nas", "web1"), ("office", "web2"), ("office", "db1")]
    assert foot.splitlines()[0] == "3 locks in 3 repositories: 2 stale, 1 active"
    assert "nas: would fail: prune, check, forget: already locked by PID" in foot
    assert "attic" not in foot


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--all"], {"nas", "office", "attic"}),
        (["--tag", "home"], {"nas", "attic"}),
        (["--tag", "home", "--tag", "big"], {"nas", "office", "attic"}),
        (["-r", "office", "-r", "nas"], {"nas", "office"}),
        (["--tag", "work"], {"office"}),
    ],
)
def test_which_ones_are_asked(known: Known, words: list[str], names: set[str]) -> None:
    """However many there are: an object a line, each with its name."""
    done = run(known, "list", "--json", *words)
    assert done.status == 0, done.text
    assert set(lines(done)) == names


def test_other_forms_have_a_column_more(known: Known) -> None:
    csv = run(known, "list", "--all", "--format", "csv").stdout.splitlines()
    assert csv[0].startswith("repository,id,hostname,")
    assert [line.partition(",")[0] for line in csv[1:]] == ["nas", "office", "office"]
    markdown = run(known, "list", "--all", "--format", "markdown").stdout.splitlines()
    assert markdown[0].startswith("| REPOSITORY")
    assert "2 of 3 shown" in run(known, "list", "--all", "--state", "stale").stdout


def test_one_that_is_down_holds_up_no_other(known: Known) -> None:
    is_down(known, "nas")
    done = run(known, "list", "--all", "--json")
    assert done.status == 3
    told = lines(done)
    assert set(told) == {"nas", "office", "attic"}
    assert (told["nas"]["schema"], told["nas"]["code"]) == ("lockctl.error/1", 14)
    assert told["nas"]["repository"]["address"] == known.repositories["nas"].smb_address
    assert len(told["office"]["locks"]) == 2
    assert re.fullmatch(r"lockctl: nas: cannot connect to 127.0.0.1 port \d+: .*\n", done.stderr)


def test_what_is_wrong_with_one_alone(known: Known) -> None:
    """A password that is missing, a wrong one, no repository there: each is told, and the rest is done."""
    known.extra["nas"] = 'password_file = "/no/such/file"\n'
    known.extra["attic"] = 'password_command = "echo wrong"\n'
    known.repositories["gone"] = replace(known.repositories["nas"], folder="no-such-folder")
    known.write()
    done = run(known, "list", "--all", "--json")
    assert done.status == 3
    assert {name: one.get("code", 0) for name, one in lines(done).items()} == {
        "nas": 2,
        "office": 0,
        "attic": 12,
        "gone": 10,
    }
    assert len(done.stderr.splitlines()) == 3


def test_where_all_fail_alike_that_is_the_status(known: Known) -> None:
    wrong = known.secret("wrong", "not it\n")
    done = run(known, "list", "--all", "--password-file", str(wrong))
    assert done.status == 12
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 3


def test_ten_repositories_of_a_server_that_is_off_cost_one_try(known: Known) -> None:
    with server_that_hangs_up() as taken:
        for number in range(10):
            known.repositories[f"off{number}"] = replace(known.repositories["nas"], port=taken[0])
        known.write()
        done = run(known, "list", "--all", "--json")
        assert done.status == 3
        assert len(taken) == 1 + 1, "it was asked once"
    told = lines(done)
    assert len(told["office"]["locks"]) == 2
    assert sum("is left alone in this run" in one.get("message", "") for one in told.values()) == 9


def test_who_is_refused_does_not_try_again(known: Known) -> None:
    """Each further try could lock the account."""
    known.secret("smb", f"username={known.repositories['nas'].samba.user}\npassword=wrong\n")
    done = run(known, "list", "--all", "--json", "--jobs", "1")
    assert done.status == 13
    messages = [one["message"] for one in lines(done).values()]
    assert sum("is not asked again in this run" in message for message in messages) == 2


def test_a_signal_while_a_server_is_silent(known: Known) -> None:
    with Proxy(known.repositories["nas"].samba.port) as proxy:
        proxy.silence_after(1)
        known.repositories["nas"] = replace(known.repositories["nas"], port=proxy.port)
        known.write()
        process = start(known.variables(), "list", "--all")
        until(lambda: proxy.frames or None, "a frame")
        process.send_signal(signal.SIGTERM)
        done = finish(process, 10)
    assert done.status == 143, done.text


def test_one_time_for_all(known: Known) -> None:
    with Proxy(known.repositories["nas"].samba.port) as proxy:
        proxy.silence_after(1)
        known.repositories["nas"] = replace(known.repositories["nas"], port=proxy.port)
        known.write()
        done = run(known, "list", "--all", "--json", "--timeout", "4s")
    assert done.status == 3, done.text
    assert {name: one.get("kind") for name, one in lines(done).items()} == {
        "nas": "deadline",
        "office": None,
        "attic": None,
    }


def seen(known: Known, *names: str) -> None:
    for name in names:
        repository = known.repositories[name]
        seen_for(repository, state=known.state, address=repository.smb_address)


def test_a_prune_of_all_from_cron(known: Known) -> None:
    """It removes where something is to be removed, says so by name, and is silent of the rest."""
    seen(known, "nas", "office", "attic")
    done = run(known, "prune", "--all", "--yes", "--quiet")
    assert (done.status, done.stderr) == (0, "")
    told = done.stdout.splitlines()
    assert sorted(line for line in told if line.endswith(":")) == ["nas:", "office:"]
    assert sorted(line.split("(")[1].split(",")[0] for line in told if line.startswith("removed ")) == ["web1", "web2"]
    assert {name: len(one.lock_ids()) for name, one in known.repositories.items()} == {
        "nas": 0,
        "office": 1,
        "attic": 0,
    }
    assert {entry["repository"]["address"] for entry in history(known.variables())} == {
        known.repositories["nas"].smb_address,
        known.repositories["office"].smb_address,
    }
    again = run(known, "prune", "--all", "--yes", "--quiet")
    assert (again.status, again.text) == (0, "")


def test_a_prune_of_all_where_one_is_down(known: Known) -> None:
    seen(known, "nas", "office")
    is_down(known, "office")
    done = run(known, "prune", "--all", "--yes", "--json")
    assert done.status == 3
    told = lines(done)
    assert told["office"]["kind"] == "unreachable"
    assert len(told["nas"]["removed"]) == 1
    assert told["attic"]["removed"] == []
    assert known.repositories["nas"].lock_ids() == []


def test_a_prune_of_all_asks_for_each_by_its_name(known: Known) -> None:
    done = run(known, "prune", "--all", tty=True, stdin="y\ny\n")
    assert done.status == 0, done.text
    assert re.search(r"nas: Remove 1 lock\?", done.stdout)
    assert re.search(r"office: Remove 1 lock\?", done.stdout)
    assert known.repositories["nas"].lock_ids() == []
    assert len(known.repositories["office"].lock_ids()) == 1


def test_a_prune_of_all_with_nobody_to_ask(known: Known) -> None:
    done = run(known, "prune", "--all")
    assert done.status == 2
    assert "nobody is there to answer" in done.stderr
    assert sum(len(one.lock_ids()) for one in known.repositories.values()) == 3


def test_a_lock_that_blocks_remains(known: Known) -> None:
    seen(known, "nas", "office", "attic")
    done = run(known, "prune", "--all", "--yes", "--quiet", "--fail-if-locked")
    assert done.status == 11
    assert "lockctl: office: 1 of the locks that block restic remain" in done.stderr


def test_what_a_named_one_lost_is_put_back_with_its_settings(known: Known) -> None:
    seen(known, "nas")
    (lock,) = known.repositories["nas"].lock_ids()
    assert run(known, "prune", "-r", "nas", "--yes").status == 0
    done = run(known, "restore", lock)
    assert done.status == 0, done.text
    assert known.repositories["nas"].lock_ids() == [lock]


def test_a_check_of_all(known: Known) -> None:
    done = run(known, "check", "--all", "-w", "stale=0", "-c", "oldest=150m")
    assert done.status == 2, done.text
    assert re.match(r"LOCKCTL CRITICAL - office: the oldest lock was not renewed for 3 h: ", done.stdout)
    assert "nas: 1 stale lock" in done.stdout
    assert " | locks=3;;;0 stale=1;0;20;0 oldest=" in done.stdout
    assert done.stdout.rstrip().endswith("unknown=0;;;0")
    assert done.stdout.count("\n") == 1
    calm = run(known, "check", "--tag", "home", "-w", "stale=5", "-w", "oldest=1d")
    assert (calm.status, calm.stdout.partition(" |")[0]) == (
        0,
        "LOCKCTL OK - 1 lock in 2 repositories, nothing is wrong",
    )
    assert "OK - 2 locks in 1 repository, " in run(known, "check", "--tag", "work", "-w", "stale=5,oldest=1d").stdout


def test_a_check_where_one_is_down(known: Known) -> None:
    is_down(known, "nas")
    done = run(known, "check", "-r", "nas", "-r", "attic", "-v")
    assert done.status == 3
    first, *rest = done.stdout.splitlines()
    assert first.startswith("LOCKCTL UNKNOWN - nas: cannot connect to 127.0.0.1")
    assert first.endswith("unknown=1;;;0")
    assert any(line.startswith("nas: UNKNOWN: cannot connect") for line in rest)
    assert "attic: OK" in rest
    worse = run(known, "check", "--all", "-c", "stale=0")
    assert (worse.status, worse.stdout[:26]) == (2, "LOCKCTL CRITICAL - office:")


def test_metrics_of_all(known: Known) -> None:
    assert run(known, "metrics", "--all").status == 0
    is_down(known, "attic")
    done = run(known, "metrics", "--all")
    assert done.status == 3
    assert 'lockctl_up{repository="nas"} 1' in done.stdout
    assert 'lockctl_up{repository="attic"} 0' in done.stdout
    assert 'lockctl_locks{repository="office",state="stale",kind="shared"} 1' in done.stdout
    assert done.stdout.count("# TYPE lockctl_up gauge") == 1
    assert "lockctl: attic: cannot connect" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list", "-r", "nsa"], "no repository 'nsa' is configured. Did you mean nas?"),
        (["list", "--tag", "x"], "no repository has the tag 'x'. Tags are big, home, work"),
        (["list", "--all", "-r", "nas"], "Leave one of them out"),
        (["show", "-r", "nas", "-r", "office", "ab"], "2 repositories were named, and this command takes one"),
        (["prune", "--all", "--watch"], "--watch stays at one repository"),
        (["check", "--all", "--log", "x"], "--log belongs to one repository"),
        (["list", "--all", "--jobs", "0"], "--jobs"),
    ],
)
def test_what_cannot_be(known: Known, words: list[str], said: str) -> None:
    done = run(known, *words)
    assert (done.status, done.stdout.partition("LOCKCTL")[0]) == (3 if words[0] == "check" else 2, "")
    assert said in done.text


def test_progress_on_a_terminal(known: Known) -> None:
    done = run(known, "list", "--all", tty=True)
    assert "3 of 3 repositories" in done.stdout
    assert "2 locks can be removed; to see the plan: lockctl prune --all --dry-run" in done.stdout
    assert "repositories" not in run(known, "list", "--all", "--json").stderr
