#!/usr/bin/env python3
"""check_docs.py finds what it is there to find: this tree, and what becomes of
it when one thing in it is changed.

usage: test_check_docs.py [ROOT]
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

LINT = Path(__file__).with_name("check_docs.py")
ROOT = Path(__file__).resolve().parents[2]
PARTS = ["README.md", "bootstrapd", "lib", "pki", "policies", "schema",
         "scripts", "tests/integration/daemon",
         "tests/integration/tool", "tests/lint", "tests/support"]

# file, what is replaced (the first time it is there), by what, and a word of
# the finding
CHANGES = [
    # keys
    ("bootstrapd/config_keys.c", '{"idle_timeout",',
     '{"linger", TIME(0, 1)},\n    {"idle_timeout",',
     "limits.linger is not described"),
    ("bootstrapd/config.c", '{"handshakes_per_source",', '{"handshakes",',
     "limits.handshakes_per_source is known, but nobody"),
    ("bootstrapd/bootstrapd.yaml.5", ".It Cm limits.handshakes_per_source",
     ".It Cm limits.handshakes_each",
     "limits.handshakes_per_source is not described"),
    ("bootstrapd/config_keys.c", '    {"env", TEXT},\n', "",
     "hsm.pin.env is not known"),
    ("bootstrapd/config.c", 'yaml_get(map, "network")',
     'yaml_get(map, "module")', "hsm.network is known, but nobody reads it"),
    ("bootstrapd/config_keys.c", '    {"keeper", TEXT},',
     '    {"keeper", TEXT},\n    {"both", TEXT},',
     "user.both is not described"),
    ("bootstrapd/config_keys.c", "{&config_keys_pin}", "{&config_keys_pins}",
     "hsm.pin.env is not known"),
    ("bootstrapd/config_keys.c", "yaml_keys config_keys = ",
     "yaml_keys config_words = ", "no key was found"),
    ("bootstrapd/config_keys.c",
     '    {"key", TEXT},\n    {"trust",', '    {"trust",',
     "server.key is not known"),
    ("bootstrapd/bootstrapd.yaml.5", ".It Cm hsm.module", ".It Cm hsm.modul",
     "hsm.module is not described"),
    ("bootstrapd/bootstrapd.yaml.5", ".It Cm hsm.module", ".It Cm hsm.modul",
     "hsm.modul is not known"),
    ("bootstrapd/bootstrapd.yaml.5", ".Sh KEYS", ".Sh WORDS",
     "listen is not described"),
    # verbs
    ("bootstrapd/bootstrapctl.c", '{"stop", ', '{"halt", ',
     "halt is not described"),
    ("bootstrapd/bootstrapctl.c", '{"stop", ', '{"halt", ',
     "there is no verb stop"),
    ("bootstrapd/bootstrapctl.c", '"  reload  ', '"  load  ',
     "reload is in one of"),
    ("bootstrapd/bootstrapctl.8", ".It Cm devices", ".It Cm fleet",
     "devices is not described"),
    # completions
    *[("bootstrapd/completion/" + name, word, "other", finding)
      for name, word, finding in [
          ("bootstrapctl.bash", "stop supersede", "stop is not offered"),
          ("bootstrapctl.bash", "--follow", "--follow is not offered"),
          ("bootstrapctl.bash", "--format --version", "--version is not"),
          ("bootstrapd.bash", "check", "other is offered, but"),
          ("_bootstrapctl", "reload:", "reload is not offered"),
          ("_bootstrapctl", "--format[", "--format is not offered"),
          ("_bootstrapd", "-v,", "-v is not offered"),
          ("_bootstrapd", "((check", "check is not offered"),
          ("bootstrapctl.fish", "devices", "devices is not offered"),
          ("bootstrapctl.fish", "-l follow", "--follow is not offered"),
          ("bootstrapd.fish", "-s v", "-v is not offered"),
      ]],
    ("bootstrapd/completion/bootstrapd.fish", "-l verbose", "-l verbosity",
     "--verbosity is offered, but"),
    ("bootstrapd/completion/_bootstrapctl", "'stop:", "'halt:",
     "halt is offered, but"),
    # exit codes
    ("bootstrapd/bootstrapd.8", ".It 77", ".It 99", "nothing exits with 99"),
    ("bootstrapd/check.c", "EXIT_LEDGER = 74", "EXIT_LEDGER = 72",
     "exit code 72 is not described"),
    ("bootstrapd/bootstrapctl.8", ".It 69", ".It 68",
     "exit code 69 is not described"),
    # reasons
    ("lib/bootstrap/reason.c", '{"no-policy",', '{"policy-less",',
     "the reason policy-less is not described"),
    ("lib/bootstrap/reason.c", '{"no-policy",', '{"policy-less",',
     "there is no reason no-policy"),
    ("bootstrapd/bootstrapd.8", "The HSM did not answer.", "The HSM is gone.",
     "token-away has another sentence"),
    ("bootstrapd/push_reason.c", '{"no-session",', '{"sessionless",',
     "the reason sessionless is not described"),
    # the README, and its reading guide
    ("README.md", "`schema/ledger.sql`", "`schema/ledgers.sql`",
     "schema/ledgers.sql does not exist"),
    ("README.md", "| `bootstrapd/", "| `bootstrapper/", "does not exist"),
    ("README.md", "`bootstrapd/worker.c`", "`bootstrapd/labourer.c`",
     "bootstrapd/labourer.c does not exist"),
    ("README.md", "`issue_plan()`", "`issue_plans()`", "has no issue_plans()"),
    ("README.md", "## Following", "## Pursuing", "no section"),
    # places
    ("bootstrapd/bootstrapd.8", ".Sh EXAMPLES\n", ".Sh EXAMPLES\n@TRACE@\n",
     "@TRACE@ is not filled in"),
]


def lint(root):
    done = subprocess.run(
        [sys.executable, LINT, root], capture_output=True, text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


class Docs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for part in PARTS:
            source = ROOT / part
            (self.root / part).parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, self.root / part)
            else:
                shutil.copy(source, self.root / part)

    def test_this_tree(self):
        self.assertEqual(lint(self.root)[:2], (0, []))

    def test_changes(self):
        for name, old, new, finding in CHANGES:
            with self.subTest(file=name, new=new, finding=finding):
                file = self.root / name
                before = file.read_text(encoding="utf-8")
                self.assertIn(old, before)
                file.write_text(before.replace(old, new, 1), encoding="utf-8")
                code, findings, errors = lint(self.root)
                file.write_text(before, encoding="utf-8")
                self.assertEqual(code, 1, errors)
                self.assertTrue(
                    any(finding in f for f in findings), findings or errors)

    def test_a_file_goes(self):
        guide = (ROOT / "README.md").read_text(encoding="utf-8")
        guide = guide.split("## Following one", 1)[1].split("\n## ")[0]
        for path in sorted(set(re.findall(r"`(lib/[\w./]+\.c)`", guide))):
            with self.subTest(path=path):
                (self.root / path).rename(self.root / "away")
                findings = lint(self.root)[1]
                (self.root / "away").rename(self.root / path)
                # named twice perhaps
                self.assertEqual(
                    set(findings), {f"README.md: {path} does not exist"})


if __name__ == "__main__":
    unittest.main()
