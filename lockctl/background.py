"""One call in a thread that cannot hold up the end of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
AT_END: set[Callable[[], None]] = set()
"""What is to be done however this process ends by itself: a thread that nobody waits for cannot tidy up."""


def end_all() -> None:
    """Does it."""
    for end in tuple(AT_END):
        end()


class Background(Generic[T]):
    """One call in a daemon thread, so that neither a name server nor a key derivation can hold up the end of a run."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], T]) -> None:
        try:
            self._result = call()
        except BaseException as error:  # noqa: BLE001 - handed on to the thread that asks for the result
            self._error = error

    def wait(self, seconds: float | None) -> bool:
        """Whether the call has ended within `seconds`; None waits for its end."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> T | None:
        """What the call returned; raises what it raised. Only after `wait` said True."""
        if self._error is not None:
            raise self._error
        return self._result
