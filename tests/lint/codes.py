#!/usr/bin/env python3
"""Every code of a finding stands in the table, and every one there is used.

usage: codes.py ROOT

Reads the calls that report findings (diag_add, yaml_error and their like) and
the words in the sources that look like a code, and holds them against
lib/policy/code_*.c: no code without an entry, no entry that nobody reports, no
level that is another than the table says, each group sorted.
"""

import re
import sys
from pathlib import Path

PREFIXES = "yaml|policy|issue|config|ceremony|order|diag|check"
OF_IMAGES = "account|batch|image"
WORD = re.compile(rf'"((?:{PREFIXES}|{OF_IMAGES})(?:-[a-z0-9]+)+)"')
# What a rehearsal ends with are reasons of its own.
WORD_OF_REHEARSAL = re.compile(rf'"((?:{PREFIXES})(?:-[a-z0-9]+)+)"')
# Which argument is the code, and which the level (None: an error).
CALLS = {
    "diag_add": (5, 1),
    "yaml_error": (2, None),
    "yaml_report": (3, 1),
    "rules_say": (3, 1),
    "finding_at": (2, None),
    "load_word": (3, None),
    "load_template": (3, None),
    "rules_error": (4, None),
    "verify_find": (2, 1),
}
ENTRY = re.compile(r'\{\s*"([a-z0-9-]+)",\s*CODE_([A-Z]+),'
                   r'((?:\s*"(?:[^"\\]|\\.)*")+),'
                   r'((?:\s*"(?:[^"\\]|\\.)*")+)\s*\}')


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text,
                  flags=re.S)


def arguments(text, at):
    """The arguments of the call whose bracket opens before `at`."""
    out, depth, begin, i = [], 1, at, at
    while depth:
        c = text[i]
        if c == '"':
            i += 1
            while text[i] != '"':
                i += 2 if text[i] == "\\" else 1
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        if (c == "," and depth == 1) or depth == 0:
            out.append(" ".join(text[begin:i].split()))
            begin = i + 1
        i += 1
    return out


def read_table(root):
    table, faults = {}, []
    for file in sorted((root / "lib/policy").glob("code_*.c")):
        names = []
        for name, level, sentence, remedy in ENTRY.findall(file.read_text()):
            names.append(name)
            if name in table:
                faults.append(f"{file}: {name} stands there twice")
            table[name] = level
            for what in (sentence, remedy):
                words = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', what))
                if not re.fullmatch(r"[A-Z].*\.", words):
                    faults.append(f"{file}: {name}: no sentence: {words}")
        if names != sorted(names):
            faults.append(f"{file}: not sorted by name")
    return table, faults


def sources(root):
    for folder in ("lib", "bootstrapd", "provisioning-tool"):
        for file in sorted((root / folder).rglob("*.c")):
            if not re.fullmatch(r"code_\w+\.c", file.name):
                yield file


def level_of(argument):
    levels = set(re.findall(r"DIAG_(ERROR|WARNING|NOTE)", argument))
    return levels or {"ERROR", "WARNING"}


def main(root):
    table, faults = read_table(root)
    used = {}
    for file in sources(root):
        text = without_comments(file.read_text())
        where = file.relative_to(root)
        words = WORD_OF_REHEARSAL if file.name.startswith("rehearse") else WORD
        for word in words.findall(text):
            used.setdefault(word, set())
            if word not in table:
                faults.append(f"{where}: {word} is not in lib/policy/code_*.c")
        for call in re.finditer(rf"\b({'|'.join(CALLS)})\s*\(", text):
            code_at, level_at = CALLS[call[1]]
            args = arguments(text, call.end())
            if len(args) <= code_at or not args[code_at].startswith('"'):
                continue
            code = args[code_at].strip('"')
            if code not in table:
                faults.append(f"{where}: {code} is not in lib/policy/code_*.c")
            used.setdefault(code, set()).update(
                {"ERROR"} if level_at is None else level_of(args[level_at]))
    for name, level in table.items():
        if name not in used:
            faults.append(f"{name} is in the table and nobody reports it")
            continue
        said = used[name] - {"NOTE"}
        want = {"EITHER": {"ERROR", "WARNING"}}.get(level, {level})
        if said - want:
            faults.append(f"{name} is CODE_{level} and comes as {said}")
        # a code that is handed on has a level that is not seen here
        if level == "EITHER" and said and said != want:
            faults.append(f"{name} is CODE_EITHER and comes as {said} alone")
    for fault in dict.fromkeys(faults):
        print(fault)
    return 1 if faults or not table else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
