#!/usr/bin/env python3
"""Writes the table of what redis-rdb-tools writes about the fixtures that it can read.

    rdbtools_golden.py RDB > Tests/RDBCommandTests/Expected/rdbtools.tsv

RDB is the program of redis-rdb-tools 0.1.15 (`pip install rdbtools python-lzf`). A row has the dump, the options, and the output
as `cksum` prints it: CRC and size. `memory` is not in the table: its figures are estimates of each tool's own.
"""

import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
FORMS = ["json", "justkeys", "justkeyvals", "diff", "protocol"]
MORE = [
    "-c json -e print",
    "-c json -e raw",
    "-c json -e base64",
    "-c justkeyvals -e print",
    "-c diff -e raw",
    "-c diff -e base64",
    "-c protocol -x",
    "-c protocol -a 100",
    "-c protocol -e print",
    "--command json --key h.*",
    "-c justkeys -o h.*",
    "-c diff -k .*s -o l -t string",
]


def is_left_out(dump, line):
    """Whether rdb writes something else on purpose, which coming-from-other-tools.md tells."""
    # Expiries after the year 9999 become other times.
    if dump.endswith("/expiry.rdb") and "protocol" in line and " -x" not in line:
        return True
    # Commas are missing from the 254th field of a zipmap on.
    if dump == "redis-2.4.18/hashes.rdb" and ("json" in line or "justkeyvals" in line):
        return True
    # rdb writes `module` for the name of a module.
    return dump.endswith("/modules.rdb") and "diff" in line


def rows():
    for folder in sorted(os.listdir(ROOT)):
        if not folder.startswith("redis-"):
            continue
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            if name.endswith(".rdb"):
                yield f"{folder}/{name}"


def main():
    program = sys.argv[1]
    for dump in rows():
        options = [f"-c {form}" for form in FORMS]
        if dump.endswith(("/all.rdb", "/expiry.rdb")):
            options += MORE
        for line in options:
            if is_left_out(dump, line):
                continue
            result = subprocess.run([program, *line.split(), os.path.join(ROOT, dump)], capture_output=True)
            if result.returncode != 0:
                continue
            # Of databases in which no key passes the filters, rdb writes nothing.
            if len(result.stdout) > 2 and not result.stdout.strip(b"[]{},"):
                continue
            sums = subprocess.run(["cksum"], input=result.stdout, capture_output=True).stdout.decode().strip()
            print(f"{dump}\t{line}\t{sums}", flush=True)


main()
