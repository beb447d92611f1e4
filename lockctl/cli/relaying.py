"""A console that speaks through another one, so that something can be heard, or added, on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lockctl.cli.console import Console


@dataclass(frozen=True, slots=True)
class Relay(Console):
    """Hands on all that it is told, and what it is asked."""

    inner: Console = field(default_factory=Console)

    def result_in_pieces(self, pieces: Iterable[str]) -> bool:
        """Handed on."""
        return self.inner.result_in_pieces(pieces)

    def note(self, text: str) -> None:
        """Handed on."""
        self.inner.note(text)

    def tell(self, text: str) -> None:
        """Handed on."""
        self.inner.tell(text)

    def detail(self, text: str) -> None:
        """Handed on."""
        self.inner.detail(text)

    def warn(self, text: str) -> None:
        """Handed on."""
        self.inner.warn(text)

    def fail(self, text: str) -> None:
        """Handed on."""
        self.inner.fail(text)

    def news(self, text: str) -> None:
        """Handed on."""
        self.inner.news(text)

    def confirm(self, question: str) -> bool:
        """Handed on."""
        return self.inner.confirm(question)

    def ask_secret(self, what: str, otherwise: str) -> str:
        """Handed on."""
        return self.inner.ask_secret(what, otherwise)
