"""The manual cannot drift: commands, options, states, codes, variables and statuses are compared with the code."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import typer

from lockctl import errors
from lockctl.cli.examples import EXAMPLES
from lockctl.cli.run import build_app
from lockctl.liveness.evidence import State
from lockctl.settings.keys import KEYS, PROBE, REPOSITORY, THRESHOLDS, find_problems

ROOT = Path(__file__).parents[2]
MAN = ROOT / "man"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(MAN.glob("man*/*"))}
"""By the name of the page, as in `man lockctl-prune`."""
WORDS = {name: text.replace("\\-", "-") for name, text in PAGES.items()}
MAIN = WORDS["lockctl"]
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


def section(name: str, title: str) -> str:
    """A section of a page, without its heading; '' where there is none."""
    found = re.search(rf"^\.S[hs] {title}\n((?:(?!\.Sh ).*\n)*)", WORDS[name], re.MULTILINE)
    return found[1] if found is not None else ""


def items(text: str) -> set[str]:
    """The options that have an item of their own."""
    return options_in("\n".join(re.findall(r"^\.It .+$", text, re.MULTILINE)))


def listed(name: str, heading: str, pattern: str) -> set[str]:
    """What matches in one section or subsection of a page."""
    text = WORDS[name]
    start = text.index(heading)
    end = re.search(r"\n\.S[hs] ", text[start + 1 :])
    part = text[start : start + 1 + end.start()] if end else text[start:]
    return set(re.findall(pattern, part, re.MULTILINE))


@pytest.mark.parametrize("command", sorted(commands()))
def test_a_commands_page_has_its_options_and_no_other(command: str) -> None:
    """Its own ones as items, those of several commands by name; at the head all that are its own."""
    name, known = f"lockctl-{command}", commands()[command]
    own = items(section(name, "OPTIONS"))
    shared = options_in(section(name, "OPTIONS").partition("lockctl(1) explains:")[2])
    short = {option for option in known if re.fullmatch("-[a-z]", option)}
    assert own | shared | short == known
    assert own & shared == set()
    assert shared <= items(section("lockctl", "Options of several commands"))
    head = options_in(section(name, "SYNOPSIS"))
    assert own - short - {"--warning", "--critical"} <= head <= known


def test_the_options_of_several_commands() -> None:
    """They are explained once, and each is one of some command."""
    explained = items(section("lockctl", "Options of several commands"))
    assert explained - {"--version"} <= set().union(*commands().values())
    assert {"--repo", "-r", "--quiet", "-q", "--help", "-h", "--version"} <= explained


@pytest.mark.parametrize("command", sorted(commands()))
def test_a_commands_page_is_whole(command: str) -> None:
    """Its parts in their order, and the examples of --help."""
    text = PAGES[f"lockctl-{command}"]
    parts = re.findall(r"^\.Sh (.+)$", text, re.MULTILINE)
    assert parts[:4] == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"]
    assert parts[-3:] == ["EXIT STATUS", "EXAMPLES", "SEE ALSO"]
    shown = section(f"lockctl-{command}", "EXAMPLES")
    for words, _ in EXAMPLES[command]:
        assert f".Dl {words}\n" in shown


def test_each_command_has_a_page_and_each_page_is_named() -> None:
    pages = {f"lockctl-{command}" for command in commands()} | {"lockctl", "lockctl.toml"}
    assert set(PAGES) == pages
    assert set(re.findall(r"^\.It (lockctl-[a-z]+)\(1\)$", MAIN, re.MULTILINE)) == pages - {"lockctl", "lockctl.toml"}
    named = {name for text in PAGES.values() for name in re.findall(r"\b(lockctl[-.a-z]*)\([15]\)", text)}
    assert named == pages


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_stands_in_the_changelog(command: str) -> None:
    """Users learn of each command."""
    assert f"lockctl {command}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_key_of_the_configuration() -> None:
    """In the page of the file; and each is one that the file may have."""
    page = WORDS["lockctl.toml"]
    for key in (*KEYS, *REPOSITORY, *THRESHOLDS, *PROBE):
        assert re.search(rf"\b{key}\b", page), key
    (example,) = re.findall(r"^\.Bd -literal -offset indent\n(this_host.*?)\.Ed", page, re.MULTILINE | re.DOTALL)
    assert list(find_problems(tomllib.loads(example))) == []


def test_states() -> None:
    """All states, in the order in which they are tried."""
    assert re.findall(r"^\.It Li ([a-z]+)$", section("lockctl", "States"), re.MULTILINE) == [
        state.value for state in State
    ]


def test_exit_statuses() -> None:
    """Every status that an error or a run can end with, and no other."""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.LockctlError)]
    told = {
        int(number)
        for line in listed("lockctl", ".Sh EXIT STATUS", r"^\.It ([\d ,]+)$")
        for number in line.split(" , ")
    }
    assert told == {kind.status for kind in kinds} | RUN_STATUSES


def test_codes_of_reasons_names_of_witnesses_and_kinds_of_errors() -> None:
    """What scripts read in JSON."""
    reasons = set(re.findall(r'Reason\(\s*"([a-z-]+)"', CODE))
    witnesses = set(re.findall(r'Witness\(\s*"([a-z-]+)"', CODE))
    kinds = set(re.findall(r'^    kind = "([a-z-]+)"', CODE, re.MULTILINE))
    told = listed("lockctl-show", ".Sh REASONS AND WITNESSES", r"\bLi ([a-z-]+)")
    assert told == reasons | witnesses | kinds


def test_variables() -> None:
    """Every environment variable that is read, and no other."""
    read = set(re.findall(r'(?:environ|environment)(?:\.get\(|\[)"([A-Z_]+)"', CODE))
    read |= {"LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY", "RCLONE_CONFIG_", "RCLONE_SMB_"}
    assert {"LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY"} <= set(re.findall(r'"([A-Z_]+)"', CODE))
    told = {name.removesuffix("*") for name in listed("lockctl", ".Sh ENVIRONMENT", r"\b([A-Z]{2,}(?:_[A-Z]*)*)\b\*?")}
    settings = {"TYPE", "HOST", "PORT", "USER", "PASS", "DOMAIN", "REMOTE", "ENVIRONMENT"}
    assert told - settings == read - settings - {"TERM", "PATH"}


@pytest.mark.parametrize("path", sorted(MAN.glob("man*/*")), ids=lambda path: path.name)
def test_mandoc_finds_nothing(path: Path) -> None:
    """Each page is sound mdoc."""
    done = subprocess.run(["mandoc", "-T", "lint", str(path)], capture_output=True, text=True, check=False)
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
    for name in PAGES:
        section_number = 5 if name == "lockctl.toml" else 1
        assert any(one.endswith(f"share/man/man{section_number}/{name}.{section_number}") for one in names)
    assert not any("tests" in name for name in names)
