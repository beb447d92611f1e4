"""A look and a memory become a survey. Pure: the same facts give the same verdicts, here and in the simulator."""

from __future__ import annotations

from lockctl.liveness.creation import keeps_creation
from lockctl.liveness.evidence import Facts, Verdict
from lockctl.liveness.judge import judge
from lockctl.settings.policy import Policy
from lockctl.state.memory import Memory
from lockctl.survey.values import Findings, Look, Survey

_NOTHING: Findings = {}


def assess(look: Look, memory: Memory, policy: Policy, findings: Findings = _NOTHING, *, forgetful: str = "") -> Survey:
    """The survey, oldest locks first. `memory` is that after this look; `findings` came later, as probes' answers do.

    `forgetful` says why `memory` holds no earlier looks, '' where it may.
    """
    keeps = keeps_creation((*(file.entry for file in look.files), *look.others))
    facts = Facts(
        look.clocks, look.directory_changed, policy.trust_clock, policy.thresholds, memory.seen(), keeps_creation=keeps
    )
    said = {id_: (*look.findings.get(id_, ()), *findings.get(id_, ())) for id_ in {*look.findings, *findings}}
    verdicts = sorted(judge(look.files, facts, said), key=_oldest_first)
    return Survey(
        look.address,
        look.config,
        look.clocks,
        tuple(verdicts),
        policy,
        forgetful,
        directory_changed=look.directory_changed,
        keeps_creation=keeps,
    )


def _oldest_first(verdict: Verdict) -> tuple[float, str]:
    return (-(verdict.age or verdict.claimed_age or 0.0), verdict.file.id)
