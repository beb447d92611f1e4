"""Lines, whatever a logger put around them."""

from __future__ import annotations

import json

import pytest

from lockctl.diagnosis.logs.lines import MAX_LINE, Line, Lines, unwrap

SAID = "Fatal: wrong password or no key found"


def lines_of(*pieces: bytes) -> list[Line]:
    lines = Lines()
    return [line for piece in pieces for line in lines.feed(piece)] + list(lines.end())


@pytest.mark.parametrize(
    ("prefix", "stamp", "source"),
    [
        ("", "", ""),
        ("Nov 24 02:00:07 web1 restic[4209]: ", "Nov 24 02:00:07", "web1 restic[4209]"),
        ("<6>Nov  4 02:00:07 web1 backup.sh[77]: ", "Nov  4 02:00:07", "web1 backup.sh[77]"),
        ("2026-11-24T02:00:07+0100 web1 restic[4209]: ", "2026-11-24T02:00:07+0100", "web1 restic[4209]"),
        ("2026-11-24T02:00:07.123456+01:00 web1 restic: ", "2026-11-24T02:00:07.123456+01:00", "web1 restic"),
        ("2026-11-24 02:00:07 ", "2026-11-24 02:00:07", ""),
        ("[2026-11-24 02:00:07,123] ", "2026-11-24 02:00:07,123", ""),
        ("2026/11/24 02:00:07 ", "2026/11/24 02:00:07", ""),
        ("2026-11-24T02:00:07.5Z stderr F ", "2026-11-24T02:00:07.5Z", ""),
        ("1795485607.250000 web1 restic[1]: ", "1795485607.250000", "web1 restic[1]"),
        ("> ", "", ""),
        ("> > 2026-11-24 02:00:07 ", "2026-11-24 02:00:07", ""),
        ("\x1b[31m", "", ""),
        ("[0:05] 3 files\r", "", ""),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\x1b[0m\r\n", ""])
def test_what_loggers_put_in_front(prefix: str, stamp: str, source: str, ending: str) -> None:
    (line,) = lines_of((prefix + SAID + ending).encode())
    assert line.text == SAID
    assert (line.stamp, line.source) == (stamp, source)
    assert (line.seconds is not None) is bool(stamp)


def test_times_differ_as_they_should() -> None:
    first, second = lines_of(b"Feb 28 23:59:59 h r: Fatal: a\nFeb 29 00:00:01 h r: Fatal: b\n")
    assert first.seconds is not None
    assert second.seconds is not None
    assert second.seconds - first.seconds == 2


@pytest.mark.parametrize(
    ("fields", "stamp", "source"),
    [
        ({"log": SAID + "\n", "stream": "stderr", "time": "2026-11-24T02:00:07Z"}, "2026-11-24T02:00:07Z", ""),
        ({"level": "info", "ts": "2026-11-24T02:00:07Z", "msg": SAID}, "2026-11-24T02:00:07Z", ""),
        (
            {
                "MESSAGE": SAID,
                "_HOSTNAME": "web1",
                "SYSLOG_IDENTIFIER": "restic",
                "_PID": "4209",
                "__REALTIME_TIMESTAMP": "1795485607250000",
            },
            "2026-11-24T02:00:07.250+00:00",
            "web1 restic 4209",
        ),
        ({"MESSAGE": list(SAID.encode()), "__REALTIME_TIMESTAMP": "x"}, "", ""),
        ({"message_type": "exit_error", "code": 12, "message": SAID}, "", ""),
    ],
)
def test_objects_of_loggers_and_of_restic(fields: dict[str, object], stamp: str, source: str) -> None:
    (line,) = lines_of(json.dumps(fields).encode())
    assert (line.text, line.stamp, line.source) == (SAID, stamp, source)


def test_an_exit_error_inside_of_a_loggers_object() -> None:
    inner = json.dumps({"message_type": "exit_error", "code": 1, "message": "a\nb"})
    lines = lines_of(json.dumps({"MESSAGE": inner, "_HOSTNAME": "web1", "__REALTIME_TIMESTAMP": "1"}).encode())
    assert [(line.number, line.text, line.source) for line in lines] == [(1, "a", "web1"), (1, "b", "web1")]


@pytest.mark.parametrize("broken", [b"{", b"[1]", b'{"a":', b'{"MESSAGE": 5}', b"[" * 10_000, b'{"a":' * 5_000])
def test_broken_objects_are_lines(broken: bytes) -> None:
    (line,) = lines_of(broken + b"\n")
    assert line.number == 1


def test_pieces_may_end_anywhere() -> None:
    whole = "Nov 24 02:00:07 wéb1 restic[1]: Fatal: ä\nFatal: b".encode()
    expected = lines_of(whole)
    assert len(expected) == 2
    for cut in range(len(whole)):
        assert lines_of(whole[:cut], whole[cut:]) == expected


def test_what_powershell_writes() -> None:
    assert [line.text for line in lines_of(f"{SAID}\r\n".encode("utf-16"))] == [SAID]


def test_bytes_that_are_no_text() -> None:
    (line,) = lines_of(b"Fatal: \xff\xfe\x00\n")
    assert line.text == "Fatal: \ufffd\ufffd"


def test_a_line_without_end_is_cut_and_held_no_longer() -> None:
    lines = Lines()
    told = [line for _ in range(200) for line in lines.feed(b"x" * 10_000)]
    assert [len(line.text) for line in told] == [MAX_LINE]
    told = [*lines.feed(b"tail\nFatal: b\n")]
    assert [(line.number, line.text) for line in told] == [(2, "Fatal: b")]


@pytest.mark.parametrize(
    "fields",
    [{"__REALTIME_TIMESTAMP": "²"}, {"time": "nan"}, {"time": "inf"}, {"time": "-1e308"}, {"time": "1e300"}],
)
def test_what_is_no_time_is_none(fields: dict[str, str]) -> None:
    assert [line.seconds for line in unwrap(1, json.dumps({**fields, "MESSAGE": "load indexes"}))] == [None]
