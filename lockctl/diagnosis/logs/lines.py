"""Line: what a program said, without what a logger put around it. Pure; bounded in memory, whatever comes.

Nothing of it is safe to show: see `render.harmless`.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

MAX_LINE = 16 * 1024
"""Characters of a line that are looked at; restic's own messages have less than 2,000."""
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_LEAP_YEAR = 2000
"""For times that have no year: only what passes between two of them counts."""
_LAST_SECOND = 4e9
"""Since 1970: what is beyond is no time."""

_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|[\x00\ufeff]")
_QUOTES = re.compile(r"(?:> ?)+")
_ISO = re.compile(
    r"\[?(?P<stamp>\d{4}([-/])\d\d\2\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?Z| ?[+-]\d\d:?\d\d)?)\]?:?\s+"
)
_SYSLOG = re.compile(r"(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)\s+(?=\S+ [^\s:\[]+(?:\[\d+\])?: )")
_UNIX = re.compile(r"\[?(?P<stamp>\d{9,10}\.\d{3,9})\]?\s+")
_PRIORITY = re.compile(r"<\d{1,3}>(?:1 )?")
_TAG = re.compile(r"(?P<name>\S{1,255} [^\s:\[\]]{1,128}(?:\[\d{1,10}\])?): ")
_CONTAINER = re.compile(r"(?:stdout|stderr) [FP] ")
_BODIES = ("MESSAGE", "log", "message", "msg")
"""Where loggers that write JSON put the line: journald, Docker, and others."""
_STAMPS = ("time", "timestamp", "ts", "@timestamp")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `number` counts from 1; `source` tells programs apart that write into one log, '' where nothing does.

    `stamp` is the line's own time as it stands there, '' where it has none, and `seconds` the same as a number, of
    which only differences mean anything: a log need not say its year or its zone.
    """

    number: int
    text: str
    stamp: str = ""
    seconds: float | None = None
    source: str = ""


class Lines:
    """Makes lines of bytes, as they come. A line that is too long is cut, and the rest of it passed over."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = None
        self._rest = ""
        self._is_cut = False
        self._number = 0

    def feed(self, data: bytes) -> Iterator[Line]:
        """The lines that end in these bytes."""
        if self._decoder is None and data:
            # What PowerShell writes by `>` is UTF-16.
            encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
            self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        if self._decoder is None:
            return
        *whole, rest = (self._rest + self._decoder.decode(data)).split("\n")
        for text in whole:
            yield from self._take(text)
            self._is_cut = False
        self._rest = rest
        if len(self._rest) > MAX_LINE:
            yield from self._take(self._rest)
            self._is_cut, self._rest = True, ""

    def end(self) -> Iterator[Line]:
        """The last line, where nothing ended it."""
        if self._rest:
            yield from self._take(self._rest)
        self._rest = ""

    def _take(self, text: str) -> Iterator[Line]:
        if self._is_cut:
            return
        self._number += 1
        yield from unwrap(self._number, text[:MAX_LINE])


def unwrap(number: int, text: str) -> Iterator[Line]:
    """What stands in one line of a log: mostly one line, more where JSON holds a text of several."""
    line = _clean(Line(number, text))
    if line.text.startswith("{"):
        yield from _read_json(line)
    else:
        yield line


def _clean(line: Line) -> Line:
    """The line without colours, without what a mail or a logger put in front, and without what was drawn over."""
    text = _CODES.sub("", line.text) if not line.text.isprintable() else line.text
    text = text.rstrip("\r ")
    line = _strip(replace(line, text=_QUOTES.sub("", text, count=1) if text.startswith(">") else text))
    # A status that restic draws over itself ends with a carriage return; so does each line of Windows.
    return replace(line, text=line.text.rpartition("\r")[2]) if "\r" in line.text else line


