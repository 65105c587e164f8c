#!/usr/bin/env python3
"""seed.py CORPUS: writes a corpus a target, from the fixtures and from packed values that rdb_bytes.py builds."""
import glob
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "Fixtures")
sys.path.insert(0, os.path.join(FIXTURES, "tools"))
from rdb_bytes import (  # noqa: E402
    intset, length, listpack, lp_int, lp_str, lzf, lzf_string, string, stream_node, stream_tail, zipmap, ziplist, zl_int, zl_str)

MARK = b"784457b712bfb44ed7bff720b59ec27d6f7ba811"
REPLIES = [
    b"+OK\r\n-ERR no\r\n:-5\r\n$3\r\nabc\r\n$-1\r\n*-1\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n",
    b"%1\r\n+k\r\n,1.5\r\n~1\r\n#t\r\n>2\r\n+a\r\n(123\r\n=7\r\ntxt:abc\r\n|1\r\n+a\r\n_\r\n:1\r\n!5\r\nERR x\r\n",
    b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n", b"$9223372036854775807\r\n", b"*99999999999\r\n" * 3]
TRANSFERS = [
    b"\n\n$9\r\nREDIS0011*1\r\n$4\r\nPING\r\n", b"$EOF:" + MARK + b"\r\nREDIS0011" + MARK[:39] + b"x" + MARK + b"*1",
    b"$EOF:" + b"a" * 39 + b"b\r\n" + b"a" * 100 + b"b", b"-ERR BGSAVE failed\r\n", b"$9223372036854775807\r\n"]
HANDSHAKES = [
    b"+OK\r\n-ERR Unrecognized REPLCONF option\r\n\n+FULLRESYNC " + MARK + b" 71\r\n$5\r\n",
    b"+OK\r\n+OK\r\n+CONTINUE " + MARK + b"\r\n*1\r\n", b"-ERR unknown command\r\n" * 3 + b"\n$5\r\n"]



def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


STREAMS = [
    command(b"SELECT", b"1") + command(b"SET", b"k", b"v", b"PXAT", b"5") + command(b"PING") + b"\n"
    + command(b"MULTI") + command(b"INCR", b"a") + command(b"MOVE", b"a", b"2") + command(b"EXEC"),
    command(b"SWAPDB", b"0", b"1") + command(b"FLUSHALL") + command(b"COPY", b"a", b"b", b"DB", b"1", b"REPLACE"),
    command(b"MSETEX", b"2", b"a", b"1", b"b", b"2", b"NX", b"PXAT", b"5") + command(b"SET", b"k", b"v", b"IFEQ", b"w")
    + command(b"HSETEX", b"h", b"FNX", b"PXAT", b"5", b"FIELDS", b"1", b"f", b"v")
    + command(b"HGETDEL", b"h", b"FIELDS", b"1", b"f"),
    command(b"XADD", b"x", b"KEEPREF", b"MAXLEN", b"=", b"5", b"1-1", b"f", b"v")
    + command(b"XACKDEL", b"x", b"g", b"KEEPREF", b"IDS", b"1", b"1-1") + command(b"REPLCONF", b"GETACK", b"*"),
    command(b"CONFIG", b"SET", b"dir", b"/"), b"*9223372036854775807\r\n", b"*1\r\n$9223372036854775807\r\n"]


def save(corpus, target, data):
    folder = os.path.join(corpus, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "seed-%04d" % len(os.listdir(folder))), "wb") as f:
        f.write(data)


def main(corpus):
    files = sorted(glob.glob(os.path.join(FIXTURES, "*", "*.rdb")))
    for number, name in enumerate(files):
        data = open(name, "rb").read()
        if len(data) <= 8192:
            # Every interest and option in turn; checksums ignored, that changed bytes get through.
            save(corpus, "Reader", bytes([number & 7 | 8]) + data)
            save(corpus, "PushReader", bytes([number & 7, number & 255]) + data)
            save(corpus, "Snapshots", bytes([number & 63]) + data)
        if len(data) <= 2048:
            save(corpus, "LengthPrefix", data[9:])
    logs = glob.glob(os.path.join(FIXTURES, "commands", "**", "*.aof"), recursive=True)
    logs += glob.glob(os.path.join(FIXTURES, "commands", "*.resp"))
    for number, name in enumerate(sorted(logs + glob.glob(os.path.join(FIXTURES, "aof", "*", "*.aof")))):
        data = open(name, "rb").read()
        if len(data) <= 8192:
            save(corpus, "Commands", bytes([number & 7, number * 7 & 255]) + data)
    for name in sorted(glob.glob(os.path.join(FIXTURES, "*", "*", "*.manifest"))):
        save(corpus, "Manifest", open(name, "rb").read())
    for number, text in enumerate(REPLIES + TRANSFERS + HANDSHAKES):
        kind = 0 if text in REPLIES else 2 if text in TRANSFERS else 3
        save(corpus, "Replies", bytes([kind, number]) + text)
    for number, text in enumerate(STREAMS):
        for kind in range(4):
            save(corpus, "Following", bytes([kind, number]) + text)
    ints = [0, 1, 127, -1, 4095, -4096, 1 << 14, -1 << 15, 1 << 22, 1 << 30, 1 << 60]
    for entries in ([], ints, [b"", b"a" * 63, b"b" * 64, b"c" * 4100], [lp_int(5, 64), lp_str(b"5", 32)], [b"f", 1, b"g", 2]):
        save(corpus, "Listpack", listpack(entries))
    for entries in ([], [zl_int(n, 64) for n in ints], [b"", b"a" * 63, b"b" * 64, b"c" * 300, b"d"], [zl_int(3, 4), zl_int(3, 24)],
                    [zl_str(b"x", 14), zl_str(b"y", 32)]):
        save(corpus, "Ziplist", ziplist(entries))
    for width in (2, 4, 8):
        save(corpus, "Intset", intset([-5, 0, 1, 100], width))
    save(corpus, "Zipmap", zipmap([(b"f", b"v"), (b"", b""), (b"g" * 300, b"w" * 253)], free=(0, 3)))
    for text in (b"a" * 30, b"abcabcabc" * 50, bytes(range(256)), b"z" * 9000):
        save(corpus, "LZF", struct.pack(">H", len(text)) + lzf(text))
        save(corpus, "LengthPrefix", lzf_string(text) + string(text) + length(1 << 40))
    group = {"name": b"g", "last": (1, 1), "read": 1, "pending": [((1, 1), 5, 1), ((1, 2), 0, 2)],
             "consumers": [(b"a", 5, 5, [(1, 1)]), (b"b", 5, -1, [])], "released": [(1, 2)]}
    idmp = {"duration": 100, "limit": 100, "producers": [(b"p", [(b"i", (1, 1))])], "added": 1, "duplicates": 0}
    info = {"length": 2, "last": (2, 0), "first": (1, 1), "max_deleted": (1, 2), "added": 3, "idmp": idmp}
    node = stream_node([b"f"], [(1, 1, [b"v"], 0), (1, 2, [b"w"], 1), (2, 0, [(b"g", b"x")], 0)])
    for number, code in enumerate((15, 19, 21, 26, 27)):
        whole = dict(group)
        if code < 27:
            whole["consumers"] = [(b"a", 5, 5, [(1, 1)]), (b"b", 5, -1, [(1, 2)])]
        for how in range(4):
            save(corpus, "Stream", bytes([number + 5 * how]) + length(1) + node + stream_tail(code, info, [whole]))


if __name__ == "__main__":
    main(sys.argv[1])
