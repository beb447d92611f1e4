"""What README says can be done: its situations are tests, its commands and links exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.docs.test_manual import commands

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LAB = ROOT / "tests/lab"
CALL = re.compile(r"(?:^|[ (/])lockctl ([a-z]+)((?: [^|#&>\n]*)?)", re.MULTILINE)


def slug(heading: str) -> str:
    """A heading as the name of a test, or as the end of a link."""
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def headings() -> list[str]:
    return re.findall(r"^#+ (.+)$", without_code(), re.MULTILINE)


def without_code() -> str:
    return re.sub(r"^ *```.*?^ *```$", "", README, flags=re.MULTILINE | re.DOTALL)


def situations() -> set[str]:
    """The names that the tests of README's situations have."""
    section = re.search(r"^## What it is good for\n(.*?)^## ", without_code(), re.MULTILINE | re.DOTALL)
    assert section is not None
    return {"test_" + slug(one).replace("-", "_") for one in re.findall(r"^### (.+)$", section[1], re.MULTILINE)}


def names_of_tests(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def calls() -> list[tuple[str, str]]:
    """Each command line of lockctl in blocks of code, as its command and the rest."""
    blocks = re.findall(r"^( *)```\w*\n(.*?)^\1```$", README, re.MULTILINE | re.DOTALL)
    return [call for _, block in blocks for call in CALL.findall(block.replace("\\\n", ""))]


def test_each_situation_is_a_test_of_the_lab() -> None:
    told = situations()
    assert len(told) >= 5
    assert told <= set().union(*map(names_of_tests, LAB.glob("test_*.py")))
    assert names_of_tests(LAB / "test_situations.py") <= told


@pytest.mark.parametrize("command", sorted({name for name, _ in calls()}))
def test_each_command_line_has_options_that_exist(command: str) -> None:
    known = commands()[{"ls": "list"}.get(command, command)]
    for _, rest in (call for call in calls() if call[0] == command):
        words = shlex.split(rest)
        own = words[: words.index("--")] if "--" in words else words
        assert {word.partition("=")[0] for word in own if re.match(r"--?[a-z]", word)} <= known, rest


def test_what_it_links_to_is_there() -> None:
    linked = re.findall(r"(?:\]\(|src=\"|srcset=\")([^)\"]+)", README)
    anchors = {slug(one) for one in headings()}
    for target in linked:
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("https://"):
            assert (ROOT / target.partition("#")[0]).is_file(), target
    assert sum(target.endswith(".svg") for target in linked) >= 4
