#!/usr/bin/env python3
"""The payload formats against Python's json and against cbor2.

usage: against_python.py EXCHANGE	(TAP; EXCHANGE is the test program)

What lib/lwm2m writes is taken apart with their parsers, and what they write is
given to lib/lwm2m to read. Without cbor2 (package python3-cbor2) the formats of
CBOR are skipped.
"""

import base64
import datetime
import decimal
import json
import os
import random
import subprocess
import sys

try:
    import cbor2
except ImportError:
    # Another Python in front of Debian's does not see Debian's packages.
    debian = "/usr/bin/python3"
    if "AGAINST_PYTHON" not in os.environ and os.access(debian, os.X_OK):
        os.environ["AGAINST_PYTHON"] = "again"
        os.execv(debian, [debian] + sys.argv)
    cbor2 = None

TEXT, CBOR, SENML_JSON, SENML_CBOR = 0, 60, 110, 112
OMA_JSON, LWM2M_CBOR = 11543, 11544
NAMES = {
    SENML_JSON: "SenML JSON", OMA_JSON: "OMA JSON", SENML_CBOR: "SenML CBOR",
    LWM2M_CBOR: "LwM2M CBOR", CBOR: "CBOR",
}
JSONS = (SENML_JSON, OMA_JSON)
NUMBERS = ("Integer", "Unsigned", "Time")
LABELS = {-2: "bn", 0: "n", 2: "v", 3: "vs", 4: "vb", 8: "vd", "vlo": "vlo"}

# Where the object tables have each type; a Float is nowhere in them.
PLACES = {
    "String": ("/0/1/0", "/0/1/14", "/1/0/7", "/1/0/25/3"),
    "Integer": ("/1/0/1", "/0/1/2", "/2/0/2/0", "/2/0/2/65534"),
    "Unsigned": ("/1/0/17", "/0/1/16/0", "/0/1/16/1"),
    "Boolean": ("/1/0/6", "/0/1/1"),
    "Opaque": ("/0/1/3", "/0/1/5"),
    "Time": ("/1/0/12", "/3/0/13"),
    "Objlnk": ("/0/1/17", "/1/0/24/0", "/1/0/24/1"),
    "Float": ("/9/0/0", "/9/0/1"),
}


def parse_entry(word):
    """PATH=TYPE:VALUE to (path, type, value)."""
    path, rest = word.split("=", 1)
    kind, text = rest.split(":", 1)
    if kind in NUMBERS:
        value = int(text)
    elif kind == "Float":
        value = float.fromhex(text)
    elif kind == "Boolean":
        value = text == "1"
    elif kind == "String":
        value = bytes.fromhex(text).decode()
    elif kind == "Opaque":
        value = bytes.fromhex(text)
    else:
        value = text
    return path, kind, value


# --- what their parsers make of our payloads ---------------------------------

def unbase64url(text):
    assert "=" not in text and "+" not in text and "/" not in text, text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def from_senml(records, data):
    base, out = "", {}
    for record in records:
        record = dict(record)
        base = record.pop("bn", base)
        path = base + record.pop("n", "")
        assert len(record) == 1, record
        label, value = record.popitem()
        assert path not in out, path
        out[path] = data(value) if label == "vd" else value
        if label != "v":
            wanted = {"vs": str, "vb": bool, "vd": (str, bytes), "vlo": str}
            assert isinstance(value, wanted[label]), record
    return out


def from_lwm2m_cbor(tree, above=""):
    out = {}
    for key, value in tree.items():
        ids = key if isinstance(key, (tuple, list)) else (key,)
        path = above + "".join(f"/{int(i)}" for i in ids)
        if isinstance(value, dict):
            assert value, "an empty map"
            out.update(from_lwm2m_cbor(value, path))
        else:
            out[path] = value
    return out


def from_oma(document, opaque):
    out = {}
    for entry in document["e"]:
        entry = dict(entry)
        path = document["bn"] + entry.pop("n", "")
        assert len(entry) == 1, entry
        (label, value), = entry.items()
        assert isinstance(value, {
            "v": (int, float), "sv": str, "bv": bool, "ov": str}[label])
        if path in opaque:
            value = base64.b64decode(value, validate=True)
        out[path] = value
    return out


def understood(number, base, payload, entries):
    """path -> value, as their parser sees a payload of ours."""
    if number == SENML_JSON:
        return from_senml(json.loads(payload), unbase64url)
    if number == OMA_JSON:
        opaque = {p for p, kind, _ in entries if kind == "Opaque"}
        return from_oma(json.loads(payload), opaque)
    item = cbor2.loads(payload)
    # Their own encoder takes the shortest forms too, floats as doubles.
    assert cbor2.dumps(item) == payload, "not as cbor2 writes it"
    if number == SENML_CBOR:
        records = [{LABELS[k]: v for k, v in r.items()} for r in item]
        return from_senml(records, lambda value: value)
    if number == LWM2M_CBOR:
        return from_lwm2m_cbor(item)
    return {base: item}


