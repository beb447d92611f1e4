"""Completion of a command line, in real shells and as they ask for it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from lockctl.cli.completing import SHELLS
from lockctl.state.recent import Recent
from tests.cli.make import HOUR, WEB1, WEB2, named_lock
from tests.cli.run import ROOT, assert_fails, lockctl, state_of
from tests.cli.seeing import seen_for
from tests.cli.shells import HERE, complete, press_tab
from tests.docs.test_manual import commands
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock
from tests.unit.state.test_recent import HOSTILE, remove

A, B, OLD = ("a1" * 32, "b2" * 32, "c3" * 32)
SCRIPTS = {
    "share/bash-completion/completions/lockctl": "bash",
    "share/zsh/site-functions/_lockctl": "zsh",
    "share/fish/vendor_completions.d/lockctl.fish": "fish",
}


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose runs saw two locks, and removed another."""
    state = tmp_path / "state"
    Recent(state).note("smb://nas/backup", [(A, "web1"), (B, "db-2.example")])
    remove(state, OLD)
    return {"LOCKCTL_STATE_DIR": str(state)}


def ask(variables: dict[str, str], *words: str) -> list[str]:
    """What could stand there, as the shells' scripts ask for it; without what it is."""
    done = lockctl(variables, "complete-words", "--", *words)
    assert (done.status, done.stderr) == (0, "")
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["li"], ["list"]),
        (["--v"], ["--version"]),
        (["complete"], []),
        (["help", "pr"], ["prune"]),
        (["help", "prune", ""], []),
        (["show", ""], ["a1a1a1a1", "b2b2b2b2"]),
        (["show", "a1"], ["a1a1a1a1"]),
        (["show", "a1a1a1a1a1"], [A]),
        (["rm", "a1a1a1a1", ""], ["b2b2b2b2"]),
        (["rm", "--yes", "--", "b"], ["b2b2b2b2"]),
        (["restore", ""], ["c3c3c3c3"]),
        (["list", "--host", ""], ["web1", "db-2.example"]),
        (["prune", "--host", "d"], ["db-2.example"]),
        (["prune", "--host=d"], ["--host=db-2.example"]),
        (["prune", "--host", "=", "d"], ["db-2.example"]),
        (["prune", "--host", "="], ["web1", "db-2.example"]),
        (["list", "--state", "st"], ["stale"]),
        (["list", "--sort", ""], ["age", "host", "state", "id"]),
        (["prune", "--trust-clock="], ["--trust-clock=owner", "--trust-clock=server"]),
        (["list", "--st"], ["--state", "--state-dir"]),
        (["list", "--sort", "age", "--so"], []),
        (["list", "--host", "web1", "--ho"], ["--host"]),
        (["list", "-r"], ["-r"]),
        (["list", "-r", ""], [":files"]),
        (["list", "-r", "x", "--js"], ["--json"]),
        (["list", "--password-file="], [":files"]),
        (["prune", "--older", ""], []),
        (["prune", "--watch", "--ye"], ["--yes"]),
        (["run", "--", "re"], [":files"]),
        (["schema", "h"], ["history"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["ls", "--js"], ["--json"]),
        (["no-such", ""], []),
        (["list", "--no-such", "x", ""], []),
    ],
)
def test_what_fits(variables: dict[str, str], words: Sequence[str], found: list[str]) -> None:
    assert ask(variables, *words) == found


def test_every_command_and_every_long_option(variables: dict[str, str]) -> None:
    """They come from the same place as --help: none can be forgotten."""
    assert ask(variables, "") == list(commands())
    for name, options in commands().items():
        assert set(ask(variables, name, "--")) == {option for option in options if option.startswith("--")}


def test_the_state_folder_may_be_given(variables: dict[str, str], tmp_path: Path) -> None:
    state = variables["LOCKCTL_STATE_DIR"]
    elsewhere = {"LOCKCTL_STATE_DIR": str(tmp_path / "elsewhere")}
    assert ask(elsewhere, "show", "") == []
    assert ask(elsewhere, "show", "--state-dir", state, "a") == ["a1a1a1a1"]
    assert ask(elsewhere, "show", f"--state-dir={state}", "a") == ["a1a1a1a1"]
    assert not (tmp_path / "elsewhere").exists(), "who asks leaves no traces"


