"""A throwaway Kerberos KDC of MIT's on free ports of 127.0.0.1: its own realm, database and files. It shares nothing
with what this machine has of Kerberos.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.lab.processes import LOOPBACK, LabError, binary, family, free_port, kill, until

REALM = "LAB.EXAMPLE"
PASSWORD = "kerberos-password"
_CONFIG = """\
[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
[realms]
    {realm} = {{
        kdc = {host}:{port}
    }}
[domain_realm]
    localhost = {realm}
    .lab.example = {realm}
"""
_KDC_CONFIG = """\
[kdcdefaults]
    kdc_listen = {host}:{port}
    kdc_tcp_listen = {host}:{port}
[realms]
    {realm} = {{
        database_name = {folder}/principal
        key_stash_file = {folder}/stash
        acl_file = {folder}/acl
        max_life = 10h
        disable_pac = true
        supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
    }}
[logging]
    kdc = FILE:{folder}/kdc.log
"""


class Kdc:
    """krb5kdc in the foreground, with principals and keytabs; ends with the context."""

    def __init__(self) -> None:
        self.folder = Path()
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="lab-kdc-", dir=os.environ.get("TMPDIR", "/var/tmp")))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            kill(family(self._process.pid))
            self._process.wait(timeout=10)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def variables(self) -> dict[str, str]:
        """What lets programs find this KDC and no other."""
        return {"KRB5_CONFIG": str(self.folder / "krb5.conf")}

    @property
    def log(self) -> str:
        """What the KDC was asked."""
        path = self.folder / "kdc.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def add(self, principal: str, password: str | None = None) -> None:
        """A principal, with a random key where no password is given."""
        key = ["-randkey"] if password is None else ["-pw", password]
        self._kadmin("add_principal", *key, principal)

    def keytab(self, name: str, *principals: str) -> Path:
        """A file with the keys of these."""
        path = self.folder / name
        self._kadmin("ktadd", "-norandkey", "-k", str(path), *principals)
        return path

    def log_on(self, principal: str, password: str = PASSWORD, lifetime: str = "1h", name: str = "ccache") -> Path:
        """A ticket cache as kinit makes it."""
        path = self.folder / name
        command = [binary("kinit", "krb5-user"), "-c", f"FILE:{path}", "-l", lifetime, principal]
        self._run(command, f"{password}\n")
        return path

    def _start(self) -> None:
        self.port = free_port()
        fields = {"realm": REALM, "host": LOOPBACK, "port": self.port, "folder": self.folder}
        (self.folder / "krb5.conf").write_text(_CONFIG.format(**fields), encoding="utf-8")
        (self.folder / "kdc.conf").write_text(_KDC_CONFIG.format(**fields), encoding="utf-8")
        self._run([_sbin("kdb5_util"), "create", "-s", "-r", REALM, "-P", "master"])
        with (self.folder / "kdc.out").open("wb") as output:
            self._process = subprocess.Popen(
                [_sbin("krb5kdc"), "-n", "-r", REALM], env=self._environment, stdout=output, stderr=output
            )
        until(lambda: "commencing operation" in self.log or None, "the KDC's start")

    @property
    def _environment(self) -> Mapping[str, str]:
        return {**os.environ, **self.variables, "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf")}

    def _kadmin(self, *words: str) -> None:
        self._run([_sbin("kadmin.local"), "-r", REALM, *words])

    def _run(self, command: list[str], stdin: str = "") -> None:
        done = subprocess.run(
            command, env=self._environment, input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode != 0:
            raise LabError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def _sbin(name: str) -> str:
    """These lie where only root looks."""
    return binary(name, "krb5-kdc") if shutil.which(name) else f"/usr/sbin/{name}"
