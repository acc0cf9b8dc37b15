#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints every SealedSecret that the pages show and that kubeseal was recorded to print, as one list.

usage: sealed_examples.py ROOT NAMESPACE with-empty-texts|without

They get names of their own, which say where they come from, and no metadata besides: a schema is what
they are held against, and the recorded runs are about names that no object can have.
"""
import json
import pathlib
import re
import sys

import yaml


class Text(yaml.SafeLoader):
    """YAML as Kubernetes reads it: what looks like a date is text, as are "=" and "<<"."""


Text.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0].split(":")[-1] not in ("timestamp", "value", "merge")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def blocks(page):
    """What a page shows between fences."""
    return re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def documents(text):
    """One document of JSON behind another, or YAML."""
    text = text.lstrip("- \n")
    if not text.startswith("{"):
        return [d for d in yaml.load_all(text, Text) if isinstance(d, dict)]
    found, decoder = [], json.JSONDecoder()
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip("- \n")
    return found


def of_pages(root):
    for page in sorted((root / "docs").glob("*.md")):
        for block in blocks(page.read_text()):
            if re.search(r"^kind: SealedSecret$", block, re.MULTILINE):
                for document in documents(block):
                    yield page.stem, document


def of_recorded_runs(root):
    for output in sorted((root / "test/compat/sealed").glob("*/stdout")):
        text = output.read_bytes().decode(errors="replace")
        if "SealedSecret" in text:
            for document in documents(text):
                yield output.parent.name, document


def has_empty_text(value):
    if isinstance(value, dict):
        return any(map(has_empty_text, value.values()))
    return value == ""


def main(root, namespace, empty):
    items = []
    for source, at_least in ((of_pages, 2), (of_recorded_runs, 100)):
        found = [(where, document) for where, document in source(root) if document.get("kind") == "SealedSecret"]
        assert len(found) >= at_least, f"{source.__name__}: only {len(found)}"
        for where, document in found:
            name = re.sub("[^a-z0-9]+", "-", where.lower()).strip("-")
            document["metadata"] = {"name": f"{name}-{len(items)}", "namespace": namespace}
            items.append(document)
    items = [item for item in items if has_empty_text(item["spec"]) == (empty == "with-empty-texts")]
    print(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *sys.argv[2:])
