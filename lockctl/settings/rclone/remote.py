"""`remote:path` and connection strings, as rclone takes them apart. Pure: nothing is looked up.

Source: rclone's fs/fspath/path.go (Parse), and "Connection strings" in its documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lockctl.errors import UsageError

_NAME = r":?[\w.+@ -]+"
_VALUE = r"""(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|(?!["'])[^,:]*)"""
_OPTION = rf"([A-Za-z0-9_.]+)(?:=({_VALUE}))?"
_REMOTE = re.compile(rf"({_NAME})((?:,{_OPTION})*):(.*)", re.DOTALL)
_SHOWN = ("type", "host", "port", "user", "domain", "use_kerberos", "spn")
"""Options without a secret. All others may hold one."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote of the configuration, or `:smb` for one that is made on the spot; its options, and a path below it."""

    name: str
    path: str
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What a connection string sets, in its order."""

    def __str__(self) -> str:
        """As rclone takes it, without what may be secret."""
        shown = []
        for name, value in self.options:
            if name in _SHOWN:
                shown.append(f",{name}={_quote(value)}")
            elif name == "remote" and (below := _below(value)):
                shown.append(f",{name}={_quote(str(below))}")
        return f"{self.name}{''.join(shown)}:{self.path}"

    @property
    def tells_password(self) -> bool:
        """Whether the connection string itself, or one within it, has a password."""
        below = _below(dict(self.options).get("remote", ""))
        return "pass" in dict(self.options) or (below is not None and below.tells_password)


def parse_remote(text: str) -> Remote | None:
    """The remote that this names; None where rclone takes the text for a path of this machine.

    Raises UsageError where it is neither. The error repeats nothing: a connection string can hold a password.
    """
    if not text.startswith(":") and not re.match(r"[^/\\:,]*[:,]", text):
        return None
    found = _REMOTE.fullmatch(text)
    if found is None or found[1].startswith("-"):
        raise UsageError(
            "not the address of an rclone remote, or its connection string cannot be read",
            "Write rclone:REMOTE:SHARE/PATH or rclone::smb,host=HOST,user=USER:SHARE/PATH, and quote a value that "
            'has a colon or a comma: host="::1"',
        )
    options = [(name, _unquote(value)) for name, value in _options(found[2])]
    return Remote(found[1], found[5], tuple(options))


def _options(text: str) -> list[tuple[str, str]]:
    """Names and values as they are written. An option without a value is true, as for rclone."""
    found = re.finditer(rf",{_OPTION}", text)
    return [(one[1], "true" if one[2] is None else one[2]) for one in found]


def _unquote(value: str) -> str:
    quote = value[:1]
    return value[1:-1].replace(quote * 2, quote) if quote in ("'", '"') else value


def _quote(value: str) -> str:
    plain = value and not re.search("[,:]", value) and value[0] not in "'\""
    return value if plain else '"' + value.replace('"', '""') + '"'


def _below(value: str) -> Remote | None:
    try:
        return parse_remote(value) if value else None
    except UsageError:
        return None
