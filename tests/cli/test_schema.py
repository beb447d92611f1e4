"""The JSON Schemas that lockctl publishes, against what each command prints on real Samba.

`tests.cli.run.lockctl` holds every other `--json` of these tests to them too.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from lockctl.cli.run import build_app
from lockctl.render.schemas.all import SCHEMAS
from tests.cli.make import HOUR, WEB1, WEB2, one_of_each
from tests.cli.run import assert_fails, lockctl
from tests.cli.running import remove, running
from tests.cli.seeing import seen_for
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock
from tests.lab.snapshots import Backup, put_snapshots
from tests.promise import breaches, names_in, names_of
from tests.unit.diagnosis.logs.reading import SAVED

NOWHERE = {"PATH": "/usr/bin:/bin"}
DAY = 86400
Told = list[Any]


def told_by_list(repository: Repository) -> Told:
    one_of_each(repository)
    return [lockctl(repository, "list", "--json", *words).json for words in ((), ("--metadata-only",))]


def told_by_show(repository: Repository) -> Told:
    lock_id = aged_lock(repository, 900, WEB1)
    first = lockctl(repository, "show", lock_id, "--json").json
    with running(repository, "show", lock_id, "--watch", "--json") as show:
        show.said("watching")
        remove(repository, lock_id)
        assert show.end() == 0
    return [first, *map(json.loads, show.out)]


def told_by_removals(repository: Repository, *command: str) -> Told:
    """A lock that must wait to be seen, and then goes."""
    lock_id = aged_lock(repository, 3 * HOUR, WEB1)
    words = [*command, *((lock_id,) if command[0] == "rm" else ()), "--json"]
    waits = lockctl(repository, *words, "--yes").json
    assert waits["kept"][0]["can_go_after"] is not None
    seen_for(repository)
    return [waits, lockctl(repository, *words, "--dry-run").json, lockctl(repository, *words, "--yes").json]


def told_by_prune(repository: Repository) -> Told:
    return told_by_removals(repository, "prune")


def told_by_rm(repository: Repository) -> Told:
    return told_by_removals(repository, "rm")


def told_by_restore(repository: Repository) -> Told:
    """One comes back, and where the other was something stands."""
    one, other = aged_lock(repository, 3 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    assert lockctl(repository, "restore", other).status == 0
    done = lockctl(repository, "restore", one, other, "--json")
    assert done.status == 3
    return [done.json]


def told_by_history(repository: Repository) -> Told:
    """Of a lock that came back and one that could never be read."""
    aged_lock(repository, 3 * HOUR, WEB1)
    aged_lock(repository, 2 * HOUR, cut_to=60)
    seen_for(repository, whatever_its_times=True)
    assert lockctl(repository, "prune", "--yes").status == 0
    return [lockctl(repository, "history", "--json").json]


def told_by_watch(repository: Repository) -> Told:
    """What happens on the share, and what happens in a log."""
    lock_id = aged_lock(repository, 60, WEB1)
    log = repository.path.with_name(f"{repository.path.name}.log")
    log.write_text(SAVED)
    with running(repository, "watch", "--json", "--log", str(log)) as watch:
        watch.sees(lambda one: len(one.out) == 1, "the lock that stands")
        with log.open("a") as file:
            file.write(f"unable to create lock in backend: circuit breaker open for file <lock/{lock_id[:10]}>\n")
        watch.sees(lambda one: len(one.out) == 2, "what went wrong")
        watch.process.send_signal(signal.SIGINT)
        watch.end()
    return [json.loads(line) for line in watch.out]


def told_by_doctor(repository: Repository) -> Told:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    log = f"unable to create lock in backend: circuit breaker open for file <lock/{lock_id[:10]}>\n"
    share = lockctl(repository, "doctor", "--json").json
    alone = lockctl(NOWHERE, "doctor", "--log", "-", "--json", stdin=log).json
    return [share, lockctl(repository, "doctor", "--log", "-", "--json", stdin=log).json, alone]


def told_by_advise(repository: Repository) -> Told:
    """Three weeks in which three hosts begin at the same time, one of them for hours, and a lock that was left."""
    today = int(time.time()) // DAY * DAY
    begins = [today - day * DAY + 2 * HOUR for day in range(1, 22)]
    lengths = {"web1": 1200, "web2": 1500, "slow": 7 * HOUR}
    put_snapshots(repository, [Backup(host, at, at + long, 0) for host, long in lengths.items() for at in begins])
    aged_lock(repository, 2 * HOUR, WEB1)
    return [lockctl(repository, "advise", "--json").json]


def told_by_config(repository: Repository) -> Told:
    """A mistake of each kind, and a value of each origin."""
    file = repository.path / "lockctl.toml"
    environment = {**repository.env, "LOCKCTL_CONFIG": str(file)}
    file.write_text('this_host = ["a"]\n')
    shown = lockctl(environment, "config", "show", "--json").json
    file.write_text('[repositories.nas]\naddress = "/srv/a"\npassword_file = "/none"\n')
    file.chmod(0o664)
    return [shown, lockctl(environment, "config", "check", "--json").json]


def told_by_error(repository: Repository) -> Told:
    words = (("list", "--json", "-r", "smb://"), ("show", "--json", "no-such-lock"), ("prune", "--json", "--no-such"))
    one_of_several = lockctl(repository, "list", "--json", "-r", "/none", "-r", "/nowhere").stdout.splitlines()[0]
    return [*(lockctl(repository, *one).json for one in words), json.loads(one_of_several)]


TOLD: dict[str, Callable[[Repository], Told]] = {
    "list": told_by_list,
    "show": told_by_show,
    "prune": told_by_prune,
    "rm": told_by_rm,
    "restore": told_by_restore,
    "history": told_by_history,
    "watch": told_by_watch,
    "doctor": told_by_doctor,
    "advise": told_by_advise,
    "config": told_by_config,
    "error": told_by_error,
}
RARE = ("failed[].", "gone[].")
"""Of prune and rm: locks as the others are, which only a fault or a race brings about."""


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_what_is_printed_and_what_is_promised_are_the_same(name: str, repository: Repository) -> None:
    """Nothing is printed that the schema does not name, and it names nothing that is never printed."""
    told = TOLD[name](repository)
    assert [one["schema"] for one in told] == [f"lockctl.{name}/1"] * len(told)
    assert [breaches(one) for one in told] == [[]] * len(told)
    promised = {one for one in names_of(SCHEMAS[name]()) if name not in ("prune", "rm") or not one.startswith(RARE)}
    assert promised - {found for one in told for found in names_in(one)} == set()


def test_each_command_with_json_has_its_schema() -> None:
    commands = getattr(typer.main.get_command(build_app([])), "commands")  # noqa: B009 - see test_manual
    with_json = {
        name
        for name, command in commands.items()
        if not command.hidden and any("--json" in parameter.opts for parameter in command.params)
    }
    assert set(SCHEMAS) == with_json | {"error"}


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_a_schema_is_printed(name: str) -> None:
    """By its command's name, and by what the objects call themselves."""
    done = lockctl(NOWHERE, "schema", name)
    assert (done.status, done.stderr) == (0, "")
    assert done.json == SCHEMAS[name]()
    assert done.json["title"] == f"lockctl.{name}/1"
    assert lockctl(NOWHERE, "schema", f"lockctl.{name}/1").stdout == done.stdout
    Draft202012Validator.check_schema(done.json)


