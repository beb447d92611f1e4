"""README's lines for crontabs and Nagios, run as cron and Nagios do, in a home that has nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import ROOT
from tests.cli.seeing import seen_for
from tests.docs.test_readme import README
from tests.lab.restic import Repository, copy_repository, obscured
from tests.lab.samba import Samba
from tests.lab.seal import aged_lock

ADDRESS = "rclone:nas:backup/restic"
BLOCKS = re.findall(r"^```crontab\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
NAGIOS = re.findall(r"^ *command_line +(.+)$", README, re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Machine:
    """A new user's home, with the files that README speaks of, and a repository under its address."""

    home: Path
    repository: Repository

    def run(self, line: str, *variables: str) -> tuple[int, str]:
        """What cron and Nagios make of a command: a shell, next to no environment, no terminal."""
        command = self.here(line.replace("/usr/local/bin/lockctl", f"{sys.executable} -m lockctl"))
        env = [f"HOME={self.home}", "PATH=/usr/bin:/bin", f"PYTHONPATH={ROOT}", *map(self.here, variables)]
        done = subprocess.run(
            ["env", "-i", *env, "sh", "-c", command],
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def here(self, text: str) -> str:
        """The same with the paths and the address of this machine."""
        own = {"/root/": f"{self.home}/", "/etc/nagios/": f"{self.home}/", "/var/lib/": f"{self.home}/"}
        own["smb://backup@nas"] = f"smb://{self.repository.samba.user}@127.0.0.1:{self.repository.samba.port}"
        for path, mine in own.items():
            text = text.replace(path, mine)
        return text


@pytest.fixture
def machine(samba: Samba, template: Path, tmp_path: Path) -> Iterator[Machine]:
    repository = copy_repository(samba, template, "restic")
    secrets = {
        "restic-password": f"{repository.password}\n",
        "share": f"username={samba.user}\npassword={samba.password}\n",
        ".config/rclone/rclone.conf": (
            f"[nas]\ntype = smb\nhost = 127.0.0.1\nport = {samba.port}\nuser = {samba.user}\n"
            f"pass = {obscured(samba.password)}\n"
        ),
    }
    for name, text in secrets.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    (tmp_path / "node_exporter").mkdir()
    yield Machine(tmp_path, repository)
    shutil.rmtree(repository.path)


def lines() -> list[str]:
    """The commands of all crontabs in README, without their times."""
    return [re.sub(r"^(\S+ ){5}", "", line) for block in BLOCKS for line in block.splitlines() if " * " in line]


def variables() -> list[str]:
    return [line for block in BLOCKS for line in block.splitlines() if re.match(r"[A-Z_]+=", line)]


def test_the_first_run_looks_and_a_later_one_removes(machine: Machine) -> None:
    prunes = [line for line in lines() if "prune" in line]
    assert any("--watch" in line for line in prunes)
    for line in prunes:
        old = aged_lock(machine.repository, 3 * HOUR, WEB1)
        if "--watch" not in line:
            status, told = machine.run(line, *variables())
            assert (status, "no earlier run is remembered" in told) == (3, True)
        seen_for(machine.repository, address=ADDRESS, state=machine.home / ".local/state/lockctl")
        removed = f"removed {old[:8]} (web1, PID 4209, root): not renewed for 3 h\n"
        assert machine.run(line, *variables()) == (0, removed)
        assert machine.run(line, *variables()) == (0, "")


def test_figures_for_the_node_exporter(machine: Machine) -> None:
    (line,) = [line for line in lines() if "metrics" in line]
    assert machine.run(line, *variables()) == (0, "")
    assert "\nlockctl_up{" in (machine.home / "node_exporter/lockctl.prom").read_text()


def test_nagios_is_red_and_then_green(machine: Machine) -> None:
    (line,) = NAGIOS
    cut = aged_lock(machine.repository, 5 * HOUR, WEB1, cut_to=60)
    status, told = machine.run(line)
    assert (status, told.partition(":")[0]) == (2, "LOCKCTL CRITICAL - 1 damaged lock")
    (machine.repository.path / "locks" / cut).unlink()
    status, told = machine.run(line)
    assert (status, told.partition(" - ")[0]) == (0, "LOCKCTL OK")
