#!/usr/bin/env python3
"""craft.py: writes ../crafted/v<version>-<topic>.rdb and the rows expected of each.

What no server at hand writes, from the description of the format alone. Every run gives the same bytes.
README.md says which of the files a server has confirmed. Standard library only, Python 3.8 or later.
"""
import base64
import hashlib
import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from rdb_bytes import (  # noqa: E402
    MAX, As, crc64, integer, intset, length, listpack, lp_int, lp_str, lzf_string, meta_class, module_id,
    stream_id, stream_node, stream_tail, string, value_of, ziplist, zipmap, zl_int, zl_str)

YEAR_2100 = 4102444800000
YEAR_2150 = 5680281600000


def b64(b):
    return base64.b64encode(b).decode()


class File:
    """A dump being written, and its rows."""

    def __init__(self, version, topic, aux=True):
        self.version, self.name = version, "v%d-%s" % (version, topic)
        self.out = bytearray(b"VALKEY%03d" % version if version >= 80 else b"REDIS%04d" % version)
        self.rows, self.expired, self.db = [], [], 0
        self.attributes = {}
        if aux:
            self.aux(b"redis-bits", integer(64, 8))
            self.aux(b"crafted-by", string(b"craft.py"))

    def raw(self, *parts):
        for part in parts:
            self.out += part

    def aux(self, name, value):
        self.raw(b"\xFA", string(name), value)

    def select(self, db, width=None):
        self.db = db
        self.raw(b"\xFE", length(db, width))

    def expire_ms(self, ms):
        self.raw(b"\xFC", struct.pack("<q", ms))
        self.attributes["expireat_ms"] = None if ms == -1 else ms

    def expire_s(self, s):
        self.raw(b"\xFD", struct.pack("<i", s))
        self.attributes["expireat_ms"] = s * 1000

    def idle(self, seconds, width=None):
        self.raw(b"\xF8", length(seconds, width))
        self.attributes["idle_s"] = seconds

    def freq(self, n):
        self.raw(b"\xF9", bytes([n]))
        self.attributes["freq"] = n

    def key(self, name, code, payload, kind, value, stored_name=None, gone=False, encoding=None):
        """A key; gone: its time had passed when the file was written."""
        self.raw(bytes([code]), string(name) if stored_name is None else stored_name, payload)
        row = {"db": self.db, "key_b64": b64(name), "type": kind, "encoding": encoding, "expireat_ms": None,
               "value": value, "mem": None, "idle_s": None, "freq": None}
        row.update(self.attributes)
        self.attributes = {}
        (self.expired if gone else self.rows).append(row)
        return row

    # One function a type: the logical value as the row has it.

    def string(self, name, payload, value, **more):
        return self.key(name, 0, payload, "string", b64(value), **more)

    def list(self, name, code, payload, elements, **more):
        return self.key(name, code, payload, "list", [b64(value_of(e)) for e in elements], **more)

    def set(self, name, code, payload, members, **more):
        return self.key(name, code, payload, "set", sorted(b64(value_of(m)) for m in members), **more)

    def zset(self, name, code, payload, pairs, **more):
        return self.key(name, code, payload, "zset", sorted([b64(value_of(m)), s] for m, s in pairs), **more)

    def hash(self, name, code, payload, pairs, **more):
        rows = sorted([b64(value_of(p[0])), b64(value_of(p[1])), p[2] if len(p) > 2 else None] for p in pairs)
        return self.key(name, code, payload, "hash", rows, **more)

    def module(self, name, module, version, items, **more):
        payload = length(module_id(module, version)) + items + length(0)
        dump = bytes([7]) + payload + struct.pack("<H", self.version)
        dump += struct.pack("<Q", crc64(dump))
        return self.key(name, 7, payload, "module", {"module_type": module, "dump": b64(dump)}, **more)

    def stream(self, name, code, nodes, info, groups, **more):
        """nodes: (master's fields, entries), as stream_node takes them."""
        payload = length(len(nodes)) + b"".join(stream_node(f, e) for f, e in nodes) + stream_tail(code, info, groups)
        entries = []
        for fields, records in nodes:
            for ms, seq, content, deleted in records:
                if not deleted:
                    same = not content or not isinstance(content[0], tuple)
                    pairs = zip(fields, content) if same else content
                    entries.append(["%d-%d" % (ms, seq), [[b64(value_of(f)), b64(value_of(v))] for f, v in pairs]])
        value = {"entries": entries, "length": info["length"], "last_id": "%d-%d" % info["last"]}
        for key, source in (("first_id", "first"), ("max_deleted_id", "max_deleted")):
            value[key] = "%d-%d" % info[source] if code >= 19 else None
        value["entries_added"] = info["added"] if code >= 19 else None
        value["groups"] = sorted((group_row(code, g) for g in groups), key=lambda g: g["name"])
        if code >= 26:
            i = info["idmp"]
            value["idmp"] = {
                "duration_s": i["duration"], "max_entries": i["limit"], "iids_added": i["added"],
                "iids_duplicates": i["duplicates"],
                "producers": [{"id": b64(n), "ids": [[b64(x), "%d-%d" % e] for x, e in es]} for n, es in i["producers"]]}
        return self.key(name, code, payload, "stream", value, **more)

    def end(self, tail=b"", checksum=True):
        self.raw(b"\xFF")
        if self.version >= 5:
            self.raw(struct.pack("<Q", crc64(self.out) if checksum else 0))
        self.raw(tail)
        write(self.name + ".rdb", bytes(self.out))
        write(self.name + ".golden.jsonl", lines(self.rows))
        if self.expired:
            write(self.name + ".expired.jsonl", lines(self.expired))


