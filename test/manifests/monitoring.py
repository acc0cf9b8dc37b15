# SPDX-License-Identifier: Apache-2.0
"""Checks of what watches the controller: alerts, dashboard, the health check for Argo CD.

usage: monitoring.py < EXPOSITION     prints what alerts and dashboard ask for that is not in it
"""
import json
import os
import re
import subprocess
import sys
import unittest

from objects import MANIFESTS, ROOT, read, run

METRIC = re.compile(r"\bsealed_secrets_controller_\w+")


def expressions():
    for group in read("monitoring/rules.yaml")[0]["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    dashboard = json.loads((MANIFESTS / "monitoring" / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]


def exported(exposition):
    """The metrics of an exposition: of each name, the labels that it has."""
    metrics = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", exposition, re.MULTILINE):
        metrics.setdefault(name, set()).update(re.findall(r"(\w+)=\"", labels))
    return metrics


def not_exported(exposition):
    """What alerts and dashboard ask for in vain."""
    metrics = exported(exposition)
    for where, expression in expressions():
        asked = METRIC.findall(expression)
        yield from (f"{where}: {name} is not exported" for name in asked if name not in metrics)
        known = set().union(*(metrics.get(name, set()) for name in asked))
        matched = re.findall(r"(\w+)\s*(?:=~|!=|=)\s*\"", expression)
        grouped = re.split(r",\s*", ", ".join(re.findall(r"by \(([^)]*)\)", expression)))
        yield from (f"{where}: no label {label}" for label in set(matched + grouped) - known - {""})


class Monitoring(unittest.TestCase):
    def test_prometheus_reads_the_alerts(self):
        said = run(os.environ["PROMTOOL"], "check", "rules", str(MANIFESTS / "monitoring/rules.yaml"))
        self.assertIn("SUCCESS", said)

    def test_alerts_fire_when_they_should_and_are_silent_when_not(self):
        run(os.environ["PROMTOOL"], "test", "rules", str(ROOT / "test/manifests/data/alerts.yaml"))

    def test_every_alert_is_tried(self):
        tried = set(re.findall(r"alertname: (\w+)", (ROOT / "test/manifests/data/alerts.yaml").read_text()))
        self.assertEqual({rule["alert"] for rule in read("monitoring/rules.yaml")[0]["groups"][0]["rules"]}, tried)

    def test_the_operators_rule_holds_the_same_alerts(self):
        self.assertEqual(read("monitoring/rules.yaml")[0], read("monitoring/prometheusrule.yaml")[0]["spec"])

    def test_panels_of_the_dashboard_do_not_overlap(self):
        panels = json.loads((MANIFESTS / "monitoring" / "dashboard.json").read_text())["panels"]
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            columns = range(place["x"], place["x"] + place["w"])
            cells = {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
        self.assertEqual(len(panels), len({panel["id"] for panel in panels}))


def lua(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{lua(k)}] = {lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    return "nil" if value is None else json.dumps(value, ensure_ascii=False)


def health(sealed):
    """What the check says of an object. Argo CD runs it with `obj` set, and with little of Lua's library."""
    program = f"""
      local check = assert(load(io.read("a"), "health.lua", "t", {{obj = {lua(sealed)}, ipairs = ipairs}}))
      local said = check()
      print(said.status, said.message)"""
    done = subprocess.run(["lua5.3", "-e", program], text=True, capture_output=True,
                          input=(MANIFESTS / "argocd" / "health.lua").read_text())
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n").split("\t")


def sealed(generation=1, **status):
    thing = {"kind": "SealedSecret", "metadata": {"name": "db", "generation": generation}}
    return {**thing, "status": status} if status else thing


def synced(status, message=""):
    """Conditions as our controller writes them: Synced, then Ready."""
    return [{"type": kind, "status": status, "reason": "x", "message": message} for kind in ("Synced", "Ready")]


class ArgoCdHealth(unittest.TestCase):
    def test_a_new_object_is_progressing(self):
        self.assertEqual("Progressing", health(sealed())[0])
        self.assertEqual("Progressing", health(sealed(observedGeneration=1))[0])
        self.assertEqual("Progressing", health(sealed(observedGeneration=1, conditions=[]))[0])

    def test_an_opened_one_is_healthy(self):
        self.assertEqual("Healthy", health(sealed(observedGeneration=1, conditions=synced("True")))[0])

    def test_one_that_does_not_open_is_degraded_and_says_why(self):
        why = "no key could decrypt secret (password)"
        self.assertEqual(
            ["Degraded", why], health(sealed(observedGeneration=1, conditions=synced("False", why))))
        bare = [{"type": "Synced", "status": "False"}]
        self.assertEqual("Degraded", health(sealed(observedGeneration=1, conditions=bare))[0])

    def test_an_edited_one_is_progressing_until_the_controller_came_to_it(self):
        for old in ("True", "False"):
            edited = sealed(generation=2, observedGeneration=1, conditions=synced(old))
            self.assertEqual("Progressing", health(edited)[0])

    def test_an_unknown_state_is_progressing(self):
        self.assertEqual("Progressing", health(sealed(observedGeneration=1, conditions=synced("Unknown")))[0])

    def test_it_reads_what_the_reference_writes(self):
        expected = {"True": "Healthy", "False": "Degraded"}
        seen = set()
        for file in sorted((ROOT / "test" / "data" / "controller").glob("[01]*.json")):
            for snapshot in json.loads(file.read_text())["snapshots"]:
                for status in snapshot["status"]:
                    (condition,) = status["conditions"]
                    seen_generation = status["observedGeneration"]
                    thing = sealed(seen_generation, observedGeneration=seen_generation, conditions=[condition])
                    self.assertEqual(expected[condition["status"]], health(thing)[0], file.name)
                    seen.add(condition["status"])
        self.assertEqual({"True", "False"}, seen)


if __name__ == "__main__":
    missing = list(not_exported(sys.stdin.read()))
    print("\n".join(missing))
    sys.exit(bool(missing))
