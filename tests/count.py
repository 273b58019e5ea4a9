"""Count what a run of `meson test` did: passed, failed, skipped.

Takes the testlog.json (one JSON object a line); prints three numbers. Names
what failed, and why what was skipped was, on stderr.
"""

import json
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}


def reason(test):
    """The line in which a test says why it was skipped."""
    for line in (test.get("stdout") or "").splitlines():
        if "SKIP" in line.upper():
            return line.strip()
    return "no reason given"


def main(path):
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            if test["result"] in PASSED:
                passed += 1
            elif test["result"] in SKIPPED:
                skipped += 1
                print(f"skipped: {test['name']}: {reason(test)}",
                      file=sys.stderr)
            else:
                failed += 1
                print(f"failed: {test['name']} ({test['result']})",
                      file=sys.stderr)
    print(passed, failed, skipped)


main(sys.argv[1])
