"""policy check for people and for machines: a terminal, SARIF, comments that
silence, and what is found beyond syntax."""
import json
import os
import pty
import re
import subprocess
import time

from factory import TOOL, Factory, Skip, absent, equal, story, tell, within

SERVER = """\
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example
    security: {mode: psk, key: {derive: fleet-2026}}
"""
IDENTITY = """\
identity: factory
endpoint: "meter-*"
psk: {derive: bootstrap-2026}
---
"""
FAULTY = """\
identity: factory
endpoint: "meter-*"
psk: {derive: bootstrap-2026}
colour: blue
---
policy: meters
servers:
  - name: eu-1
    short_server_id: 0
    uri: coap://eu1.lwm2m.example
    security: {mode: psk, key: 00112233445566778899aabbccddeeff}
"""


def check(f, *args):
    return f.run("policy", "check", "--costs", "never", *args)


def on_terminal(f, *args):
    """What a person sees, and the exit code."""
    here, there = pty.openpty()
    process = subprocess.Popen([TOOL, *args], cwd=f.dir, stdout=there)
    os.close(there)
    seen = b""
    while True:
        try:
            part = os.read(here, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(here)
    return process.wait(), seen.decode().replace("\r\n", "\n")


@story
def a_pipe():
    """A line a finding with its code, and nothing else."""
    with Factory(token=False) as f:
        f.write("bad.yaml", FAULTY)
        ran = check(f, "bad.yaml")
        equal(ran.code, 65, ran)
        lines = ran.out.splitlines()
        equal(lines[0], "bad.yaml:4:1: error: colour: unknown key "
              "[yaml-unknown-key]")
        for line in lines[:-2]:
            assert re.fullmatch(r"bad\.yaml:\d+:\d+: error: .* \[[a-z-]+\]",
                                line), line
        equal(lines[-1], "4 errors, 0 warnings in 1 file")


@story
def a_terminal():
    """The line, a caret and the remedy; never the line of a secret."""
    with Factory(token=False) as f:
        f.write("bad.yaml", FAULTY)
        code, seen = on_terminal(f, "policy", "check", "bad.yaml")
        equal(code, 65)
        within("     9 |     short_server_id: 0\n"
               "       |                      ^\n"
               "       = Take a value of the range", seen)
        within("error: servers[0].security.key: a secret in clear", seen)
        absent("00112233", seen)
        absent("   11 |", seen)


@story
def strict():
    """With --strict a warning is worth an exit code."""
    with Factory(token=False) as f:
        f.write("a.yaml", IDENTITY + "policy: p\n" + SERVER)
        equal(check(f, "--strict", "a.yaml").code, 0)
        f.write("a.yaml", IDENTITY + "policy: p\n" +
                SERVER.replace("    uri", "    lifetime: 10s\n    uri"))
        equal(check(f, "a.yaml").code, 0)
        equal(check(f, "--strict", "a.yaml").code, 65)


@story
def silence():
    """A comment silences one warning with a reason, and is counted."""
    with Factory(token=False) as f:
        lab = ("identity: lab\n"
               "# check: ignore policy-nosec because nobody else is there\n"
               "nosec: {network: 127.0.0.0/8}\n---\npolicy: p\n" + SERVER)
        f.write("a.yaml", lab)
        ran = check(f, "--strict", "a.yaml")
        equal(ran.code, 0, ran)
        absent("policy-nosec", ran.out)
        within("0 errors, 0 warnings in 0 files, 1 silenced", ran.out)
        ran = check(f, "--format", "json", "a.yaml")
        rows = [json.loads(line) for line in ran.out.splitlines()]
        equal(rows[0]["silenced"], "nobody else is there")
        equal(rows[-1]["silenced"], 1)
        # in a file of another folder, too
        f.write("lab.yaml", lab)
        os.mkdir(f.path("all"))
        f.write("all/a.yaml", "include: ../lab.yaml\n")
        within("0 warnings in 0 files, 1 silenced", check(f, "all").out)


@story
def silence_that_is_none():
    """One that silences nothing, or an error, or is mistyped, is said."""
    with Factory(token=False) as f:
        f.write("a.yaml", IDENTITY +
                "# check: ignore policy-nosec because of old times\n"
                "# check: ignore policy-nosecs because of a slip\n"
                "# check: ignore policy-nosec\n"
                "policy: p\n" + SERVER)
        ran = check(f, "a.yaml")
        equal(ran.code, 0, ran)
        lines = ran.out.splitlines()
        within("a.yaml:5: warning: silences nothing: there is no "
               "policy-nosec in line 8", lines[0])
        within("did you mean policy-nosec?", lines[1])
        within("CODE because REASON", lines[2])
        f.write("a.yaml", IDENTITY + "policy: p\n" +
                "# check: ignore yaml-unknown-key because we like it\n"
                "colour: blue\n" + SERVER)
        ran = check(f, "a.yaml")
        equal(ran.code, 65, ran)
        within("error: colour: unknown key", ran.out)
        within("no error is silenced", ran.out)


# --- SARIF --------------------------------------------------------------------

# What of SARIF 2.1.0 is used here (OASIS, sections 3.13 to 3.35), closed: a
# member that is not known is a fault.
TEXT = {"type": "object", "required": ["text"],
        "properties": {"text": {"type": "string", "minLength": 1}},
        "additionalProperties": False}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
POSITIVE = {"type": "integer", "minimum": 1}
SCHEMA = {
    "type": "object", "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": {
            "type": "object", "required": ["tool", "results"],
            "additionalProperties": False,
            "properties": {
                "columnKind": {"enum": ["utf16CodeUnits",
                                        "unicodeCodePoints"]},
                "originalUriBaseIds": {
                    "type": "object", "additionalProperties": {
                        "type": "object", "additionalProperties": False,
                        "properties": {"uri": {
                            "type": "string",
                            "pattern": "^[a-z]+:.*/$"}}}},
                "tool": {
                    "type": "object", "required": ["driver"],
                    "additionalProperties": False,
                    "properties": {"driver": {
                        "type": "object", "required": ["name"],
                        "additionalProperties": False,
                        "properties": {
                            "name": {"type": "string"},
                            "version": {"type": "string"},
                            "rules": {
                                "type": "array", "uniqueItems": True,
                                "items": {
                                    "type": "object", "required": ["id"],
                                    "additionalProperties": False,
                                    "properties": {
                                        "id": {"type": "string"},
                                        "shortDescription": TEXT,
                                        "help": TEXT,
                                        "defaultConfiguration": {
                                            "type": "object",
                                            "additionalProperties": False,
                                            "properties": {"level": LEVEL},
                                        }}}}}}}},
                "results": {"type": "array", "items": {
                    "type": "object", "required": ["message"],
                    "additionalProperties": False,
                    "properties": {
                        "ruleId": {"type": "string"},
                        "ruleIndex": {"type": "integer", "minimum": 0},
                        "level": LEVEL,
                        "message": TEXT,
                        "partialFingerprints": {
                            "type": "object",
                            "additionalProperties": {"type": "string"}},
                        "suppressions": {"type": "array", "items": {
                            "type": "object", "required": ["kind"],
                            "additionalProperties": False,
                            "properties": {
                                "kind": {"enum": ["inSource", "external"]},
                                "justification": {"type": "string"}}}},
                        "locations": {"type": "array", "items": {
                            "type": "object", "additionalProperties": False,
                            "properties": {"physicalLocation": {
                                "type": "object",
                                "required": ["artifactLocation"],
                                "additionalProperties": False,
                                "properties": {
                                    "artifactLocation": {
                                        "type": "object",
                                        "required": ["uri"],
                                        "additionalProperties": False,
                                        "properties": {
                                            "uri": {"type": "string"},
                                            "uriBaseId": {
                                                "type": "string"}}},
                                    "region": {
                                        "type": "object",
                                        "required": ["startLine"],
                                        "additionalProperties": False,
                                        "properties": {
                                            "startLine": POSITIVE,
                                            "startColumn": POSITIVE,
                                        }}}}}}}}}}}}}}}


