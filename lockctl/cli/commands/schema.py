"""`lockctl schema`: the JSON Schemas of what `--json` prints."""

from __future__ import annotations

from typing import Annotated

import typer

from lockctl.cli.console import Console
from lockctl.errors import UsageError


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A command, error, or what an object's schema says.")
    ] = None,
) -> int:
    """Print the JSON Schema of a command's --json; without a name, the names."""
    from json import dumps

    from lockctl.render.schemas.all import SCHEMAS

    if name is None:
        Console().result("\n".join(SCHEMAS))
        return 0
    short = name.removeprefix("lockctl.").removesuffix("/1")
    if short not in SCHEMAS:
        raise UsageError(f"there is no schema {name!r}", f"There are {', '.join(SCHEMAS)}")
    Console().result(dumps(SCHEMAS[short](), indent=2))
    return 0
