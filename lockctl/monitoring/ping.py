"""Tells a service how a run goes that expects one: healthchecks.io and its like (healthchecks.io/docs/http_api): a POST
to the URL for success, below it to `start` and `fail`, with what was said as its body.

Whether that can be told changes nothing of the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

from lockctl.background import Background
from lockctl.errors import UsageError

SECONDS = 5.0
"""For each message: a service that is down holds nothing up."""
_SOCKET_SECONDS = 2 * SECONDS
"""For the thread that nobody waits for any more."""
MAX_BYTES = 10_000
"""Of a body; more is not kept by every such service. Its end is what tells most."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Where to tell it. The URL is as good as a password, and is shown nowhere."""

    url: str

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            sound = False
        if not sound or not (self.url.isascii() and self.url.isprintable()) or " " in self.url:
            raise UsageError("--ping needs a URL", "Give the ping URL of the check, as in https://hc-ping.com/…")

    @property
    def host(self) -> str:
        """Who is told."""
        return urlsplit(self.url).hostname or ""

    def tell(self, event: str, text: str, seconds: float = SECONDS) -> str:
        """Tells of `start`, `fail` or, as '', success, in so many seconds. Returns why that was in vain, or ''.

        Never raises.
        """
        sending = Background(lambda: _send(self._address(event), text))
        # Neither a name server nor a slow answer holds up the end.
        if not sending.wait(seconds):
            return f"no answer within {seconds:.0f} s"
        return sending.result() or ""

    def _address(self, event: str) -> str:
        parts = urlsplit(self.url)
        path = f"{parts.path.rstrip('/')}/{event}" if event else parts.path
        return urlunsplit(parts._replace(path=path, fragment=""))


def _send(url: str, text: str) -> str:
    body = text.encode("utf-8", "replace")[-MAX_BYTES:]
    headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "lockctl"}
    request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - http and https alone
    try:
        with urlopen(request, timeout=_SOCKET_SECONDS) as answer:  # noqa: S310
            answer.read(1)
    except HTTPError as error:
        error.close()
        return f"it answered {error.code}"
    except URLError as error:
        return f"it cannot be reached: {error.reason}"
    except (OSError, HTTPException, ValueError) as error:
        return f"it cannot be reached: {type(error).__name__}"
    return ""
