"""public-surface.py FOLDER BUDGETS: compares the symbol graphs below FOLDER with the budgets, and prints the counts."""

import json
import pathlib
import sys

folder, budgets = map(pathlib.Path, sys.argv[1:])


# What the protocols of the standard library require, by the names in a symbol graph.
STANDARD_REQUIREMENTS = {
    "Swift.Comparable": {"<(_:_:)"},
    "Swift.CustomStringConvertible": {"description"},
    "Swift.Decodable": {"init(from:)"},
    "Swift.Encodable": {"encode(to:)"},
    "Swift.Equatable": {"==(_:_:)"},
    "Swift.ExpressibleByArrayLiteral": {"init(arrayLiteral:)"},
    "Swift.Hashable": {"==(_:_:)", "hash(into:)"},
    "Swift.LosslessStringConvertible": {"description", "init(_:)"},
    "Swift.RawRepresentable": {"rawValue", "init(rawValue:)"},
}

graphs = [json.loads(path.read_text()) for path in sorted(folder.glob("*/*.symbols.json"))]
relations = [relation for graph in graphs for relation in graph["relationships"]]
# The names of each protocol's requirements, and the protocols of each type, those they inherit from included.
requirements, protocols, parents = {}, {}, {}
for graph in graphs:
    names = {symbol["identifier"]["precise"]: symbol["names"]["title"] for symbol in graph["symbols"]}
    for relation in graph["relationships"]:
        if relation["kind"] in ("requirementOf", "optionalRequirementOf") and relation["source"] in names:
            requirements.setdefault(relation["target"], set()).add(names[relation["source"]])
requirement_ids = {relation["source"] for relation in relations if relation["kind"] == "requirementOf"}
default_ids = {relation["source"] for relation in relations if relation["kind"] == "defaultImplementationOf"}
for relation in relations:
    if relation["kind"] == "conformsTo":
        protocols.setdefault(relation["source"], set()).add(relation["target"])
        # A protocol of another package has its name here.
        standard = STANDARD_REQUIREMENTS.get(relation.get("targetFallback"), ())
        requirements.setdefault(relation["target"], set()).update(standard)
    elif relation["kind"] in ("memberOf", "defaultImplementationOf"):
        parents.setdefault(relation["source"], set()).add(relation["target"])


def required(type, seen=frozenset()):
    """The names that the protocols of a type require, and those of a protocol itself."""
    names = set(requirements.get(type, ()))
    for protocol in protocols.get(type, ()):
        if protocol not in seen:
            names |= required(protocol, seen | {protocol})
    return names


def is_witness(symbol):
    """Whether a declaration implements a requirement, or is its default implementation."""
    identifier = symbol["identifier"]["precise"]
    if identifier in requirement_ids:
        return False
    if identifier in default_ids:
        return True
    return any(symbol["names"]["title"] in required(parent) for parent in parents.get(identifier, ()))


def symbols(module):
    """The public declarations of a module, its extensions of other modules' types included."""
    found = {}
    for path in sorted((folder / module).glob("*.symbols.json")):
        for symbol in json.loads(path.read_text())["symbols"]:
            if not is_witness(symbol):
                found[symbol["identifier"]["precise"]] = symbol
    return list(found.values())


def is_case(symbol):
    """Whether a declaration is a case, which is part of its enum and does not count by itself."""
    return symbol["kind"]["identifier"] == "swift.enum.case"


failures = []
undocumented = []
total = 0
total_cases = 0
for line in budgets.read_text().splitlines():
    line = line.split("#")[0].strip()
    if not line:
        continue
    name, budget = line.rsplit(" ", 1)
    cases = 0
    if name == "total":
        count, cases = total, total_cases
    elif name == "undocumented":
        count = len(undocumented)
    else:
        declared = [symbol for module in name.split(" + ") for symbol in symbols(module)]
        cases = sum(is_case(symbol) for symbol in declared)
        count = len(declared) - cases
        total += count
        total_cases += cases
        for symbol in declared:
            if "docComment" not in symbol and symbol["kind"]["identifier"] != "swift.extension":
                location = symbol.get("location", {})
                where = location.get("uri", "").split("/Sources/")[-1]
                where += ":%d" % (location["position"]["line"] + 1) if location else ""
                undocumented.append(f"{'.'.join(symbol['pathComponents'])} ({where})")
    print(f"{count:5} of {budget:>3}  {name}" + (f" (enum cases beside them: {cases})" if cases else ""))
    if count > int(budget):
        failures.append(f"{name} has {count} declarations; its budget is {budget}")
if any(failure.startswith("undocumented") for failure in failures):
    failures += [f"not documented: {name}" for name in undocumented]
for failure in failures:
    print(f"check-public-surface: {failure}", file=sys.stderr)
if failures:
    print(
        "check-public-surface: make declarations package or internal, document them, or raise the budget on purpose",
        file=sys.stderr,
    )
sys.exit(1 if failures else 0)
