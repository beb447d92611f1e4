"""Tells people by the services that apprise knows. Whether that can be told changes nothing of the run.

The URLs are as good as passwords: nothing of them is shown, and nothing that apprise itself would log.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from lockctl.background import Background
from lockctl.clock.boot import boottime
from lockctl.errors import UsageError

SECONDS = 15.0
"""For all of them together: a service that is down holds nothing up for longer."""
MAX_CHARACTERS = 4000
"""Of a text; what is longer is cut at its end."""


class Notifier:
    """Those who are to be told."""

    def __init__(self, urls: Sequence[str]) -> None:
        """Raises UsageError where apprise is not installed, or does not know one of these."""
        try:
            import apprise
        except ImportError as error:
            how = "Install it beside lockctl: pipx inject lockctl apprise, or pip install apprise"
            raise UsageError("--notify needs apprise", how) from error
        # It logs URLs, and whatever a server answers.
        logging.getLogger("apprise").disabled = True
        self._services: list[Any] = []
        for number, url in enumerate(urls, 1):
            service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
            if service is None:
                raise UsageError(
                    f"--notify: apprise does not know URL number {number}", "See github.com/caronc/apprise"
                )
            self._services.append(service)

    def tell(self, title: str, text: str, seconds: float = SECONDS, *, is_bad: bool = False) -> list[str]:
        """Tells all of them, beside each other, in so many seconds. Returns who could not be told. Never raises."""
        from apprise import NotifyFormat, NotifyType

        kind = NotifyType.WARNING if is_bad else NotifyType.INFO
        cut = text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}\n…"

        def send(service: Any) -> bool:
            return bool(service.notify(body=cut, title=title, notify_type=kind, body_format=NotifyFormat.TEXT))

        end = boottime() + seconds
        problems = []
        sending = [Background(partial(send, service)) for service in self._services]
        for number, (one, service) in enumerate(zip(sending, self._services, strict=True), 1):
            if not one.wait(max(0.0, end - boottime())):
                problems.append(f"{_name(service, number)} gave no answer within {seconds:.0f} s")
            elif not _succeeded(one):
                problems.append(f"{_name(service, number)} could not be told")
        return problems


def _succeeded(sending: Background[bool]) -> bool:
    try:
        return bool(sending.result())
    except Exception:  # noqa: BLE001 - whatever a plug-in of apprise raises, the run goes on
        return False


def _name(service: Any, number: int) -> str:
    return f"--notify: {service.service_name} (URL number {number})"
