#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every file and room that docs/ARCHITECTURE.md names is there.  usage: rooms.py ROOT"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
text = (ROOT / "docs/ARCHITECTURE.md").read_text()
rooms = text[text.index("\n## Rooms\n"):text.index("\n## Inside of the rooms\n")]
inside = text[text.index("\n## Inside of the rooms\n"):text.index("\n## Decisions")]

wrong = [f"there is no folder {name}" for name in re.findall(r"^    (\w+/)", rooms, re.M) if not (ROOT / name).is_dir()]
tests = rooms[rooms.index("    test/"):rooms.index("\nArrows")]
wrong += [f"there is no folder test/{name}" for name in re.findall(r"(\w+/)", tests.replace("test/", "", 1))
          if not (ROOT / "test" / name).is_dir()]
named = 0
for room, part in re.findall(r"\*\*(\w+)\*\*(.*?)(?=\n\*\*|\Z)", inside, re.S):
    for name in re.findall(r"`([\w/]+)`", part):
        named += 1
        place = ROOT / room / name
        if not (place.is_dir() if name.endswith("/") else any(place.parent.glob(place.name + ".[ch]pp"))):
            wrong.append(f"there is no {room}/{name}")
print("\n".join(wrong) or f"{named} files are where the page says")
sys.exit(bool(wrong) or named < 100)