def _strip(line: Line) -> Line:
    """Takes off the time and the names of host and program that a logger put in front."""
    text = _PRIORITY.sub("", line.text, count=1) if line.text.startswith("<") else line.text
    found = _ISO.match(text) or _SYSLOG.match(text) or _UNIX.match(text)
    if found is None:
        return line
    text = text[found.end() :]
    container = _CONTAINER.match(text)
    text = text[container.end() :] if container else text
    tag = _TAG.match(text)
    if tag is not None and not text.startswith(("Fatal: ", "rclone: ")):
        return replace(_stamped(line, found["stamp"]), text=text[tag.end() :], source=tag["name"])
    return replace(_stamped(line, found["stamp"]), text=text)


def _stamped(line: Line, stamp: str) -> Line:
    return replace(line, stamp=stamp[:40], seconds=_seconds(stamp))


def _seconds(stamp: str) -> float | None:
    try:
        if stamp[:4].isdigit() and stamp[4:5] in ("-", "/"):
            iso = stamp.replace("/", "-").replace(",", ".").replace(" Z", "Z").replace(" +", "+").replace(" -", "-")
            moment = datetime.fromisoformat(iso)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        if stamp[:3] in _MONTHS:
            clock, _, fraction = stamp[7:].partition(".")
            hour, minute, second = (int(part) for part in clock.split(":"))
            day = datetime(_LEAP_YEAR, _MONTHS.index(stamp[:3]) + 1, int(stamp[4:6]), hour, minute, second, tzinfo=UTC)
            return day.timestamp() + float(f"0.{fraction or 0}")
        seconds = float(stamp)
        return seconds if abs(seconds) < _LAST_SECOND else None
    except (ValueError, OverflowError):
        return None


def _read_json(line: Line) -> Iterator[Line]:
    """The message that a logger, or restic itself, put into an object; the line as it is where there is none."""
    try:
        fields = json.loads(line.text)
    except (ValueError, RecursionError):
        yield line
        return
    if not isinstance(fields, dict) or "message_type" in fields:
        yield from _own_json(line, fields if isinstance(fields, dict) else {})
        return
    body = next((fields[key] for key in _BODIES if isinstance(fields.get(key), (str, list))), None)
    if body is None:
        yield line
        return
    stamped = _stamped_by(line, fields)
    for text in _text_of(body).split("\n"):
        inner = _clean(replace(line, text=text[:MAX_LINE]))
        inner = inner if inner.stamp else replace(inner, stamp=stamped.stamp, seconds=stamped.seconds)
        inner = inner if inner.source else replace(inner, source=stamped.source)
        if inner.text.startswith('{"message_type"'):
            yield from _read_json(inner)
        elif inner.text:
            yield inner


def _text_of(body: Any) -> str:
    """journald writes what is no text as a list of bytes."""
    if isinstance(body, str):
        return body
    return bytes(one for one in body if isinstance(one, int) and 0 <= one < 256).decode("utf-8", "replace")


def _stamped_by(line: Line, fields: dict[str, Any]) -> Line:
    micros = fields.get("__REALTIME_TIMESTAMP")
    if isinstance(micros, str) and micros.isdecimal() and len(micros) < 20:
        seconds = min(int(micros) / 1e6, _LAST_SECOND)
        stamp = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
        names = (fields.get("_HOSTNAME"), fields.get("SYSLOG_IDENTIFIER"), fields.get("_PID"))
        return replace(line, stamp=stamp, seconds=seconds, source=" ".join(str(name)[:128] for name in names if name))
    stamp = next((fields[key] for key in _STAMPS if isinstance(fields.get(key), str)), "")
    return _stamped(line, stamp) if stamp else line


def _own_json(line: Line, fields: dict[str, Any]) -> Iterator[Line]:
    """What restic says with `--json`: an `exit_error` is the text that it prints without it."""
    message = fields.get("message")
    kind = fields.get("message_type")
    if kind in ("exit_error", "error") and isinstance(message, str):
        texts = message.split("\n")
    elif kind == "summary" and isinstance(fields.get("snapshot_id"), str):
        texts = [f"snapshot {fields['snapshot_id'][:8]} saved"]
    else:
        texts = []
    for text in texts:
        yield replace(line, text=text[:MAX_LINE])
