"""The manual cannot drift: commands, options, states, codes, variables and statuses are compared with the code."""

from __future__ import annotations

import inspect
import itertools
import re
import subprocess
import sys
import zipfile
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from lockctl import errors
from lockctl.cli.options import Common
from lockctl.cli.run import build_app
from lockctl.liveness.evidence import State

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "man/lockctl.1"
MANUAL = PAGE.read_text(encoding="utf-8")
WORDS = MANUAL.replace("\\-", "-")
SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "lockctl").rglob("*.py")}
CODE = "\n".join(SOURCES.values())
RUN_STATUSES = {0, 3, 129, 130, 143}
"""Those that are no single error's."""


def commands() -> dict[str, set[str]]:
    """Each command that is shown, and its options."""
    group = typer.main.get_command(build_app([]))
    found: dict[str, set[str]] = {}
    for name, command in getattr(group, "commands").items():  # noqa: B009 - typer's own group, whichever click it has
        if not command.hidden:
            options = [option for parameter in command.params for option in parameter.opts]
            found[name] = {option for option in options if option.startswith("-")} | {"-h", "--help"}
    return found


def options_in(text: str) -> set[str]:
    """All options that a part of the manual names."""
    return {f"-{flag}" for flag in re.findall(r"\bFl (-?[a-z][a-z-]*)", text)}


def is_for(heading: str, command: str) -> bool:
    """Whether a section is for this command: `list and prune`, `every command`, `every command but history`."""
    names = heading.removeprefix("every command").removeprefix(" but ").replace(" and ", ", ").split(", ")
    return (command in names) is not heading.startswith("every command")


def options_of(command: str) -> set[str]:
    """The options that the manual gives a command, by the sections that are for it."""
    found = re.findall(r"^\.Ss Options of (.+)\n((?:(?!\.S[hs] ).*\n)*)", WORDS, re.MULTILINE)
    items = [re.findall(r"^\.It .+$", text, re.MULTILINE) for heading, text in found if is_for(heading, command)]
    return options_in("\n".join(itertools.chain(*items)))


def synopsis_of(command: str) -> set[str]:
    """The options that stand behind a command at the head of the manual."""
    found = re.search(rf"^\.Cm {command}\n((?:\.(?:Op|Ar) .*\n)*)", WORDS, re.MULTILINE)
    assert found is not None
    return options_in(found[1])


def listed(heading: str, pattern: str) -> set[str]:
    """What matches in one section or subsection of the manual."""
    start = WORDS.index(heading)
    end = re.search(r"\n\.S[hs] ", WORDS[start + 1 :])
    section = WORDS[start : start + 1 + end.start()] if end else WORDS[start:]
    return set(re.findall(pattern, section, re.MULTILINE))


def test_every_option_stands_in_the_manual_and_no_other() -> None:
    """`--help` and the manual name the same options."""
    known = set().union(*commands().values()) | {"--version"}
    assert options_in(WORDS) == known


@pytest.mark.parametrize("command", sorted(commands()))
def test_each_command_has_the_options_that_the_manual_gives_it(command: str) -> None:
    """In its sections all of them, and at the head those that are not for nearly every command."""
    known = commands()[command]
    assert options_of(command) - {"--version"} == known
    common = {f"--{field.name.replace('_', '-')}" for field in fields(Common)} | {
        "-q",
        "-v",
        "-h",
        "--help",
        "-n",
        "-y",
    }
    assert synopsis_of(command) == known - common


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_stands_in_the_manual_and_in_the_changelog(command: str) -> None:
    """Users learn of each command."""
    assert re.search(rf"^\.It Cm {command}\b", MANUAL, re.MULTILINE)
    assert f"lockctl {command}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_states() -> None:
    """All states, in the order in which they are tried."""
    assert re.findall(r"^\.It Li ([a-z]+)$", MANUAL, re.MULTILINE) == [state.value for state in State]


def test_exit_statuses() -> None:
    """Every status that an error or a run can end with, and no other."""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.LockctlError)]
    told = {int(number) for line in listed(".Sh EXIT STATUS", r"^\.It ([\d ,]+)$") for number in line.split(" , ")}
    assert told == {kind.status for kind in kinds} | RUN_STATUSES


def test_codes_of_reasons_names_of_witnesses_and_kinds_of_errors() -> None:
    """What scripts read in JSON."""
    reasons = set(re.findall(r'Reason\(\s*"([a-z-]+)"', CODE))
    witnesses = set(re.findall(r'Witness\(\s*"([a-z-]+)"', CODE))
    kinds = set(re.findall(r'^    kind = "([a-z-]+)"', CODE, re.MULTILINE))
    told = listed(".Ss Reasons and witnesses", r"\bLi ([a-z-]+)")
    assert told == reasons | witnesses | kinds


def test_variables() -> None:
    """Every environment variable that is read, and no other."""
    read = set(re.findall(r'(?:environ|environment)(?:\.get\(|\[)"([A-Z_]+)"', CODE))
    read |= {"LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY", "RCLONE_CONFIG_", "RCLONE_SMB_"}
    assert {"LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY"} <= set(re.findall(r'"([A-Z_]+)"', CODE))
    told = {name.removesuffix("*") for name in listed(".Sh ENVIRONMENT", r"\b([A-Z]{2,}(?:_[A-Z]*)*)\b\*?")}
    settings = {"TYPE", "HOST", "PORT", "USER", "PASS", "DOMAIN", "REMOTE", "ENVIRONMENT"}
    assert told - settings == read - settings - {"TERM", "PATH"}


def test_mandoc_finds_nothing() -> None:
    """The page is sound mdoc."""
    done = subprocess.run(["mandoc", "-T", "lint", str(PAGE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_readme_names_the_commands_that_exist() -> None:
    """What README shows can be typed."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"lockctl (list|show|prune|restore|history|watch|check|doctor|rm)\b", readme)) <= set(
        commands()
    )
    assert {"demo", "test", "check", "bench"} <= set(re.findall(r"\./dev ([a-z]+)", readme))


def test_the_wheel_installs_the_manual(tmp_path: Path) -> None:
    """`man lockctl` works after pip install."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith("share/man/man1/lockctl.1") for name in names)
    assert not any("tests" in name for name in names)
