#!/usr/bin/env python3
"""What stands in an image, as somebody at a terminal sees it.

usage: read_image.py TOOL IMAGE DIR

Each resource of /0/x goes into a file of its own in DIR, called by its number:
text as text, certificates in DER, the secret key from the terminal alone, in
hexadecimal (5.hex).
"""

import json
import os
import pty
import re
import subprocess
import sys


def at_a_terminal(*args):
    """What a program writes there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(args, stdout=theirs) as child:
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
        if child.wait() != 0:
            sys.exit(f"{args}: exit {child.returncode}")
    os.close(ours)
    return seen.decode().replace("\r\n", "\n")


def main(tool, image, folder):
    shown = at_a_terminal(tool, "image", "inspect", "--show-secrets", image)
    told = json.loads(subprocess.run(
        [tool, "image", "inspect", "--format", "json", image], check=True,
        stdout=subprocess.PIPE).stdout)
    for entry in told["entries"]:
        number = entry["path"].split("/")[3]
        if "certificate" in entry:
            content = bytes.fromhex(entry["certificate"]["der"])
        elif "secret" in entry:
            number += ".hex"
            content = re.search(
                rf"^ *{entry['path']} .*: ([0-9a-f]+)$", shown,
                re.M)[1].encode()
        else:
            content = str(entry["value"]).encode()
        with open(os.path.join(folder, number), "wb", opener=lambda p, f:
                  os.open(p, f, 0o600)) as out:
            out.write(content)


main(*sys.argv[1:])
