"""The layouts of RDB as functions from values to bytes; what craft.py builds its files of.

Nothing here chooses for you as a server would: each function has a parameter for the forms that are
legal and that no server at hand writes. Standard library only.
"""
import struct

MAX = (1 << 64) - 1


# -- lengths and strings --------------------------------------------------------------------------

def length(n, width=None):
    """LEN; width 6, 14, 32 or 64 forces a form that is longer than needed."""
    if width is None:
        width = 6 if n < 64 else 14 if n < 16384 else 32 if n < 1 << 32 else 64
    if width == 6:
        return bytes([n])
    if width == 14:
        return bytes([0x40 | n >> 8, n & 255])
    return b"\x80" + struct.pack(">I", n) if width == 32 else b"\x81" + struct.pack(">Q", n)


def string(b, width=None):
    return length(len(b), width) + b


def integer(n, width):
    """A string as an integer of 8, 16 or 32 bits; its bytes are the decimal text."""
    return bytes([{8: 0xC0, 16: 0xC1, 32: 0xC2}[width]]) + n.to_bytes(width // 8, "little", signed=True)


def lzf_string(b, width=None):
    c = lzf(b)
    return b"\xC3" + length(len(c), width) + length(len(b), width) + c


def lzf(b):
    """A valid LZF stream for b; greedy, with references as long and as near as they come."""
    out, run, seen, i = bytearray(), bytearray(), {}, 0

    def flush():
        for k in range(0, len(run), 32):
            part = run[k:k + 32]
            out.append(len(part) - 1)
            out.extend(part)
        run.clear()

    while i < len(b):
        at = seen.get(b[i:i + 3]) if i + 3 <= len(b) else None
        seen[b[i:i + 3]] = i
        if at is None or i - at > 8192:
            run.append(b[i])
            i += 1
            continue
        n, most = 3, min(264, len(b) - i)
        while n < most and b[at + n] == b[i + n]:
            n += 1
        flush()
        back = i - at - 1
        if n < 9:
            out += bytes([(n - 2) << 5 | back >> 8, back & 255])
        else:
            out += bytes([0xE0 | back >> 8, n - 9, back & 255])
        i += n
    flush()
    return bytes(out)


# -- packed values --------------------------------------------------------------------------------

class As:
    """An entry in a form of one's choice: its encoding and data, and the bytes it stands for."""

    def __init__(self, encoded, value):
        self.encoded, self.value = encoded, value


def value_of(entry):
    return entry.value if isinstance(entry, As) else entry if isinstance(entry, bytes) else b"%d" % entry


def little(n, size):
    return n.to_bytes(size, "little", signed=True)


def lp_int(n, form):
    """An integer in a listpack: form is 7, 13, 16, 24, 32 or 64 bits."""
    if form == 7:
        e = bytes([n])
    elif form == 13:
        e = bytes([0xC0 | (n & 0x1FFF) >> 8, n & 255])
    else:
        e = bytes([{16: 0xF1, 24: 0xF2, 32: 0xF3, 64: 0xF4}[form]]) + little(n, form // 8)
    return As(e, b"%d" % n)


def lp_str(b, form=None):
    """A string in a listpack: form is 6, 12 or 32 bits of length."""
    form = form or (6 if len(b) < 64 else 12 if len(b) < 4096 else 32)
    n = len(b)
    head = bytes([0x80 | n]) if form == 6 else bytes([0xE0 | n >> 8, n & 255]) if form == 12 \
        else b"\xF0" + struct.pack("<I", n)
    return As(head + b, b)


def backlen(n, natural=False):
    """Redis's thresholds lie one below the natural ones; Valkey 9 has the natural ones."""
    m = n if natural or n <= 127 else n + 1
    size = 1 if m < 1 << 7 else 2 if m < 1 << 14 else 3 if m < 1 << 21 else 4 if m < 1 << 28 else 5
    groups = [n >> 7 * k & 127 for k in reversed(range(size))]
    return bytes([groups[0]] + [g | 128 for g in groups[1:]])


def lp_entry(entry, natural=False):
    if isinstance(entry, int):
        forms = ((7, 0, 127), (13, -4096, 4095), (16, -1 << 15, (1 << 15) - 1),
                 (24, -1 << 23, (1 << 23) - 1), (32, -1 << 31, (1 << 31) - 1), (64, -1 << 63, (1 << 63) - 1))
        entry = lp_int(entry, next(f for f, low, high in forms if low <= entry <= high))
    elif isinstance(entry, bytes):
        entry = lp_str(entry)
    return entry.encoded + backlen(len(entry.encoded), natural)


def listpack(entries, count=None, natural=False):
    body = b"".join(lp_entry(e, natural) for e in entries)
    return struct.pack("<IH", len(body) + 7, min(len(entries), 65535) if count is None else count) + body + b"\xFF"


def zl_int(n, form):
    """An integer in a ziplist: form is 4, 8, 16, 24, 32 or 64 bits."""
    if form == 4:
        e = bytes([0xF1 + n])
    else:
        e = bytes([{8: 0xFE, 16: 0xC0, 24: 0xF0, 32: 0xD0, 64: 0xE0}[form]]) + little(n, form // 8)
    return As(e, b"%d" % n)


def zl_str(b, form=None):
    """A string in a ziplist: form is 6, 14 or 32 bits of length."""
    n = len(b)
    form = form or (6 if n < 64 else 14 if n < 16384 else 32)
    head = bytes([n]) if form == 6 else bytes([0x40 | n >> 8, n & 255]) if form == 14 \
        else b"\x80" + struct.pack(">I", n)
    return As(head + b, b)


def ziplist(entries, count=None, wide_prevlen=()):
    """wide_prevlen: the numbers of entries whose prevlen takes 5 bytes though it need not."""
    body, previous, tail = b"", 0, 10
    for i, entry in enumerate(entries):
        entry = entry if isinstance(entry, As) else zl_str(entry)
        wide = previous >= 254 or i in wide_prevlen
        whole = (b"\xFE" + struct.pack("<I", previous) if wide else bytes([previous])) + entry.encoded
        tail = 10 + len(body)
        body += whole
        previous = len(whole)
    n = len(entries) if count is None else count
    return struct.pack("<IIH", len(body) + 11, tail, n) + body + b"\xFF"


def intset(numbers, width):
    return struct.pack("<II", width, len(numbers)) + b"".join(little(n, width) for n in numbers)


def zipmap(pairs, free=(), count=None):
    """free: the number of spare bytes behind each value."""
    def size(b):
        return bytes([len(b)]) if len(b) < 254 else b"\xFE" + struct.pack("<I", len(b))
    out = b""
    for i, (field, value) in enumerate(pairs):
        spare = free[i] if i < len(free) else 0
        out += size(field) + field + size(value) + bytes([spare]) + value + b"\xAA" * spare
    return bytes([min(len(pairs), 254) if count is None else count]) + out + b"\xFF"


# -- streams --------------------------------------------------------------------------------------

def stream_id(ms, seq):
    return struct.pack(">QQ", ms, seq)


def signed(n):
    n &= MAX
    return n - (1 << 64) if n >> 63 else n


def stream_node(fields, entries):
    """entries: (ms, seq, pairs or values of the master's fields, deleted); the first is the master."""
    master = entries[0]
    deleted = sum(e[3] for e in entries)
    items = [len(entries) - deleted, deleted, len(fields)] + list(fields) + [0]
    for ms, seq, content, gone in entries:
        same = not content or not isinstance(content[0], tuple)
        record = [gone | 2 * same, signed(ms - master[0]), signed(seq - master[1])]
        record += content if same else [len(content)] + [x for pair in content for x in pair]
        items += record + [len(record)]
    return string(stream_id(*master[:2])) + string(listpack(items))


def ids(pair):
    return length(pair[0]) + length(pair[1])


def stream_tail(kind, info, groups):
    """What follows the nodes of a stream of type 15, 19, 21, 26 or 27.

    info: length, last, first, max_deleted, added, and from type 26 on idmp: duration, limit, producers, added,
    duplicates. A group: name, last, read, pending [(id, time, count)], consumers [(name, seen, active, ids)],
    and of type 27 released [id].
    """
    out = length(info["length"]) + ids(info["last"])
    if kind >= 19:
        out += ids(info["first"]) + ids(info["max_deleted"]) + length(info["added"])
    out += length(len(groups))
    for g in groups:
        out += string(g["name"]) + ids(g["last"])
        if kind >= 19:
            out += length(g["read"])
        out += length(len(g["pending"]))
        out += b"".join(stream_id(*i) + struct.pack("<q", t) + length(n) for i, t, n in g["pending"])
        out += length(len(g["consumers"]))
        for name, seen, active, pel in g["consumers"]:
            out += string(name) + struct.pack("<q", seen)
            if kind >= 21:
                out += struct.pack("<q", active)
            out += length(len(pel)) + b"".join(stream_id(*i) for i in pel)
        if kind >= 27:
            out += length(len(g["released"])) + b"".join(stream_id(*i) for i in g["released"])
    if kind >= 26:
        idmp = info["idmp"]
        out += length(idmp["duration"]) + length(idmp["limit"]) + length(len(idmp["producers"]))
        for name, entries in idmp["producers"]:
            out += string(name) + length(len(entries))
            out += b"".join(string(iid) + ids(i) for iid, i in entries)
        out += length(idmp["added"]) + length(idmp["duplicates"])
    return out


# -- modules, checksum ----------------------------------------------------------------------------

def module_id(name, version):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    n = 0
    for c in name:
        n = n << 6 | alphabet.index(c)
    return n << 10 | version


def meta_class(name, version, flags):
    """Key metadata's class: four characters, in an alphabet that ends differently from the modules'."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    n = 0
    for c in name:
        n = n << 6 | alphabet.index(c)
    return struct.pack("<I", n << 8 | version << 3 | flags)


CRC_TABLE = []
for i in range(256):
    for _ in range(8):
        i = i >> 1 ^ (0x95AC9329AC4BC9B5 if i & 1 else 0)
    CRC_TABLE.append(i)


def crc64(b):
    crc = 0
    for x in b:
        crc = CRC_TABLE[(crc ^ x) & 255] ^ crc >> 8
    return crc


assert crc64(b"123456789") == 0xE9C6D914C4B8D9CA
