"""The README by hand: its first configuration and its day in the factory, as
they are copied, in a home of their own."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from daemon_fixture import program
from tap_story import expect_equal, expect_in, skip, story, tell

SECTIONS = ["A first configuration, by hand", "A day in the factory"]
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
NOBODY = 65534


def blocks():
    """The first ```sh block of each section."""
    text = Path(os.environ["README"]).read_text(encoding="utf-8")
    for name in SECTIONS:
        section = text[text.index(f"\n## {name}\n"):]
        yield re.search(r"^```sh\n(.*?)^```", section, re.M | re.S)[1]


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def make_tree(home):
    """What the blocks know of a tree that was built."""
    top = home / "top"
    for name, place in (("BOOTSTRAPD", "bootstrapd/bootstrapd"),
                        ("BOOTSTRAPCTL", "bootstrapd/bootstrapctl"),
                        ("TOOL", "provisioning-tool/provisioning-tool"),
                        ("DEVICE", "tests/support/virtual-device")):
        (top / "build" / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program(name), top / "build" / place)
    setup = top / "scripts" / "setup"
    setup.parent.mkdir()
    setup.write_text("#!/bin/sh\n")
    setup.chmod(0o755)
    return top


@story("what the README says can be done is done")
def as_copied():
    for needed in "softhsm2-util", "sqlite3":
        if not shutil.which(needed):
            skip(f"no {needed}")
    if not os.path.exists(MODULE):
        skip(f"no {MODULE}")
    script = "set -e\ntrap 'kill %1; wait' EXIT\n" + "\n".join(blocks())
    script = script.replace("127.0.0.1:5684", f"127.0.0.1:{free_port()}")
    with tempfile.TemporaryDirectory(prefix="readme-") as name:
        home = Path(name)
        top = make_tree(home)
        who = {}
        if os.geteuid() == 0:
            who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            home.chmod(0o711)
            for path in (home, *home.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        ran = subprocess.run(
            ["bash", "-c", script], cwd=top, text=True, timeout=100,
            env=dict(os.environ, HOME=name, LC_ALL="C"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **who)
        expect_equal(ran.returncode, 0, ran.stdout[-2000:])
        for words in ("chain whole", "finished     MANIFEST is written",
                      "500 images, 0 of them bad",
                      "20 images rehearsed: 20 ok",
                      "revoked      1 credential, superseded",
                      "merged       21 rows",
                      "urn:dev:ops:0057F2-7|ok|ok|meters|",
                      "000042.nvs.bin: ok, "):
            expect_in(words, ran.stdout, "said")
        expect_equal(len(list((home / "bs/batch-1/images").iterdir())), 500,
                     "images")
        expect_equal(len(list((home / "bs/batch-3/images").iterdir())), 20,
                     "images out of the buffer")


tell()
