#!/usr/bin/env python3
"""Look for what does not belong into a repository.

usage: leaks.py ROOT

Findings: absolute paths of somebody's machine; addresses of hosts that the
project has no reason to name (it takes packages from wherever the machine
does); private keys. Long files get a remark, which is none.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

# Put together, so that this file has none of them.
HOMES = re.compile(
    r"(?:(?<=-[IL])|(?<![\w.~$}*-]))/(?:" + "|".join(["ro" "ot", "wo" "rk", "ho" "me"])
    + r")/[\w.-]"
)
URL = re.compile(r"\b(?:https?|ftp|git|ssh)://(?:[^/@\s\"']*@)?"
                 r"([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*PRIVATE" " KEY-----")

# Who may be named: standards, licences, schema names, and examples.
HOSTS = re.compile(
    r"(?:.*\.)?(?:example|invalid|test|localhost)"
    r"|(?:.*\.)?example\.(?:com|net|org)"
    r"|127\.0\.0\.1"
    r"|192\.0\.2\.[0-9]+"  # TEST-NET-1, RFC 5737
    r"|(?:www\.)?(?:gnu|fsf|w3|ietf|rfc-editor|json-schema|iana)\.org"
    r"|(?:.*\.)?openmobilealliance\.org"
    r"|maven\.apache\.org"  # names of XML schemas
)

# Samples that devices and their tools have taken, with throw-away keys.
SAMPLES = "tests/vectors/images"

LINES_MANY = 450


def tracked(root):
    """What git tracks; in an unpacked archive everything."""
    git = shutil.which("git")
    done = git and subprocess.run(
        [git, "-C", root, "ls-files", "-z"], capture_output=True, check=False,
    )
    if done and done.returncode == 0:
        names = done.stdout.decode().split("\0")[:-1]
        return [root / n for n in names if (root / n).is_file()]
    return [
        f for f in root.rglob("*")
        if f.is_file() and not any(
            p.startswith(("build", ".git")) for p in f.relative_to(root).parts
        )
    ]


def check_line(line):
    if HOMES.search(line):
        yield "a path of one machine"
    for host in URL.findall(line):
        if not HOSTS.fullmatch(host):
            yield f"the host {host}, which is in no list of leaks.py"
    if PRIVATE_KEY.search(line):
        yield "a private key"


def check(file):
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    if len(lines) > LINES_MANY and file.suffix in (".c", ".h", ".py", ".sh"):
        print(f"remark: {file} has {len(lines)} lines", file=sys.stderr)
    for number, line in enumerate(lines, 1):
        for fault in check_line(line):
            if fault != "a private key" or SAMPLES not in file.as_posix():
                yield number, fault


def self_test():
    """The patterns see what they are for, and nothing else."""
    bad = [
        "open('/" "root/.cache')", "-I/" "work/main/lib", "in /" "home/me/x",
        "https:" "//packages.somewhere.dev/x", "see http:" "//1.2.3.4:8080/",
        "git:" "//a:b@code.somewhere.dev/x",
        "-----BEGIN EC PRIVATE" " KEY-----",
    ]
    good = [
        "the /root of it", "coaps://eu1.lwm2m.example:5684", "/network/work",
        "https://www.rfc-editor.org/rfc/rfc7252", "http://localhost/",
        "$HOME/work/x", "build/root/etc", "https://[::1]/",
    ]
    for line in bad:
        if not list(check_line(line)):
            yield f"leaks.py does not see: {line}"
    for line in good:
        for fault in check_line(line):
            yield f"leaks.py takes for {fault}: {line}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1])
    files = tracked(root)
    findings = list(self_test())
    for file in files:
        for number, fault in check(file):
            findings.append(f"{file.relative_to(root)}:{number}: {fault}")
    if not files:
        findings.append(f"{root}: nothing to read there")
    for finding in findings:
        print(finding)
    print(f"{len(files)} files, {len(findings)} findings", file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
