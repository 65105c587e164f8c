#!/usr/bin/env python3
"""Validates JSON files against a JSON Schema (draft 2020-12).

    validate.py SCHEMA FILE... [--lines]

--lines: the files are JSON Lines; each line is validated. Prints the first errors of each file, and exits 1 if
there are any. Needs the package jsonschema (Debian: python3-jsonschema).
"""
import json
import sys

from jsonschema import Draft202012Validator


def refuse(name):
    """NaN and Infinity are no JSON, whatever Python thinks."""
    raise ValueError(name)


def documents(path, lines):
    with open(path, encoding="utf-8", errors="strict", newline="\n") as file:
        texts = file.read().split("\n") if lines else [file.read()]
    if lines and texts and texts[-1] == "":
        texts.pop()
    for text in texts:
        yield json.loads(text, parse_constant=refuse)


def main(arguments):
    lines = "--lines" in arguments
    schema_path, *paths = [argument for argument in arguments if argument != "--lines"]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    failed = 0
    for path in paths:
        try:
            for number, document in enumerate(documents(path, lines), 1):
                for error in list(validator.iter_errors(document))[:3]:
                    failed += 1
                    place = "/".join(str(part) for part in error.absolute_path)
                    print(f"{path}: document {number}, at /{place}: {error.message[:200]}")
        except ValueError as error:
            failed += 1
            print(f"{path}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
