#!/usr/bin/env bash
# Fails when a `switch` over value types or data types ends in `default:`: a new type would then compile without a
# decision about it. List the other types, or ask the type's layout (Sources/RDBFormat/Layout).
set -euo pipefail
cd "$(dirname "$0")/.."
python3 - <<'PYTHON'
import pathlib
import re
import sys

vocabulary = pathlib.Path("Sources/RDBFormat/Vocabulary/ValueType.swift").read_text().split("enum Opcode")[0]
types = {
    name.strip().split(" ")[0]
    for line in re.findall(r"^  case (.*)$", vocabulary, re.MULTILINE)
    for name in line.split(",")
} - {"redis", "valkey"}
failures = 0
for path in sorted(pathlib.Path("Sources").rglob("*.swift")):
    lines = path.read_text().split("\n")
    for number, line in enumerate(lines):
        match = re.match(r"( *)default:", line)
        if not match:
            continue
        indentation = match.group(1)
        # The patterns of the same `switch`: the lines of this indentation, back to the `switch` itself. Type names
        # without a payload are those of value types; `.list(let elements)` is a case of another enum.
        for earlier in reversed(lines[:number]):
            if re.search(r"\bswitch\b", earlier) and len(earlier) - len(earlier.lstrip()) <= len(indentation):
                break
            pattern = re.match(indentation + r"(case |  +\.)(.*?)(:|,$|$)", earlier)
            names = re.findall(r"\.(\w+)\b(?!\()", pattern.group(2).split(" where ")[0]) if pattern else []
            if types & set(names) and len(earlier) - len(earlier.lstrip()) <= len(indentation) + 2:
                print(f"check-defaults: {path}:{number + 1}: {line.strip()}", file=sys.stderr)
                failures += 1
                break
if failures:
    sys.exit("check-defaults: list the other types in place of `default:`")
print("check-defaults: no switch over value types ends in default:")
PYTHON
