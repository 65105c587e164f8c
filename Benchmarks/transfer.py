#!/usr/bin/env python3
"""Times commands that move keys between servers on loopback and prints a table; transfer.sh calls it."""

import argparse
import datetime
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from compare import cpu, version


class Server:
    """A redis-server without persistence, on a free port of loopback."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", folder, "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"],
            stdout=subprocess.DEVNULL)
        for _ in range(200):
            if self.cli("PING", check=False) == "PONG":
                return
            time.sleep(0.02)
        sys.exit("redis-server does not answer")

    def cli(self, *arguments, check=True):
        run = subprocess.run(["redis-cli", "-p", str(self.port), *arguments], capture_output=True, text=True, check=check)
        return run.stdout.strip()

    def fill(self, file):
        """Loads a file of commands, outside of the measurement."""
        with open(file, "rb") as stream:
            subprocess.run(["redis-cli", "-p", str(self.port), "--pipe"], stdin=stream, stdout=subprocess.DEVNULL, check=True)

    @property
    def seconds(self):
        """The CPU time of the server so far."""
        values = dict(line.split(":") for line in self.cli("INFO", "cpu").splitlines() if ":" in line)
        return float(values["used_cpu_user"]) + float(values["used_cpu_sys"])

    @property
    def keys(self):
        return int(self.cli("DBSIZE"))

    @property
    def address(self):
        return f"redis://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Row:
    """One way to move keys: command lines that run one after another, and what their runs took."""

    def __init__(self, name, steps, base=None, goal=None):
        self.name = name
        self.steps = steps  # makes [(arguments, file for standard input, file for standard output)] from two servers
        self.base = base  # the row that this one is compared with
        self.goal = goal
        self.seconds, self.client, self.server, self.peaks = [], [], [], []

    def run(self, source, target, expected):
        # The server whose work is the limit: the target, or the source where there is none.
        measured = target or source
        before = measured.seconds
        start = time.monotonic()
        client, peak = 0.0, 0
        for arguments, given, result in self.steps(source, target):
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, given or os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, result or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ]
            pid = os.posix_spawnp(arguments[0], arguments, os.environ, file_actions=actions)
            _, status, usage = os.wait4(pid, 0)
            if os.waitstatus_to_exitcode(status) != 0:
                sys.exit(f"{' '.join(arguments)}: status {os.waitstatus_to_exitcode(status)}")
            client += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
        seconds = time.monotonic() - start
        if target and target.keys != expected:
            sys.exit(f"{self.name}: {target.keys} keys of {expected}")
        self.seconds.append(seconds)
        self.client.append(client)
        self.server.append((measured.seconds - before) / seconds)
        self.peaks.append(peak)

    @property
    def median(self):
        return statistics.median(self.seconds)


def convert(options, profile, count):
    """The generated snapshot of a profile, and the same as commands."""
    snapshot = os.path.join(options.work, f"transfer-{profile}-{count}.rdb")
    commands = snapshot[:-4] + ".resp"
    if not os.path.exists(commands):
        subprocess.run(
            [options.rdb, "gen", "--profile", profile, "--keys", str(count), "--version", "10", "-o", snapshot],
            check=True, stderr=sys.stderr, stdout=sys.stderr)
        subprocess.run([options.rdb, "resp", "-q", "--target", "7.0", "-o", commands, snapshot], check=True)
    return snapshot, commands


def groups(options, folder):
    """The groups of rows: a heading, the file that fills the source, the number of keys, and the rows."""
    rdb = options.rdb
    strings, string_commands = convert(options, "strings", options.keys)
    values, value_commands = convert(options, "collections", options.collections)
    copy = os.path.join(folder, "copy")
    number = iter(range(1 << 20))

    def load(file, *more):
        return lambda _, target: [
            ([rdb, "load", "-q", file, "-p", str(target.port), "--resume", os.path.join(folder, f"journal{next(number)}"),
              *more], None, None)]

    def pipe(file):
        return lambda _, target: [(["redis-cli", "-p", str(target.port), "--pipe"], file, None)]

    found = []
    base = Row("redis-cli --pipe", pipe(string_commands))
    found.append(("load", f"load: {options.keys} strings", None, options.keys, [
        base,
        Row("**rdb load FILE.resp --resume**", load(string_commands), base, 0.95),
        Row("**rdb load FILE.rdb --resume**", load(strings), base),
    ]))
    base = Row("redis-cli --pipe", pipe(value_commands))
    found.append(("restore", f"restore: {options.collections} collections", None, options.collections, [
        base, Row("**rdb load FILE.rdb --resume** (RESTORE)", load(values), base, 1.5),
    ]))
    base = Row("redis-cli --rdb", lambda source, _: [(["redis-cli", "-p", str(source.port), "--rdb", copy], None, None)])
    found.append(("fetch", f"fetch: {options.keys} strings", string_commands, None, [
        base,
        Row("**rdb fetch**",
            lambda source, _: [([rdb, "fetch", "-q", "-p", str(source.port), "-o", copy], None, None)], base, 0.9),
    ]))

    def loop(*more):
        return lambda source, target: [
            ([options.loop, str(source.port), *more], None, copy),
            (["redis-cli", "-p", str(target.port), "--pipe"], copy, None)]

    def migrate(*more):
        return lambda source, target: [
            ([rdb, "migrate", "-q", "--from", source.address, "--to", target.address, *more], None, None)]

    slow = Row("loop as redis-dump-go, then redis-cli --pipe", loop())
    fast = Row("the same, pipelined", loop("--pipelined"), slow if options.slow else None)
    base = slow if options.slow else None
    found.append(("migrate", f"migrate: {options.keys} strings", string_commands, options.keys, [
        *([slow] if options.slow else []), fast,
        Row("**rdb migrate** (with comparison)", migrate(), base or fast, 3 if base else None),
        Row("**rdb migrate --no-verify**", migrate("--no-verify"), base or fast),
    ]))
    chosen = options.rows.split()
    return [group[1:] for group in found if not chosen or group[0] in chosen]


def measure(rows, fill, expected, options, folder):
    for _ in range(options.repeat):
        source = Server(folder) if fill else None
        if source:
            source.fill(fill)
        for row in rows:
            target = Server(folder) if expected else None
            try:
                row.run(source, target, expected)
            finally:
                if target:
                    target.stop()
        if source:
            source.stop()


def table(heading, count, rows):
    print(f"\n### {heading}\n")
    print("| command | median | fastest–slowest | keys/s | ratio | goal | client CPU | server's core | peak memory |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: | --: |")
    for row in rows:
        ratio = f"{row.base.median / row.median:.2f}" if row.base else "1.00"
        print(
            f"| {row.name} | {row.median:.3f} s | {min(row.seconds):.3f}–{max(row.seconds):.3f} s "
            f"| {count / row.median / 1000:.0f} k | {ratio} | {row.goal or ''} | {statistics.median(row.client):.2f} s "
            f"| {100 * statistics.median(row.server):.0f} % | {max(row.peaks) / 2**20:.0f} MiB |",
            flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rdb", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--loop", required=True)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--collections", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--slow", type=int, default=1)
    parser.add_argument("--rows", default="")
    options = parser.parse_args()

    print(f"\n## {datetime.date.today()}, {cpu()}, {os.cpu_count()} cores: moving keys on loopback\n")
    print(f"{version(options.rdb, '--version')}; {version('redis-server', '--version')}. Whole processes, in turn; a new "
          "server for each run, without persistence. The ratio is to the first row of a table. The server's core is the "
          "CPU time of the target per second; for fetch, that of the source without its child process.")
    folder = tempfile.mkdtemp(prefix="rdb-transfer", dir=options.work)
    try:
        for heading, fill, expected, rows in groups(options, folder):
            measure(rows, fill, expected, options, folder)
            table(heading, expected or options.keys, rows)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
