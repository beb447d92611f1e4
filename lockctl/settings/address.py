"""The text of an address becomes a place: SmbAddress, RcloneAddress or LocalAddress. Pure: nothing is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote, urlsplit

from lockctl.errors import UsageError
from lockctl.settings.rclone.remote import Remote, parse_remote

SMB_PORT = 445


@dataclass(frozen=True, slots=True)
class SmbAddress:
    """A directory on a share. `path` has forward slashes and none at its ends; '' is the share's root."""

    host: str
    share: str
    path: str
    port: int = SMB_PORT
    user: str = ""
    domain: str = ""
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """The address as users know it, without the password."""
        domain = f"{_quote(self.domain)};" if self.domain else ""
        user = f"{domain}{_quote(self.user)}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port != SMB_PORT else ""
        path = f"/{_quote(self.path, '/')}" if self.path else ""
        return f"smb://{user}{host}{port}/{_quote(self.share)}{path}"


@dataclass(frozen=True, slots=True)
class RcloneAddress:
    """A remote of rclone. Its path begins with a share, where it is no alias that has one."""

    remote: Remote

    def __str__(self) -> str:
        """As restic takes it, without what may be secret in a connection string."""
        return f"rclone:{self.remote}"


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """A directory of this machine or of a mount."""

    path: str

    def __str__(self) -> str:
        """As restic takes it."""
        return self.path


Address = SmbAddress | RcloneAddress | LocalAddress

_LIKE_SMB = ("smb", "cifs", "samba", "nfs", "file")
_WITH_PASSWORD = re.compile(r"(?!\.{0,2}/)[^@]*:[^@]*@")
"""With a colon before an at sign; what begins like a path is one."""
_OTHER_BACKENDS = ("sftp:", "rest:", "s3:", "b2:", "azure:", "gs:", "swift:")


def parse_address(text: str) -> Address:
    """The place that this address names. Raises UsageError with the form that it should have."""
    if not text or _has_controls(text):
        raise UsageError("the address of the repository is empty or has control characters", _FORMS)
    if text.startswith(_OTHER_BACKENDS):
        raise UsageError(f"no locks can be read over {text.split(':')[0]}: lockctl reads SMB shares and local paths")
    if text[:6].lower() == "smb://":
        return _parse_url(text)
    if text.startswith(("\\\\", "//")):
        return _parse_unc(text)
    if text.startswith("rclone:"):
        return _parse_rclone(text.removeprefix("rclone:"))
    if text.startswith("local:"):
        return LocalAddress(text.removeprefix("local:"))
    # A mistyped address may hold a password, and a path is shown: so nothing of it is quoted.
    scheme, colon, _ = text.partition(":")
    if colon and (text.startswith(f"{scheme}://") or scheme.lower() in _LIKE_SMB):
        raise UsageError(f"addresses that begin with {_plain(scheme)}: are not known here", _FORMS)
    if _WITH_PASSWORD.match(text):
        raise UsageError("that looks like an address with a user and a password, in a form that is not known", _FORMS)
    return LocalAddress(text)


def show_address(text: str) -> str:
    """As it can be printed: without a password, and with nothing of what is no address."""
    try:
        return str(parse_address(text))
    except UsageError:
        return "(no address)"


def tells_password(address: Address) -> bool:
    """Whether the address itself has a password."""
    match address:
        case SmbAddress(password=password):
            return password is not None
        case RcloneAddress(remote=remote):
            return remote.tells_password
        case _:
            return False


_FORMS = "Write smb://USER@HOST/SHARE/PATH, //HOST/SHARE/PATH, rclone:REMOTE:SHARE/PATH or a path"


def _plain(scheme: str) -> str:
    return scheme if re.fullmatch(r"[A-Za-z0-9+.-]{1,20}", scheme) else "that"


def _quote(text: str, safe: str = "") -> str:
    return quote(text, safe, errors="backslashreplace")


def _parse_url(text: str) -> SmbAddress:
    try:
        parts = urlsplit(text, allow_fragments=False)
        host, port = parts.hostname or "", SMB_PORT if parts.port is None else parts.port
        if not port:
            raise ValueError("port 0")
    except ValueError as error:
        raise UsageError("the smb:// address cannot be read: its host or port is not valid", _FORMS) from error
    if parts.query:
        raise UsageError("the smb:// address has a '?'", "Write %3F where the path itself has one")
    if not host:
        raise UsageError("the smb:// address names no host", _FORMS)
    login, _, _ = parts.netloc.rpartition("@")
    account, colon, password = login.partition(":")
    domain, semicolon, user = account.partition(";")
    if not semicolon:
        domain, user = "", account
    share, _, path = parts.path.lstrip("/").partition("/")
    return SmbAddress(
        host=_check_host(unquote(host)),
        port=port,
        share=_check_share(unquote(share)),
        path=_clean(unquote(path)),
        user=unquote(user),
        domain=unquote(domain),
        password=unquote(password) if colon else None,
    )


def _parse_unc(text: str) -> SmbAddress:
    host, _, rest = text.replace("\\", "/").lstrip("/").partition("/")
    share, _, path = rest.partition("/")
    if not host or "@" in host:
        raise UsageError("the address names no host, or a user where none can be", _FORMS)
    if host.count(":") == 1:
        raise UsageError("a port cannot stand in //HOST/SHARE/PATH", "Write smb://USER@HOST:PORT/SHARE/PATH")
    return SmbAddress(host=_check_host(host), share=_check_share(share), path=_clean(path))


def _parse_rclone(text: str) -> RcloneAddress:
    remote = parse_remote(text)
    if remote is None:
        raise UsageError("the address names no rclone remote", "Write rclone:REMOTE:SHARE/PATH, or a path alone")
    return RcloneAddress(replace(remote, path=_clean(remote.path)))


def split_share(path: str) -> tuple[str, str]:
    """Share and path of what stands behind a remote's colon. Raises UsageError where it names no share."""
    share, _, rest = _clean(path).partition("/")
    return _check_share(share), rest


def _has_controls(text: str) -> bool:
    return any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)


def _check_host(host: str) -> str:
    if not re.fullmatch(r"[^\s\x00-\x1f/\\]+", host) or _has_controls(host):
        raise UsageError("the address names no host", _FORMS)
    return host


def _check_share(share: str) -> str:
    if not share or "/" in share or "\\" in share or _has_controls(share):
        raise UsageError("the address names no share", _FORMS)
    return share


def _clean(path: str) -> str:
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or _has_controls(path):
        raise UsageError("the path of the repository has '..' or control characters", "Write it out in full")
    return "/".join(parts)
