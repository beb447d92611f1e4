"""The cure, put into a command of restic's."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.arguments import without_object_cache
from lockctl.diagnosis.findings import RCLONE_ARGS
from lockctl.errors import UsageError

ADDED = ["-o", f"rclone.args={RCLONE_ARGS}"]
OWN = "rclone.args=serve restic --stdio --bwlimit 1M"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["restic", "backup", "/home"], ["restic", *ADDED, "backup", "/home"]),
        (["nice", "/usr/bin/restic", "check"], ["nice", "/usr/bin/restic", *ADDED, "check"]),
        (["restic_0.18.0", "check"], ["restic_0.18.0", *ADDED, "check"]),
        (["restic", "-o", OWN, "check"], ["restic", "-o", f"{OWN} --cache-objects=false", "check"]),
        (["restic", f"--option={OWN}"], ["restic", f"--option={OWN} --cache-objects=false"]),
        (["restic", f"-o{OWN}"], ["restic", f"-o{OWN} --cache-objects=false"]),
        (["restic", "-o", f"{OWN} --cache-objects=false"], ["restic", "-o", f"{OWN} --cache-objects=false"]),
        (["restic", "-o", "rclone.program=x"], ["restic", *ADDED, "-o", "rclone.program=x"]),
        (["flock", "/run/restic", "restic", "check"], ["flock", "/run/restic", "restic", *ADDED, "check"]),
        (["sudo", "-u", "restic", "restic", "check"], ["sudo", "-u", "restic", "restic", *ADDED, "check"]),
        (["restic", "-r", "/srv/restic", "check"], ["restic", "-r", "/srv/restic", *ADDED, "check"]),
        (["restic", "backup", "restic"], ["restic", *ADDED, "backup", "restic"]),
    ],
)
def test_where_it_goes(command: list[str], expected: list[str]) -> None:
    before = list(command)
    assert without_object_cache(command) == expected
    assert command == before


@pytest.mark.parametrize("command", [["sh", "-c", "restic backup"], ["resticprofile"], ["rclone"], []])
def test_a_command_without_restic(command: list[str]) -> None:
    with pytest.raises(UsageError, match="needs a command with restic in it"):
        without_object_cache(command)
