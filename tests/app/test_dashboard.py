"""The dashboard, the alerts and the documentation use only existing metrics and labels, and all of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.observability.metrics import Metrics

DOCKER = Path(__file__).parents[2] / "docker"
DASHBOARD: dict[str, Any] = json.loads((DOCKER / "grafana/entitlements.json").read_text(encoding="utf-8"))
ALERTS: dict[str, Any] = yaml.safe_load((DOCKER / "prometheus/alerts.yml").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
# What each kind of metric is called when it is read.
ENDINGS = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


def named(metrics: Metrics) -> dict[str, set[str]]:
    """Every series that can be asked for, and its labels."""
    found = {}
    for name, collector in metrics.registry._names_to_collectors.items():
        for family in collector.describe():
            if any(name == family.name + ending for ending in ENDINGS[family.type]):
                found[name] = set(collector._labelnames) | ({"le"} if name.endswith("_bucket") else set())
    return found


SERIES = named(Metrics())


def expressions() -> Iterator[Any]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for rule in RULES:
        yield pytest.param(rule["expr"], id=rule["alert"])


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_series_and_labels_that_there_are(expression):
    asked = re.findall(r"\bentitlements_\w+", expression)
    assert set(asked) <= SERIES.keys()
    if expression.startswith("up{"):
        return
    assert asked
    common = set.intersection(*(SERIES[name] for name in asked))
    for labels in re.findall(r"\bby \(([^)]*)\)", expression):
        assert set(labels.split(", ")) <= common
    for name, selectors in re.findall(r"(entitlements_\w+)\{([^}]*)\}", expression):
        chosen = {re.match(r"\w+", each.strip())[0] for each in re.split(r",(?=\s*\w+\s*[=!])", selectors)}
        assert chosen <= SERIES[name]
    assert expression.count("(") == expression.count(")")


@pytest.mark.parametrize("ending", ["_total", "_bucket", "_sum", "_count"])
def test_what_only_grows_is_asked_for_its_rate(ending):
    texts = [each.values[0] for each in EXPRESSIONS]
    asked = [(name, text) for text in texts for name in re.findall(rf"\bentitlements_\w+{ending}\b", text)]
    assert asked
    for name, text in asked:
        assert re.search(rf"(rate|increase)\({name}(\{{[^}}]*\}})?\[", text), name


def test_a_quantile_is_asked_for_by_its_buckets():
    quantiles = [each.values[0] for each in EXPRESSIONS if "histogram_quantile" in each.values[0]]
    assert quantiles
    assert [text for text in quantiles if not re.search(r"by \(le\b", text)] == []


def test_every_metric_is_shown_on_the_dashboard():
    shown = json.dumps(DASHBOARD)
    shown_families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in SERIES if name in shown}
    assert shown_families == {re.sub(r"_(bucket|sum|count)$", "", name) for name in SERIES}


def test_panels_stand_beside_each_other_and_have_ids_of_their_own():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [
        (column, line)
        for panel in panels
        for column in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for line in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert all(0 <= column < 24 for column, _ in taken)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_urgent_it_is_and_what_to_look_at(rule):
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "description"}
    assert re.fullmatch(r"\d+m", rule.get("for", "0m"))


def test_the_documentation_names_every_metric_with_its_labels():
    text = (DOCKER.parent / "docs/operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`entitlements_[^|]*)\|([^|]*)\|", text, re.MULTILINE)
    told = {
        name: {each for each in re.split(r"[,\s]+", labels) if each}
        for names, labels in rows
        for name in re.findall(r"entitlements_\w+", names)
    }
    families = {re.sub(r"_(bucket|sum|count)$", "", name): labels - {"le"} for name, labels in SERIES.items()}
    assert told.keys() == families.keys()
    for name, labels in families.items():
        assert labels <= told[name], name


def test_prometheus_asks_as_the_service_expects_it():
    config = yaml.safe_load((DOCKER / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    assert config["rule_files"] == ["alerts.yml"]
    assert job["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    assert compose["services"]["prometheus"]["secrets"] == ["metrics_token"]
    assert compose["secrets"]["metrics_token"] == {"environment": "ENTITLEMENTS_METRICS_TOKEN"}
    assert "ENTITLEMENTS_METRICS_TOKEN" in compose["services"]["service"]["environment"]