def check_written(exchange, number):
    said = subprocess.run(
        [exchange, "write"], capture_output=True, text=True, check=True)
    count = 0
    for line in said.stdout.splitlines():
        form, base, digits, *words = line.split(" ")
        if int(form) != number:
            continue
        count += 1
        entries = [parse_entry(w) for w in words]
        payload = b"" if digits == "-" else bytes.fromhex(digits)
        got = understood(number, base, payload, entries)
        wanted = {path: value for path, _, value in entries}
        assert len(got) == len(entries), line
        for path, value in wanted.items():
            assert type(got[path]) is type(value), (line, got)
            assert repr(got[path]) == repr(value), (line, got)
    assert count >= 25, f"no more than {count} payloads"
    return count


# --- what we make of theirs --------------------------------------------------

def some_value(rng, kind):
    if kind in ("Integer", "Time"):
        return rng.choice((
            0, -1, 86400, rng.getrandbits(31), -rng.getrandbits(63),
            2**63 - 1, -2**63, 2**53 + 1))
    if kind == "Unsigned":
        return rng.choice((0, 23, 24, rng.getrandbits(64), 2**64 - 1))
    if kind == "Boolean":
        return rng.random() < 0.5
    if kind == "Opaque":
        return rng.randbytes(rng.randrange(40))
    if kind == "Objlnk":
        return f"{rng.randrange(65536)}:{rng.randrange(65536)}"
    if kind == "Float":
        return rng.choice((
            0.5, -0.0, 1e300, 65504.0, 5e-324, rng.random(), rng.gauss(0, 1e9)))
    points = [0x20 + rng.randrange(0x5f), 1 + rng.randrange(0x1f), 0x22, 0x5c,
              0xe4, 0x20ac, 0x202e, 0x1f600, 0x10ffff]
    return "".join(chr(rng.choice(points)) for _ in range(rng.randrange(20)))


def some_entries(rng):
    out = []
    for kind, paths in PLACES.items():
        for path in paths:
            if rng.random() < 0.4:
                out.append((path, kind, some_value(rng, kind)))
    rng.shuffle(out)
    return out


def shuffled(rng, record):
    items = list(record.items())
    rng.shuffle(items)
    return dict(items)


def senml(rng, entries, data):
    records, base = [], ""
    for path, kind, value in entries:
        record = {}
        if rng.random() < 0.3:
            cut = rng.randrange(len(path) + 1)
            base = record["bn"] = path[:cut]
        if not path.startswith(base):
            base = record["bn"] = ""
        if path != base or rng.random() < 0.5:
            record["n"] = path[len(base):]
        label = {"String": "vs", "Boolean": "vb", "Opaque": "vd",
                 "Objlnk": "vlo"}.get(kind, "v")
        record[label] = data(value) if kind == "Opaque" else value
        if rng.random() < 0.1:
            record["u"] = "s"
        records.append(shuffled(rng, record))
    return records


def oma(rng, entries):
    base = rng.choice(("", "/"))
    array = []
    for path, kind, value in entries:
        label = {"String": "sv", "Boolean": "bv", "Opaque": "sv",
                 "Objlnk": "ov"}.get(kind, "v")
        if kind == "Opaque":
            value = base64.b64encode(value).decode()
        array.append(shuffled(rng, {"n": path[len(base):], label: value}))
    document = {"e": array, "bt": 0}
    if base or rng.random() < 0.5:
        document["bn"] = base
    return shuffled(rng, document)


def tree(rng, entries):
    """Nested maps, with the paths cut anywhere."""
    out = {}
    for path, _, value in entries:
        ids = [int(i) for i in path[1:].split("/")]
        at = out
        # Cut alike for all below one object, so that no prefix comes twice.
        cut = 2 if ids[0] % 2 else 1
        parts = [ids[:cut], ids[cut:3], ids[3:]]
        parts = [p[0] if len(p) == 1 else tuple(p) for p in parts if p]
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        at[parts[-1]] = value
    return out


def dressed(rng, kind, value):
    """A value as something that cbor2 writes with a tag, where it may."""
    if kind == "Time" and abs(value) < 2**37 and rng.random() < 0.7:
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        zone = datetime.timezone(datetime.timedelta(hours=rng.randrange(-5, 6)))
        if 0 <= value:
            moment = epoch + datetime.timedelta(seconds=value)
            return moment.astimezone(zone)
    if kind == "Integer" and rng.random() < 0.2:
        return decimal.Decimal(value)
    # A decimal fraction has no zero below zero.
    if kind == "Float" and value != 0 and rng.random() < 0.2:
        return decimal.Decimal(repr(value))
    return value