def test_no_error_is_ever_shown(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for variables in ({"LOCKCTL_STATE_DIR": str(tmp_path / "file")}, {"HOME": "/nonexistent"}):
        assert ask(variables, "show", "") == []
        assert ask(variables, "restore", "") == []
    assert ask({}) == list(commands())


def test_what_runs_here_was_seen_and_removed(repository: Repository) -> None:
    """A list and a prune leave behind what is completed, and hosts of any name do no harm."""
    gone = aged_lock(repository, 3 * HOUR, WEB1)
    stays = aged_lock(repository, 60, WEB2)
    hostile = [named_lock(repository, host, 60) for host in ("$(id)", "-f", "a b\n")]
    seen_for(repository)
    variables = {"LOCKCTL_STATE_DIR": str(state_of(repository))}
    assert lockctl(repository, "list").status == 0
    assert set(ask(variables, "show", "")) == {one[:8] for one in (gone, stays, *hostile)}
    assert set(ask(variables, "list", "--host", "")) == {"web1", "web2"}
    assert lockctl(repository, "prune", "--yes").status == 0
    assert ask(variables, "restore", "") == [gone[:8]]
    assert lockctl(repository, "list", "--metadata-only").status == 0
    assert set(ask(variables, "show", "")) == {one[:8] for one in (stays, *hostile)}


@pytest.mark.parametrize("shell", SHELLS)
def test_in_a_real_shell(shell: str, variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a-log").touch()
    expected = {
        "lockctl sho": ["show"],
        "lockctl show ": ["a1a1a1a1", "b2b2b2b2"],
        "lockctl list --host ": ["db-2.example", "web1"],
        "lockctl rm a1a1a1a1 ": ["b2b2b2b2"],
        "lockctl doctor --log a-": ["a-log"],
        "lockctl list --state st": ["stale"],
    }
    assert {line: sorted(complete(shell, line, variables, tmp_path)) for line in expected} == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_names_of_others_do_no_harm_in_a_real_shell(shell: str, tmp_path: Path) -> None:
    """Even where whatever wrote the files was not lockctl."""
    state = tmp_path / "state"
    Recent(state).note("x", [(A, "web1")])
    trap = tmp_path / "trapped"
    hosts = [
        *HOSTILE,
        f"$(touch {trap})",
        f"`touch {trap}`",
        f"a;touch {trap}",
        f"'$(touch {trap})",
        f"a[$(touch {trap})]",
    ]
    (file,) = (one for one in (state / "recent").iterdir() if one.name != "lock")
    lines = [f"{number:064x} {host}\n{host} web9\n" for number, host in enumerate(hosts)]
    file.write_text(f"{A} web1\n{''.join(lines)}")
    for number, host in enumerate(hosts):
        remove(state, f"{number:064x}", host=host)
    variables = {"LOCKCTL_STATE_DIR": str(state)}
    assert set(complete(shell, "lockctl list --host ", variables, tmp_path)) <= {"web1", "a"}
    for command in ("show", "restore"):
        found = complete(shell, f"lockctl {command} ", variables, tmp_path)
        assert len(found) >= len(hosts)
        assert all(set(one) <= set("0123456789abcdef") for one in found)
    assert not trap.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_key_completes(shell: str, variables: dict[str, str], tmp_path: Path) -> None:
    """bash splits words at an equals sign; zsh does not."""
    assert press_tab(shell, "lockctl show a1", variables, tmp_path) == "lockctl show a1a1a1a1 "
    assert press_tab(shell, "lockctl list --host=d", variables, tmp_path) == "lockctl list --host=db-2.example "
    assert press_tab(shell, "lockctl list '--host=d", variables, tmp_path).startswith("lockctl list '--host=d")


def test_zsh_loads_it_from_a_folder_of_functions(variables: dict[str, str], tmp_path: Path) -> None:
    """As the wheel installs it."""
    (tmp_path / "_lockctl").write_text(lockctl(variables, "completion", "zsh").stdout)
    load = "fpath=($PWD $fpath); compinit -u -D"
    assert press_tab("zsh", "lockctl show a1", variables, tmp_path, load) == "lockctl show a1a1a1a1 "


def test_a_shell_that_is_not_known() -> None:
    assert_fails(lockctl({}, "completion", "tcsh"), 2, "no completion for 'tcsh'", "bash, zsh, fish")


def test_it_is_quick_because_little_is_loaded(variables: dict[str, str]) -> None:
    """Not what talks to servers, opens repositories or draws tables."""
    heavy = {"cryptography", "smbprotocol", "psutil", "nacl", "zstandard", "rich", "tabulate", "socket", "asyncio"}
    for words in ([""], ["list", "--"], ["list", "--host", ""], ["show", ""], ["restore", ""]):
        command = [sys.executable, "-X", "importtime", "-m", "lockctl", "complete-words", "--", *words]
        done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=True)
        loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
        assert "lockctl" in loaded
        assert done.stdout
        assert loaded & heavy == set()


def test_the_wheel_installs_what_is_printed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        installed = {name.partition(".data/data/")[2]: name for name in archive.namelist()}
        for path, shell in SCRIPTS.items():
            assert archive.read(installed[path]).decode() == lockctl({}, "completion", shell).stdout
            assert f"lockctl/cli/completions/lockctl.{shell}" in archive.namelist()


def test_there_is_a_command_to_ask() -> None:
    """Where lockctl was installed the shells find it by its name."""
    assert (HERE / "lockctl").exists()
