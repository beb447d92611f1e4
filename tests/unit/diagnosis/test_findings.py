"""The order of findings, and what they make of a run."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.findings import Certainty, Finding, Weight, exit_status, worst_first


def finding(code: str, weight: Weight) -> Finding:
    return Finding(code, weight, "seen", "meaning", "todo", Certainty.CERTAIN)


def test_the_worst_comes_first_and_equals_keep_their_order() -> None:
    found = [finding("a", Weight.NOTE), finding("b", Weight.ACT), finding("c", Weight.LOOK), finding("d", Weight.ACT)]
    assert [one.code for one in worst_first(found)] == ["b", "d", "c", "a"]


@pytest.mark.parametrize(
    ("weights", "status"),
    [([], 0), ([Weight.NOTE], 0), ([Weight.LOOK, Weight.NOTE], 1), ([Weight.LOOK, Weight.ACT], 2)],
)
def test_the_heaviest_is_the_exit_status(weights: list[Weight], status: int) -> None:
    assert exit_status([finding("a", weight) for weight in weights]) == status
