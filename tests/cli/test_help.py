"""What `--help` shows, and what `lockctl` does without a command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from lockctl.cli.examples import EXAMPLES
from lockctl.cli.helping import _GROUPS
from lockctl.cli.options import OUTPUT, REPOSITORY
from lockctl.cli.run import COMMANDS, HIDDEN, build_app, choose_command, spell_out
from tests.cli.run import Done, lockctl
from tests.lab.restic import Repository

SHOWN = [name for name in COMMANDS if name not in HIDDEN]


def helped(tmp_path: Path, *words: str, columns: int = 80) -> Done:
    done = lockctl({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": str(columns)}, *words)
    assert done.status == 0, done.text
    return done


def test_options_stand_in_groups(tmp_path: Path) -> None:
    told = helped(tmp_path, "prune", "--help").stdout
    titles = re.findall(r"^([A-Z][a-z ]+):$", told, re.MULTILINE)
    assert titles == ["What to remove", "Repository", "Share", "Output", "This run", "Examples"]
    removing = told.split("Repository:")[0]
    assert all(option in removing for option in ("-n, --dry-run", "-y, --yes", "--older", "--trust-clock"))


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("command", SHOWN)
def test_help_fits(tmp_path: Path, command: str, columns: int) -> None:
    told = helped(tmp_path, command, "-h", columns=columns).stdout
    assert told.count("\n  lockctl ") == len(EXAMPLES[command])
    options = told.split("Examples:")[0]
    assert max(map(len, options.splitlines())) <= columns


def test_what_each_command_does_is_not_cut(tmp_path: Path) -> None:
    told = helped(tmp_path).stdout
    assert "..." not in told.split("Commands:")[1]
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize("words", [["help", "prune"], ["prune", "-h"], ["prune", "help"]])
def test_ways_to_ask(tmp_path: Path, words: list[str]) -> None:
    if words[-1] == "help":
        assert lockctl({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, *words).status == 2
    else:
        assert helped(tmp_path, *words).stdout == helped(tmp_path, "prune", "--help").stdout


def test_help_of_what_does_not_exist(tmp_path: Path) -> None:
    done = lockctl({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, "help", "prunes")
    assert done.status == 2
    assert done.stderr == "lockctl: No such command 'prunes' (Did you mean 'prune', 'run'?). See lockctl --help\n"


@pytest.mark.parametrize("command", SHOWN)
def test_each_command_has_two_examples_that_can_be_typed(command: str) -> None:
    """Options that there are, arguments that are wanted: parsed as they stand, and not run."""
    assert len(EXAMPLES[command]) >= 2
    for line, meaning in EXAMPLES[command]:
        words = shlex.split(re.split(r" [|>] ", line)[0])
        assert words[:2] == ["lockctl", command]
        assert meaning
        group = typer.main.get_command(build_app(words[1:]))
        chosen = getattr(group, "commands")[command]  # noqa: B009 - typer's own group, whichever click it has
        with chosen.make_context(command, spell_out(words[1:])[1:]) as context:
            assert context.info_name == command


def test_every_shared_option_has_its_group() -> None:
    named = {name for names in _GROUPS.values() for name in names.split()}
    assert {f"--{name.replace('_', '-')}" for name in (*REPOSITORY, *OUTPUT)} <= named


@pytest.mark.parametrize(
    ("words", "environment", "chosen"),
    [
        ([], {}, ["--help"]),
        ([], {"RESTIC_REPOSITORY": ""}, ["--help"]),
        ([], {"RESTIC_REPOSITORY": "/srv"}, ["list"]),
        ([], {"LOCKCTL_REPOSITORY": "/srv"}, ["list"]),
        ([], {"RESTIC_REPOSITORY_FILE": "/etc/repo"}, ["list"]),
        (["help"], {"RESTIC_REPOSITORY": "/srv"}, ["--help"]),
        (["help", "help"], {}, ["--help"]),
        (["help", "rm"], {}, ["rm", "--help"]),
        (["prune", "-n"], {}, ["prune", "-n"]),
    ],
)
def test_what_is_meant(words: list[str], environment: dict[str, str], chosen: list[str]) -> None:
    assert choose_command(words, environment) == chosen


def test_alone_it_lists(repository: Repository) -> None:
    alone, listed = lockctl(repository), lockctl(repository, "list")
    assert (alone.status, alone.stdout) == (0, listed.stdout)
