"""Which names are acted on: those that lead nowhere else, and that a disk and a server read alike. Pure.

A server lists what it likes, and all of it is shown. But what it lists comes back to it as part of a path, and there
`..` leads out, `:` into a stream beside the file, `*` to several files, and a dot or space at the end to another one
([MS-FSCC] 2.1.5). Neither restic nor lockctl ever makes such a name.
"""

from __future__ import annotations

import re

from lockctl.errors import UnusableName

_FORBIDDEN = re.compile('[\\\\:*?"<>|\ufffd\0-\x1f\x7f-\x9f]')
"""The one that is no control character and no ASCII stands for what was no text: another name than the file's own."""


def check_path(path: str) -> str:
    """The same path, relative to the repository. Raises UnusableName."""
    if not is_usable(path):
        raise UnusableName(f"{path!r}: a name that cannot be used here")
    return path


def check_directory(directory: str) -> str:
    """The same directory; the empty one is the repository itself. Raises UnusableName."""
    return check_path(directory) if directory else directory


def check_entry(directory: str, name: str) -> str:
    """The path of what was listed under this name. Raises UnusableName."""
    if "/" in name:
        raise UnusableName(f"{name!r} in {directory!r}: a name that cannot be used here")
    return check_path(f"{check_directory(directory)}/{name}" if directory else name)


def is_usable_entry(name: str) -> bool:
    """Whether what was listed under this name is one file of that directory, for every transport."""
    return _is_usable(name) and "/" not in name


def is_usable(path: str) -> bool:
    """Whether each part of this path is the name of one file, for every transport."""
    return all(_is_usable(part) for part in path.split("/"))


def _is_usable(name: str) -> bool:
    # A space or a dot at the end falls off on Windows, and so go "", "." and "..".
    if not name or name[-1] in ". ":
        return False
    return _FORBIDDEN.search(name) is None
