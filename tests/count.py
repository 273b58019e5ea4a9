"""Count what a run of `meson test` did: passed, failed, skipped.

usage: count.py TESTLOG [AGAIN]    three numbers; names what failed, and why
                                   what was skipped was, on stderr
       count.py --failed TESTLOG   the names of what failed, a line each

The logs are meson's testlog.json (one JSON object a line); AGAIN is that of a
second run of what had failed, and decides.
"""

import json
import os
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}


def reason(test):
    """The line in which a test says why it was skipped."""
    for line in (test.get("stdout") or "").splitlines():
        if "SKIP" in line.upper():
            return line.strip()
    return "no reason given"


def read(path):
    with open(path, encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def bare(test):
    """The name without the suites before it."""
    return test["name"].rsplit(" / ", 1)[-1]


def has_failed(test):
    return test["result"] not in PASSED | SKIPPED


def main(path, again_path=None):
    again = {}
    if again_path and os.path.exists(again_path):
        again = {bare(test): test for test in read(again_path)}
    passed = failed = skipped = 0
    for test in read(path):
        name = bare(test)
        if has_failed(test) and name in again:
            test = again[name]
            if not has_failed(test):
                print(f"unsteady: {name} failed beside others, and passed "
                      "alone", file=sys.stderr)
        if test["result"] in PASSED:
            passed += 1
        elif test["result"] in SKIPPED:
            skipped += 1
            print(f"skipped: {name}: {reason(test)}", file=sys.stderr)
        else:
            failed += 1
            print(f"failed: {name} ({test['result']})", file=sys.stderr)
    print(passed, failed, skipped)


if sys.argv[1] == "--failed":
    for one in read(sys.argv[2]):
        if has_failed(one):
            print(bare(one))
else:
    main(*sys.argv[1:])
