#!/usr/bin/env python3
"""Hold the LIMITS of the manuals to the constants that readers use.

usage: limits.py ROOT

A limit is an item of the section, a number and its unit, with a sentence under
it. CONSTANTS says which constant stands behind which words of a sentence; each
item has one, and each constant that a manual should have is in it.
"""

import re
import sys
from pathlib import Path

KIB, MIB = 1024, 1 << 20
TOOL = "provisioning-tool/provisioning-tool.1"
CONFIG = "bootstrapd/bootstrapd.yaml.5"

# constant, where, unit, words of the sentence, manuals
CONSTANTS = [
    ("YAML_FILE_MAX", "lib/policy/yaml.h", "MiB", "file of documents",
     [TOOL, CONFIG]),
    ("YAML_DEPTH_MAX", "lib/policy/yaml.h", "levels", "lists and maps",
     [TOOL, CONFIG]),
    ("YAML_NODES_MAX", "lib/policy/yaml.h", "values", "of one file",
     [TOOL, CONFIG]),
    ("KEPT_MAX", "lib/base/diag.c", "findings", "of one run",
     [TOOL, CONFIG]),
    ("POLICY_FILE_MAX", "lib/policy/set.h", "MiB", "table or list", [TOOL]),
    ("POLICY_CERTIFICATES_MAX", "lib/policy/set.h", "KiB",
     "certificates or keys", [TOOL]),
    ("FINDINGS_MAX", "lib/policy/list.c", "findings", "of one list", [TOOL]),
    ("FINDINGS_MAX", "lib/policy/fingerprint.c", "findings", "of one table",
     [TOOL]),
    ("POLICY_KEPT_MAX", "lib/policy/set.h", "MiB", "kept in the ledger",
     [TOOL]),
    ("REGEX_TEXT_MAX", "lib/policy/regex.h", "bytes", "regular expression",
     [TOOL]),
    ("REGEX_STATES_MAX", "lib/policy/regex.h", "states", "steps a byte",
     [TOOL]),
    ("REGEX_REPEAT_MAX", "lib/policy/regex.h", "repetitions", "braces", [TOOL]),
    ("REGEX_DEPTH_MAX", "lib/policy/regex.h", "groups", "in each other",
     [TOOL]),
    ("GRAMMAR_PATTERNS_MAX", "lib/policy/grammar.h", "patterns",
     "match.endpoint", [TOOL]),
    ("POLICY_ENDPOINT_MAX", "lib/policy/set.h", "bytes", "endpoint name",
     [TOOL]),
    ("POLICY_SERVERS_MAX", "lib/policy/set.h", "servers", "one device",
     [TOOL]),
    ("POLICY_MEMBERS_MAX", "lib/policy/set.h", "servers", "all pools",
     [TOOL]),
    ("POLICY_EPOCHS_MAX", "lib/policy/set.h", "epochs", "accepted", [TOOL]),
    ("POLICY_CLEAN_MAX", "lib/policy/set.h", "paths", "clean", [TOOL]),
    ("POLICY_STEPS_MAX", "lib/policy/set.h", "requests", "one device",
     [TOOL]),
    ("POLICY_ENTRIES_MAX", "lib/policy/set.h", "values", "one instance",
     [TOOL]),
    ("POLICY_BYTES_MAX", "lib/policy/set.h", "KiB", "objects", [TOOL]),
    ("PROFILE_BASES_MAX", "lib/policy/profile.h", "profiles", "based on",
     [TOOL]),
    ("GRAMMAR_USES_MAX", "lib/policy/grammar.h", "fragments", "behind one",
     [TOOL]),
    ("DEPTH_MAX", "lib/policy/fragment.c", "fragments", "in each other",
     [TOOL]),
    ("COPIES_MAX", "lib/policy/fragment.c", "values", "all fragments", [TOOL]),
    ("GRAMMAR_INCLUDES_MAX", "lib/policy/grammar.h", "files", "behind one",
     [TOOL]),
    ("DEPTH_MAX", "lib/policy/include.c", "files", "include each other",
     [TOOL]),
    ("LISTENERS_MAX", "bootstrapd/config.h", "listeners", "listen", [CONFIG]),
    ("WORKERS_MAX", "bootstrapd/config.h", "workers", "workers", [CONFIG]),
    ("SERVERS_MAX", "bootstrapd/config.h", "certificates", "server",
     [CONFIG]),
    ("SERVER_FILES_MAX", "bootstrapd/config.h", "files", "trust", [CONFIG]),
]
UNITS = {"KiB": KIB, "MiB": MIB}


def constant(source, name):
    found = re.search(rf"^(?:enum \{{ |\t){name} = ([0-9]+(?: << [0-9]+)?)[ ,]",
                      source, re.M)
    if not found:
        return None
    text = found[1]
    if "<<" in text:
        left, right = text.split("<<")
        return int(left) << int(right)
    return int(text)


def items(manual):
    """(number, unit, sentence) of each item; a number None is no number."""
    section = re.search(r"^\.Sh LIMITS\n(.*?)(?=^\.Sh |\Z)", manual,
                        re.M | re.S)
    for item in re.split(r"^\.It ", section[1] if section else "",
                         flags=re.M)[1:]:
        head, _, sentence = item.partition("\n")
        said = re.fullmatch(r"([0-9]+) (\w+)", head)
        text = re.sub(r"^\.\w+ ", "", sentence, flags=re.M).lower()
        yield (int(said[1]), said[2], text) if said else (None, head, text)


def check(read):
    for manual in (TOOL, CONFIG):
        left = list(items(read(manual)))
        if not left:
            yield manual, "has no LIMITS"
        for name, source, unit, words, manuals in CONSTANTS:
            if manual not in manuals:
                continue
            value = constant(read(source), name)
            if value is None:
                yield source, f"has no {name}"
                continue
            found = [item for item in left
                     if item[1] == unit and words in item[2]]
            if len(found) != 1:
                yield manual, f"{len(found)} items tell of {name}"
            elif found[0][0] is None or \
                    found[0][0] * UNITS.get(unit, 1) != value:
                yield manual, f"{name} is {value}, not {found[0][0]} {unit}"
        known = [(unit, words) for _, _, unit, words, manuals in CONSTANTS
                 if manual in manuals]
        for number, unit, text in left:
            if not any(unit == u and words in text for u, words in known):
                yield manual, f"{number} {unit}: no constant says so"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1])
    findings = list(check(
        lambda name: (root / name).read_text(encoding="utf-8")))
    for name, text in findings:
        print(f"{name}: {text}")
    print(f"{len(findings)} findings", file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
