"""Which machine this is, and what its clocks say: a memory must not be taken for another machine's."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from lockctl.clock.boot import Instant, this_instant
from lockctl.state.machine import Host, file_system, is_first_start, moment_at


def test_a_moment_is_what_the_clocks_said() -> None:
    moment = moment_at(Instant(1.0, 2.0, 3.0), 7)
    assert (moment.awake, moment.boot, moment.wall, moment.server) == (1.0, 2.0, 3.0, 7e-9)
    assert moment.boot_id == moment_at(Instant(1.0, 2.0, 3.0), 7).boot_id


@pytest.mark.parametrize("content", [None, ""], ids=["hidden", "masked"])
def test_without_a_boot_id_nothing_tells_of_a_start(tmp_path: Path, content: str | None) -> None:
    """As in a unit with ProcSubset=pid: else each run would count as the first after a start of this machine."""
    path = tmp_path / "boot_id"
    if content is not None:
        path.write_text(content)
    first, second = (moment_at(this_instant(), time.time_ns(), path) for _ in range(2))
    assert first.boot_id != second.boot_id
    assert not second.started
    assert replace(second, awake=9e5, wall=second.wall + 9e5, server=second.server + 9e5).since(first) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("1", "2"), ("1", "2"), True),
        (("1", "2"), ("1", "3"), False),
        (("1", "2"), ("1", ""), True),
        (("1", "2"), ("9", ""), False),
        (("", ""), ("1", "2"), True),
    ],
    ids=["the same", "a clone", "another user, who may read less", "another machine", "nothing is known"],
)
def test_which_machine(one: tuple[str, ...], other: tuple[str, ...], same: bool) -> None:
    assert Host(one, "a").may_be(Host(other, "b")) is same


@pytest.mark.parametrize(
    ("stat", "first"),
    [("1 (init) S " + "0 " * 18 + "12 0", True), ("1 (a) b) S " + "0 " * 18 + "987654 0", False), ("", False)],
    ids=["a machine", "a container", "nothing"],
)
def test_a_container_that_starts_is_no_machine_that_starts(tmp_path: Path, stat: str, first: bool) -> None:
    """Some get a boot id of their own each time, and see their host's uptime."""
    (tmp_path / "1").mkdir()
    (tmp_path / "1/stat").write_text(stat)
    assert is_first_start(tmp_path) is first


def test_a_folders_file_system(tmp_path: Path) -> None:
    known = {line.split(" - ")[1].split()[0] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    assert file_system(Path("/proc")) == "proc"
    assert file_system(tmp_path) in known | {""}
    assert file_system(tmp_path / "nowhere") == ""
