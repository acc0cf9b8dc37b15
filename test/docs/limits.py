#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/limits.md against base/limits.hpp, both ways.  usage: limits.py ROOT"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
UNITS = {"KiB": 1024, "MiB": 1024 * 1024}


def in_code():
    """Every constant of limits.hpp; its expressions are sums and products of numbers and of other constants."""
    found = {}
    text = (ROOT / "base/limits.hpp").read_text()
    for name, expression in re.findall(r"constexpr [\w:]+ (\w+) =\s*([^;]+);", text):
        expression = expression.replace("'", "").replace("/", "//")
        if not re.fullmatch(r"[\w\s*/+()-]+", expression):
            sys.exit(f"limits.hpp: {name} = {expression} is more than this test can read")
        found[name] = eval(expression, {"__builtins__": {}}, found)  # only what the line above lets pass
    return {name: number for name, number in found.items() if name not in ("kib", "mib")}


def in_page():
    found = {}
    for name, number, unit in re.findall(r"^\| `(\w+)` \| ([\d.,]+) ?(\w*) \|", (ROOT / "docs/limits.md").read_text(), re.M):
        if name in found:
            sys.exit(f"docs/limits.md has two lines for {name}")
        found[name] = float(number.replace(",", "")) * UNITS.get(unit, 1)
    return found


code, page = in_code(), in_page()
wrong = [f"{name}: {code.get(name, 'nothing')} in base/limits.hpp, {page.get(name, 'nothing')} in docs/limits.md"
         for name in sorted(code.keys() | page.keys()) if code.get(name) != page.get(name)]
print("\n".join(wrong) or f"{len(code)} bounds are told as they are")
sys.exit(bool(wrong) or not code)
