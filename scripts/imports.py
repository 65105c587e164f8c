"""Lists each import of a module that is not a declared dependency of the importing target.

imports.py: reads what `swift package dump-package` prints on standard input; the working directory is the package's.
A product of another package is taken to hold one module of its name, as those in use do.
"""
import json
import pathlib
import re
import sys

# What comes with the toolchain, on some platform.
TOOLCHAIN = {
    "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization", "Testing",
}
FOLDERS = {"test": "Tests"}
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:typealias|struct|class|enum|protocol|let|var|func)\s+)?(\w+)")

files = undeclared = 0
for target in json.load(sys.stdin)["targets"]:
    declared = {target["name"]}
    for dependency in target["dependencies"]:
        declared.add((dependency.get("byName") or dependency.get("product") or dependency.get("target"))[0])
    folder = pathlib.Path(target.get("path") or f"{FOLDERS.get(target['type'], 'Sources')}/{target['name']}")
    for file in sorted(folder.rglob("*.swift")):
        files += 1
        quoted = False  # inside a multi-line string, whose lines can be those of another language
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if line.count('"""') % 2 == 1:
                quoted = not quoted
            imported = None if quoted else IMPORT.match(line)
            if imported and imported[1] not in declared | TOOLCHAIN:
                undeclared += 1
                print(f"{file}:{number}: {target['name']} imports {imported[1]}", file=sys.stderr)
if files == 0:
    sys.exit("imports.py: no target has a Swift file")
sys.exit(1 if undeclared else 0)
