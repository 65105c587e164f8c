"""Reads exports with another engine, and writes each row as a line: for the tests of RDBColumnar.

    tables.py ENGINE FOLDER...

A line has the folder, the table, and each column with its value, separated by tabs. Bytes and text are hexadecimal, a
floating-point number is its 64 bits, a time is in milliseconds since 1970; a missing value is `-`. Text begins with `t`, bytes
with `b`, a number with `i`, a time with `m`, a floating-point number with `d`.
"""
import datetime
import glob
import os
import struct
import sys

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def form(value):
    if value is None:
        return "-"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "b" + bytes(value).hex()
    if isinstance(value, str):
        return "t" + value.encode("utf-8", "surrogatepass").hex()
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        return "m%d" % ((value - EPOCH) // datetime.timedelta(milliseconds=1))
    if isinstance(value, float):
        return "d" + struct.pack(">d", value).hex()
    return "i%d" % value


def tables(folder):
    """The files per table: of the folder `keys`, and of each folder below `elements`."""
    found = {}
    for path in sorted(glob.glob(glob.escape(folder) + "/**/*.parquet", recursive=True)):
        first, second = os.path.relpath(path, folder).split("/")[:2]
        table = first if first == "keys" else second.removeprefix("type=")
        found.setdefault(table, []).append(path)
    return found


def order(value):
    """Text is ordered by its bytes."""
    return value.encode("utf-8") if isinstance(value, str) else value


def check(values, statistics):
    """Compares the statistics of a column in a row group with its values."""
    present = [order(value) for value in values if value is not None]
    assert statistics.null_count == len(values) - len(present)
    if present and statistics.has_min_max:
        least, most = order(statistics.min), order(statistics.max)
        assert least <= min(present) and max(present) <= most, (least, most)


def pyarrow(paths):
    import pyarrow.parquet as parquet

    for path in paths:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            columns = [table.column(name).to_pylist() for name in names]
            for number, values in enumerate(columns):
                check(values, file.metadata.row_group(group).column(number).statistics)
            yield from (zip(names, row) for row in zip(*columns))


def polars(paths):
    import polars

    for path in paths:
        frame = polars.read_parquet(path, hive_partitioning=False)
        for row in frame.iter_rows():
            yield zip(frame.columns, row)


def duckdb(paths):
    import duckdb as engine

    connection = engine.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for path in paths:
        relation = connection.execute("SELECT * FROM read_parquet(?, hive_partitioning = false)", [path])
        names = [column[0] for column in relation.description]
        while rows := relation.fetchmany(10000):
            yield from (zip(names, row) for row in rows)


def spark(paths, session=[]):
    from pyspark.sql import SparkSession

    if not session:
        builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.sql.session.timeZone", "UTC").config("spark.driver.bindAddress", "127.0.0.1")
        builder = builder.config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.ui.showConsoleProgress", "false")
        session.append(builder.getOrCreate())
        session[0].sparkContext.setLogLevel("ERROR")
    for path in paths:
        # Python's times have the zone of the machine: milliseconds have none.
        frame = session[0].read.parquet(path)
        times = {field.name for field in frame.schema.fields if field.dataType.typeName() == "timestamp"}
        columns = [f"unix_millis(`{n}`) AS `{n}`" if n in times else f"`{n}`" for n in frame.columns]
        for row in frame.selectExpr(*columns).toLocalIterator():
            yield ((n, None if v is None else EPOCH + datetime.timedelta(milliseconds=v)) if n in times else (n, v)
                   for n, v in zip(frame.columns, row))


def main():
    engine = {"pyarrow": pyarrow, "polars": polars, "duckdb": duckdb, "spark": spark}[sys.argv[1]]
    for folder in sys.argv[2:]:
        for table, paths in tables(folder).items():
            for row in engine(paths):
                print(folder, table, *(f"{name}={form(value)}" for name, value in row), sep="\t")


main()
