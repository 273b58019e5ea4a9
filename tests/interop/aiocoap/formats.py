"""Readers of what a Bootstrap-Server writes, one for each Content-Format, that
share nothing with the code that encoded it. Each takes the path of the Write and
its payload, and returns {(object, instance): {resource: value}}.
"""

import base64
import json

import cbor2

TEXT = 0
OPAQUE = 42
CBOR = 60
SENML_JSON = 110
SENML_CBOR = 112
TLV = 11542
OMA_JSON = 11543
LWM2M_CBOR = 11544
OLD_TLV = 1542
OLD_JSON = 1543

# The types of the resources a bootstrap writes (LwM2M Core, appendix E).
TYPES = {
    0: {0: str, 1: bool, 2: int, 3: bytes, 4: bytes, 5: bytes, 10: int,
        11: int, 12: int, 13: int, 14: int, 15: int},
    1: {0: int, 1: int, 2: int, 3: int, 5: int, 6: bool, 7: str, 13: int,
        14: int, 15: bool, 16: bool, 17: int, 18: int, 19: int, 20: int,
        22: str, 23: bool},
}


class Malformed(Exception):
    """A payload that a device must answer with 4.00."""


def typed(obj, res, raw):
    """A TLV value as the type its resource has; bytes where none is known."""
    kind = TYPES.get(obj, {}).get(res, bytes)
    if kind is str:
        return raw.decode("utf-8")
    if kind is bool:
        if raw not in (b"\0", b"\1"):
            raise Malformed("boolean")
        return raw == b"\1"
    if kind is int:
        if len(raw) not in (1, 2, 4, 8):
            raise Malformed("integer of %d bytes" % len(raw))
        return int.from_bytes(raw, "big", signed=True)
    return bytes(raw)


def tlv(data):
    """The entries of a TLV sequence: (kind, identifier, value)."""
    at = 0

    def take(count):
        nonlocal at
        if at + count > len(data):
            raise Malformed("truncated TLV")
        at += count
        return data[at - count:at]

    while at < len(data):
        head = take(1)[0]
        ident = int.from_bytes(take(2 if head & 0x20 else 1), "big")
        width = head >> 3 & 3
        length = int.from_bytes(take(width), "big") if width else head & 7
        yield head >> 6, ident, take(length)


def read_tlv(path, data):
    def resources(obj, entries):
        found = {}
        for kind, res, value in entries:
            if kind == 3:
                found[res] = typed(obj, res, value)
            elif kind == 2:
                found[res] = {i: v for k, i, v in tlv(value) if k == 1}
            else:
                raise Malformed("TLV kind %d for a resource" % kind)
        return found

    entries = list(tlv(data))
    if len(path) == 3:
        if len(entries) != 1 or entries[0][1] != path[2]:
            raise Malformed("not the resource that is written")
        return {path[:2]: resources(path[0], entries)}
    if len(path) == 2:
        if len(entries) == 1 and entries[0][:2] == (0, path[1]):
            entries = tlv(entries[0][2])
        return {path: resources(path[0], entries)}
    written = {}
    for kind, instance, value in entries:
        if kind != 0:
            raise Malformed("no object instance in an object's TLV")
        written[path[0], instance] = resources(path[0], tlv(value))
    return written


def place(written, path, name, value):
    """Puts a value of the right type where its name, of numbers, says."""
    if tuple(name[:len(path)]) != path or len(name) not in (3, 4):
        raise Malformed("a name outside the request path")
    obj, instance, res = name[:3]
    kind = TYPES.get(obj, {}).get(res)
    if kind and type(value) is not kind:
        raise Malformed("/%d/x/%d is no %s" % (obj, res, kind.__name__))
    resources = written.setdefault((obj, instance), {})
    if len(name) == 4:
        resources = resources.setdefault(res, {})
        res = name[3]
    if res in resources:
        raise Malformed("a value twice")
    resources[res] = value


def numbers(name):
    parts = name.strip("/").split("/")
    if not all(part.isdecimal() for part in parts):
        raise Malformed("a name that is no path")
    return [int(part) for part in parts]


def only(record, labels):
    values = [(k, record[k]) for k in labels if k in record]
    if len(values) != 1:
        raise Malformed("%d values in a record" % len(values))
    return values[0]


def read_senml_cbor(path, data):
    """RFC 8428, with the CBOR labels of its table 4."""
    written = {}
    base = ""
    for record in loads(cbor2.loads, data):
        base = record.get(-2, base)
        _, value = only(record, (2, 3, 4, 8, "vlo"))
        place(written, path, numbers(base + record.get(0, "")), value)
    return written


def read_senml_json(path, data):
    """The same in JSON: opaque is base64url without padding."""
    written = {}
    base = ""
    for record in loads(json.loads, data):
        base = record.get("bn", base)
        label, value = only(record, ("v", "vs", "vb", "vd", "vlo"))
        if label == "vd":
            if "=" in value:
                raise Malformed("padding")
            value = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        place(written, path, numbers(base + record.get("n", "")), value)
    return written


def read_oma_json(path, data):
    """Of LwM2M 1.0: opaque is base64 with padding, and looks like a text."""
    written = {}
    document = loads(json.loads, data)
    for entry in document["e"]:
        name = numbers(document.get("bn", "") + entry.get("n", ""))
        label, value = only(entry, ("v", "sv", "bv", "ov"))
        if label == "sv" and TYPES.get(name[0], {}).get(name[2]) is bytes:
            value = base64.b64decode(value, validate=True)
        place(written, path, name, value)
    return written


def read_lwm2m_cbor(path, data):
    """Nested maps, whose keys are numbers or arrays of them."""
    written = {}

    def walk(node, name):
        if not isinstance(node, dict):
            place(written, path, name, node)
            return
        if not node:
            raise Malformed("an empty map")
        for key, below in node.items():
            walk(below, name + (list(key) if isinstance(key, tuple)
                                else [key]))

    walk(loads(cbor2.loads, data), [])
    return written


def kind_of(path):
    if len(path) != 3:
        raise Malformed("for a resource alone")
    return TYPES.get(path[0], {}).get(path[2], bytes)


def read_text(path, data):
    kind = kind_of(path)
    try:
        text = data.decode("utf-8")
        value = (base64.b64decode(text, validate=True) if kind is bytes
                 else {"0": False, "1": True}[text] if kind is bool
                 else kind(text))
    except (ValueError, KeyError) as e:
        raise Malformed("not of its type") from e
    return {path[:2]: {path[2]: value}}


def read_opaque(path, data):
    if kind_of(path) is not bytes:
        raise Malformed("no opaque resource")
    return {path[:2]: {path[2]: data}}


def read_cbor(path, data):
    value = loads(cbor2.loads, data)
    if type(value) is not kind_of(path):
        raise Malformed("not of its type")
    return {path[:2]: {path[2]: value}}


def loads(reader, data):
    try:
        return reader(data)
    except Exception as e:
        raise Malformed("not of its format") from e


# Those of a resource alone, which no device can prefer.
SINGLE = {TEXT: read_text, OPAQUE: read_opaque, CBOR: read_cbor}

READERS = {
    TLV: read_tlv, OLD_TLV: read_tlv,
    SENML_CBOR: read_senml_cbor, SENML_JSON: read_senml_json,
    OMA_JSON: read_oma_json, OLD_JSON: read_oma_json,
    LWM2M_CBOR: read_lwm2m_cbor,
}
