"""public-surface.py FOLDER BUDGETS: compares the symbol graphs below FOLDER with the budgets, and prints the counts."""

import json
import pathlib
import sys

folder, budgets = map(pathlib.Path, sys.argv[1:])


def symbols(module):
    """The public declarations of a module, its extensions of other modules' types included."""
    found = {}
    for path in sorted((folder / module).glob("*.symbols.json")):
        for symbol in json.loads(path.read_text())["symbols"]:
            found[symbol["identifier"]["precise"]] = symbol
    return list(found.values())


failures = []
total = 0
for line in budgets.read_text().splitlines():
    line = line.split("#")[0].strip()
    if not line:
        continue
    name, budget = line.rsplit(" ", 1)
    if name == "total":
        count = total
    else:
        declared = [symbol for module in name.split(" + ") for symbol in symbols(module)]
        count = len(declared)
        total += count
        for symbol in declared:
            if "docComment" not in symbol and symbol["kind"]["identifier"] != "swift.extension":
                location = symbol.get("location", {})
                where = location.get("uri", "").split("/Sources/")[-1]
                where += ":%d" % (location["position"]["line"] + 1) if location else ""
                failures.append(f"not documented: {'.'.join(symbol['pathComponents'])} ({where})")
    print(f"{count:5} of {budget:>3}  {name}")
    if count > int(budget):
        failures.append(f"{name} has {count} public declarations; its budget is {budget}")
for failure in failures:
    print(f"check-public-surface: {failure}", file=sys.stderr)
if failures:
    print(
        "check-public-surface: make declarations package or internal, document them, or raise the budget on purpose",
        file=sys.stderr,
    )
sys.exit(1 if failures else 0)
