"""Real shells at terminals of their own, in which somebody presses the key that completes."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.lab.processes import LabError, binary

SECONDS = 60.0
HERE = Path(sys.executable).parent
_ALL, _TAB, _SHOW, _READY = b"\x1b*", b"\t", b"\x14", b"[ready]"
"""Keys: insert all that fits, complete, show the line; and what a shell says that understands them."""
_BASH = r"""
PS1=; bind 'set enable-bracketed-paste off'
show() { printf '<%s>' "$READLINE_LINE"; }; bind -x '"\C-t": show'
"""
_ZSH = r"""
PS1=; unset zle_bracketed_paste; autoload -U compinit; compinit -u -D
show() { printf '<%s>' "$BUFFER" }; zle -N show; bindkey '^T' show
zstyle ':completion:all-matches::::' completer _all_matches _complete; zstyle ':completion:all-matches:*' insert yes
zle -C all-matches complete-word _generic; bindkey '\e*' all-matches
"""
_SHELLS = {"bash": (("--norc", "--noprofile", "-i"), _BASH), "zsh": (("-f", "-i"), _ZSH)}


def with_path(variables: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of a shell that finds lockctl."""
    usual = {"PATH": f"{HERE}:/usr/bin:/bin", "HOME": str(home), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    return {**variables, **usual}


def complete(shell: str, line: str, variables: Mapping[str, str], home: Path, load: str = "") -> list[str]:
    """All that the shell makes of the end of this line. `load` makes it know lockctl, in its own words."""
    load = load or f'eval "$({HERE}/lockctl completion {shell})"'
    if shell == "fish":
        return _ask_fish(line, with_path(variables, home), home)
    before = line.rpartition(" ")[0]
    return _press(shell, line, _ALL, with_path(variables, home), home, load).removeprefix(before).split()


def press_tab(shell: str, line: str, variables: Mapping[str, str], home: Path, load: str = "") -> str:
    """The line after the key was pressed once."""
    load = load or f'eval "$({HERE}/lockctl completion {shell})"'
    return _press(shell, line, _TAB, with_path(variables, home), home, load)


def _ask_fish(line: str, variables: Mapping[str, str], home: Path) -> list[str]:
    script = 'lockctl completion fish | source; complete -C "$argv[1]"'
    command = [binary("fish", "fish"), "--no-config", "-c", script, line]
    done = subprocess.run(command, env=variables, cwd=home, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert done.stderr == ""
    return [one.partition("\t")[0] for one in done.stdout.splitlines()]


def _press(shell: str, line: str, key: bytes, variables: Mapping[str, str], home: Path, load: str) -> str:
    words, setup = _SHELLS[shell]
    ours, theirs = pty.openpty()
    command = [binary(shell, shell), *words]
    process = subprocess.Popen(
        command, env=variables, cwd=home, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        # In a file: a terminal would echo what is typed, and what is waited for must not stand in that.
        (home / "setup").write_text(f"{setup}\n{load}\nprintf '[%s]' ready\n")
        os.write(ours, b". ./setup\n")
        _read(ours, re.compile(re.escape(_READY)))
        os.write(ours, line.encode() + key + _SHOW)
        return _read(ours, re.compile(rb"<(lockctl[^>]*)>"))[1].decode()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(terminal: int, wanted: re.Pattern[bytes]) -> re.Match[bytes]:
    output, deadline = b"", time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            output += os.read(terminal, 65536)
            assert b"not found" not in output, output
            if found := wanted.search(output):
                return found
    raise LabError(f"the shell did not answer: {output!r}")
