#!/usr/bin/env python3
"""Times commands in turn on the same files and prints tables; compare.sh calls it."""

import argparse
import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time


def warm_memory(path, byte_count):
    """Leaves memory for a file of that size just used and free again, as the command before may have or not: a virtual
    machine that gave it back to its host gets it page by page, which takes a multiple of the writing itself."""
    block = bytes(1 << 20)
    with open(path, "wb", buffering=0) as stream:
        for _ in range(byte_count >> 20):
            stream.write(block)
        stream.truncate(0)


class Command:
    """One row: a command line, and what its runs took."""

    def __init__(self, name, arguments, output=None, room=0, must_succeed=True, folder=None):
        self.name = name
        self.folder = folder  # a folder that the command makes
        self.arguments = arguments
        self.output = output  # a file that the output goes to; None: /dev/null
        self.room = room  # about as many bytes as the output has
        self.must_succeed = must_succeed  # others' tools may not know a version
        self.failure = None
        self.seconds = []
        self.peaks = []

    def run(self):
        target = self.output or os.devnull
        if self.output:
            warm_memory(self.output, self.room)
        if self.folder:
            warm_memory(self.folder + ".warm", self.room)
            os.unlink(self.folder + ".warm")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, target, flags, 0o644),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        start = time.monotonic()
        pid = os.posix_spawnp(self.arguments[0], self.arguments, os.environ, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        seconds = time.monotonic() - start
        code = os.waitstatus_to_exitcode(status)
        # rdb salvage ends with 3 always.
        if code != 0 and not (code == 3 and "salvage" in self.arguments):
            if self.must_succeed:
                sys.exit(f"{' '.join(self.arguments)}: status {code}")
            self.failure = f"status {code}"
            return
        self.seconds.append(seconds)
        unit = 1 if sys.platform == "darwin" else 1024
        self.peaks.append(usage.ru_maxrss * unit)
        if self.output:
            os.unlink(self.output)
        if self.folder:
            shutil.rmtree(self.folder)

    @property
    def median(self):
        return statistics.median(self.seconds)


def commands(file, old, options):
    """All rows. `old`: the same contents in RDB 9, for what knows no newer version; or None."""
    rdb = options.rdb
    other = os.path.join(options.work, "other")
    room = 2 * os.path.getsize(file)
    found = []
    checker = shutil.which("redis-check-rdb")
    if checker:
        found.append(Command("redis-check-rdb", [checker, file]))
    # Two inputs: compare with twice the time of `rdb check`.
    for threads in [[], ["-j", "1"]]:
        label = "**rdb diff FILE FILE" + ("" if not threads else " -j 1") + "**"
        found.append(Command(label, [rdb, "diff", *threads, "-q", file, file]))
    for name, task in [
        ("check", ["check"]),
        ("resp", ["resp"]),
        ("json --lines", ["json", "--lines"]),
        ("rewrite", ["rewrite", "--target", "8.2", "-o", "-"]),
        ("rewrite --sanitize", ["rewrite", "--target", "8.2", "--sanitize", "-o", "-"]),
        ("keys", ["keys"]),
        ("index", ["index", "-o", os.path.join(options.work, "compare.idx")]),
        ("memory --csv", ["memory", "--csv"]),
        ("mask", ["mask", "--lossy"]),
        ("salvage", ["salvage"]),
        ("prefix", ["prefix"]),
        ("stats", ["stats"]),
        ("report", ["report", "-o", os.path.join(options.work, "report.html")]),
        ("analyze", ["analyze", "-o", os.path.join(options.work, "reports")]),
    ]:
        for threads in [[], ["-j", "1"]]:
            label = "**rdb " + name + ("" if not threads else " -j 1") + "**"
            found.append(Command(label, [rdb, *task, *threads, "-q", file]))
    found.append(Command("**rdb resp >other**", [rdb, "resp", "-q", file], other, room))
    found.append(Command("**rdb rewrite >other**", [rdb, "rewrite", "--target", "8.2", "-q", file], other, room))
    # Of an undamaged file, no slower than rewrite.
    found.append(Command("**rdb salvage >other**", [rdb, "salvage", "-q", file], other, room))
    parts = os.path.join(options.work, "parts")
    split = ["split", "--shards", "3", "-o", parts]
    found.append(Command("**rdb split --shards 3**", [rdb, *split, "-q", file], room=room, folder=parts))
    found.append(Command("**rdb merge >other**", [rdb, "merge", "-q", file], other, room))
    found.append(Command("cat FILE >/dev/null", ["cat", file]))
    found.append(Command("cat FILE >other", ["cat", file], other, room))
    rdbtools = os.path.join(options.work, "venv", "bin", "rdb")
    if old and os.access(rdbtools, os.X_OK):
        for form in ["json", "protocol", "justkeys"]:
            arguments = [rdbtools, "-c", form, old]
            found.append(Command(f"redis-rdb-tools -c {form} (RDB 9)", arguments, must_succeed=False))
    librdb = os.environ.get("RDB_CLI") or shutil.which("rdb-cli")
    if librdb:
        found.append(Command("librdb resp", [librdb, file, "resp"], must_succeed=False))
        found.append(Command("librdb json", [librdb, file, "json"], must_succeed=False))
    go = os.environ.get("HDT3213_RDB") or hdt3213()
    if go:
        found.append(Command("HDT3213 json", [go, "-c", "json", "-o", os.devnull, file], must_succeed=False))
        found.append(Command("HDT3213 aof", [go, "-c", "aof", "-o", os.devnull, file], must_succeed=False))
    return found


def hdt3213():
    """HDT3213's program is called rdb as well: it is known by its help."""
    path = shutil.which("rdb")
    if not path:
        return None
    try:
        text = subprocess.run([path], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if "flamegraph" in text.stdout + text.stderr and "-c" in text.stdout + text.stderr else None


def cpu():
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    try:
        return subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True
        ).stdout.strip() or platform.processor()
    except OSError:
        return platform.processor() or platform.machine()


def version(program, *arguments):
    path = shutil.which(program) or program
    try:
        text = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (text.stdout + text.stderr).strip().splitlines()
    return lines[0] if lines else None


def warm(file):
    with open(file, "rb", buffering=0) as stream:
        while stream.read(1 << 20):
            pass


def measure(rows, options):
    """All rows once, then all again: what disturbs the machine for a while disturbs all of them."""
    for number in range(options.repeat):
        for row in rows:
            if row.failure:
                continue
            slow = row.seconds and row.seconds[0] > options.slow_seconds
            if number == 0 or not slow or number < options.slow_repeat:
                row.run()


def table(profile, file, rows):
    size = os.path.getsize(file)
    base = next((row for row in rows if row.name == "redis-check-rdb"), None)
    print(f"\n### {profile}: {size / 1e6:.0f} MB\n")
    print("| command | median | fastest–slowest | runs | × redis-check-rdb | MB/s | peak memory |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for row in rows:
        if row.failure:
            print(f"| {row.name} | {row.failure} | | | | | |")
            continue
        ratio = f"{base.median / row.median:.2f}" if base else "–"
        print(
            f"| {row.name} | {row.median:.3f} s | {min(row.seconds):.3f}–{max(row.seconds):.3f} s "
            f"| {len(row.seconds)} | {ratio} | {size / 1e6 / row.median:.0f} "
            f"| {max(row.peaks) / 2**20:.0f} MiB |",
            flush=True,
        )


def summary(results):
    """The ratios of all files side by side."""
    profiles = list(results)
    print("\n### Ratios to redis-check-rdb (more is faster)\n")
    print("| command | " + " | ".join(profiles) + " |")
    print("| --- |" + " --: |" * len(profiles))
    names = []
    for rows in results.values():
        names += [row.name for row in rows if row.name not in names]
    for name in names:
        cells = []
        for rows in results.values():
            base = next((row for row in rows if row.name == "redis-check-rdb"), None)
            row = next((row for row in rows if row.name == name), None)
            cells.append(f"{base.median / row.median:.2f}" if base and row and not row.failure else "–")
        print(f"| {name} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rdb", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--scale", default="1")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--slow-repeat", type=int, default=1)
    parser.add_argument("--slow-seconds", type=float, default=20)
    parser.add_argument("files", nargs="+", metavar="PROFILE=FILE[:FILE-IN-RDB-9]")
    options = parser.parse_args()

    print(f"\n## {datetime.date.today()}, {cpu()}, {os.cpu_count()} cores\n")
    print(f"{platform.system()} {platform.release()}, scale {options.scale}; {version(options.rdb, '--version') or 'rdb'}; "
          f"{version('redis-check-rdb', '--version') or 'no redis-check-rdb'}. "
          "Whole processes, output to /dev/null unless it says otherwise, the file in the page cache, commands in turn.")
    results = {}
    for pair in options.files:
        profile, files = pair.split("=", 1)
        file, _, old = files.partition(":")
        for each in [file, old] if old else [file]:
            warm(each)
        rows = commands(file, old or None, options)
        measure(rows, options)
        table(profile, file, rows)
        results[profile] = rows
    summary(results)


if __name__ == "__main__":
    main()
