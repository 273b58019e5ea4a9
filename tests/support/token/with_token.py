"""Run a command with a token of its own.

usage: with_token.py KIND COMMAND [ARGUMENT...]

The command finds the token in its environment:

  TOKEN_KIND      KIND
  TOKEN_DIR       a folder for whatever it likes
  TOKEN_MODULE    the PKCS#11 module
  TOKEN_INIT_ARGS what C_Initialize wants of it; not set: nothing
  TOKEN_URI       the token
  TOKEN_LABEL     its label
  TOKEN_PIN_FILE  its user PIN
  TOKEN_MASTERS   labels of masters that are there already, parted by spaces
  TOKEN_VECTOR_MASTER  label of the master of tests/unit/hsm/vectors.h, if the
                  token was given it

Ends as the command does; with 77 and the reason if there is no such token here.
"""
import os
import signal
import subprocess
import sys

from token_kinds import KINDS, Missing, token, unshare_for

SKIP = 77
UNSHARED = "TOKEN_UNSHARED"


def main(argv):
    if len(argv) < 3 or argv[1] not in KINDS:
        print(__doc__.strip(), "\n\nKINDs:", *KINDS, file=sys.stderr)
        return 64
    # so that a test that takes too long leaves nothing behind either
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if UNSHARED not in os.environ:
            before = unshare_for(argv[1])
            if before:
                os.environ[UNSHARED] = "yes"
                os.execv(before[0], [*before, sys.executable, "-B", *argv])
        with token(argv[1]) as t:
            done = subprocess.run(
                argv[2:], env={**os.environ, **t.settings()}, check=False)
            if done.returncode not in (0, SKIP):
                print(t.logs(), file=sys.stderr)
            # killed: as a shell says it
            return done.returncode % 256 if done.returncode >= 0 \
                else 128 - done.returncode
    except Missing as why:
        print(f"skipped: no {argv[1]} token: {why}")
        return SKIP


if __name__ == "__main__":
    sys.exit(main(sys.argv))
