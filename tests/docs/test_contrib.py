"""What contrib/ offers: promtool takes it, each alert was tried, and every metric in it is one that lockctl writes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lockctl.render.prometheus import METRICS
from tests.promtool import check_rules

CONTRIB = Path(__file__).parents[2] / "contrib"
RULES = CONTRIB / "prometheus/lockctl.rules.yml"
TRIALS = CONTRIB / "prometheus/lockctl.rules.test.yml"
DASHBOARD = CONTRIB / "grafana/lockctl.json"
NAMES = {metric.name for metric in METRICS}
ALERTS = re.findall(r"^      - alert: (\w+)$", RULES.read_text(encoding="utf-8"), re.MULTILINE)


def trials_of(alert: str) -> list[str]:
    """What is expected of an alert: each trial's text, without its name."""
    trials = re.split(r"\n      - eval_time: ", TRIALS.read_text(encoding="utf-8"))[1:]
    return [trial for trial in trials if re.search(rf"\n        alertname: {alert}\n", trial)]


def metrics_in(text: str) -> set[str]:
    """All names of metrics of ours."""
    return set(re.findall(r"\blockctl_[a-z_]+", text))


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return loaded


def test_promtool_takes_the_rules() -> None:
    assert f"{len(ALERTS)} rules found" in check_rules(RULES)


def test_promtool_takes_the_trials() -> None:
    """Each alert at its time, with its texts."""
    command = ["promtool", "test", "rules", TRIALS.name]
    done = subprocess.run(command, cwd=TRIALS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_was_silent_once_and_told_once(alert: str) -> None:
    silent = ["exp_alerts: []" in trial for trial in trials_of(alert)]
    assert sorted(silent) == [False, True]


def test_every_metric_of_the_rules_is_written() -> None:
    assert metrics_in(RULES.read_text(encoding="utf-8")) <= NAMES


def test_every_metric_of_the_dashboard_is_written() -> None:
    used = metrics_in(DASHBOARD.read_text(encoding="utf-8"))
    assert used <= NAMES
    assert len(used) >= 8


def test_promtool_takes_the_dashboards_expressions(tmp_path: Path) -> None:
    board = dashboard()
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    expressions += [note["expr"] for note in board["annotations"]["list"]]
    rules = [
        {"record": f"tried:n{number}", "expr": expression.replace("$__range", "1d")}
        for number, expression in enumerate(expressions)
    ]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # JSON is YAML
    assert f"{len(expressions)} rules found" in check_rules(path)


def test_the_dashboards_panels_neither_overlap_nor_share_an_id() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
