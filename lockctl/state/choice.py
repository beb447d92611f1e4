"""Which entries of the journal a user asks for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lockctl.clock.rfc3339 import parse_moment
from lockctl.state.records import Record


def choose_records(
    records: Sequence[Record], hosts: Collection[str] = (), since: int | None = None, limit: int | None = None
) -> list[Record]:
    """Those of locks of these hosts, begun at `since` (nanoseconds since 1970) or later; of those the newest `limit`.

    What is empty or None leaves all. They stay in their order, which is oldest first.
    """
    chosen = [record for record in records if _fits(record, hosts, since)]
    return chosen if limit is None else chosen[max(0, len(chosen) - limit) :]


def _fits(record: Record, hosts: Collection[str], since: int | None) -> bool:
    hosted = not hosts or (record.removed.lock is not None and record.removed.lock["hostname"] in hosts)
    return hosted and (since is None or parse_moment(record.at) >= since)
