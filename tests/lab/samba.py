"""A throwaway Samba on a free port of 127.0.0.1. It shares nothing with the machine's own Samba."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil
from smbprotocol.exceptions import SMBException

from tests.lab import configuration
from tests.lab.configuration import Share
from tests.lab.processes import LOOPBACK, LabError, binary, family, free_port, kill, until
from tests.lab.wire import Times, Wire

__all__ = ["BACKUP", "PASSWORD", "Samba", "Share", "default_user", "stop_recorded"]

PASSWORD = "lab-password"
BACKUP = Share("backup")
ATTEMPTS = 5
PORT_TAKEN = ("Address already in use", "NT_STATUS_ADDRESS_ALREADY_ASSOCIATED")


class PortTakenError(Exception):
    """Another process took the port between the search and smbd's start."""


def default_user() -> str:
    """Debian's account `backup` for root; smbd without root can only serve the account that it runs as."""
    return "backup" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


class Samba:
    """smbd with its own configuration, accounts and folders, all below one temporary folder.

    `options` are lines for the global section, such as {"server min protocol": "SMB3"}. The temporary folder
    is made in $TMPDIR or /var/tmp, not in /tmp: a tmpfs may lack the extended attributes that creation times
    are kept in.
    """

    host = LOOPBACK

    def __init__(
        self,
        shares: Sequence[Share] = (BACKUP,),
        options: Mapping[str, str] | None = None,
        users: Sequence[str] | None = None,
        password: str = PASSWORD,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Take notes only; `start` or the context manager does the work. `users[0]` owns the shares."""
        self.users = list(users or [default_user()])
        self.user = self.users[0]
        self.password = password
        self.port = 0
        self.directory = Path()
        self._shares = {share.name: share for share in shares}
        self._options = dict(options or {})
        self._environment = {**os.environ, **(environment or {})}
        self._outlives = False
        self._process: subprocess.Popen[bytes] | None = None
        self._wires: dict[str, Wire] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, outlives: bool = False) -> None:
        """Make the folders and accounts, start smbd and wait until it lets the first user into each share.

        smbd ends with this process, however that ends, unless it `outlives` it: see `detach`.
        """
        self._outlives = outlives
        place = os.environ.get("TMPDIR", "/var/tmp")
        self.directory = Path(tempfile.mkdtemp(prefix="lab-samba-", dir=place))
        try:
            self._make_folders()
            self._launch_on_free_port()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End smbd and its children by their ids, and remove the temporary folder."""
        self._end()
        if self.directory != Path():
            shutil.rmtree(self.directory)
            self.directory = Path()

    def restart(self, options: Mapping[str, str]) -> None:
        """End smbd and start it on the same port with other global options; the shares keep their files."""
        self._end()
        self._options = dict(options)
        self._configure()
        self._launch()

    def detach(self, record: Path) -> None:
        """Let go of an smbd that `outlives` this process; `stop_recorded(record)` ends it later."""
        if self._process is None or not self._outlives:
            raise LabError("there is no Samba that outlives this process")
        self._close_wires()
        born = psutil.Process(self._process.pid).create_time()
        kept = {"pid": self._process.pid, "born": born, "directory": str(self.directory)}
        record.write_text(json.dumps(kept), encoding="utf-8")
        # Popen's destructor would warn of a child that still runs: here that is meant.
        self._process.returncode = 0
        self._process = None
        self.directory = Path()

    @property
    def pid(self) -> int:
        """smbd's, while it runs."""
        if self._process is None:
            raise LabError("smbd does not run")
        return self._process.pid

    def share_path(self, name: str = "backup") -> Path:
        """Where the share's files lie on this machine."""
        return configuration.share_path(self.directory, self._shares[name])

    @property
    def log(self) -> str:
        """What smbd wrote into its log."""
        path = self.directory / "log.smbd"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def wire(self, share: str = "backup") -> Wire:
        """The lab's own connection to a share, kept until Samba stops."""
        if share not in self._wires:
            self._wires[share] = Wire(self.host, self.port, share, self.user, self.password)
        return self._wires[share]

    def put(self, share: str, path: str, data: bytes) -> None:
        """Write a file over SMB. (Folders that it needs are made on the disk.)"""
        self.make_folder(share, str(Path(path).parent))
        self.wire(share).put(path, data)

    def get(self, share: str, path: str) -> bytes:
        """Read a file from the disk, behind Samba's back."""
        return (self.share_path(share) / path).read_bytes()

    def names(self, share: str, path: str) -> list[str]:
        """The names in a folder, from the disk, sorted."""
        return sorted(entry.name for entry in (self.share_path(share) / path).iterdir())

    def set_times(self, share: str, path: str, created_ns: int | None, written_ns: int | None) -> None:
        """Set creation and last write by SMB SET_INFO, to the tick of 100 ns; None leaves a time as it is."""
        self.wire(share).set_times(path, created_ns, written_ns)

    def times(self, share: str, path: str) -> Times:
        """The times of a file or folder as SMB tells them."""
        return self.wire(share).times(path)

    def make_folder(self, share: str, path: str) -> Path:
        """Make a folder in a share, on the disk, as the share's owner has it; return where it lies."""
        folder = self.share_path(share) / path
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for one in missing:
            self.give(one)
        return folder

    def give(self, path: Path) -> None:
        """Make the first SMB user the owner of a file, or of a folder and all in it."""
        if os.geteuid() != 0:
            return
        for one in (path, *path.rglob("*")):
            shutil.chown(one, self.user)

    def _make_folders(self) -> None:
        self.directory.chmod(0o711)
        for name in configuration.PRIVATE_FOLDERS.values():
            (self.directory / name).mkdir(mode=0o700)
        (self.directory / "ncalrpc").chmod(0o755)
        # smbd looks into lock/ as the user of the share: where it cannot, it takes all other connections for dead
        # and no longer tells them of each other's open files.
        (self.directory / "lock").chmod(0o755)
        for name in self._shares:
            self.share_path(name).mkdir(parents=True, exist_ok=True)
            self.give(self.share_path(name))

    def _configure(self) -> None:
        text = configuration.text(self.directory, self.port, self._shares.values(), self._options)
        (self.directory / "smb.conf").write_text(text, encoding="utf-8")

    def _add_users(self) -> None:
        pdbedit = [binary("pdbedit", "samba"), "--configfile", str(self.directory / "smb.conf")]
        answer = f"{self.password}\n{self.password}\n"
        for user in self.users:
            command = [*pdbedit, "--create", "--password-from-stdin", "--user", user]
            done = subprocess.run(command, input=answer, capture_output=True, text=True, timeout=60, check=False)
            if done.returncode != 0 or "Can't load" in done.stderr:
                raise LabError(f"pdbedit could not add {user}: {done.stdout}{done.stderr}")

    def _launch_on_free_port(self) -> None:
        for attempt in range(ATTEMPTS):
            self.port = free_port()
            self._configure()
            if attempt == 0:
                self._add_users()
            try:
                return self._launch()
            except PortTakenError:
                continue
        raise LabError(f"no free port in {ATTEMPTS} attempts")

    def _launch(self) -> None:
        command = [binary("smbd", "samba"), "--foreground", "--no-process-group"]
        command += ["--configfile", str(self.directory / "smb.conf"), "--log-basename", str(self.directory)]
        with (self.directory / "smbd.out").open("wb") as output:
            # smbd in the foreground ends when its standard input is a pipe that ends, which it does with us.
            # A session of its own keeps the terminal's Ctrl-C away from it.
            stdin = subprocess.DEVNULL if self._outlives else subprocess.PIPE
            self._process = subprocess.Popen(
                command, stdin=stdin, stdout=output, stderr=output, start_new_session=True, env=self._environment
            )
        until(self._answers, "answer from smbd", seconds=30)

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            output = (self.directory / "smbd.out").read_text(encoding="utf-8", errors="replace") + self.log
            if any(sign in output for sign in PORT_TAKEN):
                raise PortTakenError
            raise LabError(f"smbd ended: {output}")
        try:
            for name in self._shares:
                self.wire(name)
        except (SMBException, ValueError, OSError):  # a refused connection is a ValueError
            return False
        finally:
            self._close_wires()
        return True

    def _end(self) -> None:
        self._close_wires()
        if self._process is not None:
            kill(family(self._process.pid))
            self._process.communicate(timeout=10)
            self._process = None

    def _close_wires(self) -> None:
        for wire in self._wires.values():
            wire.close()
        self._wires.clear()


def stop_recorded(record: Path) -> bool:
    """End the Samba that `detach` recorded and remove its folder; False where there is none."""
    if not record.exists():
        return False
    kept = json.loads(record.read_text(encoding="utf-8"))
    members = family(kept["pid"])
    if members and members[0].create_time() == kept["born"]:
        kill(members)
    shutil.rmtree(kept["directory"], ignore_errors=True)
    record.unlink()
    return True
