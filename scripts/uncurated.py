"""uncurated.py GRAPHS CATALOG: prints the top-level declarations in GRAPHS that no topic of a page in CATALOG lists."""

import json
import pathlib
import re
import sys

graphs, catalog = map(pathlib.Path, sys.argv[1:])
curated = set()
for page in catalog.rglob("*.md"):
    for entry in re.findall(r"^- ``/?([^`]+)``", page.read_text(), re.MULTILINE):
        curated.add(re.sub(r"-[a-z0-9.]+$", "", entry).split("/")[-1])
missing = set()
for path in graphs.glob("*.symbols.json"):
    for symbol in json.loads(path.read_text())["symbols"]:
        kind, names = symbol["kind"]["identifier"], symbol["pathComponents"]
        if len(names) == 1 and kind != "swift.extension" and names[0] not in curated:
            missing.add(names[0])
for name in sorted(missing):
    print(f"check-docs: {catalog} curates no topic for {name}", file=sys.stderr)
sys.exit(1 if missing else 0)
