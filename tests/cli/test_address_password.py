"""A password that stands in an address is used, and warned about, and stands in no output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import lockctl
from tests.conftest import NewRepository
from tests.lab.known import Known
from tests.lab.seal import aged_lock

SECRET = "hidden-word"
SMB = f"smb://joe:{SECRET}@127.0.0.1:1/backup"
RCLONE = f"rclone::smb,host=127.0.0.1,port=1,user=joe,pass={SECRET}:backup"
BROKEN = f"smb://joe:{SECRET}@127.0.0.1:port/backup"
ADDRESSES = (SMB, RCLONE, BROKEN)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("words", ["list", "list --json", "prune --yes", "prune --yes --json", "check -v", "metrics"])
def test_one_of_several_that_fails(tmp_path: Path, words: str, address: str) -> None:
    variables = {"HOME": str(tmp_path), "RESTIC_PASSWORD_FILE": "/none"}
    done = lockctl(variables, *words.split(), "-r", address, "-r", "/srv/x")
    assert done.status in (2, 3)
    assert "/srv/x" in done.text
    assert SECRET not in done.text


def test_the_hint_for_the_next_step(tmp_path: Path, new_repository: NewRepository) -> None:
    known = Known(tmp_path)
    known.open({"nas": new_repository()})
    nas = known.repositories["nas"]
    aged_lock(nas, 2 * HOUR, WEB1)
    address = nas.smb_address.replace("@", f":{nas.samba.password}@")
    password = ("--password-file", str(tmp_path / "password"))
    for more in ((), ("-r", "nas")):
        done = lockctl(known.variables(), "list", "-r", address, *more, *password, tty=True)
        assert f"lockctl prune -r {nas.smb_address}" in done.stdout
        assert nas.samba.password not in done.stdout


@pytest.mark.parametrize("address", [SMB, RCLONE])
def test_what_is_written_for_later(tmp_path: Path, address: str) -> None:
    """No crontab and no configuration gets it, and no question repeats it."""
    home = {"HOME": str(tmp_path), "RESTIC_PASSWORD_FILE": "/none"}
    asked = lockctl(home, "schedule", "--cron", "-r", address)
    taken = lockctl({**home, "RESTIC_REPOSITORY": address}, "schedule", "--systemd")
    begun = lockctl({**home, "RESTIC_REPOSITORY": address}, "config", "init", tty=True, stdin="\n\n\n\n")
    assert (asked.status, taken.status, begun.status) == (2, 0, 2)
    assert "# TO DO: put" in taken.stdout
    assert SECRET not in asked.text + taken.text + begun.text
