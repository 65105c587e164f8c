"""coverage.py REPORT LEAST [--files]: sums up a coverage report of `swift test`, and compares it with LEAST."""

import json
import pathlib
import sys

report, least = map(pathlib.Path, sys.argv[1:3])
shows_files = "--files" in sys.argv
files = json.loads(report.read_text())["data"][0]["files"]
failures = []
for line in least.read_text().splitlines():
    line = line.split("#")[0].strip()
    if not line:
        continue
    module, *limits = line.split()
    rows = [file for file in files if f"/Sources/{module}/" in file["filename"]]
    if not rows:
        sys.exit(f"coverage: no file of {module} in {report}")
    for measure, limit in zip(("lines", "regions"), map(float, limits)):
        count = sum(row["summary"][measure]["count"] for row in rows)
        covered = sum(row["summary"][measure]["covered"] for row in rows)
        percent = 100 * covered / count
        print(f"{module:10} {measure:8} {covered:6} of {count:6}  {percent:5.1f} % (at least {limit:g} %)")
        if percent < limit:
            failures.append(f"{module}: {percent:.1f} % of the {measure}; at least {limit:g} % are expected")
    if shows_files:
        for row in sorted(rows, key=lambda row: row["summary"]["lines"]["covered"] - row["summary"]["lines"]["count"]):
            lines = row["summary"]["lines"]
            if lines["covered"] < lines["count"]:
                name = row["filename"].split("/Sources/")[-1]
                print(f"  {lines['count'] - lines['covered']:5} lines not executed of {lines['count']:5}  {name}")
for failure in failures:
    print(f"coverage: {failure}", file=sys.stderr)
sys.exit(1 if failures else 0)
