#!/usr/bin/env python3
"""The shipped examples and the bad ones in an editor: yaml-language-server says
of them what `policy check` says, explains a key and completes one.

usage: run.py ROOT	(TAP; skipped where it cannot be fetched)
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from editor import Editor

HERE = Path(__file__).resolve().parent
FIRST = re.compile(r"# [a-z-]+ (\d+):.*?(; check alone: .*)?")
# What an editor says where no branch fits, and nobody can act on.
USELESS = ("Matches multiple schemas", "matches none")
# What it tells of YAML itself: `<<` merges, as in YAML 1.1, an anchor that nobody
# names is marked, 3 and "3" are two keys, and 2^63 is no more than 2^63 - 1.
OTHER_YAML = {
    "policy": {"yaml-merge-key", "yaml-anchor", "yaml-duplicate-number",
               "objects-float-2-63"},
    "bootstrapd": {"anchor"},
}
SERVER = """identity: i
psk: {derive: m}
---
policy: p
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.example
    li
    security:
      mode: psk
      key: {derive: fleet-2026}
verify: \n"""

count = failed = 0


def tell(what, problems):
    global count, failed
    count += 1
    failed += bool(problems)
    print(f"{'not ' if problems else ''}ok {count} - {what}")
    for problem in problems[:40]:
        print(f"# {problem}")


def examples(editor, root):
    problems = []
    for file in sorted((root / "policies").glob("*/*.yaml")):
        # by its own modeline
        found = editor.findings(file, file.read_text("utf-8"))
        problems += [f"{file.name}:{line}: {text}" for line, text in found]
    tell("nothing is marked in what is shipped", problems)


def bad_ones(editor, root, kind):
    marked, lines, words = [], [], []
    schema = root / "schema" / f"{kind}.schema.json"
    for file in sorted(
            (root / "tests" / "vectors" / kind / "bad").glob("*.yaml")):
        if file.stem in OTHER_YAML[kind]:
            continue
        first, _, rest = file.read_text("utf-8").partition("\n")
        said = FIRST.fullmatch(first)
        modeline = f"# yaml-language-server: $schema={schema}\n"
        # in every document, without a line more
        found = editor.findings(file, modeline + re.sub(
            r"^---\n", f"--- {modeline}", rest, flags=re.M))
        if bool(found) == bool(said[2]):
            marked.append(f"{file.name}: {found}")
        # what is missing is marked at the key of its map, and what is too much
        # in a document where it stands
        if not said[2] and found and int(said[1]) != 2 and not {
                int(said[1]), int(said[1]) - 1} & {
                line for line, _ in found}:
            lines.append(f"{file.name}: {first} {found}")
        words += [f"{file.name}: {text}" for _, text in found
                  if any(useless in text for useless in USELESS)]
    tell(f"{kind}: what a schema can tell is marked, the rest is not", marked)
    tell(f"{kind}: in the line that the program names", lines)
    tell(f"{kind}: in words that say what to do", words)


def help_while_writing(editor, root, folder):
    schema = f"# yaml-language-server: $schema={root}/schema/policy.schema.json\n"
    file = folder / "t.yaml"
    editor.findings(file, SERVER.replace("---\n", "---\n" + schema))
    shown = editor.hover(file, 8, 8)
    tell("a key is explained", [] if "Its Short Server ID" in shown
         else [repr(shown)])
    shown = editor.completions(file, 10, 7)
    tell("a key is completed", [
        f"{word} is not among {sorted(shown)}"
        for word in ("lifetime", "binding", "trigger") if word not in shown])
    shown = editor.completions(file, 14, 9)
    tell("a word is completed", [
        f"{word} is not among {sorted(shown)}"
        for word in ("none", "discover", "read") if word not in shown])
    file = folder / "new.yaml"
    editor.findings(file, schema + "\n")
    shown = editor.completions(file, 2, 1)
    tell("a new document is begun", [
        f"{word} is not among {sorted(shown)}"
        for word in ("identity", "policy", "profile") if word not in shown])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1]).resolve()
    build = subprocess.run(
        [HERE / "build"], capture_output=True, text=True, check=False)
    if build.returncode == 77:
        print(f"1..0 # SKIP {build.stderr.strip().splitlines()[-1]}")
        return 0
    if build.returncode:
        print(f"Bail out! {build.stderr.strip()}")
        return 1
    with tempfile.TemporaryDirectory() as folder, \
            Editor(build.stdout.splitlines()[-1]) as editor:
        examples(editor, root)
        for kind in OTHER_YAML:
            bad_ones(editor, root, kind)
        help_while_writing(editor, root, Path(folder))
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
