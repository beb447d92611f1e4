"""Text that is safe to show: names in locks come from anyone who can write to the share. Pure."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, width: int = 0) -> str:
    """The text with control, format and unassigned characters written out, cut to `width` columns where that is set.

    No escape sequence, newline or right-to-left mark passes, and the cost of a long text ends with the width.
    """
    if text.isascii() and text.isprintable():  # as nearly all are: nothing to write out, and one column each
        return text if not width or len(text) <= width else f"{text[: width - 1]}…"
    pieces: list[str] = []
    left = width
    for character in text:
        piece = _spell(character) if unicodedata.category(character) in _HIDDEN else character
        left -= columns(piece)
        if width and left < 0:
            return _cut("".join(pieces), width - 1) + "…"
        pieces.append(piece)
    return "".join(pieces)


def _cut(text: str, width: int) -> str:
    while columns(text) > width:
        text = text[:-1]
    return text


def _spell(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def columns(text: str) -> int:
    """Columns on a terminal, at most: wide characters take two, and combining marks count, for they can be stacked."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
