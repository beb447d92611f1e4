"""The lane against a server that a test plays: what it sends and when, and what it does not take."""

from __future__ import annotations

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, DeadlinePassed
from lockctl.transport.smb import requests
from lockctl.transport.smb.lane import lane as module
from lockctl.transport.smb.lane import unexpected
from lockctl.transport.smb.lane.lane import ALONE, PER_FRAME
from lockctl.transport.smb.lane.unexpected import Unexpected
from lockctl.transport.smb.wire import Ticket
from tests.unit.transport.lane.server import ASYNC, FIRST_ID, PENDING, Scripted, content, message, opened

CREATE, CLOSE, READ = 5, 6, 8
INVALID_PARAMETER, NOT_FOUND, FILE_CLOSED = 0xC000000D, 0xC0000034, 0xC0000128


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server has done anything unexpected yet."""
    monkeypatch.setattr(unexpected, "_gave_up", set())


def ask(server: Scripted, length: int = 100) -> Ticket:
    """One file to read."""
    name = requests.create("locks/a", requests.READ, requests.SHARE_ALL, requests.OPEN_FILE)
    return server.lane.send(name, requests.read(requests.RELATED, length), requests.close(requests.RELATED))


def answers(first: int, data: bytes = b"abc", *, apart: bool = False) -> list[bytes]:
    """To one file, as three messages of one frame, or of a frame each."""
    bodies = (opened(), content(data) + bytes(-len(content(data)) % 8), bytes(60))
    return [
        message(first + number, command, body, following=0 if apart or command == CLOSE else 64 + len(body))
        for number, (command, body) in enumerate(zip((CREATE, READ, CLOSE), bodies, strict=True))
    ]


def test_what_is_sent_together_goes_when_it_is_collected() -> None:
    server = Scripted()
    first, second = ask(server), ask(server)
    server.say(
        *answers(FIRST_ID),
    )
    server.say(*answers(FIRST_ID + 3, b"def"))
    assert server.lane.collect(second)[1] == content(b"def") + bytes(-len(content(b"def")) % 8)
    assert first.missing == 0, "it came on the way"
    assert server.heard() == [(CREATE, 10, False), (READ, 11, True), (CLOSE, 12, True)]
    assert [one[1] for one in server.heard()] == [13, 14, 15]


def test_many_share_a_frame_and_few_do_not() -> None:
    server = Scripted()
    for _ in range(ALONE):
        ask(server)
    server.lane.flush()
    assert [len(server.heard()) for _ in range(ALONE)] == [3] * ALONE
    for _ in range(PER_FRAME + 2):
        ask(server)
    server.lane.flush()
    assert [len(server.heard()) for _ in range(2)] == [3 * PER_FRAME, 3 * 2]


def test_answers_may_come_in_any_order_and_in_pieces() -> None:
    server = Scripted()
    first, second = ask(server), ask(server)
    late, early = b"".join(answers(FIRST_ID)), answers(FIRST_ID + 3, b"def", apart=True)
    server.lane.flush()
    for one in reversed(early):
        server.say(one)
    framed = len(late).to_bytes(4, "big") + late
    server.wire.sendall(framed[:100])
    assert server.lane.collect(second)[0] == opened()
    server.wire.sendall(framed[100:])
    assert server.lane.collect(first)[2] == bytes(60)
    assert server.lane.collect(second)[2] == bytes(60)


def test_an_interim_answer_brings_credits_and_is_waited_on() -> None:
    server = Scripted(credits_at_hand=3)
    first, second = ask(server), ask(server)
    server.say(message(FIRST_ID, CREATE, bytes(9), status=PENDING, flags=ASYNC, grant=3))
    server.say(*answers(FIRST_ID))
    assert server.lane.collect(first)[0] == opened()
    assert first.started
    server.say(*answers(FIRST_ID + 3))
    assert server.lane.collect(second)[0] == opened()


def test_what_the_credits_do_not_pay_for_waits() -> None:
    server = Scripted(credits_at_hand=3)
    first, second = ask(server), ask(server)
    server.lane.flush()
    server.wire.settimeout(0.2)
    assert len(server.heard()) == 3
    with pytest.raises(TimeoutError):
        server.heard()
    server.wire.settimeout(10)
    server.say(*answers(FIRST_ID))
    assert server.lane.collect(first)[0] == opened()
    server.lane.flush()
    assert len(server.heard()) == 3
    server.say(*answers(FIRST_ID + 3))
    assert server.lane.collect(second)[0] == opened()


def test_without_credits_and_without_an_answer_to_come_the_lane_gives_up() -> None:
    server = Scripted(credits_at_hand=2)
    with pytest.raises(Unexpected, match="too few credits"):
        server.lane.collect(ask(server))


def test_a_status_stands_for_its_answer() -> None:
    server = Scripted()
    ticket = ask(server)
    for number in range(3):
        server.say(message(FIRST_ID + number, (CREATE, READ, CLOSE)[number], bytes(9), status=NOT_FOUND))
    assert server.lane.collect(ticket) == [NOT_FOUND] * 3


@pytest.mark.parametrize("status", [INVALID_PARAMETER, FILE_CLOSED])
def test_a_server_that_does_not_understand_what_belongs_together(status: int) -> None:
    server = Scripted()
    ticket = ask(server)
    server.say(message(FIRST_ID, CREATE, opened()))
    server.say(
        message(FIRST_ID + 1, READ, bytes(9), status=status),
    )
    server.say(message(FIRST_ID + 2, CLOSE, bytes(60)))
    with pytest.raises(Unexpected, match="belong together"):
        server.lane.collect(ticket)
    assert unexpected.has_given_up("nas", 445)


@pytest.mark.parametrize(
    "said",
    [
        message(FIRST_ID + 99, CREATE, opened()),
        message(0, CREATE, opened()),
        message(2**64 - 1, 18, bytes(24)),
        message(FIRST_ID, READ, content(b"abc")),
        message(FIRST_ID, CREATE, bytes(5000)),
        message(FIRST_ID + 1, READ, content(bytes(2000))),
        message(FIRST_ID, CREATE, opened(), following=2**32 - 64),
        b"\xfdSMB" + bytes(100),
        b"",
        bytes(64),
    ],
    ids=[
        "of a request that was never made",
        "of no request",
        "a break of an oplock",
        "of another kind",
        "larger than any of its kind",
        "more than was asked for",
        "that points out of the frame",
        "encrypted, where nothing is",
        "empty",
        "nothing but zeros",
    ],
)
def test_an_answer_that_is_not_taken(said: bytes) -> None:
    """And after it nothing: the connection is closed, and the plain way is taken from then on."""
    server = Scripted()
    ticket = ask(server)
    server.say(said)
    with pytest.raises(Unexpected):
        server.lane.collect(ticket)
    assert unexpected.has_given_up("nas", 445)
    with pytest.raises(ConnectionLost, match="it was closed"):
        server.lane.collect(ask(server))


def test_an_answer_is_taken_once() -> None:
    server = Scripted()
    ticket = ask(server)
    server.say(message(FIRST_ID, CREATE, opened()))
    server.say(message(FIRST_ID, CREATE, opened()))
    with pytest.raises(Unexpected, match="nobody waits for"):
        server.lane.collect(ticket)


def test_a_length_that_no_message_has() -> None:
    server = Scripted()
    ticket = ask(server)
    server.wire.sendall(b"SSH-2.0-OpenSSH")
    with pytest.raises(ConnectionLost, match="no SMB message"):
        server.lane.collect(ticket)


def test_a_connection_that_ends_is_lost() -> None:
    server = Scripted()
    ticket = ask(server)
    server.wire.close()
    with pytest.raises(ConnectionLost, match="it was closed") as caught:
        server.lane.collect(ticket)
    assert not isinstance(caught.value, Unexpected)
    assert not unexpected.has_given_up("nas", 445)


def test_a_server_that_hangs_up_at_a_packed_frame() -> None:
    server = Scripted()
    tickets = [ask(server) for _ in range(ALONE + 1)]
    server.lane.flush()
    server.wire.close()
    with pytest.raises(Unexpected, match="when many requests came in one frame"):
        server.lane.collect(tickets[0])


def test_an_answer_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPLY_SECONDS", 0.05)
    server = Scripted()
    with pytest.raises(ConnectionLost, match="no answer within"):
        server.lane.collect(ask(server))


def test_the_deadline_ends_the_waiting() -> None:
    server = Scripted(deadline=Deadline(0.05))
    with pytest.raises(DeadlinePassed):
        server.lane.collect(ask(server))


def test_a_signal_in_between_leaves_nothing_half_read(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Scripted()
    ticket = ask(server)

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server.lane, "_receive", interrupt)
    server.say(*answers(FIRST_ID))
    with pytest.raises(KeyboardInterrupt):
        server.lane.collect(ticket)
    with pytest.raises(ConnectionLost, match="it was closed"):
        server.lane.collect(ticket)


def test_what_may_take_for_ever_is_asked_for_now_and_then() -> None:
    server = Scripted()
    ticket = server.lane.begin(requests.change_notify(b"h" * 16))
    assert server.lane.poll(ticket, 0.01) is None
    server.say(message(FIRST_ID, requests.CHANGE_NOTIFY, bytes(9), status=PENDING, flags=ASYNC))
    server.lane.await_start(ticket)
    assert server.lane.poll(ticket, 0.01) is None
    server.say(*answers(FIRST_ID + 1))
    other = ask(server)
    assert server.lane.collect(other)[0] == opened()
    server.say(message(FIRST_ID, requests.CHANGE_NOTIFY, bytes(9), flags=ASYNC))
    assert server.lane.poll(ticket, 10) == bytes(9)
