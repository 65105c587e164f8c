#!/usr/bin/env python3
"""Times the replay of command files beside redis-server, which loads the same file when it starts; compare.sh calls it."""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from compare import Command, measure, warm


class ServerStart(Command):
    """A row: redis-server from its start until the file is loaded."""

    def __init__(self, program, file, work):
        super().__init__("redis-server, loading", [program])
        self.file = file
        self.work = work

    def run(self):
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            # The server moves the file.
            os.link(self.file, os.path.join(folder, "appendonly.aof"))
            log = os.path.join(folder, "log")
            start = time.monotonic()
            server = subprocess.Popen(
                [self.arguments[0], "--port", "0", "--unixsocket", "socket", "--save", "", "--appendonly", "yes",
                 "--dir", folder, "--logfile", log], cwd=folder)
            while True:
                text = open(log).read() if os.path.exists(log) else ""
                if "eady to accept connections" in text:
                    break
                if server.poll() is not None:
                    self.failure = "the server ended"
                    return
                time.sleep(0.005)
            self.seconds.append(time.monotonic() - start)
            with open(f"/proc/{server.pid}/status") as status:
                peak = next(line for line in status if line.startswith("VmHWM"))
            self.peaks.append(int(peak.split()[1]) * 1024)
            server.send_signal(signal.SIGKILL)
            server.wait()


def updates(path, byte_count, key_count):
    """Writes an append-only file of random updates."""
    generator = random.Random(14)
    size = 0
    with open(path + ".part", "wb", buffering=1 << 20) as stream:
        while size < byte_count:
            number = generator.randrange(key_count)
            kind = number % 4
            if kind == 0:
                words = ["SET", f"page:{number}", "v" * generator.randrange(10, 120)]
            elif kind == 1:
                words = ["HSET", f"user:{number}", f"field{generator.randrange(9)}", f"{generator.random()}"]
            elif kind == 2:
                words = ["INCRBY", f"count:{number}", f"{generator.randrange(99)}"]
            else:
                words = ["ZADD", f"rank:{number}", f"{generator.randrange(9999)}", f"member{generator.randrange(20)}"]
            text = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            size += len(text)
            stream.write(text.encode())
    os.rename(path + ".part", path)


def rows(rdb, file, server, work):
    found = [ServerStart(server, file, work)] if server else []
    for name, task in [("memory", ["memory", "--csv"]), ("json --lines", ["json", "--lines", "--lossy"])]:
        for threads in [[], ["-j", "1"]]:
            label = "**rdb " + name + ("" if not threads else " -j 1") + "**"
            found.append(Command(label, [rdb, *task, *threads, "-q", file]))
    return found


def table(title, file, rows):
    size = os.path.getsize(file)
    base = next((row for row in rows if isinstance(row, ServerStart) and not row.failure), None)
    print(f"\n### {title}: {size / 1e6:.0f} MB\n")
    print("| command | median | runs | × redis-server | MB/s | peak memory | of redis-server's |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for row in rows:
        if row.failure:
            print(f"| {row.name} | {row.failure} | | | | | |")
            continue
        ratio = f"{base.median / row.median:.2f}" if base else "–"
        memory = f"{max(row.peaks) / max(base.peaks):.2f}" if base else "–"
        print(f"| {row.name} | {row.median:.3f} s | {len(row.seconds)} | {ratio} | {size / 1e6 / row.median:.0f} "
              f"| {max(row.peaks) / 2**20:.0f} MiB | {memory} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rdb", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--slow-repeat", type=int, default=1)
    parser.add_argument("--slow-seconds", type=float, default=20)
    parser.add_argument("mixed", help="the snapshot `mixed`, which is converted to commands")
    options = parser.parse_args()

    server = shutil.which("redis-server")
    if not server:
        print("redis-server is not on PATH: the ratios are left out", file=sys.stderr)
    files = []
    for title, arguments in [("commands of mixed", []), ("the same, sealed", ["--trailer"])]:
        file = os.path.join(options.work, f"mixed-{options.scale:g}{'-sealed' if arguments else ''}.resp")
        if not os.path.exists(file):
            subprocess.run([options.rdb, "resp", "-q", "--lossy", *arguments, options.mixed, "-o", file], check=True)
        files.append((title, file))
    file = os.path.join(options.work, f"updates-{options.scale:g}.aof")
    if not os.path.exists(file):
        updates(file, int(1e9 * options.scale), max(1000, int(1e6 * options.scale)))
    files.append(("random updates", file))
    for title, file in files:
        warm(file)
        found = rows(options.rdb, file, server, options.work)
        measure(found, options)
        table(title, file, found)


if __name__ == "__main__":
    main()
