"""restic's open circuit breaker, with real parts: a lock that is listed half-written and read whole.

One client's rclone still writes its lock when another client lists `locks/`. The other's rclone remembers the size of
then and serves the whole file under it, at each retry, until restic gives up. Only the writing client is played here.
"""

from __future__ import annotations

import hashlib
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab.processes import LabError, kill_started
from tests.lab.proxy import LENGTH_BYTES, Proxy
from tests.lab.restic import Repository, is_sound
from tests.lab.seal import Owner, format_of, lock_bytes, lock_of, master_of
from tests.lab.wire import Wire

SERVE = "serve restic --stdio --b2-hard-delete"
"""What restic passes to rclone (defaultConfig in internal/backend/rclone/config.go)."""
CURE = f"{SERVE} --cache-objects=false"
"""With it rclone's restic server remembers no sizes."""
ROUND_TRIP_SECONDS = 0.4
"""To the share, until the locks have been listed: nothing that comes after it needs a slow link."""
HALF_BYTES = 60
WRITER = Owner("web1", "root", 4209)
LOOK_SECONDS = 1.0

CREATE, QUERY_DIRECTORY = 0x05, 0x0E
COMMAND_OFFSET = LENGTH_BYTES + 12
"""Of the command in a frame's first header (MS-SMB2 2.2.1.2)."""


@dataclass(frozen=True, slots=True)
class Line:
    """What restic or its rclone printed, `seconds` after restic was started."""

    seconds: float
    text: str


def _ignore(_: Line) -> None:
    """Nobody reads along."""


@dataclass
class HalfListed:
    """A backup that lists another client's lock while that is half-written, and what came of it.

    `arguments` are rclone's (restic's own where they are empty). Where `stays_cut`, the lock is never completed.
    """

    repository: Repository
    arguments: str = ""
    stays_cut: bool = False
    heard: Callable[[Line], None] = _ignore
    """Is called with each line as it comes."""
    owner: Owner = WRITER
    lock_id: str = ""
    status: int | None = None
    """restic's, once it has ended."""
    seconds: float = 0
    """How long restic ran."""
    lines: list[Line] = field(default_factory=list)
    """Standard output and standard error, as a terminal or cron's mail has them."""
    listed: threading.Event = field(default_factory=threading.Event)
    """restic has listed the lock while only its first bytes were there."""
    looks: list[bool] = field(default_factory=list)
    """Whether the lock was there and whole: every second after that."""

    @property
    def text(self) -> str:
        """All that restic and its rclone printed."""
        return "".join(f"{line.text}\n" for line in self.lines)

    @property
    def is_sound(self) -> bool:
        """Whether the other client's lock is on the share now, and whole."""
        return is_sound(self.repository.path / "locks" / self.lock_id)

    def run(self, ended: threading.Event) -> None:
        """Goes on until restic has ended by itself, or until it is `ended`."""
        samba = self.repository.samba
        share = self.repository.share
        with (
            Wire(samba.host, samba.port, share, samba.user, samba.password) as wire,
            Proxy(samba.port, ROUND_TRIP_SECONDS) as proxy,
        ):
            upload = _Upload(self.repository, wire, self.owner)
            self.lock_id = upload.begin()
            proxy.on_each_frame(_Moment(lambda: self._go_on(upload, proxy)).see)
            self._back_up(proxy.port, ended)
        if self.status is not None and not self.listed.is_set():
            raise LabError(f"restic ended before it had listed the locks: {self.text}")

    def _go_on(self, upload: _Upload, proxy: Proxy) -> None:
        """The locks have been listed."""
        if not self.stays_cut:
            upload.finish()
        proxy.delay = 0
        self.listed.set()

    def _back_up(self, port: int, ended: threading.Event) -> None:
        """A small backup through the proxy, read until it ends."""
        words = ["-o", f"rclone.args={self.arguments}"] if self.arguments else []
        begun = time.monotonic()
        process = self.repository.through(port).start(*words, "backup", __file__, stderr=subprocess.STDOUT)
        reader = threading.Thread(target=self._read, args=(process, begun), daemon=True)
        reader.start()
        try:
            while process.poll() is None:
                if self.listed.is_set():
                    self.looks.append(self.is_sound)
                if ended.wait(LOOK_SECONDS):
                    return
            reader.join()
            self.status = process.returncode
        finally:
            kill_started(process)
            reader.join()

    def _read(self, process: subprocess.Popen[str], begun: float) -> None:
        for text in process.stdout or ():
            line = Line(time.monotonic() - begun, text.rstrip("\n"))
            self.lines.append(line)
            self.heard(line)
        self.seconds = time.monotonic() - begun


class _Upload:
    """A lock that another client writes: its first bytes, and the others when somebody has listed it."""

    def __init__(self, repository: Repository, wire: Wire, owner: Owner) -> None:
        """Takes notes only."""
        master = master_of(repository.path, repository.password)
        self._written = time.time_ns()
        self._bytes = lock_bytes(master, lock_of(self._written, owner), format_of(repository.path, master))
        self._name = hashlib.sha256(self._bytes).hexdigest()
        self._path = f"{repository.folder}/locks/{self._name}"
        self._wire = wire

    def begin(self) -> str:
        """Write the first bytes over SMB; return the lock's id."""
        self._wire.put(self._path, self._bytes[:HALF_BYTES])
        return self._name

    def finish(self) -> None:
        """Write the others and set the last write from the client's clock, as rclone does."""
        self._wire.extend(self._path, self._bytes[HALF_BYTES:], HALF_BYTES, self._written)


class _Moment:
    """Sees when a client has got its first listing of `locks/`: when it asks whether there is more."""

    def __init__(self, act: Callable[[], None]) -> None:
        """`act` is called once, while the client's question waits."""
        self._act = act
        self._opened = False
        self._asked = 0

    def see(self, frame: bytes) -> None:
        """Look at a frame of the client."""
        command = int.from_bytes(frame[COMMAND_OFFSET : COMMAND_OFFSET + 2], "little")
        self._opened = self._opened or (command == CREATE and "\\locks".encode("utf-16-le") in frame)
        if self._opened and command == QUERY_DIRECTORY:
            self._asked += 1
            if self._asked == 2:
                self._act()
