"""`lockctl complete-words`: what a shell's completion asks for. Not for people."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from lockctl.cli.console import Console


def complete_words(words: Annotated[list[str] | None, typer.Argument(metavar="WORD...")] = None) -> int:
    """Print what the last word could become."""
    # Whatever goes wrong: who presses a key for help does not want to read of it.
    with suppress(Exception):
        from lockctl.cli.completing import fitting
        from lockctl.cli.run import build_app

        typed = words or [""]
        group = typer.main.get_command(build_app(typed if len(typed) > 1 else []))
        for word, text in fitting(typed, getattr(group, "commands", {})):
            Console().result(f"{word}\t{text}" if text else word)
    return 0