def sarif(f, *args, code=65):
    ran = check(f, "--format", "sarif", *args)
    equal(ran.code, code, ran)
    return json.loads(ran.out)


def results(document):
    return document["runs"][0]["results"]


def place(result):
    at = result["locations"][0]["physicalLocation"]
    where = at["artifactLocation"]
    region = at.get("region", {})
    return (where.get("uriBaseId"), where["uri"], region.get("startLine"),
            region.get("startColumn"))


@story
def sarif_document():
    """SARIF of several folders, each finding with rule, level and place."""
    with Factory(token=False) as f:
        os.mkdir(f.path("one"))
        os.mkdir(f.path("t wö"))
        f.write("one/bad file.yaml", FAULTY)
        f.write("t wö/lab.yaml", "identity: lab\n"
                "# check: ignore policy-nosec because it is \"mine\"\n"
                "nosec: {network: 127.0.0.0/8}\n---\npolicy: p\n" + SERVER)
        document = sarif(f, "one/", "t wö", "not-there.yaml")
        run = document["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        bases = run["originalUriBaseIds"]
        equal(sorted(bases), ["FOLDER", "FOLDER2", "FOLDER3"])
        within("/t%20w%C3%B6/", bases["FOLDER2"]["uri"])
        found = {r["ruleId"]: r for r in results(document)}
        equal(place(found["yaml-unknown-key"]),
              ("FOLDER", "bad%20file.yaml", 4, 1))
        equal(found["yaml-unknown-key"]["level"], "error")
        equal(place(found["policy-nosec"]), ("FOLDER2", "lab.yaml", 3, 8))
        equal(found["policy-nosec"]["suppressions"],
              [{"kind": "inSource", "justification": 'it is "mine"'}])
        equal(place(found["yaml-io"])[:3], ("FOLDER3", "not-there.yaml", None))
        for result in results(document):
            equal(rules[result["ruleIndex"]]["id"], result["ruleId"])
        absent("00112233", json.dumps(document))


@story
def sarif_without_findings():
    """A run without results is a run."""
    with Factory(token=False) as f:
        f.write("a.yaml", IDENTITY + "policy: p\n" + SERVER)
        equal(results(sarif(f, "a.yaml", code=0)), [])


@story
def sarif_schema():
    """What is written is of the shape that SARIF 2.1.0 has."""
    try:
        import jsonschema
    except ImportError as why:
        raise Skip("no python3-jsonschema") from why
    with Factory(token=False) as f:
        f.write("a.yaml", FAULTY)
        f.write("b.yaml", IDENTITY + "policy: p\n" + SERVER)
        jsonschema.validate(sarif(f, "a.yaml", "b.yaml"), SCHEMA)


@story
def sarif_fingerprints():
    """A finding is known again when lines move; two alike are told apart."""
    def prints(f):
        return [r["partialFingerprints"]["finding/v1"]
                for r in results(sarif(f, "a.yaml"))]

    with Factory(token=False) as f:
        twice = FAULTY + "---\nidentity: b\npsk: {derive: k}\ncolour: blue\n"
        f.write("a.yaml", twice)
        before = prints(f)
        equal(len(set(before)), len(before))
        f.write("a.yaml", "# one\n# two\n\n" + twice)
        equal(prints(f), before)
        f.write("a.yaml", twice.replace("colour", "color"))
        assert not set(prints(f)) >= set(before)


# --- beyond syntax --------------------------------------------------------------

def codes(f, *files):
    """Check files of these contents as one folder: code by file."""
    folder = f.path("set")
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    for i, text in enumerate(files):
        f.write(f"set/{chr(97 + i)}.yaml", text)
    ran = check(f, "--format", "json", "set")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    return sorted((os.path.basename(r["file"]), r["code"])
                  for r in rows if "code" in r)


def policy(name, match, more=""):
    return f"policy: {name}\nmatch: {match}\n{more}{SERVER}"


OTHER = SERVER.replace("eu1", "eu2")


@story
def overlaps():
    """Two policies of one order, of which file names say the first."""
    with Factory(token=False) as f:
        narrow = policy("narrow", '{endpoint: "meter-1*"}')
        wide = f'policy: wide\nmatch: {{endpoint: "meter-*"}}\n{OTHER}'
        equal(codes(f, IDENTITY + narrow, wide),
              [("b.yaml", "policy-overlap")])
        # another order, the same file, the same outcome, nothing in common
        equal(codes(f, IDENTITY + narrow, wide + "order: 2000\n"), [])
        equal(codes(f, IDENTITY + narrow + "---\n" + wide), [])
        equal(codes(f, IDENTITY + narrow,
                    policy("wide", '{endpoint: "meter-*"}')), [])
        equal(codes(f, IDENTITY + narrow,
                    'policy: w\nmatch: {endpoint: "meter-2*"}\n' + OTHER), [])
        # by other conditions
        net = '{{network: {}}}'
        for one, two, seen in (("10.0.0.0/8", "10.1.0.0/16", 1),
                               ("10.0.0.0/16", "10.1.0.0/16", 0)):
            other = f"policy: q\nmatch: {net.format(one)}\n{OTHER}"
            equal(len(codes(f, IDENTITY + policy("p", net.format(two)),
                            other)), seen)


@story
def unreachable():
    """A policy whose devices another takes before, by what the two match."""
    with Factory(token=False) as f:
        f.write("list.csv", "meter-11\nmeter-12\n")
        first = policy("first", '{endpoint: "meter-1*"}', "order: 1\n")
        for match in ('{endpoint: "meter-1?"}', '{endpoint: "meter-1*x"}',
                      '{endpoint: {prefix: "meter-1"}}',
                      '{endpoint: [meter-17, {prefix: "meter-10"}]}',
                      '{endpoint: {list: ../list.csv}}',
                      '{endpoint: "meter-1*", network: 10.0.0.0/8}'):
            equal(codes(f, IDENTITY + first + "---\n" +
                        policy("second", match)),
                  [("a.yaml", "policy-unreachable")])
        for match in ('{endpoint: "meter-?*"}', '{endpoint: "meter-2*"}',
                      '{endpoint: [meter-17, meter-2]}'):
            equal(codes(f, IDENTITY + first + "---\n" +
                        policy("second", match)), [])
        # one that turns away is told so
        late = 'policy: late\nmatch: {endpoint: "meter-1?"}\ndeny: stolen\n'
        equal(codes(f, IDENTITY + first + "---\n" + late),
              [("a.yaml", "policy-refusal-late")])
        equal(codes(f, IDENTITY + first + "---\n" + late + "order: 0\n"), [])


@story
def ways_in():
    """What no device comes to."""
    with Factory(token=False) as f:
        every = "---\npolicy: every\norder: 2000\n" + SERVER
        equal(codes(f, IDENTITY + policy("p", '{endpoint: "valve-*"}') +
                    every), [("a.yaml", "policy-no-way-in")])
        equal(codes(f, IDENTITY +
                    policy("p", "{credential: certificate}") + every),
              [("a.yaml", "policy-no-way-in")])
        equal(codes(f, IDENTITY + policy("p", '{endpoint: "*-7"}') + every),
              [])
        lost = IDENTITY.replace("factory", "lost").replace(
            "meter", "valve").replace("}", ', identity: "v/{endpoint}"}')
        equal(codes(f, IDENTITY + lost + policy("p", '{endpoint: "meter-*"}')),
              [("a.yaml", "policy-identity-unused")])
        f.write("list.csv", "meter-1\nvalve-1\n")
        equal(codes(f, IDENTITY +
                    policy("p", "{endpoint: {list: ../list.csv}}")),
              [("list.csv", "policy-list-stranger")])
        f.write("list.csv", "endpoint,model\nmeter-1,a\nvalve-1,b\n")
        equal(codes(f, IDENTITY + "devices: {file: ../list.csv}\n---\n" +
                    policy("p", "{model: a}") + every),
              [("list.csv", "policy-list-stranger")])


@story
def servers():
    """Servers as nobody wants them."""
    with Factory(token=False) as f:
        def seen(server, more=""):
            return [code for _, code in codes(
                f, IDENTITY + "policy: p\n" + more + server)]

        def put(line):
            return SERVER.replace("    uri", f"    {line}\n    uri")

        equal(seen(SERVER), [])
        equal(seen(put("lifetime: 59s")), ["policy-lifetime"])
        equal(seen(put("lifetime: 2y")), ["policy-lifetime"])
        equal(seen(put("lifetime: 1h\n    max_period: 2h")),
              ["policy-lifetime"])
        equal(seen(put("lifetime: 60s")), [])
        equal(seen(put("retry: {count: 5, timer: 1m}")), [])
        equal(seen(put("retry: {count: 20, timer: 1m}")), ["policy-retry"])
        equal(seen(put("retry: {count: 3, timer: 0s}")), ["policy-retry"])
        second = SERVER.splitlines(True)[1:]
        second = "".join(second).replace("eu-1", "eu-2").replace("101", "102")
        equal(seen(SERVER + second), ["policy-uri-twice"])
        equal(seen(SERVER + second.replace("eu1", "eu2")), [])
        equal(seen(SERVER, "device: {discover: false}\n"),
              ["policy-own-account"])
        equal(seen(SERVER,
                   "device: {discover: false, account_instance: 0}\n"), [])


@story
def epochs():
    """An epoch that ends within 30 days."""
    with Factory(token=False) as f:
        for days, seen in ((10, ["policy-epoch-soon"]), (40, [])):
            until = time.strftime(
                "%Y-%m-%d", time.gmtime(time.time() + days * 86400))
            identity = IDENTITY.replace(
                "}\n", f", epoch: [{{epoch: 1, until: {until}}}, 2]}}\n")
            equal([code for _, code in codes(
                f, identity + "policy: p\n" + SERVER)], seen)


@story
def secrets():
    """Keys and passwords wherever they stand, and what only looks so."""
    with Factory(token=False) as f:
        def seen(line):
            return [code for _, code in codes(
                f, IDENTITY + "policy: p\n" + line + SERVER)]

        key = "0011223344556677" "8899aabbccddeeff"
        equal(seen(f"description: {key}\n"), ["policy-secret-likely"])
        equal(seen(f"description: 0x{key}{key}\n"), ["policy-secret-likely"])
        equal(seen("description: 3q2+7wAAAAAAAAAAAAAAAQ==\n"),
              ["policy-secret-likely"])
        equal(seen("description: see https://me:geheim@wiki.example\n"),
              ["policy-secret"])
        equal(seen("description: |\n  -----BEGIN " "PRIVATE KEY-----\n"
                   "  MIGHAgEA\n"), ["policy-secret"])
        for plain in ("Water meters of 2026", "35" * 16, "a" * 32,
                      "urn:imei:490154203237518", "https://wiki.example/a@b",
                      "WaterMetersOfTheSouth2026"):
            equal(seen(f'description: "{plain}"\n'), [])


tell()
