#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the log lines of docs/operations.md against the code. usage: log_lines.py ROOT

Every ERROR line that the controller can write has a row that says what to do, and every line that the page
names is one that the code writes."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
TEXT = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'  # literals that stand behind each other are one


def in_code():
    """The messages that the code writes, or as much of each as is written there in one piece, by level."""
    found = {"error": set(), "info": set()}
    for room in ("controller", "kube"):
        for file in ROOT.glob(room + "/*.cpp"):
            for function, literals in re.findall(r"log_(error|info|trouble)\(\s*" + TEXT, file.read_text()):
                message = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))
                if function == "trouble" and " " not in message:
                    continue  # a word that is put into a message that is found where it is written
                found["info" if function == "info" else "error"].add(message)
    return found


def in_page():
    """What the first columns of the page's two tables of lines name, by level."""
    text = (ROOT / "docs/operations.md").read_text()
    log = text[text.index("\n## The log\n"):]
    found = {}
    for level, table in zip(("error", "info"), re.findall(r"^\| line \|.*\n\| --- .*\n((?:\|.*\n)+)", log, re.M)):
        names = [name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
        found[level] = {name.replace("... ", "leader election: ") for name in names}
    return found


def same(told, written):
    """The page may leave out the end of a line; the code may add a part of it when it runs."""
    return written.startswith(told) or written.endswith(" ") and told.startswith(written)


code, page = in_code(), in_page()
wrong = [f"no row for the ERROR line: {written}" for written in sorted(code["error"])
         if not any(same(told, written) for told in page["error"])]
wrong += [f"no {level.upper()} line of the code begins so: {told}" for level in page for told in sorted(page[level])
          if not any(same(told, written) for written in code[level])]
print("\n".join(wrong) or f"{len(code['error'])} ERROR lines have a row each")
sys.exit(bool(wrong) or len(code["error"]) < 20 or set(page) != set(code))
