#!/usr/bin/env python3
"""layers.py finds what it is there to find: small trees, good and bad."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

LINT = Path(__file__).with_name("layers.py")

# A tree that is in order; each test below adds one file to it.
GOOD = {
    "lib/base/span.h": "#include <stdint.h>\n",
    "lib/base/loop.h": "#include <time.h>\n",
    "lib/coap/message.h": '#include "base/span.h"\n',
    "lib/dtls/dtls.h": '#include "base/span.h"\n',
    "lib/dtls/context.h": "#include <wolfssl/options.h>\n",
    "lib/hsm/hsm.h": "",
    "lib/hsm/hsm_internal.h": '#include "hsm/hsm.h"\n#include <libp11.h>\n',
    "lib/policy/yaml.h": "",
    "bootstrapd/config.h": '#include "hsm/hsm.h"\n',
    "bootstrapd/worker.c": (
        '#include "config.h"\n'
        '#include "build_config.h"\n'
        "#include <sys/socket.h>\n"
        '#include "dtls/dtls.h"\n'
    ),
    "provisioning-tool/main.c": '#include "../bootstrapd/config.h"\n',
}

BAD = [
    # a layer that looks up
    ("lib/coap/a.c", '#include "lwm2m/path.h"', "does not exist"),
    ("lib/coap/a.c", '#include "dtls/dtls.h"', "does not know lib/dtls"),
    ("lib/base/a.c", '#include "coap/message.h"', "does not know lib/coap"),
    ("lib/dtls/a.c", '#include "coap/message.h"', "does not know lib/coap"),
    ("lib/issue/a.c", '#include "dtls/dtls.h"', "does not know lib/dtls"),
    ("lib/policy/a.c", '#include "hsm/hsm.h"', "does not know lib/hsm"),
    ("provisioning-tool/a.c", '#include "../bootstrapd/worker.h"', "written from"),
    # a library in the wrong house
    ("lib/coap/a.c", "#include <wolfssl/ssl.h>", "belongs to lib/dtls"),
    ("bootstrapd/a.c", "# include  <wolfssl/ssl.h>", "belongs to lib/dtls"),
    ("lib/dtls/a.c", "#include <openssl/evp.h>", "belongs to lib/hsm"),
    ("bootstrapd/a.c", "#include <p11-kit/pkcs11.h>", "belongs to lib/hsm"),
    ("lib/issue/a.c", "#include <sqlite3.h>", "belongs to lib/ledger"),
    ("bootstrapd/a.c", "#include <yaml.h>", "belongs to lib/policy"),
    ("lib/ledger/a.c", "#include <nettle/sha2.h>", "belongs to lib/base"),
    ("lib/dtls/a.c", "#include <seccomp.h>", "belongs to bootstrapd"),
    # sans-IO
    ("lib/coap/a.c", "#include <sys/socket.h>", "belongs to"),
    ("lib/coap/a.c", "#include <time.h>", "belongs to"),
    ("lib/bootstrap/a.c", '#include "base/loop.h"', "is not for"),
    ("lib/lwm2m/a.c", "#include <stdlib.h>", "belongs to"),
    # what nobody has thought of
    ("lib/base/a.c", "#include <ldap.h>", "is in no table"),
    ("lib/extra/a.c", "", "is in no layer"),
    # inside another's house
    ("bootstrapd/a.c", '#include "hsm/hsm_internal.h"', "is private"),
    ("lib/dtls/a.c", '#include "../hsm/hsm.h"', "written from lib/"),
    ("lib/dtls/a.c", '#include "dtls.h"', 'written "dtls/dtls.h"'),
    ("bootstrapd/a.c", '#include "gone.h"', "does not exist"),
    ("bootstrapd/a.c", "#include HEADER", "cannot be read"),
]


def lint(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, LINT, root], capture_output=True, text=True,
            check=False,
        )
    return done.returncode, done.stdout.splitlines()


class Layers(unittest.TestCase):
    def test_good_tree(self):
        self.assertEqual(lint(GOOD), (0, []))

    def test_bad_trees(self):
        for name, line, text in BAD:
            with self.subTest(file=name, line=line):
                code, findings = lint(GOOD | {name: "\n" + line})
                self.assertEqual(code, 1)
                self.assertEqual(len(findings), 1, findings)
                self.assertTrue(findings[0].startswith(name + ":"), findings)
                self.assertIn(text, findings[0])

    def test_every_finding(self):
        code, findings = lint(
            GOOD
            | {"lib/coap/a.c": "#include <sqlite3.h>\n#include <yaml.h>"}
            | {"lib/coap/b.h": "int x;\n#include <libp11.h>"}
        )
        self.assertEqual(code, 1)
        self.assertEqual(
            [":".join(f.split(":")[:2]) for f in findings],
            ["lib/coap/a.c:1", "lib/coap/a.c:2", "lib/coap/b.h:2"],
        )

    def test_empty_tree(self):
        self.assertEqual(lint({})[0], 1)


if __name__ == "__main__":
    unittest.main()
