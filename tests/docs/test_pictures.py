"""README's pictures are what lockctl prints now, and its thresholds: else `./dev pictures` makes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lockctl.settings.policy import Thresholds
from tests.lab.restic import Repository
from tests.lab.samba import Samba
from tests.pictures import lease, terminal
from tests.pictures.look import LOOKS

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = sorted(DOCS.glob("*.svg"))


def words(svg: str) -> set[str]:
    """What is read in a picture. Ids, PIDs and the seconds that it took to be made differ each time, and so does how
    many columns a table has room for.
    """
    root = ET.fromstring(svg)
    text = " ".join(part.strip() for part in root.itertext())
    for pattern, common in ((r"\b[0-9a-f]{8}\b", "ID"), (r"(\d+ min )?\d+ (s|min)\b|\bnow\b", "SOON"), (r"\d+", "N")):
        text = re.sub(pattern, common, text)
    return set(text.split())


@pytest.fixture(scope="module")
def shown() -> list[str]:
    """What stands at the terminal now."""
    with Samba() as samba:
        return terminal.session(Repository(samba, terminal.FOLDER))


@pytest.mark.parametrize("name", LOOKS)
def test_the_terminal_is_as_it_is_now(shown: list[str], name: str) -> None:
    drawn = terminal.draw(shown, LOOKS[name])
    assert words(drawn) == words((DOCS / f"terminal-{name}.svg").read_text(encoding="utf-8"))
    assert {"stale", "damaged", "doubtful", "active"} <= set(words(drawn))


@pytest.mark.parametrize("name", LOOKS)
def test_a_locks_life_has_the_thresholds_of_the_code(name: str) -> None:
    drawn = lease.draw(Thresholds(), LOOKS[name])
    assert drawn == (DOCS / f"lease-{name}.svg").read_text(encoding="utf-8")
    assert drawn != lease.draw(Thresholds(expired=3600.0), LOOKS[name])


@pytest.mark.parametrize("path", PICTURES, ids=[path.name for path in PICTURES])
def test_a_picture_needs_nothing_from_elsewhere(path: Path) -> None:
    """No font of a server, no script; and in the room that a line of 100 columns has."""
    svg = path.read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|<style|@import|href", svg)
    width = float(ET.fromstring(svg).attrib["viewBox"].split()[2])
    for part in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}tspan"):
        assert float(part.attrib["x"]) + float(part.attrib["textLength"]) <= width
