"""Figures in Prometheus's text format (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4), with names
as prometheus.io/docs/practices/naming has them. What is not known has no line, and never a 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lockctl import __version__
from lockctl.monitoring.figures import Figures, Removals, count_locks
from lockctl.render.harmless import visible
from lockctl.render.words import plain_number

_WIDTH = 500
"""Columns of a label's value."""
Labels = Mapping[str, str]
Samples = Sequence[tuple[Labels, float]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """What one run found out of one repository; moments are seconds since 1970 by this machine's clock."""

    repository: str
    """Its name in the configuration, else its address."""
    run: float
    figures: Figures | None
    """None where its locks could not be read."""
    removals: Removals | None
    """None where the journal could not be read, or nobody knows which of its records are of this repository."""
    journal_sound: bool
    last_success: float | None
    """When its locks were last read, None where they never were."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Its name, type and help."""

    name: str
    kind: str
    help: str


METRICS = (
    Metric("lockctl_build_info", "gauge", "The version of lockctl, and always 1."),
    Metric("lockctl_up", "gauge", "Whether the locks of the repository could be read in the last run."),
    Metric("lockctl_last_run_timestamp_seconds", "gauge", "When the last run was, since 1970."),
    Metric("lockctl_last_success_timestamp_seconds", "gauge", "When the locks were last read, since 1970."),
    Metric("lockctl_locks", "gauge", "Lock files by state and kind (shared, exclusive or unknown)."),
    Metric("lockctl_blocked", "gauge", "Whether locks keep restic from starting this work."),
    Metric("lockctl_oldest_lock_age_seconds", "gauge", "For how long the oldest lock was certainly not renewed."),
    Metric("lockctl_exclusive_lock_held_seconds", "gauge", "For how long an exclusive lock is held, at least."),
    Metric(
        "lockctl_server_clock_offset_seconds", "gauge", "By how much the server's clock is ahead of this machine's."
    ),
    Metric(
        "lockctl_owner_clock_offset_seconds",
        "gauge",
        "By how much the clock of that owner is ahead of the server's that is off by most.",
    ),
    Metric("lockctl_journal_sound", "gauge", "Whether the journal could be read, whole and safe from others."),
    Metric("lockctl_removed_total", "counter", "Locks that lockctl removed here, by the state that they had."),
    Metric("lockctl_restored_total", "counter", "Removed locks that were put back."),
    Metric("lockctl_owners_returned_total", "counter", "Owners that came back after lockctl had removed their lock."),
    Metric("lockctl_last_removal_timestamp_seconds", "gauge", "When lockctl last removed a lock, since 1970."),
)


def metrics_text(scrapes: Iterable[Scrape]) -> str:
    """All metrics of all repositories, each with its help and type once; the last line ends with a newline."""
    samples: dict[str, list[tuple[Labels, float]]] = {metric.name: [] for metric in METRICS}
    samples["lockctl_build_info"].append(({"version": __version__}, 1))
    for scrape in scrapes:
        ours = {"repository": scrape.repository}
        for name, found in _samples(scrape).items():
            samples[name] += [({**ours, **labels}, value) for labels, value in found]
    return "".join(_family(metric, samples[metric.name]) for metric in METRICS if samples[metric.name])


def _samples(scrape: Scrape) -> dict[str, Samples]:
    found: dict[str, Samples] = {
        "lockctl_up": _one(float(scrape.figures is not None)),
        "lockctl_last_run_timestamp_seconds": _one(scrape.run),
        "lockctl_last_success_timestamp_seconds": _one(scrape.last_success),
        "lockctl_journal_sound": _one(float(scrape.journal_sound)),
    }
    if scrape.figures is not None:
        found |= _of_figures(scrape.figures)
    if scrape.removals is not None:
        found |= _of_removals(scrape.removals)
    return found


def _of_figures(figures: Figures) -> dict[str, Samples]:
    locks = count_locks(figures.survey)
    return {
        "lockctl_locks": [({"state": state.value, "kind": kind}, number) for (state, kind), number in locks.items()],
        "lockctl_blocked": [({"work": work}, float(bool(ids))) for work, ids in figures.survey.blocked.items()],
        "lockctl_oldest_lock_age_seconds": _one(figures.oldest_seconds),
        "lockctl_exclusive_lock_held_seconds": _one(figures.exclusive_seconds),
        "lockctl_server_clock_offset_seconds": _one(figures.clock),
        "lockctl_owner_clock_offset_seconds": _one(figures.owner_clock),
    }


def _of_removals(removals: Removals) -> dict[str, Samples]:
    return {
        "lockctl_removed_total": [({"state": state}, number) for state, number in removals.removed.items()],
        "lockctl_restored_total": _one(removals.restored),
        "lockctl_owners_returned_total": _one(removals.returned),
        "lockctl_last_removal_timestamp_seconds": _one(removals.last),
    }


def _one(value: float | None) -> Samples:
    return [] if value is None else [({}, value)]


def _family(metric: Metric, samples: Samples) -> str:
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
    lines += [f"{metric.name}{{{_labels(labels)}}} {plain_number(value)}" for labels, value in samples]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Labels) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items())


def _escape(value: str) -> str:
    return visible(value, _WIDTH).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