def payload_of(rng, number, entries):
    if number in JSONS:
        def data(value):
            pick = rng.choice((base64.b64encode, base64.urlsafe_b64encode))
            text = pick(value).decode()
            return text.rstrip("=") if rng.random() < 0.5 else text
        document = oma(rng, entries) if number == OMA_JSON else \
            senml(rng, entries, data)
        return json.dumps(
            document, ensure_ascii=rng.random() < 0.5,
            indent=rng.choice((None, 0, 2))).encode()
    if number == SENML_CBOR:
        labels = {v: k for k, v in LABELS.items()} | {"u": 1}
        plain = [(p, k, decimal.Decimal(v)
                  if k == "Integer" and rng.random() < 0.2 else v)
                 for p, k, v in entries]
        item = [{labels[k]: v for k, v in r.items()}
                for r in senml(rng, plain, lambda value: value)]
    else:
        marked = [(p, k, dressed(rng, k, v)) for p, k, v in entries]
        item = tree(rng, marked) if number == LWM2M_CBOR else marked[0][2]
    # canonical: the narrowest floats, and keys in another order
    return cbor2.dumps(
        item, canonical=rng.random() < 0.5,
        datetime_as_timestamp=rng.random() < 0.5)


def ask(exchange, questions):
    """One answer for each (number, base, payload)."""
    lines = "".join(
        f"{n} {b} {p.hex() or '-'}\n" for n, b, p in questions)
    said = subprocess.run([exchange, "read"], input=lines, text=True,
                          capture_output=True, check=True)
    answers = said.stdout.splitlines()
    assert len(answers) == len(questions), said.stderr
    return answers


def check_read(exchange, number):
    rng = random.Random(number)
    cases = []
    while len(cases) < 400:
        entries = some_entries(rng)
        if number == CBOR:
            entries = [e for e in entries if e[2] != ""][:1]
        if not entries:
            continue
        base = entries[0][0] if number == CBOR else "/"
        cases.append((entries, (number, base,
                                payload_of(rng, number, entries))))
    for (entries, question), answer in zip(
            cases, ask(exchange, [q for _, q in cases])):
        verdict, *words = answer.split(" ")
        assert verdict == "ok", (answer, question)
        got = sorted(map(repr, map(parse_entry, words)))
        assert got == sorted(map(repr, entries)), question
    return len(cases)


def check_broken(exchange, number):
    """What we take of broken payloads is JSON by their parser too."""
    rng = random.Random(number + 1)
    questions = []
    while len(questions) < 4000:
        entries = some_entries(rng)
        if not entries:
            continue
        payload = bytearray(payload_of(rng, number, entries))
        for _ in range(rng.randrange(1, 3)):
            at = rng.randrange(len(payload))
            how = rng.randrange(3)
            if how == 0:
                payload[at] = rng.choice(b"\"\\{}[],:0-.eE \n\x00\x7f\x80\xff")
            elif how == 1:
                payload[at:at + rng.randrange(1, 4)] = b""
            else:
                payload[at:at] = payload[at:at + rng.randrange(1, 9)]
            if not payload:
                break
        questions.append((number, "/", bytes(payload)))
    taken = 0
    for question, answer in zip(questions, ask(exchange, questions)):
        if answer.startswith("ok"):
            taken += 1
            json.loads(question[2])
    assert 0 < taken < len(questions), taken
    return f"{taken} of {len(questions)} taken"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    exchange = sys.argv[1]
    plan = []
    for number, name in NAMES.items():
        peer = "json" if number in JSONS else "cbor2"
        plan.append((f"{name}: {peer} reads ours", check_written, number))
        plan.append((f"{name}: we read what {peer} writes", check_read,
                     number))
        if number in JSONS:
            plan.append((f"{name}: what we take, json takes", check_broken,
                         number))
    print(f"1..{len(plan)}")
    failed = False
    for i, (what, check, number) in enumerate(plan, 1):
        if number not in JSONS and cbor2 is None:
            print(f"ok {i} - {what} # SKIP no cbor2 (package python3-cbor2)")
            continue
        try:
            print(f"ok {i} - {what}: {check(exchange, number)}", flush=True)
        except Exception as fault:  # each is a finding, none ends the others
            failed = True
            print(f"not ok {i} - {what}", flush=True)
            print(f"# {type(fault).__name__}: {fault}"[:2000], flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
