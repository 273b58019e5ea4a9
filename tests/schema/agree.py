#!/usr/bin/env python3
"""schema/ and the programs say the same of the same files.

usage: agree.py TABLES TOOL ROOT

TABLES is the program schema_tables, TOOL provisioning-tool. What is shipped
(examples, profiles, the yaml blocks of the documents, the configurations of
demo and manual) passes both; of tests/vectors/{policy,bootstrapd,order}/bad each file
is refused by both. The first line of such a file has what the program finds,

    # yaml-unknown-key 3:5
    # policy-regex 4:28; check alone: what a regular expression means

and the second form says that no schema can tell, so the schema has to take it.

The validator is python3-jsonschema, the YAML of editors is documents.py.
Without them the test is skipped (77).
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import jsonschema
    import yaml
except ImportError as e:
    print(f"skipped: {e}; install python3-jsonschema and python3-yaml")
    sys.exit(77)
if not hasattr(jsonschema, "Draft202012Validator"):
    print("skipped: python3-jsonschema knows no draft 2020-12")
    sys.exit(77)

from documents import Refused, documents

KINDS = ("policy", "bootstrapd", "order")
TABLES = TOOL = ROOT = None
REST = "\nlisten: [coaps://127.0.0.1]\npolicies: policies.d\nledger: ledger.db\n"
FIRST = re.compile(
    r"# (?P<found>[a-z-]+ \d+:\d+(, [a-z-]+ \d+:\d+)*)"
    r"(; check alone: (?P<alone>\S.*))?\n")


def lines_of(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 65):
        raise AssertionError(f"{command}: {done.returncode} {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def findings(kind, files):
    """{file: ["code line:column"]} of errors, by the programs."""
    found = {str(file): [] for file in files}
    if kind == "bootstrapd":
        rows = lines_of([TABLES, *map(str, files)])
    elif kind == "order":
        rows = lines_of([TABLES, "--order", *map(str, files)])
    else:
        # one after the other: they are no set
        rows = [row for file in files for row in lines_of(
            [TOOL, "policy", "check", "--format", "json", str(file)])]
    for row in rows:
        if row.get("finding") == "error":
            found[row["file"]].append(
                f"{row['code']} {row['line']}:{row['column']}")
    return found


class Validator:
    def __init__(self, kind):
        schema = json.loads(
            (ROOT / "schema" / f"{kind}.schema.json").read_text("utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        self.validator = jsonschema.Draft202012Validator(schema)

    def faults(self, data):
        try:
            return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
                    for document in documents(data)
                    for e in self.validator.iter_errors(document)]
        except Refused as e:
            return [str(e)]


def blocks(text, fence="```yaml\n"):
    for part in text.split(fence)[1:]:
        yield part.split("```")[0]


def here_documents(text):
    """What a block of commands writes that stands by itself; policies are
    checked by the block."""
    return re.findall(r"^cat > (?:bootstrapd|order)\.yaml <<'END'\n(.*?)^END$",
                      text, re.M | re.S)


def literals_of_the_manual(text):
    for part in re.findall(
            r"^\.Bd -literal -offset indent\n(listen:.*?)^\.Ed", text,
            re.M | re.S):
        yield part


class Agreement(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def both_take(self, kind, files):
        validator = Validator(kind)
        found = findings(kind, files)
        for file in files:
            with self.subTest(file=file.name):
                self.assertEqual(validator.faults(file.read_bytes()), [])
                self.assertEqual(found[str(file)], [])

    def test_examples_and_profiles(self):
        files = sorted((ROOT / "policies").glob("*/*.yaml"))
        self.assertGreaterEqual(len(files), 16)
        for file in files:
            # yaml-language-server looks for one in every document
            for document in re.split(r"^---\n", file.read_text("utf-8"),
                                     flags=re.M):
                first = document.splitlines()[0]
                modeline = re.fullmatch(
                    r"# yaml-language-server: \$schema=(\S+)", first)
                with self.subTest(file=file.name):
                    self.assertTrue(modeline, first)
                    self.assertEqual(
                        (file.parent / modeline[1]).resolve(),
                        (ROOT / "schema" / "policy.schema.json").resolve())
        self.both_take("policy", [
            file for file in files if file.parent.name == "examples"])
        # their names are taken, by themselves
        validator = Validator("policy")
        for file in files:
            self.assertEqual(validator.faults(file.read_bytes()), [], file)

    def test_blocks_of_the_documents(self):
        files = {kind: [] for kind in KINDS}
        for name in os.listdir(ROOT / "policies" / "examples"):
            (self.folder / name).symlink_to(
                ROOT / "policies" / "examples" / name)
        for name in ("policies/README.md", "README.md", "pki/README.md"):
            text = (ROOT / name).read_text("utf-8")
            for block in [*blocks(text), *here_documents(text)]:
                key = re.search(r"^\w+", block, re.M)[0]
                if key == "ceremony":
                    continue
                if key == "hsm":  # a part of bootstrapd.yaml
                    block += REST
                kind = "bootstrapd" if key in ("hsm", "listen") else \
                    "order" if key == "order" else "policy"
                file = self.folder / f"{kind}-{len(files[kind])}.yaml"
                file.write_text(block, "utf-8")
                files[kind].append(file)
        for kind, least in zip(KINDS, (10, 2, 1)):
            self.assertGreaterEqual(len(files[kind]), least)
            self.both_take(kind, files[kind])

    def test_configurations(self):
        texts = list(literals_of_the_manual(
            (ROOT / "bootstrapd" / "bootstrapd.yaml.5").read_text("utf-8")))
        self.assertGreaterEqual(len(texts), 2)
        demo = (ROOT / "bootstrapd" / "demo").read_text("utf-8")
        made = re.search(
            r"\tcat <<-END\n(\t.*?listen:.*?)\n\tEND\n", demo, re.S)[1]
        made = re.sub(r"^\t", "", made, flags=re.M)
        made = re.sub(r"\$\w*port", "5684", made.replace(
            "$coap_port", "5683"))
        texts.append(made.replace("$module", "/usr/lib/softhsm.so"))
        files = []
        for n, text in enumerate(texts):
            # users that every Debian has, so that this one may be without
            # those of the package
            text = text.replace("bootstrapd-worker", '"64999"').replace(
                "keeper: bootstrapd", 'keeper: "64998"')
            file = self.folder / f"{n}.yaml"
            file.write_text(text, "utf-8")
            files.append(file)
        self.both_take("bootstrapd", files)

    def test_bad_ones(self):
        """One fault each. What is alone to be found by the program is said
        in the file, and the schema takes it."""
        for kind, least in zip(KINDS, (250, 60, 30)):
            folder = ROOT / "tests" / "vectors" / kind / "bad"
            files = sorted(folder.glob("*.yaml"))
            self.assertGreaterEqual(len(files), least)
            validator = Validator(kind)
            found = findings(kind, files)
            for file in files:
                data = file.read_bytes()
                first = FIRST.match(data.split(b"\n")[0].decode() + "\n")
                with self.subTest(kind=kind, file=file.name):
                    self.assertTrue(first, "what is to be found?")
                    self.assertEqual(
                        found[str(file)], first["found"].split(", "))
                    faults = validator.faults(data)
                    if first["alone"]:
                        self.assertEqual(faults, [])
                    else:
                        self.assertNotEqual(faults, [])

    def test_resources_that_have_keys_of_their_own(self):
        """By number only what no key says."""
        server = ("policy: p\nservers:\n- name: s\n  short_server_id: 1\n"
                  "  uri: coap://s\n  security:\n    mode: nosec\n")
        schema = json.loads(
            (ROOT / "schema" / "policy.schema.json").read_text("utf-8"))
        for name, indent, most in (("server", "  ", 27), ("security", "    ",
                                                          30)):
            text = server + f"{indent}resources:\n"
            start = text.count("\n") + 1
            text += "".join(f"{indent}  {i}: []\n" for i in range(most + 2))
            file = self.folder / f"{name}.yaml"
            file.write_text(text, "utf-8")
            refused = {
                int(found.split()[1].split(":")[0]) - start
                for found in findings("policy", [file])[str(file)]
                if found.split()[0] in (
                    "policy-resource", "policy-secret", "policy-executable")
            }
            taken = schema["$defs"][f"{name}_resources"]["patternProperties"]
            self.assertEqual(
                {f"^{i}$" for i in range(most + 2) if i not in refused},
                set(taken))


if __name__ == "__main__":
    TABLES, TOOL, ROOT = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    print(f"jsonschema of {Path(jsonschema.__file__).parents[1]}, "
          f"PyYAML {yaml.__version__}")
    unittest.main(argv=sys.argv[:1])
