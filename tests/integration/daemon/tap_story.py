"""Tests that read like the story they tell, as TAP.

    @story("a device boots from its image")
    def boots():
        ...

    tell()

A story that returns has held; an exception is what did not. `skip` ends one
for a reason that is nobody's fault.
"""

import signal
import sys
import traceback

_stories = []


class Skip(Exception):
    """This story cannot be told here, and why."""


def skip(why):
    raise Skip(why)


def story(title):
    def keep(function):
        _stories.append((title, function))
        return function
    return keep


def expect(truth, what):
    """Like assert, and not gone under python3 -O."""
    if not truth:
        raise AssertionError(what)


def expect_equal(seen, wanted, what):
    expect(seen == wanted, f"{what}: {seen!r}, and not {wanted!r}")


def expect_in(part, whole, what):
    expect(part in whole, f"{what}: no {part!r} in {whole!r}")


def _comment(text):
    for line in text.rstrip().split("\n"):
        print(f"# {line}")


def tell():
    """All stories, then the exit code. Words on the command line choose those
    whose title holds one of them."""
    words = sys.argv[1:]
    # out of time: as an exception, so that what was begun is cleared away
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [s for s in _stories
              if not words or any(w in s[0] for w in words)]
    failed = 0
    print(f"1..{len(chosen)}", flush=True)
    for number, (title, function) in enumerate(chosen, 1):
        try:
            function()
            print(f"ok {number} - {title}", flush=True)
        except Skip as why:
            print(f"ok {number} - {title} # SKIP {why}", flush=True)
        except Exception as e:  # whatever it was, the next story is told
            failed += 1
            print(f"not ok {number} - {title}", flush=True)
            _comment(traceback.format_exc())
            _comment(getattr(e, "told", ""))
    sys.exit(1 if failed else 0)
