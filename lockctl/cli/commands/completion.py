"""`lockctl completion`: the script by which a shell completes lockctl's command lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockctl.cli import completing
from lockctl.cli.console import Console
from lockctl.errors import UsageError


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help=f"{', '.join(completing.SHELLS)}.")],
) -> int:
    """Print the completion of a shell: bash, zsh or fish."""
    if shell not in completing.SHELLS:
        raise UsageError(f"there is no completion for {shell!r}", f"There is one for {', '.join(completing.SHELLS)}")
    script = Path(completing.__file__).parent / f"completions/lockctl.{shell}"
    Console().result(script.read_text(encoding="utf-8").rstrip("\n"))
    return 0
