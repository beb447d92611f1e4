"""A restic that has a circuit breaker: that of the PATH, else one from a later Debian, in a folder of its own.

Nothing is installed, and what apt on this machine knows stays as it is.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.lab.processes import LabError

NEEDED = (0, 17)
"""restic's first release with a circuit breaker (`backend-error-redesign`, changelog/0.17.0_2024-07-26)."""
SUITE = "trixie"
"""The oldest Debian that has one."""
SOURCES = Path("/etc/apt")
ALIASES = {"stable", "oldstable"}
UPDATE_SECONDS = 300


def main(folder: Path) -> int:
    """Print the path of such a restic; `folder` is where one is unpacked, and found again."""
    try:
        print(find(folder.absolute()))
    except LabError as error:
        print(f"dev: {error}", file=sys.stderr)
        return 1
    return 0


def find(folder: Path) -> Path:
    """The restic of the PATH, that of `folder`, or one that is put there now. Raises `LabError`."""
    unpacked = folder / "usr/bin/restic"
    for candidate in (shutil.which("restic"), shutil.which(unpacked)):
        if candidate is not None and version(Path(candidate)) >= NEEDED:
            return Path(candidate)
    print(f"dev: unpacking a newer restic from Debian {SUITE} into {folder}", file=sys.stderr)
    try:
        unpack(folder)
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stderr", None) or ""
        advice = f"Please put restic {NEEDED[0]}.{NEEDED[1]} or newer on the PATH."
        raise LabError(f"no newer restic could be had from Debian {SUITE}: {error}\n{output}{advice}") from error
    if version(unpacked) < NEEDED:
        raise LabError(f"Debian {SUITE} has no newer restic: {unpacked} is {version(unpacked)}")
    return unpacked


def version(restic: Path) -> tuple[int, int]:
    """What it says of itself, to the minor version; (0, 0) where it does not run or says something else."""
    try:
        done = subprocess.run([restic, "version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    told = re.match(r"restic (\d+)\.(\d+)", done.stdout)
    return (int(told[1]), int(told[2])) if told else (0, 0)


def unpack(folder: Path) -> None:
    """Download the package with lists, cache and sources of its own, and unpack it into `folder`."""
    work = folder.absolute().with_name(f"{folder.name}.apt")
    shutil.rmtree(work, ignore_errors=True)
    for name in ("parts", "lists/partial", "cache/archives/partial", "package"):
        (work / name).mkdir(parents=True)
    try:
        own = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
        for name, text in later_sources(SOURCES, own).items():
            (work / "parts" / name).write_text(text, encoding="utf-8")
        _apt_get(work, "update")
        _apt_get(work, "download", "restic")
        (package,) = (work / "package").glob("*.deb")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["dpkg-deb", "-x", package, folder], capture_output=True, text=True, timeout=60, check=True)
    finally:
        shutil.rmtree(work)


def _apt_get(work: Path, *words: str) -> None:
    options = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": work / "parts",
        "Dir::State::Lists": work / "lists",
        "Dir::Cache": work / "cache",
        "Acquire::Languages": "none",
        # apt's own user need not be able to write here.
        "APT::Sandbox::User": "root",
    }
    command = ["apt-get", "-q", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    subprocess.run(
        [*command, *words],
        cwd=work / "package",
        env={**os.environ, "TMPDIR": str(work), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=UPDATE_SECONDS,
        check=True,
    )


def later_sources(folder: Path, own: str) -> dict[str, str]:
    """This machine's own sources of packages, of which `own` is the release, with the later suite in its place.

    Mirror, keys and options stay; suites of updates are left out, and so is what others than Debian offer. Raises
    `LabError` where nothing is left.
    """
    release = ALIASES | {own}
    later = {}
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        entries = _later_stanzas(text, release) if path.suffix == ".sources" else _later_lines(text, release)
        if entries:
            later[path.name] = "\n".join(entries) + "\n"
    if not later:
        raise LabError(
            f"no source of Debian's {own or 'release'} is set up in {folder}; put a newer restic on the PATH"
        )
    return later


def _later_lines(text: str, release: set[str]) -> list[str]:
    """Of the one-line style (sources.list(5)): type, options in brackets, mirror, suite, components."""
    found = re.finditer(r"^\s*deb\s+((?:\[[^]]*\]\s+)?\S+)\s+(\S+)\s+([^#\n]*)", text, re.MULTILINE)
    return [f"deb {line[1]} {SUITE} main" for line in found if line[2] in release and "main" in line[3].split()]


def _later_stanzas(text: str, release: set[str]) -> list[str]:
    """Of the deb822 style (sources.list(5)): fields, which may go on in lines that begin with a space."""
    bare = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    stanzas = []
    for part in re.split(r"\n\s*\n", bare):
        fields = {
            found[1].lower(): found[2] for found in re.finditer(r"^([\w-]+):(.*(?:\n[ \t].*)*)", part, re.MULTILINE)
        }
        words = {name: value.split() for name, value in fields.items()}
        asked = ("deb" in words.get("types", ())) and "main" in words.get("components", ())
        if not asked or words.get("enabled") == ["no"] or release.isdisjoint(words.get("suites", ())):
            continue
        fields |= {"types": " deb", "suites": f" {SUITE}", "components": " main"}
        stanzas.append("".join(f"{name.title()}:{value}\n" for name, value in fields.items()))
    return stanzas


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
