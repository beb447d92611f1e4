"""Files in locks/ that nobody could open, or that are nothing of restic's: unreadable, of other keys, foreign. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.share.incomplete import name_files, name_sizes
from lockctl.diagnosis.share.naming import NAMED, count, cut, enumerate_some, ids_of, short
from lockctl.diagnosis.share.observed import Observed, how_sure
from lockctl.liveness.evidence import State, Verdict
from lockctl.repository.lock import Problem, is_lock_name


def find_strangers(observed: Observed) -> Iterator[Finding]:
    """One finding for each kind of them."""
    for belongs, tell in _KINDS:
        found = [verdict for verdict in observed.last.verdicts if belongs(verdict)]
        if tell is _tell_unreadable:
            # Another program may have had it open for an instant, without sharing it.
            before = {verdict.file.id for verdict in observed.first.verdicts if belongs(verdict)}
            found = [verdict for verdict in found if verdict.file.id in before]
        if found:
            yield tell(found, observed)


def _tell_unreadable(found: Sequence[Verdict], _: Observed) -> Finding:
    return Finding(
        "lock-unreadable",
        Weight.ACT,
        f"{name_files(found)} could not be read: {cut(found[0].why, 160)}.",
        "What lockctl's user cannot read, restic cannot read as that user either: from restic 0.15 on it does not "
        "start here.",
        "Give that user permission to read all of locks/, or see which program has the file open. lockctl never "
        "removes what it could not read.",
        Certainty.LIKELY,
        ids_of(found),
    )


def _tell_undecodable(found: Sequence[Verdict], _: Observed) -> Finding:
    one = short(found[0].file.id)
    return Finding(
        "lock-undecodable",
        Weight.ACT,
        f"{name_files(found)} is sound, but this repository's key does not open it, or it holds no lock.",
        "It was copied from another repository, or something else than restic wrote it. From restic 0.15 on no restic "
        "starts here until it is gone.",
        f"Find out who put it there: 'lockctl show {one}' tells when it came. Then 'lockctl rm --force {one}' removes "
        "it; the journal keeps a copy.",
        Certainty.CERTAIN,
        ids_of(found),
    )


def _tell_too_large(found: Sequence[Verdict], _: Observed) -> Finding:
    return Finding(
        "lock-too-large",
        Weight.ACT,
        f"{name_files(found)} has the name of a lock and {name_sizes(found)}: no lock is as large.",
        "Something else than restic wrote it. From restic 0.15 on no restic starts here until it is gone.",
        "Look at it on the server and remove it there: lockctl does not read or remove it.",
        Certainty.CERTAIN,
        ids_of(found),
    )


def _tell_temporary(found: Sequence[Verdict], observed: Observed) -> Finding:
    return Finding(
        "left-over-temporary",
        Weight.LOOK,
        f"{count(len(found), 'file')} in locks/ left over from before a rename, more than a day old.",
        "A restic on a mount or on the server was cut off while it wrote a lock. It blocks nobody.",
        observed.prune,
        how_sure(found),
        ids_of(found),
    )


def _tell_foreign(found: Sequence[Verdict], _: Observed) -> Finding:
    names = enumerate_some([cut(verdict.file.id) for verdict in found[:NAMED]], len(found))
    return Finding(
        "foreign-file",
        Weight.NOTE,
        f"{count(len(found), 'entry') if len(found) == 1 else f'{len(found)} entries'} in locks/ whose name is no "
        f"lock's: {names}.",
        "restic passes such names by, and lockctl never removes them.",
        "",
        Certainty.CERTAIN,
        ids_of(found),
    )


def _tell_sealed(found: Sequence[Verdict], _: Observed) -> Finding:
    return Finding(
        "owners-unknown",
        Weight.NOTE,
        f"{count(len(found), 'lock')} in locks/, and none was opened: --metadata-only.",
        "Whose they are, whether they are exclusive and what their owners' clocks say is not known: half of what is "
        "looked for here cannot be seen.",
        "Run it with the repository's password.",
        Certainty.CERTAIN,
    )


def _is_too_large(verdict: Verdict) -> bool:
    named = is_lock_name(verdict.file.id) and not verdict.file.entry.is_directory
    return verdict.state is State.FOREIGN and named


_KINDS: tuple[tuple[Callable[[Verdict], bool], Callable[[Sequence[Verdict], Observed], Finding]], ...] = (
    (lambda verdict: verdict.state is State.UNREADABLE, _tell_unreadable),
    (lambda verdict: verdict.state is State.UNDECODABLE, _tell_undecodable),
    (_is_too_large, _tell_too_large),
    (lambda v: v.file.problem is Problem.TEMPORARY and v.state is State.DAMAGED, _tell_temporary),
    (lambda verdict: verdict.state is State.FOREIGN and not _is_too_large(verdict), _tell_foreign),
    (lambda verdict: verdict.file.problem is Problem.SEALED, _tell_sealed),
)
"""Which files are of a kind, and how it is told."""
