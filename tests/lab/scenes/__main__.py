"""Play the scenes and keep what restic prints.

python -m tests.lab.scenes OUTDIR --restic FILE --rclone FILE [--scene NAME …]

One process plays one version of restic; several may write into one folder at once.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.corpus import MANIFEST, Truth
from tests.lab.scenes import blocked, broken, half_listed, long, plain
from tests.lab.scenes.script import SCENES, Scene, Verdict
from tests.lab.scenes.stage import Stage, stage

AT_ONCE = 3
PARTS = (blocked, broken, half_listed, long, plain)
"""They enter their scenes when they are imported."""


def main() -> int:
    """Play all that was asked for; 1 where a scene could not be played."""
    options = _parse()
    with _programs(options.restic, options.rclone):
        restic, rclone = _version("restic", "version"), _version("rclone", "version")
        wanted = [one for one in SCENES.values() if _is_wanted(one, restic, options)]
        failed = 0
        with (
            ThreadPoolExecutor(max(1, sum(one.is_long for one in wanted))) as longs,
            ThreadPoolExecutor(AT_ONCE) as short,
        ):
            playing: dict[Future[None], str] = {}
            for one in sorted(wanted, key=lambda one: not one.is_long):
                pool = longs if one.is_long else short
                playing[pool.submit(_play, one, restic, rclone, options)] = one.name
            for done in as_completed(playing):
                error = done.exception()
                failed += error is not None
                print(f"{playing[done]} {restic}: {error or 'played'}", flush=True)
    return min(failed, 1)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.scenes", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="OUTDIR")
    parser.add_argument("--restic", type=Path, required=True)
    parser.add_argument("--rclone", type=Path, required=True)
    parser.add_argument("--tell-rclone", action="store_true", help="name the files by rclone's version too")
    parser.add_argument("--scene", action="append", choices=sorted(SCENES))
    parser.add_argument("--only", choices=["long", "short"])
    return parser.parse_args()


def _is_wanted(one: Scene, restic: str, options: argparse.Namespace) -> bool:
    kind = "long" if one.is_long else "short"
    return (
        restic in one.versions
        and (options.only or kind) == kind
        and (options.scene is None or one.name in options.scene)
    )


@contextmanager
def _programs(restic: Path, rclone: Path) -> Iterator[None]:
    """Put these two before all others of their names."""
    with tempfile.TemporaryDirectory() as folder:
        for name, target in (("restic", restic), ("rclone", rclone)):
            (Path(folder) / name).symlink_to(target.resolve())
        os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
        yield


def _version(*command: str) -> str:
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    return told.split()[1].removeprefix("v").removesuffix("-DEV")


def _play(one: Scene, restic: str, rclone: str, options: argparse.Namespace) -> None:
    folder: Path = options.folder
    with stage(one.size) as here:
        one.play(here)
        name = f"{one.name}-{restic}{f'-rclone-{rclone}' if options.tell_rclone else ''}.log"
        (folder / name).write_bytes(b"".join(here.lines))
        _enter(folder / MANIFEST, _entry(one, here, name, restic, rclone))


def _entry(one: Scene, here: Stage, name: str, restic: str, rclone: str) -> dict[str, Any]:
    verdict = one.verdict_for(restic)
    return {
        "file": name,
        "scene": one.name,
        "restic": restic,
        "rclone": rclone,
        "about": " ".join((one.play.__doc__ or "").split()),
        "runs": [{**run, "truth": _truth_of(run, here, verdict)} for run in here.runs],
        "begun": here.begun,
        "arrived": here.arrived,
        "locks": here.locks,
        "truth": verdict.truth.value,
        "todo": verdict.todo,
    }


def _truth_of(run: dict[str, Any], here: Stage, verdict: Verdict) -> str:
    """Of several runs in one log, those that ended well are no part of its trouble."""
    return Truth.SUCCESS.value if len(here.runs) > 1 and run["exit"] == 0 else verdict.truth.value


def _enter(path: Path, entry: dict[str, Any]) -> None:
    """Put an entry in, or in the place of an older one of its name."""
    with path.open("a+", encoding="utf-8") as manifest:
        fcntl.flock(manifest, fcntl.LOCK_EX)
        manifest.seek(0)
        text = manifest.read()
        entries = {one["file"]: one for one in (json.loads(text)["logs"] if text else [])}
        entries[entry["file"]] = entry
        manifest.truncate(0)
        manifest.write(in_lines([entries[name] for name in sorted(entries)]))


def in_lines(entries: list[dict[str, Any]]) -> str:
    """The manifest: an entry is some lines, so that a difference shows what differs, and a list is one line."""
    shown = ",\n".join(f"  {{\n{_fields(one)}\n  }}" for one in entries)
    return f'{{"logs": [\n{shown}\n]}}\n'


def _fields(entry: dict[str, Any]) -> str:
    return ",\n".join(f"    {json.dumps(key)}: {_value(key, entry[key])}" for key in entry)


def _value(key: str, value: Any) -> str:
    if key in ("locks", "runs") and value:
        return "[\n" + ",\n".join(f"      {json.dumps(one)}" for one in value) + "\n    ]"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
