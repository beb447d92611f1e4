"""`./dev pictures`: the pictures of README, made anew."""

from __future__ import annotations

import sys
from pathlib import Path

from lockctl.settings.policy import Thresholds
from tests.lab.processes import LabError
from tests.lab.restic import Repository
from tests.lab.samba import Samba
from tests.pictures import lease, terminal
from tests.pictures.look import LOOKS

FOLDER = Path(__file__).parents[2] / "docs"


def main() -> int:
    """Write them into docs/; the exit status is 1 where the lab could not be had."""
    try:
        with Samba() as samba:
            lines = terminal.session(Repository(samba, terminal.FOLDER))
    except LabError as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    for name, look in LOOKS.items():
        (FOLDER / f"terminal-{name}.svg").write_text(terminal.draw(lines, look), encoding="utf-8")
        (FOLDER / f"lease-{name}.svg").write_text(lease.draw(Thresholds(), look), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
