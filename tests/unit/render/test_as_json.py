"""The objects of `--json`: their keys are promised to scripts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lockctl.errors import WrongPassword
from lockctl.liveness.evidence import State, Witness
from lockctl.removal.plan import Kept, Plan, Wish, make_plan
from lockctl.removal.report import Report, Result
from lockctl.render import as_json
from lockctl.repository.lock import Problem
from lockctl.state.records import Outcome
from lockctl.survey.values import Selection
from tests.unit.making import make_file, make_survey, make_verdict, of_host

LOCK_KEYS = (
    "id state removable reasons hostname username pid uid gid exclusive time age_seconds claimed_age_seconds "
    "seen_seconds blocks witnesses file"
).split()


def test_the_keys_of_a_list() -> None:
    witness = Witness("server-creation", "renewed", "created", 7380.24)
    survey = make_survey([replace(of_host("web1"), witnesses=(witness, Witness("process", None, "nothing")))])
    shown = json.loads("".join(as_json.dump_list(survey, survey.verdicts)))
    assert list(shown) == ["schema", "repository", "clock", "locks", "blocked"]
    assert shown["schema"] == "lockctl.list/1"
    assert list(shown["repository"]) == ["name", "address", "id", "format"]
    assert list(shown["clock"]) == ["local", "server"]
    (lock,) = shown["locks"]
    assert list(lock) == LOCK_KEYS
    assert lock["witnesses"] == [
        {"name": "server-creation", "says": "renewed", "age_seconds": 7380.2, "text": "created"},
        {"name": "process", "says": None, "age_seconds": None, "text": "nothing"},
    ]
    assert list(lock["file"]) == ["size", "created", "written", "id"]
    assert lock["blocks"] == ["prune", "check", "forget"]
    assert {"backup", "prune"} <= shown["blocked"].keys()
    assert shown["blocked"]["prune"] == [survey.verdicts[0].file.id]


def test_what_is_not_known_is_null() -> None:
    file = make_file(created=None, problem=Problem.INCOMPLETE)
    shown = as_json.lock_object(make_verdict(file, State.WRITING, age=None, claimed=None))
    nulls = {"hostname", "username", "pid", "uid", "gid", "exclusive", "time", "age_seconds", "claimed_age_seconds"}
    assert {key for key, value in shown.items() if value is None} == nulls
    assert shown["file"]["created"] is None


def test_the_keys_of_a_prune() -> None:
    verdicts = [of_host(f"web{number}") for number in range(5)]
    survey = make_survey(verdicts)
    outcomes = [Outcome.REMOVED, Outcome.KEPT, Outcome.GONE]
    results = [Result(verdict, outcome, "text") for verdict, outcome in zip(verdicts, outcomes, strict=False)]
    results.append(Result(verdicts[3], Outcome.KEPT, "not permitted", failed=True))
    plan = Plan(survey, Wish(), tuple(verdicts[:4]), (Kept(verdicts[4], "held"),))
    shown = json.loads("".join(as_json.dump_report(Report(plan, results), "lockctl.prune/1")))
    assert list(shown) == ["schema", "repository", "clock", "dry_run", "removed", "kept", "failed", "gone"]
    assert (shown["schema"], shown["dry_run"]) == ("lockctl.prune/1", False)
    hosts = {key: {lock["hostname"] for lock in shown[key]} for key in ("removed", "kept", "failed", "gone")}
    assert hosts == {"removed": {"web0"}, "kept": {"web4", "web1"}, "failed": {"web3"}, "gone": {"web2"}}
    assert shown["failed"][0]["error"] == "not permitted"
    dry = json.loads("".join(as_json.dump_plan(make_plan(survey, Wish(Selection(("web1",)))), "lockctl.prune/1")))
    assert list(dry) == list(shown)
    assert (dry["dry_run"], len(dry["removed"]), len(dry["kept"])) == (True, 1, 4)


def test_the_object_of_an_error() -> None:
    shown = as_json.error_object(WrongPassword("wrong password", "Set it"))
    assert shown == {
        "schema": "lockctl.error/1",
        "code": 12,
        "kind": "wrong-password",
        "message": "wrong password. Set it",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc80\udc80", "\ufffd\ufffd"),
        ("\ud83d\U0001f600\udc00", "\ufffd\U0001f600\ufffd"),
        ("\\ud800 \\\ud800", "\\ud800 \\\ufffd"),
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_half_a_character_is_told_as_none(text: str, told: str) -> None:
    """Strict parsers refuse it."""
    dumped = as_json.dump({"name": text})
    assert json.loads(dumped) == {"name": told}
    assert json.loads(dumped)["name"].encode("utf-8")
