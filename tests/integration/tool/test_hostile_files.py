"""What somebody puts into a policies folder, or into bootstrapd.yaml, to keep
the programs busy, to fill their memory or to be read as something else: each is
a finding at its place, and the program ends.

Nothing here is timed. What bounds the work are limits that are counted: bytes
of a file, levels, values, findings; and of a file that is none, nothing is read.
A program that hangs is ended by the timeout of `Factory.run`.
"""
import json
import os
import socket
import subprocess

from factory import Factory, equal, story, tell, within

BOOTSTRAPD = os.environ["BOOTSTRAPD"]
MEG = 1 << 20
FINDINGS_MAX = 10000  # and one that says how many more there are


def fill(unit, size=MEG - 200):
    return (unit * (size // len(unit) + 1))[:size]


def documents(line, size=MEG - 200):
    """As many documents of `line`, with {n} in it, as fit."""
    out, n = [], 0
    while size > 0:
        out.append(line.replace("{n}", str(n)))
        size -= len(out[-1]) + 4
        n += 1
    return "---\n".join(out[:-1])


# The same to whoever reads YAML here: name, bytes, and its finding.
YAML = [
    # bombs
    ("laughs", "a: &a [x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n"
        for i in range(20)), "yaml-anchor 1:4"),
    ("quadratic", "a: &a " + fill("x", 1000) + "\nb: [" + fill("*a, ", 90000)
     + "*a]\n", "yaml-anchor 1:4"),
    ("self", "a: &a [*a]\n", "yaml-anchor 1:4"),
    ("merge", "a: {<<: *b}\n", "yaml-anchor 1:9"),
    # more than a file may have
    ("ten-megabytes", "a: 1\n#" + "x" * (10 * MEG), "yaml-limit 0:0"),
    ("a-byte-too-many", fill("#\n", MEG + 1), "yaml-limit 0:0"),
    ("flow-10000-deep", "[" * 10000, "yaml-limit 1:17"),
    ("maps-10000-deep", "{a: " * 10000, "yaml-limit 1:65"),
    ("lists-10000-deep", "- " * 10000 + "a\n", "yaml-limit 1:33"),
    ("keys-10000-deep", "? " * 10000, "yaml-key 1:3"),
    ("200000-values", "a:\n" + fill("- 1\n", 4 * 200000), "yaml-limit 199999:3"),
    ("200000-documents", fill("---\n"), "yaml-limit 200002:1"),
    # not UTF-8, each class
    ("overlong-slash", b"a: \xc0\xaf\n", "yaml-utf8 1:4"),
    ("overlong-nul", b"a: \xc0\x80\n", "yaml-utf8 1:4"),
    ("overlong-three", b"a: \xe0\x80\xaf\n", "yaml-utf8 1:4"),
    ("overlong-four", b"a: \xf0\x80\x80\xaf\n", "yaml-utf8 1:4"),
    ("surrogate", b"a: \xed\xa0\x80\n", "yaml-utf8 1:4"),
    ("surrogate-pair", b"a: \xed\xa0\xbd\xed\xb8\x80\n", "yaml-utf8 1:4"),
    ("beyond-unicode", b"a: \xf4\x90\x80\x80\n", "yaml-utf8 1:4"),
    ("five-bytes", b"a: \xf8\x88\x80\x80\x80\n", "yaml-utf8 1:4"),
    ("lone-continuation", b"a: \x80\n", "yaml-utf8 1:4"),
    ("cut-short", b"a: \xe2\x82\n", "yaml-utf8 1:4"),
    ("cut-at-the-end", b"a: \xe2\x82", "yaml-utf8 1:4"),
    ("ff", b"a: \xff\n", "yaml-utf8 1:4"),
    ("latin-1", "a: Zähler\n".encode("latin-1"), "yaml-utf8 1:5"),
    ("utf-16-le", "a: 1\n".encode("utf-16"), "yaml-utf8 1:1"),
    ("utf-16-be", b"\xfe\xff" + "a: 1\n".encode("utf-16-be"), "yaml-utf8 1:1"),
    ("utf-16-unmarked", "a: 1\n".encode("utf-16-le"), "yaml-utf8 1:2"),
    ("utf-32-le", "a: 1\n".encode("utf-32"), "yaml-utf8 1:1"),
    ("nul", b"a: b\0c\n", "yaml-utf8 1:5"),
    # characters that editors do not show
    ("second-bom", "a: \ufeffb\n".encode(), "yaml-control 1:4"),
    ("escape", "a: b\x1b[2J\n".encode(), "yaml-control 1:5"),
    ("c1", "a: b\x9b\n".encode(), "yaml-control 1:5"),
    ("next-line", "a: b\x85c: d\n".encode(), "yaml-line-break 1:5"),
    ("line-separator", "a: b\u2028c: d\n".encode(), "yaml-line-break 1:5"),
    ("lone-cr", b"a: b\rc: d\n", "yaml-line-break 1:5"),
    ("nul-in-quotes", 'a: "b\\0c"\n', "yaml-control 1:4"),
    ("tab", "a:\tb\n", "yaml-tab 1:3"),
    # words that mean something
    ("twice", "a: 1\na: 2\n", "yaml-duplicate-key 2:1"),
    ("twice-quoted", "a: 1\n\"a\": 2\n'a': 3\n", "yaml-duplicate-key 2:1"),
    ("twice-escaped", "a: 1\n\"\\x61\": 2\n", "yaml-duplicate-key 2:1"),
    ("key-is-map", "? {a: b}\n: c\n", "yaml-key 1:3"),
    ("key-is-list", "[a]: b\n", "yaml-key 1:1"),
    ("tag-binary", "a: !!binary AAAA\n", "yaml-tag 1:4"),
    ("tag-object", "a: !!python/object/apply:os.system [id]\n",
     "yaml-tag 1:4"),
    ("directive", "%YAML 1.1\n---\na: 1\n", "yaml-directive 1:1"),
    ("many-directives", fill("%TAG !a! b\n"), "yaml-directive 1:1"),
    # what never ends
    ("quote", 'a: "' + fill("x", 1000), "yaml-syntax 1:4"),
    ("quotes", fill('"'), "yaml-syntax 1:3"),
    ("colons", "a: " + fill(": "), "yaml-syntax 1:4"),
    ("long-key", fill("x", 2000) + ": 1\n", "yaml-syntax 1:2001"),
]

# What YAML takes, and the grammar does not: a document, and its finding.
ACCOUNT = ("policy: p\nservers:\n- name: s\n  short_server_id: {}\n"
           "  uri: coaps://s\n  security: {{mode: psk, key: {{derive: m}}}}\n"
           "  storing: {}\n  lifetime: {}\n")
VALUES = [
    *[(f"boolean-{word}", ACCOUNT.format(1, word, "1d"), "yaml-boolean 7:12")
      for word in ("yes", "no", "on", "off", "y", "n", "Yes", "NO", "On",
                   "TRUE", "False", "1", "0", '"true"')],
    *[(f"number-{word}", ACCOUNT.format(word, "true", "1d"), "yaml-number 4:20")
      for word in ("0x10", "0o17", "017", "1e9", "1_000", "1:30", "1.0", "+1",
                   ".inf", ".nan", "9223372036854775808",
                   "18446744073709551616", "-9223372036854775809", "٣",
                   "9" * 1000)],
    *[(f"range-{word}", ACCOUNT.format(word, "true", "1d"), "yaml-range 4:20")
      for word in ("-1", "0", "65535", "1000000000", "9223372036854775807",
                   "-9223372036854775808")],
    *[(f"duration-{word}", ACCOUNT.format(1, "true", word), code + " 8:13")
      for word, code in (
          ("86400", "yaml-duration"), ("1:30", "yaml-duration"),
          ("1h30m", "yaml-duration"), ("-1s", "yaml-duration"),
          ("18446744073709551615y", "yaml-duration"),
          ("99999999999999999999s", "yaml-duration"), ("69y", "yaml-range"))],
    ("scalar-of-a-megabyte",
     "policy: p\nservers: []\ndescription: |\n" + fill("  words\n"),
     "policy-description 3:14"),
    ("name-of-a-megabyte", "policy: " + fill("p") + "\nservers: []\n",
     "policy-name 1:9"),
    ("merge-key", "identity: i\npsk: {<<: {derive: m}, epoch: 1}\n",
     "yaml-missing-key 2:6"),
    ("regex-powers", "policy: p\nservers: []\n"
     "match: {endpoint: {regex: '((((a{1,255}){1,255}){1,255}){1,255})'}}\n",
     "policy-regex 3:27"),
    ("regex-groups", "policy: p\nservers: []\nmatch: {endpoint: {regex: '"
     + "(" * 400 + "a" + ")" * 400 + "'}}\n", "policy-regex 3:27"),
    # many of everything, beside the limits of YAML
    ("many-policies", documents("policy: p\nservers: []\n"),
     "policy-duplicate 4:9"),
    ("many-references", documents(
        "policy: p{n}\nmatch: {identity: q{n}}\nservers: []\n"),
     "policy-identity-unknown 2:19"),
    ("many-bases", documents("profile: p{n}\nbased_on: q{n}\n"),
     "policy-device-profile 2:11"),
    ("a-chain-of-bases", documents("profile: p{n}\nbased_on: p{n}1\n"), None),
    ("many-keys", "policy: p\nservers: []\n" + "".join(
        f"server{i}: 1\n" for i in range(60000)), "yaml-unknown-key 3:1"),
    ("many-secrets", documents("key: {key: a}\n"), "policy-no-kind 1:1"),
    ("many-epochs", "identity: i\npsk: {derive: m, epoch: [" + "1, " * 100000
     + "1]}\n", "policy-epochs 2:25"),
    ("many-resources", ACCOUNT.format(1, "true", "1d") + "  resources: {"
     + ", ".join(f"{i}: 1" for i in range(60000)) + "}\n",
     "policy-resource 9:18"),
    ("many-objects", "policy: p\nservers: []\nobjects: {" + ", ".join(
        f"/2/{i}: {{0: 3, 1: 0, 3: 1}}" for i in range(20000)) + "}\n",
     "policy-limit 3:10"),
]


def put(f, name, text):
    data = text if isinstance(text, bytes) else text.encode()
    with open(f.path(name), "wb") as out:
        out.write(data)
    return f.path(name)


def check(f, path):
    """(exit code, errors as "code line:column") of policy check."""
    ran = f.run("policy", "check", "--format", "json", path)
    rows = [json.loads(line) for line in ran.out.splitlines()]
    found = [row for row in rows if "finding" in row]
    if len(found) > FINDINGS_MAX + 1:
        raise AssertionError(f"{len(found)} findings")
    return ran.code, [
        f"{row['code']} {row['line']}:{row['column']}" for row in found
        if row["finding"] == "error"]


@story
def yaml():
    """Bombs, depth, bytes, duplicates, directives: a finding, from both readers."""
    with Factory(token=False) as f:
        for name, text, first in YAML:
            path = put(f, f"{name}.yaml", text)
            code, found = check(f, path)
            equal(code, 65, name)
            within(first, found, name)
            ran = subprocess.run(
                [BOOTSTRAPD, "check", "-c", path], capture_output=True,
                timeout=120, check=False)
            equal(ran.returncode, 78, name)
            place = first.split()[1]
            if place != "0:0":
                within(f"{name}.yaml:{place}".encode(), ran.stderr, name)
            else:
                within(b"more than 1 MiB", ran.stderr, name)


@story
def values():
    """Booleans and numbers of YAML 1.1, and too many of anything."""
    with Factory(token=False) as f:
        for name, text, first in VALUES:
            code, found = check(f, put(f, "t.yaml", text))
            equal(code, 65, name)
            if first:
                equal(found[0], first, name)


@story
def good():
    """What looks odd and is well: a mark in front, CR LF, a regex to wait for."""
    with Factory(token=False) as f:
        policy = "policy: p\nservers: []\nidentities: 1\n"
        code, found = check(f, put(
            f, "t.yaml", b"\xef\xbb\xbf" + policy.replace("\n", "\r\n")
            .encode()))
        equal((code, found), (65, ["yaml-unknown-key 3:1"]))
        path = put(f, "t.yaml", "identity: i\npsk: {derive: m}\n---\n"
                   "policy: p\nservers: []\n"
                   "match: {endpoint: {regex: '(a|a)*(a|aa)*b'}}\n")
        equal(check(f, path), (0, []))
        # exponential where a matcher goes back
        ran = f.run("policy", "explain", path, "--identity", "i", "--endpoint",
                    "a" * 250)
        within("p", ran.out, ran)


def kinds(f):
    """What is no file: how it is made, and what is said of it."""
    where = f.path("lists")
    os.mkdir(where)
    os.mkdir(os.path.join(where, "folder"))
    yield "folder", "not a regular file"
    os.mkfifo(os.path.join(where, "fifo"))
    yield "fifo", "not a regular file"
    os.symlink("/dev/zero", os.path.join(where, "device"))
    yield "device", "not a regular file"
    os.symlink("/proc/self/mem", os.path.join(where, "memory"))
    sock = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(where)  # its name is short then
    sock.bind("socket")
    os.chdir(here)
    yield "socket", "No such device or address"
    sock.close()
    os.symlink("loop", os.path.join(where, "loop"))
    yield "loop", "Too many levels of symbolic links"
    os.symlink("nowhere", os.path.join(where, "nothing"))
    yield "nothing", "No such file or directory"
    yield "file/below", "Not a directory"
    put(f, "lists/closed", "urn:x\n")
    os.chmod(os.path.join(where, "closed"), 0)
    if os.geteuid() != 0:
        yield "closed", "Permission denied"
    yield "n" * 300, "File name too long"


@story
def no_files():
    """A list, table, certificate or document that is no file is never waited for."""
    with Factory(token=False) as f:
        os.makedirs(f.path("set"))
        for name, why in kinds(f):
            if name == "file/below":
                put(f, "lists/file", "urn:x\n")
            path = f"{f.dir}/lists/{name}"
            for text in (
                    f"match: {{endpoint: {{list: {path}}}}}\npolicy: p\n"
                    "servers: []\n",
                    f"devices: {{file: {path}}}\n",
                    f"rpk: {{table: {path}}}\nidentity: i\n",
                    f"certificate: {{trust: {path}}}\nidentity: i\n"):
                ran = f.run("policy", "check", "--format", "json",
                            put(f, "set/t.yaml", text))
                equal(ran.code, 65, ran)
                within(why, ran.out, ran)
                within('"line":1', ran.out, ran)
            os.unlink(f.path("set/t.yaml"))
            # as a document of a folder
            if "/" not in name and len(name) < 200:
                os.symlink(path, f.path("set/d.yaml"))
                ran = f.run("policy", "check", "set")
                equal(ran.code, 65, ran)
                within(why, ran.out, ran)
                ran = subprocess.run(
                    [BOOTSTRAPD, "check", "-c", f.path("set/d.yaml")],
                    capture_output=True, timeout=120, check=False)
                equal(ran.returncode, 78, ran)
                within(why.encode(), ran.stderr)
                os.unlink(f.path("set/d.yaml"))


@story
def lists():
    """Lists with NULs, other encodings, long lines: findings at their lines."""
    with Factory(token=False) as f:
        head = "policy: p\nservers: []\nmatch: {endpoint: {list: l}}\n"
        path = put(f, "t.yaml", head)
        for data, line in (
                (b"urn:a\nur\0n:b\n", 2),
                (b"urn:a\n\xff\xfe\n", 2),
                (b"urn:a\nurn:\xc0\xaf\n", 2),
                ("urn:a\n".encode("utf-16"), 1),
                ("urn:ä\n".encode("latin-1"), 1),
                (b"urn:a\n" + b"x" * 300 + b"\n", 2),
                (b"urn:a\nurn:\x1b[2J\n", 2),
                (b"x" * (8 * MEG), 1),
                (b"\0" * MEG, 1)):
            put(f, "l", data)
            ran = f.run("policy", "check", "--format", "json", path)
            equal(ran.code, 65, ran)
            rows = [json.loads(row) for row in ran.out.splitlines()]
            found = [row for row in rows if row.get("finding") == "error"]
            equal(found[0]["file"].endswith("/l"), True, ran)
            equal(found[0]["line"], line, ran)
        # a million lines with faults are 20 findings and a count
        put(f, "l", b"\x01\n" * 1000000)
        equal(len(check(f, path)[1]), 21)
        # more than 256 MiB are not read
        with open(f.path("l"), "wb") as out:
            out.truncate(257 * MEG)
        equal(check(f, path), (65, ["policy-file 3:26"]))


if __name__ == "__main__":
    tell()
