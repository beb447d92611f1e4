"""The layers: who may import whom, which library belongs to which module, and how large anything may grow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lockctl

ROOT = Path(lockctl.__file__).parent
MODULES = sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.rglob("*.py"))

VALUES = "duration lock moments liveness.evidence"
RENDERED = f"{VALUES} changes errors survey.values plan pruning journal render.text"
ALLOWED = {
    "errors": "",
    "duration": "errors",
    "moments": "",
    "deadline": "errors duration",
    "address": "errors duration",
    "transport/base": "errors",
    "lock": "transport.base",
    "memory": "lock liveness.evidence",
    "journal": "errors duration moments",
    "rclone": "errors address",
    "settings": "errors duration address rclone",
    "transport/statx": "",
    "transport/polling": "transport.base",
    "transport/local": "errors address transport.base transport.polling transport.statx",
    "transport/smb_watch": (
        "errors transport.base transport.polling transport.smb_connection transport.smb_errors transport.smb_messages"
    ),
    "transport/smb_errors": "errors address transport.base",
    "transport/smb_messages": "errors address transport.base",
    "transport/smb_connection": "errors address deadline transport.base transport.smb_errors transport.smb_messages",
    "transport/smb": (
        "errors address deadline transport.base transport.smb_connection transport.smb_errors transport.smb_messages "
        "transport.smb_watch"
    ),
    "repository/crypto": "errors",
    "repository/keyfile": "errors repository.crypto",
    "repository/headstart": "errors deadline repository.crypto repository.keyfile",
    "repository/reader": (
        "errors deadline lock transport.base repository.crypto repository.headstart repository.keyfile"
    ),
    "liveness/evidence": "lock",
    "liveness/folder": "lock transport.base",
    "liveness/witnesses": "errors duration lock transport.base liveness.evidence liveness.folder",
    "liveness/judge": "errors duration lock transport.base liveness.evidence liveness.folder liveness.witnesses",
    "liveness/process": "errors duration lock liveness.evidence",
    "sightings": "deadline lock memory",
    "changes": "liveness.evidence",
    "watching": "deadline errors survey.values transport.base",
    "configuration": "duration errors liveness.evidence liveness.probe",
    "liveness/probe": "deadline lock liveness.evidence",
    "survey/values": "lock liveness.evidence memory repository.reader transport.base",
    "survey/assess": "liveness.evidence liveness.judge liveness.witnesses memory survey.values",
    "survey/observe": "configuration deadline lock liveness.evidence liveness.probe liveness.process memory "
    "repository.reader sightings survey.assess survey.values",
    "plan": "duration lock liveness.evidence survey.values",
    "removal": "errors moments transport.base liveness.evidence survey.values journal lockctl",
    "pruning": "errors deadline journal liveness.evidence plan removal survey.values transport.base",
    "render/text": VALUES,
    "render/sheet": RENDERED,
    "render/table": RENDERED,
    "render/details": RENDERED,
    "render/jsonform": RENDERED,
    "render/live": f"{RENDERED} render.table",
    "__main__": "lockctl cli.run",
}
"""What each module may import of ours. A package stands for all its modules only where a module says `from` it."""
EMPTY = {"__init__", *(f"{name}/__init__" for name in ("transport", "repository", "liveness", "survey", "render"))}
LIBRARIES = {
    "smbprotocol": ("transport/smb",),
    "spnego": ("transport/smb",),
    "cryptography": ("repository/crypto", "rclone"),
    "nacl": ("repository/crypto",),
    "zstandard": ("repository/crypto",),
    "psutil": ("liveness/process",),
    "typer": ("cli/",),
    "tabulate": ("render/",),
    "rich": ("render/", "cli/"),
    "dateutil": ("lock", "moments"),
}
"""Whose business a library is: beginnings of the names of modules."""
PURE = (
    "errors address duration moments lock changes memory survey/assess plan liveness/evidence liveness/folder "
    "liveness/witnesses liveness/judge transport/base repository/crypto repository/keyfile render/text render/sheet "
    "render/table render/details render/jsonform render/live"
).split()
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
    """Of our own modules, without `lockctl.`."""
    ours = {name.replace(".", "/") for name in imports(source) if name.split(".")[0] == "lockctl"}
    modules = {name.removeprefix("lockctl/") for name in ours} & {
        *MODULES,
        "transport",
        "liveness",
        "survey",
        "lockctl",
    }
    packages = {name for name in modules if any(other.startswith(f"{name}/") for other in modules)}
    return {name.replace("/", ".") for name in modules - packages}


def breaches(module: str, source: str) -> list[str]:
    """What this module imports or calls and must not."""
    found = [] if module.startswith("cli/") else sorted(our_imports(source) - set(ALLOWED.get(module, "").split()))
    names = {name.split(".")[0] for name in imports(source)}
    found += [name for name in sorted(names & LIBRARIES.keys()) if not module.startswith(LIBRARIES[name])]
    if module in PURE:
        found += sorted(names & IMPURE) + sorted(set(calls(source)) & IMPURE_CALLS)
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


def source_of(module: str) -> str:
    return (ROOT / f"{module}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_imports_keep_to_the_layers(module: str) -> None:
    assert module in ALLOWED or module in EMPTY or module.startswith("cli/"), "new: give it a line in the table"
    assert breaches(module, source_of(module)) == []


@pytest.mark.parametrize("module", MODULES)
def test_nothing_grows_beyond_its_bounds(module: str) -> None:
    source = source_of(module)
    assert len(source.splitlines()) <= MAX_FILE
    assert large_functions(source) == []


def test_the_table_names_modules_that_exist() -> None:
    assert set(ALLOWED) | EMPTY <= set(MODULES)
    assert set(PURE) <= set(MODULES)


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("duration", "from lockctl.errors import UsageError", []),
        ("duration", "from lockctl.plan import Wish", ["plan"]),
        ("duration", "import lockctl.plan", ["plan"]),
        ("duration", "def f():\n    from lockctl.survey.values import Survey", ["survey.values"]),
        ("liveness/judge", "from lockctl.liveness import process", ["liveness.process"]),
        ("liveness/judge", "import time", ["time"]),
        ("liveness/judge", "from os.path import join", ["os"]),
        ("liveness/judge", "from datetime import datetime\ndatetime.now()", ["now"]),
        ("liveness/process", "import psutil, os, socket", []),
        ("survey/observe", "import psutil", ["psutil"]),
        ("transport/local", "from smbprotocol.open import Open", ["smbprotocol"]),
        ("transport/smb", "from smbprotocol.open import Open", []),
        ("repository/keyfile", "from nacl.bindings import x\nimport zstandard", ["nacl", "zstandard"]),
        ("rclone", "def f():\n    from cryptography.hazmat import x", []),
        ("plan", "import typer", ["typer"]),
        ("render/table", "open('x')\nprint('y')", ["open", "print"]),
        ("removal", "from tabulate import tabulate", ["tabulate"]),
        ("cli/prune", "import typer\nfrom lockctl.removal import x", []),
        ("made-up", "from lockctl.errors import x", ["errors"]),
    ],
)
def test_the_checker_finds_what_is_wrong(module: str, source: str, found: list[str]) -> None:
    assert breaches(module, source) == found


@pytest.mark.parametrize(("lines", "found"), [(MAX_FUNCTION, []), (MAX_FUNCTION + 1, ["f"])])
def test_the_checker_measures_functions(lines: int, found: list[str]) -> None:
    assert large_functions("def f():\n" + "    x = 1\n" * (lines - 1)) == found
