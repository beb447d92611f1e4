"""`lockctl doctor`: what is wrong with locking here, what it means, what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from lockctl.cli.opening import make_console
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, JsonOption, with_common
from lockctl.cli.reading import read_log


@with_common(*REPOSITORY, *OUTPUT)
def doctor(
    common: Common,
    log: Annotated[str, typer.Option("--log", metavar="FILE", help="restic's output; - is standard input.")],
    json: JsonOption = False,
) -> int:
    """Say what is wrong with locking here, what it means and what to do."""
    return read_log(common, make_console(common), log, json=json)