def group_row(code, g):
    owner = {i: b64(name) for name, _, _, pel in g["consumers"] for i in pel}
    return {
        "name": b64(g["name"]), "last_delivered": "%d-%d" % g["last"],
        "entries_read": (-1 if g["read"] == MAX else g["read"]) if code >= 19 else None,
        "pel": [["%d-%d" % i, owner.get(i), t, n] for i, t, n in g["pending"]],
        "consumers": sorted(({"name": b64(name), "seen_time_ms": seen, "active_time_ms": active if code >= 21 else None,
                              "pel": ["%d-%d" % i for i in pel]} for name, seen, active, pel in g["consumers"]),
                            key=lambda c: c["name"])}


def lines(rows):
    rows = sorted(rows, key=lambda r: (r["db"], base64.b64decode(r["key_b64"])))
    return b"".join(json.dumps(r, separators=(",", ":")).encode() + b"\n" for r in rows)


def write(name, data):
    with open(os.path.join(HERE, "..", "crafted", name), "wb") as f:
        f.write(data)


def many(count, what):
    return [b"%s-%d" % (what, i) for i in range(count)]


# -- forms that servers read and no longer, or never, write ------------------------------------------

def strings():
    f = File(10, "strings")
    for width in (8, 16, 32):
        top = 1 << width - 1
        for n in (-top, -top + 1, -1, 0, 1, top - 1):
            f.string(b"int%d:%d" % (width, n), integer(n, width), b"%d" % n)
    text = b"what repeats, repeats, repeats, and repeats again: " * 4
    f.string(b"lzf", lzf_string(text), text)
    f.string(b"lzf:run", lzf_string(b"z" * 5000), b"z" * 5000)
    f.string(b"lzf:far", lzf_string(bytes(range(250)) * 2 + bytes(9000) + bytes(range(250))),
             bytes(range(250)) * 2 + bytes(9000) + bytes(range(250)))
    f.string(b"lzf:literals", lzf_string(bytes(range(256))), bytes(range(256)))
    f.string(b"lzf:one byte", b"\xC3\x02\x01\x00x", b"x")
    f.string(b"lzf:wide lengths", lzf_string(text, 32), text)
    f.string(b"", string(b"the key without a name"), b"the key without a name")
    f.string(b"empty", string(b""), b"")
    for width in (14, 32, 64):
        f.string(b"length of %d bits" % width, string(b"short", width), b"short")
        name = b"name's length of %d bits" % width
        f.string(name, string(b"v"), b"v", stored_name=string(name, width))
        f.string(b"empty, length of %d bits" % width, string(b"", width), b"")
    f.string(b"-17", string(b"v"), b"v", stored_name=integer(-17, 8))
    f.string(b"1000", string(b"v"), b"v", stored_name=integer(1000, 16))
    f.string(b"5", string(b"v"), b"v", stored_name=integer(5, 32))
    name = b"name/" * 20
    f.string(name, string(b"v"), b"v", stored_name=lzf_string(name))
    f.string(b"all bytes \x00\xff\r\n\"", string(bytes(range(256))), bytes(range(256)))
    f.end()


