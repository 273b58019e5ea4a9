"""The keeper alone, and a test in place of its workers: packets as a worker that
was taken over could send them (bootstrapd/question.h)."""

import hashlib
import queue
import secrets
import subprocess
import threading

from daemon_fixture import DOMAIN, PATIENCE_S, program
from daemon_pki import openssl
from tap_story import expect, expect_equal

EP, OTHER = f"{DOMAIN}-WM200-1", f"{DOMAIN}-WM200-2"

# question.h
HELLO, PSK, PSK_FAILED, BEGIN, FINISHING, END, STATS, EVIDENCE, SIGN, \
    REFUSED, PUSHED = range(1, 12)
PSK_ANSWER, BEGIN_ANSWER, RECORDED, CANCEL, SIGN_ANSWER, CREDENTIALS, \
    PUSH = range(64, 71)
VERSION = 3
BY_NOTHING, BY_PSK, BY_CERTIFICATE, BY_RAW_KEY = range(4)
HAS_ENDPOINT = 1
NONE = b"\xff" * 4  # no pct, no accept
ASKED = bytes(16)  # by the device: no push
OK, FAILED, UNKNOWN = range(3)


def _reasons():
    """By their stable names: the numbers are the program's, not the test's."""
    said = subprocess.run([program("KEEPER_HOST"), "reasons"], check=True,
                          capture_output=True, text=True).stdout
    return {code: int(n) for n, code in map(str.split, said.splitlines())}


REASON = _reasons()


def number(n, size):
    return n.to_bytes(size, "big")


def short(text):
    return number(len(text), 2) + text.encode()


NOT_MOVED = bytes(1 + 16 + 2 + 4)


def packet(kind, *parts):
    return bytes([VERSION, kind]) + b"".join(parts)


LOOPBACK = number(4, 1) + bytes([127, 0, 0, 1]) + bytes(12) + \
    number(40000, 2) + number(0, 4)


def begin(session, endpoint=EP, epoch=2, credential=None, push=ASKED):
    return packet(BEGIN, session, number(BY_PSK, 1), number(HAS_ENDPOINT, 1),
                  number(epoch, 4), number(112, 4), NONE, number(0, 1),
                  LOOPBACK, push, short(credential or endpoint),
                  short(endpoint), short(""), short(""))


def begin_shown(session, proof, peer, endpoint, chain=b""):
    """With a certificate or a raw key; everything in bytes."""
    def chunk(data):
        return number(len(data), 2) + data
    return packet(BEGIN, session, number(proof, 1), number(HAS_ENDPOINT, 1),
                  number(0, 4), number(112, 4), NONE, number(0, 1), LOOPBACK,
                  ASKED, chunk(b""), chunk(endpoint), chunk(peer),
                  chunk(chain))


def end(session, outcome=OK, reason=0):
    return packet(END, session, number(outcome, 1), number(reason, 1),
                  number(5, 2), number(6, 2), number(0x44, 1), number(99, 8),
                  number(6, 4), number(112, 4), NOT_MOVED)


def psk(ref, identity):
    """Asked before the device's Finished has come: no evidence."""
    return packet(PSK, ref, LOOPBACK, short(identity), short(""))


def sign(ref, key, digest):
    return packet(SIGN, ref, LOOPBACK, number(key, 4), digest)


def key_number(pem):
    spki = openssl("pkey", "-pubin", "-outform", "DER",
                   stdin=openssl("x509", "-in", pem, "-pubkey", "-noout"))
    return int.from_bytes(hashlib.sha256(spki).digest()[:4], "big")


def new_session():
    return secrets.token_bytes(16)


def plan_of(answer):
    """The plan in a begin answer; None: refused."""
    end = 26 + int.from_bytes(answer[22:26], "big")
    return answer[26:end] if answer[16] else None


class Keeper:
    """The keeper alone; the test is all of its workers."""

    def __init__(self, world, workers=2):
        self.world = world
        world.own()
        self.log = open(world.dir / "log", "ab")
        world.log_start = 0
        self.process = subprocess.Popen(
            [program("KEEPER_HOST"), str(world.config), str(workers)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=self.log, env=world.env, bufsize=1)
        self.heard = [queue.Queue() for _ in range(workers)]
        self.shown = [queue.Queue() for _ in range(workers)]
        self.ready = threading.Semaphore(0)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.until_ready()

    def _read(self):
        for line in self.process.stdout:
            if line == "ready\n":
                self.ready.release()
                continue
            worker, text = line.split()
            packet = bytes.fromhex(text)
            # what is shown to devices comes by itself, at any time
            if packet[1] == CREDENTIALS:
                self.shown[int(worker)].put(packet)
            else:
                self.heard[int(worker)].put(packet)

    def until_ready(self):
        expect(self.ready.acquire(timeout=PATIENCE_S), "no keeper")

    def command(self, text):
        self.process.stdin.write(text + "\n")

    def say(self, what, worker=0):
        self.command(f"say {worker} {what.hex()}")

    def hear(self, kind, worker=0):
        """The next packet, which must be of that kind, without its head."""
        try:
            heard = self.heard[worker].get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError("the keeper says nothing") from None
        expect_equal(heard[:2], bytes([VERSION, kind]), "version and kind")
        return heard[2:]

    def plan(self, session, worker=0):
        """The plan of a begin answer; None: refused."""
        answer = self.hear(BEGIN_ANSWER, worker)
        expect_equal(answer[:16], session, "session")
        return plan_of(answer)

    def until_recorded(self, session, worker=0):
        """What is heard before that: pairs of kind and the rest."""
        heard = []
        while True:
            next_one = self.heard[worker].get(timeout=PATIENCE_S)
            if next_one[1:] == bytes([RECORDED]) + session:
                return heard
            heard.append((next_one[1], next_one[2:]))

    def silent(self, worker=0):
        """Nothing is said to that worker: a question whose answer is known
        comes first among what is heard."""
        ref = secrets.token_bytes(8)
        self.say(psk(ref, "nobody"), worker)
        expect_equal(self.hear(PSK_ANSWER, worker)[:8], ref, "reference")

    def kill(self):
        self.command("kill")
        self.until_ready()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.command("end")
        code = self.process.wait(PATIENCE_S)
        self.process.stdin.close()
        self.reader.join()
        self.process.stdout.close()
        self.log.close()
        self.world.own()
        if kind is None:
            expect_equal(code, 0, "exit code of the keeper")
