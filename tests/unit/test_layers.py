"""The layers: who may import whom, which library belongs to which room, and how large anything may grow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import lockctl

ROOT = Path(lockctl.__file__).parent
MODULES = sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.rglob("*.py"))

TOWER = {
    "errors": "",
    "background": "",
    "clock": "errors",
    "settings": "errors clock",
    "transport": "errors background clock settings",
    "state": "errors clock",
    "repository": "errors background clock transport",
    "liveness": "background clock settings transport state repository",
    "survey": "errors background clock settings transport state repository liveness",
    "removal": "errors clock transport state repository liveness survey",
    "diagnosis": "errors clock transport state repository liveness survey",
    "monitoring": "errors background clock state liveness survey diagnosis",
    "supervision": "errors clock liveness diagnosis",
    "render": "errors clock settings state repository liveness survey removal diagnosis monitoring",
    "cli": "errors background clock settings transport state liveness survey removal diagnosis monitoring supervision "
    "render",
    "__main__": "background cli",
}
"""The rooms from the ground up, and those below that each imports. What it does not use it may not."""
LIBRARIES = {
    "smbprotocol": ("transport/smb/",),
    "spnego": ("transport/smb/",),
    "cryptography": ("repository/crypto", "settings/rclone/obscure", "transport/smb/lane/"),
    "nacl": ("repository/scrypt", "settings/rclone/sealed"),
    "zstandard": ("repository/crypto",),
    "psutil": ("liveness/process",),
    "apprise": ("monitoring/notify",),
    "typer": ("cli/",),
    "tabulate": ("render/",),
    "rich": ("render/", "cli/"),
}
"""Whose business a library is: beginnings of the names of modules."""
VALUES = (
    "errors clock/duration clock/rfc3339 settings/address settings/rclone/remote settings/policy settings/setting "
    "transport/base "
    "state/records state/memory repository/lock repository/config repository/snapshot liveness/evidence survey/values "
    "survey/returns survey/changes removal/plan removal/report diagnosis/findings diagnosis/share/observed"
).split()
"""Who needs one of these as a value gets no process table, no cryptography and no thread with it."""
PURE_ROOMS = {"diagnosis", "render"}
PURE = [
    *VALUES,
    *(
        "repository/scrypt repository/crypto repository/keyfile liveness/neighbours liveness/creation liveness/clocks "
        "liveness/judge survey/assess supervision/decide monitoring/figures monitoring/limits monitoring/thresholds"
    ).split(),
    *(module for module in MODULES if module.split("/")[0] in PURE_ROOMS),
]
"""Nothing in them, nor in what they import, reads a clock, a file or anything else of this machine."""
DOERS = {"psutil", "cryptography", "nacl", "zstandard", "concurrent", "threading", "smbprotocol"}
IMPURE = {"time", "os", "socket", "subprocess", "pathlib", "random", "secrets", "threading", "sys"}
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input"}
MAX_FILE, MAX_FUNCTION = 300, 40


def imports(source: str) -> Iterator[str]:
    """The modules that are imported anywhere in this source: `from a import b` gives `a` and `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide what is imported"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def our_imports(source: str) -> set[str]:
    """Of our own modules, without `lockctl/`."""
    ours = {name.replace(".", "/").removeprefix("lockctl/") for name in imports(source) if name.startswith("lockctl.")}
    return ours & set(MODULES)


def libraries(source: str) -> set[str]:
    """The first names of all other modules that are imported."""
    return {name.split(".")[0] for name in imports(source)} - {"lockctl"}


def room_of(module: str) -> str:
    return module.split("/")[0]


def breaches(module: str, source: str) -> list[str]:
    """What this module imports or calls and must not."""
    room = room_of(module)
    permitted = {room, *TOWER.get(room, "").split()}
    found = sorted(name for name in our_imports(source) if room_of(name) not in permitted)
    if module.startswith("cli/commands/"):
        found += sorted(name for name in our_imports(source) if name.startswith("cli/commands/"))
    found += sorted(n for n in libraries(source) & LIBRARIES.keys() if not module.startswith(LIBRARIES[n]))
    if module in PURE:
        found += sorted(libraries(source) & IMPURE) + sorted(set(calls(source)) & IMPURE_CALLS)
    return found


def calls(source: str) -> Iterator[str]:
    """The last names of all that is called: `datetime.now()` gives `now`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                yield name


def large_functions(source: str) -> list[str]:
    """Functions that are longer than MAX_FUNCTION lines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    return [f.name for f in functions if (f.end_lineno or f.lineno) - f.lineno + 1 > MAX_FUNCTION]


@cache
def source_of(module: str) -> str:
    return (ROOT / f"{module}.py").read_text(encoding="utf-8")


def below(module: str) -> set[str]:
    """All modules of ours that come with this one."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += our_imports(source_of(one))
    return found - {module}


@pytest.mark.parametrize("module", MODULES)
def test_imports_keep_to_the_layers(module: str) -> None:
    assert room_of(module) in TOWER or module == "__init__", "new: give its room a line in the tower"
    assert breaches(module, source_of(module)) == []
    assert module not in below(module) | our_imports(source_of(module)), "it imports itself, by a way round"


def test_the_tower_stands() -> None:
    """Each room is above what it imports, and none is permitted what it does not use."""
    rooms = list(TOWER)
    for number, (room, permitted) in enumerate(TOWER.items()):
        assert set(permitted.split()) <= set(rooms[:number])
        inside = [module for module in MODULES if room_of(module) == room]
        used = {room_of(name) for module in inside for name in our_imports(source_of(module))}
        assert used - {room} == set(permitted.split()), room
    begins = {begin for some in LIBRARIES.values() for begin in some}
    assert all(any(module.startswith(begin) for module in MODULES) for begin in begins)


@pytest.mark.parametrize("module", PURE)
def test_what_is_pure_is_so_by_way_of_all_it_imports(module: str) -> None:
    assert below(module) <= set(PURE)


@pytest.mark.parametrize("module", VALUES)
def test_values_stand_below_the_doers(module: str) -> None:
    brought = {library for one in below(module) | {module} for library in libraries(source_of(one))}
    assert brought & DOERS == set()


@pytest.mark.parametrize("module", MODULES)
def test_nothing_grows_beyond_its_bounds(module: str) -> None:
    source = source_of(module)
    assert len(source.splitlines()) <= MAX_FILE
    assert large_functions(source) == []


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("clock/duration", "from lockctl.errors import UsageError", []),
        ("clock/duration", "from lockctl.removal.plan import Plan", ["removal/plan"]),
        ("clock/duration", "import lockctl.removal.plan", ["removal/plan"]),
        ("clock/duration", "def f():\n    from lockctl.survey.values import Survey", ["survey/values"]),
        ("liveness/judge", "from lockctl.liveness import process", []),
        ("liveness/judge", "import time", ["time"]),
        ("liveness/judge", "from os.path import join", ["os"]),
        ("liveness/judge", "from datetime import datetime\ndatetime.now()", ["now"]),
        ("liveness/process", "import psutil, os, socket", []),
        ("survey/observe", "import psutil", ["psutil"]),
        ("transport/local/directory", "from smbprotocol.open import Open", ["smbprotocol"]),
        ("transport/smb/transport", "from smbprotocol.open import Open", []),
        ("repository/keyfile", "from nacl.bindings import x\nimport zstandard", ["nacl", "zstandard"]),
        ("settings/rclone/obscure", "def f():\n    from cryptography.hazmat import x", []),
        ("removal/plan", "import typer", ["typer"]),
        ("render/table", "open('x')\nprint('y')", ["open", "print"]),
        ("removal/step", "from tabulate import tabulate", ["tabulate"]),
        ("cli/commands/prune", "import typer\nfrom lockctl.removal.run import x", []),
        ("cli/commands/rm", "from lockctl.cli.commands.show import pick", ["cli/commands/show"]),
        ("render/live", "from lockctl.background import Background", ["background"]),
        ("state/journal", "from lockctl.repository.lock import Lock", ["repository/lock"]),
    ],
)
def test_the_checker_finds_what_is_wrong(module: str, source: str, found: list[str]) -> None:
    assert breaches(module, source) == found


def test_the_checker_follows_imports() -> None:
    assert "liveness/process" in below("survey/observe")
    assert "liveness/process" not in below("survey/values")


@pytest.mark.parametrize(("lines", "found"), [(MAX_FUNCTION, []), (MAX_FUNCTION + 1, ["f"])])
def test_the_checker_measures_functions(lines: int, found: list[str]) -> None:
    assert large_functions("def f():\n" + "    x = 1\n" * (lines - 1)) == found
