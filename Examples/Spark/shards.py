#!/usr/bin/env python3
"""Analyses many dumps, or the parts of one huge dump, with Spark, and merges the reports.

    spark-submit shards.py --output /shared/result /shared/dumps/shard-*.rdb
    spark-submit shards.py --output /shared/result --plan plan.json /shared/dumps/huge.rdb

Each task runs `rdb analyze` and `rdb parquet` on one dump, or on one part of a plan of `rdb split-plan`; the driver runs
`rdb merge-reports`. The workers and the driver need `rdb` and the same paths. The result:

    OUTPUT/parts/NAME/reports     the reports of one dump or part
    OUTPUT/parts/NAME/tables      its Parquet files
    OUTPUT/reports                the merged reports, equal to those of one run over everything

A task writes in OUTPUT/attempts and renames its folder at the end, so a task that Spark repeats or runs twice changes nothing.
OUTPUT/job.json says of which dumps and options the results are; another job needs a folder of its own. Options of `rdb analyze`
after `--` go to each task.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import uuid

# Another try mends none of these: losses, wrong options, damaged or missing input.
PERMANENT = {3, 64, 65, 66}


def run(arguments):
    """Runs a command, and returns its exit code and the end of what it wrote to standard error."""
    result = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return result.returncode, result.stderr[-2000:].decode(errors="replace")


def analyse(name, dump, part, job):
    """Writes the reports and tables of one dump or part. Returns None, or what is wrong with the input."""
    final = os.path.join(job["output"], "parts", name)
    if os.path.isdir(final):
        return None
    # Two attempts of a task can run at the same time, and one that is killed leaves its folder: not among the results.
    work = os.path.join(job["output"], "attempts", f"{name}.{uuid.uuid4().hex}")
    os.makedirs(work)
    try:
        common = [dump, "-q", "-j", str(job["threads"]), *(["--part-of", part] if part else [])]
        for arguments in [
            ["analyze", *common, "-o", os.path.join(work, "reports"), *job["options"]],
            ["parquet", *common, "-o", os.path.join(work, "tables"), *(["--values"] if job["values"] else [])],
        ]:
            code, text = run([job["rdb"], *arguments])
            if code in PERMANENT:
                return f"{name}: exit code {code}: {text.strip()}"
            if code != 0:
                # Spark tries the task again.
                raise RuntimeError(f"{name}: exit code {code}: {text.strip()}")
        try:
            os.rename(work, final)
        except OSError:
            # The other attempt was first, with the same files.
            if not os.path.isdir(final):
                raise
        return None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def tasks(options):
    """The names, dumps and parts of all tasks, in the order in which the tables are joined."""
    if not options.plan:
        width = len(str(len(options.dumps) - 1))
        return [(f"{number:0{width}}", os.path.abspath(dump), None) for number, dump in enumerate(options.dumps)]
    if len(options.dumps) != 1:
        sys.exit("a plan is for one dump")
    with open(options.plan, "rb") as file:
        count = len(json.load(file)["parts"])
    width = len(str(count - 1))
    plan, dump = os.path.abspath(options.plan), os.path.abspath(options.dumps[0])
    return [(f"{number:0{width}}", dump, f"{plan}:{number}") for number in range(count)]


def claim(output, description):
    """Notes in the output folder which job it belongs to. Ends the program if it belongs to another one."""
    path = os.path.join(output, "job.json")
    text = json.dumps(description, indent=1)
    try:
        with open(path) as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        if not os.path.isdir(os.path.join(output, "parts")):
            os.makedirs(output, exist_ok=True)
            with open(path + ".new", "w") as file:
                file.write(text)
            os.replace(path + ".new", path)
            return
    print(f"{output}: has results of other dumps, of another plan or with other options", file=sys.stderr)
    sys.exit(64)


def identity(path):
    """What changes when a file is written anew."""
    try:
        status = os.stat(path)
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        sys.exit(66)
    return [path, status.st_size, status.st_mtime_ns]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--output", required=True, help="a folder that the workers and the driver share")
    parser.add_argument("--rdb", default="rdb", help="the command on the workers and the driver")
    parser.add_argument("--plan", help="a plan of rdb split-plan: a task per part")
    parser.add_argument("--threads", type=int, default=1, help="threads of each task")
    parser.add_argument("--values", action="store_true", help="write tables of elements, too")
    parser.add_argument("dumps", nargs="+")
    arguments = sys.argv[1:]
    own, extra = arguments, []
    if "--" in arguments:
        split = arguments.index("--")
        own, extra = arguments[:split], arguments[split + 1 :]
    options = parser.parse_args(own)
    job = {
        "output": os.path.abspath(options.output),
        "rdb": options.rdb,
        "threads": options.threads,
        "values": options.values,
        "options": extra,
    }
    all_tasks = tasks(options)
    plan = None
    if options.plan:
        with open(options.plan, "rb") as file:
            plan = hashlib.sha256(file.read()).hexdigest()
    dumps = [identity(os.path.abspath(dump)) for dump in options.dumps]
    claim(job["output"], {"dumps": dumps, "plan": plan, "values": options.values, "options": extra})
    os.makedirs(os.path.join(job["output"], "parts"), exist_ok=True)

    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("rdb shards").getOrCreate()
    try:
        # One task per partition, so that Spark repeats just the one that failed.
        rows = spark.sparkContext.parallelize(all_tasks, len(all_tasks))
        faults = [fault for fault in rows.map(lambda task: analyse(*task, job)).collect() if fault]
    finally:
        spark.stop()
    if faults:
        print("\n".join(faults), file=sys.stderr)
        sys.exit(65)
    shutil.rmtree(os.path.join(job["output"], "attempts"), ignore_errors=True)
    reports = os.path.join(job["output"], "reports")
    parts = [os.path.join(job["output"], "parts", name, "reports") for name, _, _ in all_tasks]
    code, text = run([options.rdb, "merge-reports", *parts, "-o", reports])
    if code != 0:
        print(text.strip(), file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
