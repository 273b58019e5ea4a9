"""Plays the matrix, a line a case; `--write` puts down tests/MATRIX.md. Words
choose cases, those with an @ transports, one with a % the formats by their
marks."""

import sys
from pathlib import Path

import matrix

import cases  # noqa: F401: they register themselves
from tap_story import Skip

PAGE = Path(__file__).resolve().parent.parent.parent / "MATRIX.md"


def report(number, case_, results):
    mine = [r for r in results if r.cell.case is case_]
    failed = [r for r in mine if r.error]
    word = "not ok" if failed else "ok"
    print(f"{word} {number} - {case_.name}: {case_.title} "
          f"({len(mine)} conversations)")
    for r in failed:
        print(f"# {r.cell.endpoint}:")
        for line in r.error.splitlines()[:60]:
            print(f"#   {line}")
    return not failed


def page_is_right():
    wanted = matrix.table(matrix.CASES)
    if PAGE.exists() and PAGE.read_text() == wanted:
        return True
    print("# tests/MATRIX.md is not what is played: make it anew with --write")
    return False


def main():
    words = [w for w in sys.argv[1:] if w[0] not in "-@%"]
    over = [w[1:] for w in sys.argv[1:] if w.startswith("@")]
    transports = [t for t in matrix.TRANSPORTS if not over or t.key in over]
    if "--write" in sys.argv:
        PAGE.write_text(matrix.table(matrix.CASES))
    marks = [w[1:] for w in sys.argv[1:] if w.startswith("%")]
    for c in matrix.CASES if marks else []:
        c.formats = [f for f in c.formats if f.mark in marks[0]]
    chosen = [c for c in matrix.CASES
              if not words or any(
                  c.name == w or c.name.startswith(w + "-") for w in words)]
    print(f"1..{len(chosen) + 1}", flush=True)
    try:
        results = matrix.play_all(chosen, transports)
    except Skip as why:
        for n, c in enumerate(chosen, 1):
            print(f"ok {n} - {c.name} # SKIP {why}")
        print(f"ok {len(chosen) + 1} - the page # SKIP {why}")
        return 0
    good = [report(n, c, results) for n, c in enumerate(chosen, 1)]
    right = page_is_right()
    print(f"{'ok' if right else 'not ok'} {len(chosen) + 1} - tests/MATRIX.md "
          "lists what is played")
    return 0 if all(good) and right else 1


sys.exit(main())