def structure():
    """No SELECTDB at first, databases that come back, AUX and attributes wherever they may stand."""
    f = File(10, "structure", aux=False)
    f.string(b"before any select", string(b"0"), b"0")
    f.aux(b"REDIS-VER", string(b"7.0.15"))
    f.aux(b"%note", string(b"an informational field"))
    f.aux(b"unknown", integer(-1, 8))
    f.aux(b"", string(b""))
    f.select(3)
    f.raw(b"\xFB", length(1000, 64), length(7))
    f.string(b"k", string(b"3"), b"3")
    f.raw(b"\xFC", struct.pack("<q", YEAR_2100 + 5))
    f.aux(b"between", string(b"an attribute and its key"))
    f.expire_s(YEAR_2100 // 2000)
    f.expire_ms(YEAR_2150)
    f.idle(10)
    f.idle(1 << 20)
    f.set(b"attributes twice", 2, length(2) + string(b"a") + integer(7, 8), [b"a", b"7"])
    f.string(b"none of them", string(b"v"), b"v")
    f.freq(0)
    f.freq(255)
    f.expire_ms(YEAR_2100)
    f.hash(b"frequency first", 4, length(1, 64) + string(b"f") + string(b"v"), [(b"f", b"v")])
    f.expire_s(YEAR_2100 // 2000)
    f.expire_ms(-1)
    f.string(b"no expiry after all", string(b"v"), b"v")
    f.select(1, 64)
    f.idle(77, 64)
    f.freq(5)
    f.string(b"idle and frequency", string(b"1"), b"1")
    f.select(3)
    f.select(0, 14)
    f.string(b"back in 0", string(b"00"), b"00")
    f.select(3, 32)
    f.list(b"back in 3", 1, length(1) + string(b"e"), [b"e"])
    f.select(9)
    f.end()


def expiry():
    f = File(10, "expiry")
    f.select(0)
    f.expire_ms(-1)
    f.string(b"-1: none", string(b"v"), b"v")
    for ms in (0, 1, -2, -1000, -1 << 63):
        f.expire_ms(ms)
        f.string(b"ms %d" % ms, string(b"v"), b"v", gone=True)
    for s in (0, 1, -1, -2, -1 << 31):  # -1 second is a time, -1 millisecond is not
        f.expire_s(s)
        f.string(b"s %d" % s, string(b"v"), b"v", gone=True)
    for ms in (YEAR_2100, (1 << 48) - 1, (1 << 62) - 1):
        f.expire_ms(ms)
        f.string(b"ms %d" % ms, string(b"v"), b"v")
    f.expire_s((1 << 31) - 1)
    f.string(b"s 2^31-1", string(b"v"), b"v")
    f.end()


def oldtypes():
    """Types 1-4, 9-14 in a file of a version whose servers no longer write them."""
    f = File(10, "oldtypes")
    f.select(0)
    words = [b"", b"a", b"12", b"-1", b"x" * 300]
    f.list(b"1 list", 1, length(5) + string(b"") + lzf_string(b"a" * 40) + integer(-9, 8) + string(b"x" * 300)
           + integer(1 << 20, 32), [b"", b"a" * 40, b"-9", b"x" * 300, b"%d" % (1 << 20)])
    f.set(b"2 set", 2, length(3, 32) + string(b"") + integer(77, 16) + lzf_string(b"m" * 50), [b"", b"77", b"m" * 50])
    texts = [(b"inf", b"\xFE", "inf"), (b"-inf", b"\xFF", "-inf")]
    for t in (b"3", b"-3", b"0.10000000000000001", b"1e+300", b"-2.5e-10", b"17179869184", b"4.9406564584124654e-324"):
        texts.append((t, bytes([len(t)]) + t, t.decode()))
    f.zset(b"3 zset", 3, length(len(texts)) + b"".join(string(m) + s for m, s, _ in texts), [(m, s) for m, _, s in texts])
    f.hash(b"4 hash", 4, length(3) + string(b"f") + string(b"") + string(b"") + string(b"v") + integer(1, 8) + integer(2, 8),
           [(b"f", b""), (b"", b"v"), (b"1", b"2")])
    lengths = (0, 1, 252, 253, 254, 255, 300)
    pairs = [(b"f" * n, b"v" * (300 - n)) for n in lengths]
    f.hash(b"9 zipmap", 9, lzf_string(zipmap(pairs, free=(0, 1, 4, 0, 2))), pairs)
    f.hash(b"9 zipmap, 253 pairs", 9, lzf_string(zipmap([(m, m) for m in many(253, b"p")])), [(m, m) for m in many(253, b"p")])
    f.hash(b"9 zipmap, count unknown", 9, string(zipmap(pairs[2:4], count=254)), pairs[2:4])
    ints = [zl_int(n, 4) for n in (0, 1, 11, 12)]
    for form in (8, 16, 24, 32, 64):
        top = 1 << form - 1
        ints += [zl_int(n, form) for n in (-top, -1, 0, 1, top - 1)]
    f.list(b"10 integers", 10, string(ziplist(ints)), ints)
    sizes = [zl_str(b"s" * n) for n in (0, 1, 63, 64, 249, 250, 251, 252, 253, 16383, 16384)]
    f.list(b"10 strings", 10, lzf_string(ziplist(sizes)), sizes)
    wide = [zl_str(b"short", 14), zl_str(b"", 14), zl_str(b"short", 32), zl_str(b"", 32), zl_str(b"12")]
    f.list(b"10 wider than needed", 10, string(ziplist(wide, wide_prevlen=(0, 1, 3))), wide)
    f.list(b"10 count unknown", 10, string(ziplist(words, count=65535)), words)
    f.set(b"11 intset", 11, lzf_string(intset([-2, 5, 9], 8)), [-2, 5, 9])
    f.zset(b"12 zset", 12, string(ziplist([b"m", zl_int(-3, 8), b"n", b"0.5", zl_int(7, 4), b"inf"])),
           [(b"m", "-3"), (b"n", "0.5"), (b"7", "inf")])
    f.hash(b"13 hash", 13, string(ziplist([b"f", zl_int(2, 4), b"", b"", zl_int(1 << 40, 64), b"v"])),
           [(b"f", b"2"), (b"", b""), (b"%d" % (1 << 40), b"v")])
    f.list(b"14 quicklist", 14, length(3) + string(ziplist([b"a", b"b"])) + lzf_string(ziplist([b"c" * 99]))
           + string(ziplist([zl_int(5, 4)])), [b"a", b"b", b"c" * 99, b"5"])
    f.list(b"14 quicklist with an empty node", 14, length(2) + string(ziplist([])) + string(ziplist([b"x"])), [b"x"])
    f.end()


def packed():
    """Listpacks (16, 17, 18, 20) with every form of entry, and intsets."""
    f = File(11, "packed")
    f.select(0)
    ints = [lp_int(n, 7) for n in (0, 1, 126, 127)]
    for form in (13, 16, 24, 32, 64):
        top = 1 << form - 1
        ints += [lp_int(n, form) for n in (-top, -1, 0, 1, top - 1)]
    f.list(b"integers", 18, length(1) + length(2) + string(listpack(ints)), ints)
    sizes = [lp_str(b"s" * n) for n in (0, 1, 63, 64, 125, 126, 127, 4095, 4096, 16376, 16377, 16379)]
    f.list(b"strings", 18, length(1) + length(2) + lzf_string(listpack(sizes)), sizes)
    wide = [lp_str(b"", 12), lp_str(b"", 32), lp_str(b"short", 12), lp_str(b"short", 32), lp_str(b"5"), lp_str(b"x" * 126, 32),
            lp_str(b"x" * 122, 32), lp_str(b"x" * 123, 32)]
    f.list(b"wider than needed", 18, length(1) + length(2) + string(listpack(wide)), wide)
    f.list(b"count unknown", 18, length(1) + length(2) + string(listpack([b"a", 1, b""], count=65535)), [b"a", 1, b""])
    f.list(b"plain and packed", 18,
           length(6) + length(1) + string(b"plain") + length(2) + string(listpack([b"p", 2]))
           + length(2) + string(listpack([])) + length(1) + integer(-70000, 32)
           + length(1, 14) + lzf_string(b"q" * 9000) + length(2, 64) + lzf_string(listpack([b"r" * 60])),
           [b"plain", b"p", b"2", b"-70000", b"q" * 9000, b"r" * 60])
    f.set(b"set", 20, string(listpack([b"a", b"", 5, -5, 1 << 40])), [b"a", b"", 5, -5, 1 << 40])
    f.zset(b"zset", 17, string(listpack([b"a", -4096, 7, b"0.5", b"c", b"1e+300", b"d", b"-inf", b"e", 1 << 62])),
           [(b"a", "-4096"), (b"7", "0.5"), (b"c", "1e+300"), (b"d", "-inf"), (b"e", "%d" % (1 << 62))])
    f.hash(b"hash", 16, string(listpack([b"f", 1, 2, b"", b"", b"v"])), [(b"f", b"1"), (b"2", b""), (b"", b"v")])
    f.hash(b"hash, names that differ in form only", 16, string(listpack([b"1 ", b"a", 1, b"b", b"01", b"c"])),
           [(b"1 ", b"a"), (b"1", b"b"), (b"01", b"c")])
    for width in (2, 4, 8):
        top = 1 << 8 * width - 1
        numbers = [-top, -top + 1, -1, 0, 1, top - 1]
        f.set(b"intset %d" % width, 11, string(intset(numbers, width)), numbers)
        f.set(b"intset %d, wider than needed" % width, 11, string(intset([3], width)), [3])
    f.end()


def backlens():
    """Where a listpack's backlen grows by a byte: Redis at 16383 and 2097151, Valkey (since 9) one later."""
    for version, natural in ((11, False), (80, True)):
        f = File(version, "backlens")
        f.select(0)
        for n in (16382, 16383, 16384, 2097150, 2097151, 2097152):
            entries = [lp_str(b"s" * (n - 5)), lp_str(b"")]
            f.list(b"entry of %d bytes" % n, 18, length(1) + length(2) + lzf_string(listpack(entries, natural=natural)), entries)
            f.rows[-1]["value"] = [{"len": n - 5, "sha256": sha256(b"s" * (n - 5))}, ""]
        f.end()


def sha256(b):
    return hashlib.sha256(b).hexdigest()


GROUP = {"last": (0, 0), "read": MAX, "pending": [], "consumers": [], "released": []}
NO_IDMP = {"duration": 100, "limit": 100, "producers": [], "added": 0, "duplicates": 0}


def stream_cases(f, code, prefix=b""):
    """Streams that a sender of commands can make and rarely does."""
    first = (5, 10)
    info = {"length": 4, "last": (9, 3), "first": first, "max_deleted": (5, 12), "added": 6, "idmp": NO_IDMP}
    nodes = [([b"f", b"g"], [(5, 10, [1, b"x"], 0), (5, 12, [b"gone", b"gone"], 1),
                             (6, 3, [b"seq", b"below the master's"], 0)]),
             ([], [(7, 0, [(b"h", b"v"), (b"h", b"again"), (b"", b"")], 1), (7, 1, [(b"1", 2), (3, b"four")], 0),
                   (8, 0, [(b"k", b"v")], 0)])]
    groups = [dict(GROUP, name=b"all read", last=(9, 3), read=6),
              dict(GROUP, name=b"", last=(5, 10), pending=[((5, 10), 1700000000000, 3)],
                   consumers=[(b"", 1700000000000, 1699999999999, [(5, 10)])]),
              dict(GROUP, name=b"group \x00\xff", last=(6, 3), read=2,
                   pending=[((4, 0), 0, 1), ((5, 10), 1700000000001, 1 << 40), ((5, 12), 1700000000002, 1)],
                   consumers=[(b"idle", 1700000000003, -1, []), (b"b", 1700000000004, 1700000000004, [(5, 10)]),
                              (b"a", 1700000000005, 1700000000000, [(4, 0), (5, 12)])])]
    f.stream(prefix + b"mixed", code, nodes, info, groups)
    info = {"length": 3, "last": (MAX, MAX), "first": (1, MAX), "max_deleted": (0, 0), "added": 3, "idmp": NO_IDMP}
    nodes = [([b"f"], [(1, MAX, [b"a"], 0), (2, 0, [b"sequence wraps"], 0), (MAX, MAX, [b"time wraps"], 0)])]
    f.stream(prefix + b"extreme ids", code, nodes, info, [])
    info = {"length": 0, "last": (3, 3), "first": (0, 0), "max_deleted": (3, 3), "added": 2, "idmp": NO_IDMP}
    f.stream(prefix + b"empty with a ghost", code, [], info, [
        dict(GROUP, name=b"g", last=(3, 3), read=2, pending=[((3, 3), 1700000000000, 1)],
             consumers=[(b"c", 1700000000000, 1700000000000, [(3, 3)])])])
    info = {"length": 0, "last": (0, 0), "first": (0, 0), "max_deleted": (0, 0), "added": 0, "idmp": NO_IDMP}
    f.stream(prefix + b"never filled", code, [], info, [dict(GROUP, name=b"g", read=0)])


def streams():
    f = File(11, "streams")
    f.select(0)
    for code in (15, 19, 21):
        stream_cases(f, code, b"%d " % code)
    f.end()


def modules():
    """Every kind of item, names with the two odd characters, AUX before and behind."""
    f = File(10, "modules")
    items = b"".join((
        length(1) + length((1 << 64) - 5), length(1) + length(1 << 63, 64), length(2) + length(MAX), length(2) + length(0, 64),
        length(3) + struct.pack("<f", -1.5), length(3, 14) + struct.pack("<f", float("nan")),
        length(4) + struct.pack("<d", 0.1), length(4) + struct.pack("<d", float("inf")),
        length(5) + string(b"\x00\x07"), length(5) + integer(-3, 8), length(5) + lzf_string(b"m" * 90), length(5) + string(b"")))
    for when in (1, 2):
        f.raw(b"\xF7", length(module_id("Aux-Name_", 1023)), length(2), length(when), items, length(0))
    f.raw(b"\xF7", length(module_id("AAAAAAAAA", 0)), length(2), length(1), length(0))
    f.select(0)
    f.module(b"all items", "-_09azAZ-", 1023, items)
    f.expire_ms(YEAR_2100)
    f.module(b"no items", "AAAAAAAAA", 0, b"")
    f.string(b"behind", string(b"v"), b"v")
    f.raw(b"\xF7", length(module_id("behindKey", 7)), length(2), length(2), length(2) + length(9), length(0))
    f.end()


def hashttl():
    """Field expiries: counted from the earliest of them (24) or absolute (25, 22 and 23 of the candidates)."""
    f = File(12, "hashttl")
    f.select(0)
    past = 1000000000000
    live = [(b"none", b"1", None), (b"earliest", b"2", YEAR_2100), (b"later", b"3", YEAR_2150)]
    body = length(3) + length(0) + string(b"none") + integer(1, 8) + length(1) + string(b"earliest") + integer(2, 8)
    body += length(YEAR_2150 - YEAR_2100 + 1) + string(b"later") + integer(3, 8)
    f.hash(b"24", 24, struct.pack("<q", YEAR_2100) + body, live)
    top = (1 << 46) - 1
    f.hash(b"24, the latest there is", 24, struct.pack("<q", top) + length(1) + length(1) + string(b"f") + string(b"v"),
           [(b"f", b"v", top)])
    f.hash(b"25", 25, struct.pack("<q", YEAR_2100)
           + string(listpack([b"earliest", 2, YEAR_2100, b"later", 3, YEAR_2150, b"none", 1, 0])), live)
    f.hash(b"25, no earliest noted", 25, struct.pack("<q", 0) + lzf_string(listpack([b"f", b"v", YEAR_2100, b"g", b"w" * 60, 0])),
           [(b"f", b"v", YEAR_2100), (b"g", b"w" * 60, None)])
    f.hash(b"22", 22, length(2) + length(YEAR_2100) + string(b"f") + string(b"v") + length(0) + string(b"g") + string(b"w"),
           [(b"f", b"v", YEAR_2100), (b"g", b"w", None)])
    f.hash(b"23", 23, string(listpack([b"f", b"v", YEAR_2100, b"g", b"w", 0])),
           [(b"f", b"v", YEAR_2100), (b"g", b"w", None)])
    f.hash(b"25, one field past", 25, struct.pack("<q", past) + string(listpack([b"f", b"v", past, b"g", b"w", 0])),
           [(b"g", b"w", None)])
    f.expired.append(dict(f.rows[-1], value=[[b64(b"f"), b64(b"v"), past]], partial=True))
    f.end()


def tails():
    """What may follow a snapshot: the mark of a diskless transfer, the commands of an AOF."""
    for topic, tail in (("replmark", b"0123456789abcdef0123456789ABCDEF01234567"),
                        ("aoftail", b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$6\r\nbehind\r\n$1\r\n1\r\n")):
        f = File(10, topic)
        f.aux(b"aof-base", integer(0, 8))
        f.select(0)
        f.string(b"k", string(b"v"), b"v")
        f.end(tail)


# -- what only newer servers write ------------------------------------------------------------------

def redis13():
    f = File(13, "streams")
    f.select(0)
    stream_cases(f, 26)
    idmp = {"duration": 86400, "limit": 10000, "added": 5, "duplicates": 2, "producers": [
        (b"p1", [(b"iid-1", (1000, 0)), (b"", (1001, 0))]), (b"", []), (b"p \xff", [(b"iid-1", (1001, 0))])]}
    info = {"length": 2, "last": (1001, 0), "first": (1000, 0), "max_deleted": (0, 0), "added": 2, "idmp": idmp}
    f.stream(b"idempotent", 26, [([b"f"], [(1000, 0, [1], 0), (1001, 0, [2], 0)])], info, [])
    f.end()


def key_meta(*classes):
    return b"\xF3" + length(len(classes)) + b"".join(c + items + length(0) for c, items in classes)


def redis13meta():
    """Modules' metadata before keys of several types."""
    f = File(13, "keymeta")
    f.select(0)
    every = b"".join((length(1) + length(MAX), length(2) + length(300), length(3) + struct.pack("<f", 2.5),
                      length(4) + struct.pack("<d", -0.5), length(5) + string(b"text"), length(5) + integer(9, 8),
                      length(5) + lzf_string(b"x" * 70)))
    one = key_meta((meta_class("note", 1, 1), every))
    f.raw(one)
    f.string(b"string", string(b"v"), b"v")
    f.expire_ms(YEAR_2100)
    f.freq(9)
    f.raw(key_meta((meta_class("A-_9", 31, 0), b""), (meta_class("zz09", 0, 7), length(2) + length(1))))
    f.hash(b"hash", 16, string(listpack([b"f", b"v"])), [(b"f", b"v")])
    f.raw(one)
    f.list(b"list", 18, length(1) + length(2) + string(listpack([b"e"])), [b"e"])
    f.raw(one)
    f.set(b"set", 11, string(intset([1], 2)), [1])
    f.raw(one)
    f.module(b"module", "meta-test", 3, length(2) + length(1))
    f.raw(key_meta())
    f.zset(b"zset, no class", 5, length(1) + string(b"m") + struct.pack("<d", 1.5), [(b"m", "1.5")])
    f.string(b"without", string(b"v"), b"v")
    f.end()


def redis14():
    f = File(14, "streams")
    f.select(0)
    stream_cases(f, 27)
    idmp = {"duration": 1, "limit": 1, "added": 1, "duplicates": 0, "producers": [(b"p1", [(b"iid-1", (1005, 0))])]}
    info = {"length": 2, "last": (1005, 0), "first": (1000, 0), "max_deleted": (1000, 1), "added": 3, "idmp": idmp}
    f.stream(b"released", 27, [([b"t", b"u"], [(1000, 0, [20, b"a"], 0), (1000, 1, [21, b"b"], 1), (1005, 0, [(b"k", b"v")], 0)])],
             info, [dict(GROUP, name=b"g", last=(1005, 0), pending=[((1000, 0), 1700000000000, 3), ((1005, 0), 0, 2)],
                         consumers=[(b"alice", 1795000000000, 1795000000000, [(1000, 0)]), (b"bob", 1795000000000, -1, [])],
                         released=[(1005, 0)]),
                    dict(GROUP, name=b"only released", last=(1005, 0), read=3, pending=[((1000, 0), 0, 1), ((1000, 1), 0, 9)],
                         released=[(1000, 0), (1000, 1)])])
    f.end()
    f = File(14, "arrays")
    f.select(0)

    def array(name, elements, cursor=None, **more):
        payload = length(len(elements)) + (length(0) if cursor is None else length(1) + length(cursor))
        payload += b"".join(length(i) + e for i, e, _ in elements)
        f.key(name, 28, payload, "array", {"elements": [[i, b64(v)] for i, _, v in elements], "insert_index": cursor}, **more)
    array(b"worked bytes", [
        (0, length(3) + string(b"hello"), b"hello"), (2, length(3) + string(b"007"), b"007"),
        (5, length(1) + struct.pack("<q", 42), b"42"), (7, length(2) + struct.pack("<d", -0.5), b"-0.5"),
        (9, length(0) + string(b"a much longer string here"), b"a much longer string here")])
    ints = [-1 << 61, -1, 0, 1, (1 << 61) - 1]
    array(b"integers", [(i, length(1) + struct.pack("<q", n), b"%d" % n) for i, n in enumerate(ints)], 4)
    doubles = [0.5, 1.0, -3.25, 100.125, 123456.75, 0.1]
    array(b"doubles", [(i, length(2) + struct.pack("<d", n), repr(n).encode()) for i, n in enumerate(doubles)])
    array(b"strings", [(0, length(3) + string(b""), b""), (1, length(3) + string(b"1234567"), b"1234567"),
                       (2, length(0) + integer(-5, 8), b"-5"), (3, length(0) + lzf_string(b"y" * 80), b"y" * 80),
                       (4, length(3, 64) + integer(77, 16), b"77")], 3)
    array(b"far apart", [(0, length(1) + struct.pack("<q", 1), b"1"), (1 << 32, length(3) + string(b"a"), b"a"),
                         (MAX - 1, length(3) + string(b"last"), b"last")], MAX - 1)
    f.expire_ms(YEAR_2100)
    array(b"with an expiry", [(1 << 14, length(0) + string(b""), b"")], 0)
    f.end()


def redis15():
    """Hashes that share their field names."""
    f = File(15, "templates")
    f.raw(b"\xF2", length(5), length(2), string(b"field1"), string(b"field2"))
    f.raw(b"\xF2", length(1 << 40), length(4), string(b""), string(b"z"), string(b"aa"), string(b"ab"))
    f.raw(b"\xF2", length(6), length(1), lzf_string(b"n" * 60))
    f.raw(b"\xF2", length(0), length(2), integer(7, 8), integer(-7, 8))
    f.raw(b"\xF2", length(99), length(1), string(b"referenced by nobody"))
    f.select(0)
    two = [(b"field1", b"1"), (b"field2", b"2")]
    lp, array = "template-listpack", "template-array"
    f.hash(b"30", 30, string(listpack([5, 1, 2])), two, encoding=lp)
    f.hash(b"32", 32, length(5) + integer(1, 8) + integer(2, 8), two, encoding=array)
    four = [(b"", b"a"), (b"z", b""), (b"aa", b"-1"), (b"ab", b"d" * 70)]
    f.hash(b"30, four fields", 30, lzf_string(listpack([1 << 40, b"a", b"", -1, b"d" * 70])), four, encoding=lp)
    f.hash(b"32, four fields", 32, length(1 << 40) + string(b"a") + string(b"") + integer(-1, 8) + lzf_string(b"d" * 70), four,
           encoding=array)
    f.hash(b"30, a long name", 30, string(listpack([6, b"v"])), [(b"n" * 60, b"v")], encoding=lp)
    f.hash(b"32, names that are integers", 32, length(0) + string(b"x") + string(b"y"), [(b"7", b"x"), (b"-7", b"y")], encoding=array)
    names = b"\x17" + listpack([b"field1", b"field2"])
    f.hash(b"29", 29, length(0) + names + string(listpack([0, 1, 2])), two, encoding=lp)
    f.hash(b"29, names as strings", 29, length(1) + length(2) + string(b"field1") + string(b"field2")
           + string(listpack([77, 1, 2])), two, encoding=lp)
    f.hash(b"31", 31, length(1) + length(2) + string(b"field1") + string(b"field2") + integer(1, 8) + integer(2, 8), two,
           encoding=array)
    f.hash(b"31, names in a listpack", 31, length(0) + names + string(b"1") + string(b"2"), two, encoding=array)
    f.expire_ms(YEAR_2100)
    f.hash(b"30, with an expiry", 30, string(listpack([5, b"", b""])), [(b"field1", b""), (b"field2", b"")], encoding=lp)
    f.hash(b"an ordinary hash", 16, string(listpack([b"f", b"v"])), [(b"f", b"v")])
    f.end()


def valkey80():
    f = File(80, "hash2")
    f.select(0)
    ms = lambda n: struct.pack("<q", n)  # noqa: E731
    pair = lambda a, b, n: string(a) + string(b) + ms(n)  # noqa: E731
    f.hash(b"no expiries", 22, length(2) + pair(b"f", b"v", -1) + pair(b"", b"", -1), [(b"f", b"v"), (b"", b"")])
    f.hash(b"far expiries", 22, length(3) + pair(b"f", b"v", YEAR_2100) + pair(b"g", b"w", (1 << 62) - 1) + pair(b"h", b"x", -1),
           [(b"f", b"v", YEAR_2100), (b"g", b"w", (1 << 62) - 1), (b"h", b"x")])
    f.hash(b"0 is a time", 22, length(2) + pair(b"past", b"v", 0) + pair(b"live", b"w", -1), [(b"live", b"w")])
    f.expired.append(dict(f.rows[-1], value=[[b64(b"past"), b64(b"v"), 0]], partial=True))
    f.hash(b"other forms", 22, length(1, 64) + lzf_string(b"f" * 40) + integer(-5, 8) + ms(YEAR_2150), [(b"f" * 40, b"-5", YEAR_2150)])
    f.end()
    f = File(80, "slotimport")
    job = b"0123456789abcdef0123456789abcdef01234567"
    f.raw(b"\xF3", string(job), length(2), length(0), length(99), length(16000), length(16383))
    f.raw(b"\xF3", string(job[::-1]), length(0))
    f.select(0)
    f.aux(b"slot-info", string(b"12182,1,0,0"))
    f.string(b"foo", string(b"v"), b"v")
    f.end()
    f = File(81, "pathhash")
    f.select(0)

    def paths(name, payload, value, **more):
        f.key(name, 23, payload, "path-hash", [[b64(p), [[b64(a), b64(b)] for a, b in fields]] for p, fields in value],
              encoding="radix", **more)
    one = lambda p, *fields: string(p) + length(len(fields)) + b"".join(string(a) + string(b) for a, b in fields)  # noqa: E731
    paths(b"one", length(1) + one(b"p", (b"f", b"v")), [(b"p", [(b"f", b"v")])])
    paths(b"no paths", length(0), [])
    paths(b"bytes", length(3) + one(b"", (b"root", b"value")) + one(b"\x00\x01\x02\xff", (b"f\x00ield", b"v\x00al\xff"), (b"", b""))
          + one(b"abc", (b"f1", b"v1"), (b"f2", b"v2")),
          [(b"", [(b"root", b"value")]), (b"\x00\x01\x02\xff", [(b"f\x00ield", b"v\x00al\xff"), (b"", b"")]),
           (b"abc", [(b"f1", b"v1"), (b"f2", b"v2")])])
    paths(b"other forms", length(1, 64) + lzf_string(b"p" * 40) + length(2, 32) + integer(7, 8) + integer(-5, 16) + lzf_string(b"f" * 40) + string(b"v"),
          [(b"p" * 40, [(b"7", b"-5"), (b"f" * 40, b"v")])])
    many_paths = [(b"segment:%03d/%s" % (i, b"x" * (i % 50)), [(b"worker-%d" % j, b"%d" % (i * j)) for j in range(1 + i % 7)]) for i in range(300)]
    f.expire_ms(YEAR_2100)
    paths(b"many", length(300) + b"".join(one(p, *fields) for p, fields in many_paths), many_paths)
    f.string(b"s", string(b"v"), b"v")
    f.end()
    f = File(81, "hash2")
    f.select(0)
    f.hash(b"h", 22, length(2) + pair(b"f", b"v", YEAR_2100) + pair(b"g", b"w", -1), [(b"f", b"v", YEAR_2100), (b"g", b"w")])
    f.string(b"s", string(b"v"), b"v")
    f.end()


if __name__ == "__main__":
    for make in (strings, structure, expiry, oldtypes, packed, backlens, streams, modules, hashttl, tails,
                 redis13, redis13meta, redis14, redis15, valkey80):
        make()
