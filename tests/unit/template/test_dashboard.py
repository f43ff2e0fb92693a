"""The dashboard shows what is really written, and the runbook says what each widget answers."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest

from tests.unit.template.emitted_metrics import Emitted
from tests.unit.template.watched import faults
from tools.translation import Template

Widget = dict[str, Any]

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
COLUMNS = 24
SHOWN = {
    "alarm": {"title", "alarms"},
    "metric": {
        "annotations",
        "metrics",
        "period",
        "region",
        "stacked",
        "stat",
        "title",
        "view",
        "yAxis",
    },
}
OF_A_METRIC = {"label", "stat", "yAxis"}
STATISTICS = r"Sum|Average|Maximum|Minimum|SampleCount|p\d{1,2}(\.\d+)?"
KEPT_FROM_IT = {
    "CredentialsRefused": "an alarm says all there is",
    "TurnStuck": "an alarm says all there is",
    "VendorAway": "an alarm says all there is",
    "WebhookSecretUnusable": "an alarm says all there is",
    "ExportFailed": "it is shown by how exports end",
}
"""Metrics of ours that the dashboard does not show, and why."""


@pytest.fixture(scope="module")
def resources(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]
    return found


@pytest.fixture(scope="module")
def body(resources) -> str:
    text: str = resources["OverviewDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return text


@pytest.fixture(scope="module")
def widgets(body) -> list[Widget]:
    found: list[Widget] = json.loads(body.replace("${QuotaLimit}", "200"))["widgets"]
    return found


def _graphs(widgets: list[Widget]) -> list[dict[str, Any]]:
    return [widget["properties"] for widget in widgets if widget["type"] == "metric"]


def _parts(row: list[Any]) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    """Namespace, metric, dimensions and options of a line of `metrics`."""
    options = row[-1] if isinstance(row[-1], dict) else {}
    namespace, metric, *pairs = [part for part in row if not isinstance(part, dict)]
    return namespace, metric, dict(zip(pairs[::2], pairs[1::2], strict=True)), options


def test_every_graph_shows_metrics_that_are_really_written(widgets, resources, own: Emitted):
    found = {}
    for graph in _graphs(widgets):
        for row in graph["metrics"]:
            namespace, metric, dimensions, _ = _parts(row)
            said = faults(namespace, metric, dimensions, resources=resources, own=own)
            found.update({(graph["title"], metric): said} if said else {})

    assert found == {}


def test_every_metric_of_ours_is_shown_or_kept_from_it_for_a_reason(widgets, own: Emitted):
    shown = {row[1] for graph in _graphs(widgets) for row in graph["metrics"]}

    assert own.keys() - shown == KEPT_FROM_IT.keys()


def test_every_alarm_is_shown(widgets, resources):
    (shown,) = [w["properties"]["alarms"] for w in widgets if w["type"] == "alarm"]
    alarms = [n for n, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"]

    assert sorted(shown) == sorted("${" + name + ".Arn}" for name in alarms)


def test_every_name_that_is_filled_in_is_one_of_the_template(body, template: Template):
    named = {name.partition(".")[0] for name in re.findall(r"\$\{([\w.:]+)\}", body)}

    known = {*template["Resources"], *template["Parameters"], "AWS::StackName", "AWS::Region"}
    assert named <= known


def test_widgets_have_only_what_cloudwatch_knows(widgets):
    for widget in widgets:
        assert widget["properties"].keys() <= SHOWN[widget["type"]]
    for graph in _graphs(widgets):
        options = [_parts(row)[3] for row in graph["metrics"]]
        statistics = [graph["stat"], *(one["stat"] for one in options if "stat" in one)]

        assert graph["region"] == "${AWS::Region}"
        assert graph["view"] == "timeSeries"
        assert graph["period"] % 60 == 0
        assert all(re.fullmatch(STATISTICS, one) for one in statistics), graph["title"]
        assert all(one.keys() <= OF_A_METRIC for one in options), graph["title"]


def test_no_widget_lies_on_another_or_beside_the_page(widgets):
    for one in widgets:
        assert one["x"] + one["width"] <= COLUMNS
    for one, other in combinations(widgets, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]

        assert beside or above, (one["properties"]["title"], other["properties"]["title"])


def test_the_runbook_says_of_each_widget_what_it_answers(widgets, root):
    page = (root / "docs/operations.md").read_text("utf-8")
    section = page.split("\n## Dashboard\n")[1].split("\n## ")[0]

    rows = [row.partition(" | ")[0].removeprefix("| ") for row in section.splitlines()]
    said = [row for row in rows if row and not row.startswith(("|-", "widget"))]
    titles = [widget["properties"]["title"] for widget in widgets]

    assert [row for row in said if row in titles] == titles


def test_the_limit_is_drawn_where_the_parameter_has_it(widgets, body):
    (graph,) = [one for one in _graphs(widgets) if "annotations" in one]

    assert [_parts(row)[1] for row in graph["metrics"]] == ["QuotaUsed"]
    assert '"value": ${QuotaLimit}' in body
