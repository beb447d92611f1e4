"""What a scene is: what is played, and what its log has to be understood as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.corpus import Truth
from tests.lab.scenes.stage import Stage

BREAKER = ("0.18.0", "0.19.1")
"""The versions since 0.17: with a circuit breaker, other retries and an exit status for a locked repository."""
ALL = ("0.14.0", *BREAKER)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The cause in one word, and what a person should do."""

    truth: Truth
    todo: str


@dataclass(frozen=True, slots=True)
class Scene:
    """One play. `verdicts` has another verdict where a version behaves otherwise."""

    name: str
    play: Callable[[Stage], None]
    verdict: Verdict
    versions: tuple[str, ...] = ALL
    is_long: bool = False
    """Whether it takes minutes, most of them waiting."""
    size: str = ""
    """What the share can hold, where that matters: `4m`."""
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def verdict_for(self, version: str) -> Verdict:
        """What is true of this version's log."""
        return self.verdicts.get(version, self.verdict)


SCENES: dict[str, Scene] = {}
NOTHING = Verdict(Truth.SUCCESS, "nothing")


def scene(
    truth: Truth,
    todo: str,
    *,
    versions: tuple[str, ...] = ALL,
    is_long: bool = False,
    size: str = "",
    verdicts: Mapping[str, Verdict] | None = None,
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Enter a function as the scene of its name."""

    def enter(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
        name = play.__name__.replace("_", "-")
        SCENES[name] = Scene(name, play, Verdict(truth, todo), versions, is_long, size, verdicts or {})
        return play

    return enter
