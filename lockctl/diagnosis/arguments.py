"""The cure for open circuit breakers, put into a command of restic's. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lockctl.diagnosis.findings import RCLONE_ARGS
from lockctl.errors import UsageError

_FLAG = "--cache-objects=false"
_RESTIC = re.compile(r"(?:.*/)?restic(?:[-_.][\w.-]+)?")
_COMMANDS = frozenset(
    "backup cat check copy diff dump find forget init key list ls migrate mount prune rebuild-index recover repair"
    " restore rewrite snapshots stats tag unlock".split()
)
_OPTION = re.compile(r"(?P<before>(?:--option=|-o=?)?)rclone\.args=(?P<args>.*)", re.DOTALL)


def without_object_cache(command: Sequence[str]) -> list[str]:
    """The command, in which restic's rclone remembers no sizes of files. Raises UsageError where there is no restic.

    What the user already says of `rclone.args` is kept, and added to.
    """
    words = list(command)
    at = _find_restic(words)
    if at is None:
        raise UsageError(
            "--rclone-no-object-cache needs a command with restic in it",
            f"In a script, write there: restic -o rclone.args='{RCLONE_ARGS}'",
        )
    for i, word in enumerate(words[at + 1 :], at + 1):
        found = _OPTION.fullmatch(word)
        if found is not None:
            if "--cache-objects" not in found["args"]:
                words[i] = f"{word} {_FLAG}"
            return words
    return [*words[: at + 1], "-o", f"rclone.args={RCLONE_ARGS}", *words[at + 1 :]]


def _find_restic(words: Sequence[str]) -> int | None:
    """Where restic stands: the last such word before a command of its own.

    Others before it can be a user or a file, as in `sudo -u restic restic` and `flock /run/restic restic`.
    """
    found = [i for i, word in enumerate(words) if _RESTIC.fullmatch(word)]
    if not found:
        return None
    end = next((i for i, word in enumerate(words) if word in _COMMANDS and i > found[0]), len(words))
    return max(i for i in found if i < end)
