"""What a page looks like that a picture stands on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of text, of what is less important, of the ground and of frames."""

    text: str
    faint: str
    ground: str
    frame: str


LOOKS = {
    "light": Look("#1f2328", "#59636e", "#ffffff", "#d1d9e0"),
    "dark": Look("#e6edf3", "#9198a1", "#0d1117", "#3d444d"),
}
