#!/usr/bin/env bash
# Fails when a product that should need no system library depends on one, directly or through other targets:
# a filter by glob, type or expiry links no PCRE2, and reading a snapshot links no decompressor.
set -euo pipefail
cd "$(dirname "$0")/.."
${SWIFT:-swift} package dump-package | python3 -c '
import json, sys
targets = {t["name"]: t for t in json.load(sys.stdin)["targets"]}

def reached(name, seen):
    """All targets that a target depends on, itself included."""
    if name in targets and name not in seen:
        seen.add(name)
        for dependency in targets[name]["dependencies"]:
            reached((dependency.get("byName") or dependency.get("target") or [""])[0], seen)
    return seen

status = 0
for product in ("RDB", "RDBFormat", "RESP", "RDBFiltering", "RDBConvert", "RDBAnalysis", "RDBIndex", "RDBReplay", "RDBEdit"):
    libraries = sorted(n for n in reached(product, set()) if targets[n]["type"] == "system")
    if libraries:
        print("check-system-libraries: %s depends on %s" % (product, ", ".join(libraries)), file=sys.stderr)
        status = 1
if "CPCRE2" not in reached("RDBRegex", set()):
    print("check-system-libraries: RDBRegex does not reach CPCRE2: this check finds nothing", file=sys.stderr)
    status = 1
sys.exit(status)
'
echo "check-system-libraries: products without system libraries stay without"
