"""Who logs on to a share: the address, a file as mount.cifs reads it, the environment, else a prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lockctl.errors import UsageError
from lockctl.settings.address import SmbAddress
from lockctl.settings.files import find_credential, read_text

CREDENTIAL = "smb-credentials"
"""The name of the credential that systemd hands to a service."""


KERBEROS = "kerberos"


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs on to a share. `protocol` is one of SPNEGO's: negotiate, ntlm or kerberos.

    With Kerberos no password is known: the user is a principal, '' for whichever has a ticket, and the domain a realm.
    """

    user: str
    password: str = field(repr=False)
    domain: str = ""
    protocol: str = "negotiate"
    service_host: str = ""
    """Whose service the ticket is for, where that is not the host of the address."""

    @property
    def account(self) -> str:
        """`DOMAIN\\user`, or the user alone; with Kerberos `user@REALM`."""
        if not self.domain:
            return self.user
        return f"{self.user}@{self.domain}" if self.protocol == KERBEROS else f"{self.domain}\\{self.user}"


def find_login(
    address: SmbAddress,
    credentials_file: str | None,
    environment: Mapping[str, str],
    ask: Callable[[str, str], str],
    *,
    kerberos: bool = False,
) -> Login:
    """Who logs on, by Kerberos or with a password. Raises UsageError; `ask` prompts for a password or raises."""
    if kerberos:
        return Login(address.user, "", address.domain, KERBEROS)
    file = credentials_file or environment.get("LOCKCTL_SMB_CREDENTIALS") or _credential(environment)
    fields = parse_credentials(read_text(file, "credentials file")) if file else {}
    user = address.user or fields.get("username") or environment.get("USER") or environment.get("LOGNAME") or ""
    if address.user and fields.get("username", address.user) != address.user:
        raise UsageError(
            f"the address names user {address.user!r} and the credentials file another one",
            "Leave the user out of one of them",
        )
    if not user:
        raise UsageError("no user for the share was given", "Write smb://USER@HOST/…, or use --smb-credentials")
    domain = address.domain or fields.get("domain", "")
    for password in (address.password, fields.get("password"), environment.get("LOCKCTL_SMB_PASSWORD")):
        if password is not None:
            return Login(user, password, domain)
    return Login(
        user, ask(f"password of {user} on {address.host}", "Set LOCKCTL_SMB_PASSWORD, or use --smb-credentials"), domain
    )


def _credential(environment: Mapping[str, str]) -> str | None:
    """What systemd handed to this service, unless the environment has the password itself."""
    return None if "LOCKCTL_SMB_PASSWORD" in environment else find_credential(CREDENTIAL, environment)


def parse_credentials(text: str) -> dict[str, str]:
    """`username`, `password` and `domain` of a file as mount.cifs(8) reads it."""
    names = {
        "username": "username",
        "user": "username",
        "password": "password",
        "pass": "password",
        "domain": "domain",
        "dom": "domain",
        "workgroup": "domain",
    }
    fields: dict[str, str] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        name, equals, value = line.lstrip().partition("=")
        if equals and name.strip().lower() in names:
            fields[names[name.strip().lower()]] = value
    return fields
