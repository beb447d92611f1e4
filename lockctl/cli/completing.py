"""What fits at the end of a command line, for the completion of a shell. No network, and nothing that a shell could act
on: options and values are our own words, names of others are plain ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lockctl.errors import LockctlError
from lockctl.settings.folders import configuration_files, state_directory

if TYPE_CHECKING:
    from lockctl.settings.repositories import RepositorySettings

Word = tuple[str, str]
"""What could stand there, and what it is."""
FILES: Word = (":files", "")
"""Tells the shell's script to offer files: no word of ours starts with a colon."""
SHELLS = ("bash", "zsh", "fish")
_FILE_METAVARS = {"FILE", "DIR"}
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def fitting(words: Sequence[str], commands: Mapping[str, Any]) -> list[Word]:
    """What the last of `words` could become, the command's own name left out.

    `commands` are all that there are, or the one that the words start with.
    """
    *given, prefix = _join(words)
    if given == ["help"] and not prefix.startswith("-"):
        found: Iterable[Word] = _shown(commands)
    elif not given:
        found = [*_shown(commands), *_options({"--help": "", "--version": ""}, prefix)]
    else:
        found = _fit(commands[given[0]], given[1:], prefix) if given[0] in commands else ()
    return [word for word in found if word is FILES or word[0].startswith(prefix)]


def _shown(commands: Mapping[str, Any]) -> list[Word]:
    return [(name, _summary(command)) for name, command in commands.items() if not command.hidden]


def _fit(command: Any, given: Sequence[str], prefix: str) -> Iterable[Word]:
    options = {name: one for one in _parameters(command) for name in one.opts if name.startswith("-")}
    if "--" in given:
        return _arguments(command.name, given, prefix)
    awaiting = options.get(given[-1]) if given else None
    if awaiting is not None and _takes_value(awaiting):
        return _values(awaiting, given)
    name, equals, _ = prefix.partition("=")
    if equals and name in options:
        found = _values(options[name], given)
        return [word if word is FILES else (f"{name}={word[0]}", word[1]) for word in found]
    if prefix.startswith("-"):
        left = {name: one.help or "" for name, one in options.items() if one.multiple or not {*one.opts} & {*given}}
        return _options(left, prefix)
    return _arguments(command.name, given, prefix)


def _join(words: Sequence[str]) -> list[str]:
    """bash takes an equals sign for a word of its own."""
    joined: list[str] = []
    for number, word in enumerate(words):
        after_name = number > 0 and words[number - 1].startswith("--")
        if word != "=" or not after_name:
            joined.append(word)
        elif number == len(words) - 1:
            joined.append("")
    return joined or [""]


def _parameters(command: Any) -> list[Any]:
    context = command.make_context("lockctl", [], resilient_parsing=True)
    return [one for one in command.get_params(context) if not getattr(one, "hidden", False)]


def _takes_value(option: Any) -> bool:
    return not option.is_flag and not str(option.metavar).startswith("[")


def _options(found: Mapping[str, str], prefix: str) -> Iterator[Word]:
    """The long ones where a dash alone stands there: nobody has to learn two names."""
    for name, text in found.items():
        if prefix.startswith("-") and (name.startswith("--") or len(prefix) > 1):
            yield name, text.partition(". ")[0]


def _values(option: Any, given: Sequence[str]) -> Iterable[Word]:
    """What can stand behind an option."""
    if choices := getattr(option.type, "choices", None):
        return [(str(one), "") for one in choices]
    if "--host" in option.opts:
        return [(host, "") for host in dict.fromkeys(_recent(given).seen().values()) if host]
    if "--state" in option.opts:
        from lockctl.liveness.evidence import State

        return [(state.value, "") for state in State]
    if "--repo" in option.opts:
        return [*((name, "") for name in _configured()), FILES]
    if "--tag" in option.opts:
        return [(tag, "") for tag in dict.fromkeys(tag for one in _configured().values() for tag in one.tags)]
    return [FILES] if option.metavar in _FILE_METAVARS else []


def _configured() -> Mapping[str, RepositorySettings]:
    """The repositories of the configuration whose names a shell can take as they are; none where it has a mistake."""
    from lockctl.settings.configuration import read_configuration

    try:
        found = read_configuration(configuration_files(os.environ)).repositories
    except (LockctlError, OSError):
        return {}
    return {name: one for name, one in found.items() if _PLAIN.fullmatch(name)}


def _arguments(command: str, given: Sequence[str], prefix: str) -> Iterable[Word]:
    """What can stand behind a command."""
    match command:
        case "show" | "rm":
            return _ids(_recent(given).seen(), given, prefix)
        case "restore":
            return _ids(_recent(given).removed(), given, prefix)
        case "completion":
            return [(shell, "") for shell in SHELLS]
        case "config":
            return [("check", ""), ("show", ""), ("init", "")]
        case "schema":
            from lockctl.render.schemas.all import SCHEMAS

            return [(name, "") for name in SCHEMAS]
        case "run":
            return [FILES]
        case _:
            return []


def _ids(locks: Mapping[str, str], given: Sequence[str], prefix: str) -> Iterator[Word]:
    """Short ones, unless more was typed; none that stands there already."""
    from lockctl.render.words import short_ids

    for id_, short in short_ids(locks).items():
        if not any(len(word) >= len(short) and id_.startswith(word) for word in given):
            yield (short if len(prefix) <= len(short) else id_), locks[id_]


def _recent(given: Sequence[str]) -> Any:
    from lockctl.state.recent import Recent

    folder = None
    for before, word in zip(("", *given), given, strict=False):
        name, _, value = word.partition("=")
        if before == "--state-dir":
            folder = word
        elif name == "--state-dir" and value:
            folder = value
    return Recent(state_directory(folder, os.environ))


def _summary(command: Any) -> str:
    return str(command.help or "").partition("\n")[0].rstrip(".")
