"""Loads CSV and JSON Lines of the same keys with pandas and DuckDB, and compares them.

    tables.py memory.csv memory.jsonl

Exits 1 with what differs. Keys that are not UTF-8 are escaped in CSV and base64 in JSON: compared as bytes.
"""
import base64
import codecs
import sys

import duckdb
import pandas

csv_path, json_path = sys.argv[1:]
TEXT = {"key": str, "type": str, "encoding": str, "largest_element": str, "expiry": str}
NAMES = {
    "database": "db", "type": "type", "size_in_bytes": "memory_bytes", "encoding": "encoding",
    "num_elements": "elements", "len_largest_element": "largest_element_bytes",
    "serialized_bytes": "serialized_bytes", "expire_ms": "expire_ms", "idle": "idle", "freq": "freq",
}


def text_of(value):
    """What CSV has for a key that JSON has as `value`, and whether it is escaped there."""
    if not isinstance(value, dict):
        return value, "\0" in value
    return base64.b64decode(value["$base64"]), True


def same_key(cell, value):
    wanted, is_escaped = text_of(value)
    if not is_escaped:
        return cell.replace("\\x27", "'").replace("\\\\", "\\") == wanted
    if isinstance(wanted, str):
        wanted = wanted.encode()
    return codecs.escape_decode(cell.encode("latin-1").replace(b'\\"', b'"'))[0] == wanted


def compare(name, csv, rows):
    assert len(csv) == len(rows), f"{name}: {len(csv)} rows of CSV, {len(rows)} of JSON"
    for number, (cells, row) in enumerate(zip(csv, rows)):
        for column, other in NAMES.items():
            a, b = cells[column], row[other]
            a = None if a is None or a != a or a == "" else a
            b = None if b is None or b != b else b
            assert a == b, f"{name}, row {number}: {column} is {a!r} in CSV, {b!r} in JSON"
        assert same_key(cells["key"], row["key"]), f"{name}, row {number}: {cells['key']!r}, {row['key']!r}"


def records(frame):
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


rows = records(pandas.read_json(json_path, lines=True, convert_dates=False, dtype=False))
csv = records(pandas.read_csv(csv_path, dtype=TEXT, keep_default_na=False, na_values={c: [""] for c in NAMES}))
compare("pandas", csv, rows)

columns = "{" + ", ".join(
    f"'{name}': '{'VARCHAR' if name in TEXT else 'BIGINT'}'"
    for name in pandas.read_csv(csv_path, nrows=0).columns) + "}"
table = duckdb.sql(
    f"SELECT * FROM read_csv('{csv_path}', header=true, columns={columns}, quote='\"', escape='\"')")
csv = [dict(zip(table.columns, row)) for row in table.fetchall()]
compare("DuckDB", csv, rows)
total = duckdb.sql(f"SELECT sum(memory_bytes), count(*) FROM read_json_auto('{json_path}')").fetchall()[0]
assert total == (sum(row["memory_bytes"] or 0 for row in rows), len(rows)), total
print(len(rows), "rows")