def test_the_names_are_listed() -> None:
    done = lockctl(NOWHERE, "schema")
    assert (done.status, done.stdout.split(), done.stderr) == (0, list(SCHEMAS), "")


def test_a_name_that_is_not_there() -> None:
    assert_fails(lockctl(NOWHERE, "schema", "lsit"), 2, "no schema 'lsit'", "list, show, prune")


def altered(told: Any, change: Callable[[Any], object]) -> Any:
    """A copy that was changed."""
    copy = deepcopy(told)
    change(copy)
    return copy


def test_what_is_published_lets_a_later_version_say_more_and_never_less(repository: Repository) -> None:
    """And these tests let it say neither."""
    aged_lock(repository, 2 * HOUR, WEB1)
    told = lockctl(repository, "list", "--json").json
    published = Draft202012Validator(json.loads(lockctl(NOWHERE, "schema", "list").stdout))
    more: list[Callable[[Any], object]] = [
        lambda one: one.update(color="red"),
        lambda one: one["locks"][0].update(color="red"),
        lambda one: one["locks"][0]["file"].update(color="red"),
        lambda one: one["blocked"].update(copy=[]),
        lambda one: one["locks"][0]["blocks"].append("copy"),
        lambda one: one["locks"][0]["witnesses"][0].update(says="nothing"),
    ]
    less: list[Callable[[Any], object]] = [
        lambda one: one.pop("clock"),
        lambda one: one["locks"][0].pop("age_seconds"),
        lambda one: one["locks"][0]["file"].pop("created"),
        lambda one: one["locks"][0].update(state="lazy"),
        lambda one: one["locks"][0].update(pid="4209"),
        lambda one: one["clock"].update(local="2026-11-23T00:16:16+01:00"),
        lambda one: one.update(schema="lockctl.list/2"),
    ]
    for change in more:
        assert published.is_valid(altered(told, change))
        assert len(breaches(altered(told, change))) == 1
    for change in less[:-1]:
        assert breaches(altered(told, change)) != []
    for change in less:
        assert not published.is_valid(altered(told, change))
