"""As much CBOR (RFC 8949) as a factory image may hold, read strictly: definite
lengths, shortest forms, nothing behind the end. Written from the standard, not
from the program that it tests.
"""


def _head(data, at):
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    if low < 24:
        return major, low, low, at
    if low > 27:
        raise ValueError("indefinite or reserved length")
    width = 1 << (low - 24)
    value = int.from_bytes(data[at:at + width], "big")
    if major != 7 and value < (24, 1 << 8, 1 << 16, 1 << 32)[low - 24]:
        raise ValueError("not the shortest form")
    return major, low, value, at + width


def _item(data, at):
    major, low, value, at = _head(data, at)
    if major == 0:
        return value, at
    if major == 1:
        return -1 - value, at
    if major in (2, 3):
        raw = bytes(data[at:at + value])
        if len(raw) != value:
            raise ValueError("cut short")
        return raw if major == 2 else raw.decode(), at + value
    if major == 4:
        items = []
        for _ in range(value):
            one, at = _item(data, at)
            items.append(one)
        return items, at
    if major == 5:
        pairs = {}
        for _ in range(value):
            key, at = _item(data, at)
            one, at = _item(data, at)
            if key in pairs:
                raise ValueError("duplicate key")
            pairs[key] = one
        return pairs, at
    if major == 7 and low in (20, 21):
        return low == 21, at
    raise ValueError(f"major type {major} in a factory image")


def loads(data):
    value, at = _item(data, 0)
    if at != len(data):
        raise ValueError("bytes behind the end")
    return value


def senml_entries(data):
    """{path: value} of a SenML CBOR array with absolute names."""
    entries = {}
    for record in loads(data):
        if len(record) != 2 or 0 not in record:
            raise ValueError("a record is a name and a value")
        name = record.pop(0)
        (label, value), = record.items()
        kind = {2: int, 3: str, 4: bool, 8: bytes}[label]
        if type(value) is not kind:
            raise ValueError(f"{name}: label {label} with {value!r}")
        if name in entries:
            raise ValueError(f"{name} twice")
        entries[name] = value
    return entries


def _encode(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for low, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * width:
            return bytes([major << 5 | low]) + value.to_bytes(width, "big")
    raise ValueError(value)


def dumps(value):
    """The shortest form of what loads reads."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _encode(0, value) if value >= 0 else _encode(1, -1 - value)
    if isinstance(value, bytes):
        return _encode(2, len(value)) + value
    if isinstance(value, str):
        return _encode(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _encode(4, len(value)) + b"".join(map(dumps, value))
    return _encode(5, len(value)) + b"".join(
        dumps(k) + dumps(v) for k, v in value.items())


LABELS = ((bool, 4), (int, 2), (str, 3), (bytes, 8))


def senml(entries):
    """A SenML CBOR array of {path: value}, or of pairs of them."""
    pairs = entries.items() if isinstance(entries, dict) else entries
    return dumps([{0: path, next(n for kind, n in LABELS
                                 if isinstance(value, kind)): value}
                  for path, value in pairs])
