"""Each question that is put to the token fails, in each way in which a token
fails: the signature of a handshake, the key of a handshake, the key of an
account, the CA's signature, the numbers of a device's key, the seal of a random
key. Who asks waits, or gets 5.03; the others go on; all come through when it is
over, and nobody has restarted anything."""

import shutil

from daemon_fixture import (DOMAIN, IDENTITY, NOSEC_IDENTITY, NOSEC_POLICY,
                            wait_for)
from daemon_pki import BY_CN, PkiWorld
from tap_story import expect, expect_equal, expect_in, story, tell

HOUR_MS = 3600 * 1000
SESSIONS = 8

AUTHORITY = """\
authority: device-ca
certificate: issuing.pem
"""

POLICY = """\
policy: {what}
match: {{identity: [factory, by-cn], endpoint: "*-{what}-*"}}
clean: [/0, /1]
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security:
{security}
"""

SECURITY = {
    "psk": "      mode: psk\n      key: {derive: fleet-2026}\n",
    "random": "      mode: psk\n      key: {random: seal-2026, length: 32}\n",
    "certificate": "      mode: certificate\n"
                   "      issue: {ca: device-ca, validity: 2y}\n"
                   "      server_certificate: {file: root.pem, "
                   "usage: trust-anchor, sni: eu1.lwm2m.example}\n",
}


class FaultWorld(PkiWorld):
    """Devices of every kind, and one that needs no token at all."""

    def __init__(self, keeper_wait="3s"):
        policies = {"identity.yaml": IDENTITY + "---\n" + BY_CN,
                    "lab.yaml": NOSEC_IDENTITY,
                    "lab-policy.yaml": NOSEC_POLICY}
        super().__init__(policies, shim=True, workers=2,
                         listen=("coaps://127.0.0.1:0", "coap://127.0.0.1:0"),
                         limits={"keeper_wait": keeper_wait})
        self.number = 0

    def _set_up(self, *args):
        super()._set_up(*args)
        self.tool("hsm", "keys", "make", *self.token_options(), "seal-2026")
        for name in ("issuing.pem", "root.pem"):
            shutil.copy(self.pki / name, self.dir / "policies.d")
        self.write_policy("authority.yaml", AUTHORITY)
        for what, security in SECURITY.items():
            self.write_policy(f"{what}.yaml", POLICY.format(
                what=what, security=security))

    def write_config(self, extra=""):
        super().write_config(extra)
        self.config.write_text(self.config.read_text().replace(
            "hsm:\n", f"hsm:\n  sessions: {SESSIONS}\n"))

    def name(self, what):
        self.number += 1
        return f"{DOMAIN}-{what}-{self.number}"

    def struck(self):
        """How many faults have found their call."""
        return self.calls("struck")

    def times_away(self):
        return len(self.logged("error token_away"))

    def well(self):
        wait_for(lambda: self.status()["token.state"] == "ok",
                 "the daemon to see that the token is back")

    def nosec(self):
        image = self.write_image(self.name("bench"), None, uri=self.coap())
        return self.boot(image)


class Comer:
    """A device that comes again, and may be asked how it went."""

    def __init__(self, world, what, papers=False):
        self.world = world
        self.endpoint = world.name(what)
        self.papers = world.device(self.endpoint.rsplit(":", 1)[1],
                                   self.endpoint) if papers else None
        self.image = None if papers else world.mint(self.endpoint)

    def come(self, timeout_s=100):
        if self.papers:
            return self.world.come(self.papers, timeout_s=timeout_s)
        return self.world.boot(self.image, timeout_s=timeout_s)

    def came_through(self):
        """It is bootstrapped in the end, with the last word in the ledger."""
        self.come().succeeded()
        expect_equal(self.world.settled(self.endpoint)[-1]["outcome"], "ok",
                     f"outcome of {self.endpoint}")


class Question:
    """One question to the token, and the device that needs its answer."""

    def __init__(self, name, call, what, papers=False, handshake=False):
        self.name, self.call, self.what = name, call, what
        self.papers, self.handshake = papers, handshake

    def comer(self, world):
        return Comer(world, self.what, self.papers)

    def fault(self, what, count=-1, delay_ms=0):
        return f"{self.call} {what} {count} {delay_ms}"


SIGNATURE = Question("the signature of a handshake",
                     "C_Sign@bootstrap-server", "psk", papers=True,
                     handshake=True)
KEY = Question("the key of a handshake", "C_Sign@bootstrap-2026", "psk",
               handshake=True)
ACCOUNT = Question("the key of an account", "C_Sign@fleet-2026", "psk")
CA = Question("the CA's signature", "C_Sign@device-ca", "certificate")
NUMBERS = Question("the numbers of a device's key", "C_GenerateRandom",
                   "certificate")
SEAL = Question("the seal of a random key", "C_Sign@seal-2026", "random")
# those first for which libp11 is opened again, which waits longer each time
QUESTIONS = [CA, NUMBERS, SEAL, ACCOUNT, KEY, SIGNATURE]


def mended(*whats):
    with FaultWorld() as world:
        world.start()
        comers = [q.comer(world) for q in QUESTIONS]
        for what in whats:
            for question, comer in zip(QUESTIONS, comers):
                struck = world.struck()
                world.faults(question.fault(what, 1))
                comer.come().succeeded()
                expect(world.struck() > struck, f"{question.name} failed")
            world.faults()
        expect_equal(world.rows("bootstrap_refused"), [], "refusals")
        expect_equal({a["outcome"] for a in world.settled()}, {"ok"},
                     "outcomes")
        expect(not world.logged("token_away"), "the token was never away")
        expect_equal(world.rows("keeper_start"), [], "new keepers")
        world.stop().chain_holds()


@story("a session that is lost is mended unseen, whatever was asked")
def session_lost():
    mended("0xb3", "close-all")


@story("a login that is lost is mended unseen, whatever was asked")
def login_lost():
    mended("logout")


def fails(world, question, what):
    """For as long as the test says: nobody gets this answer."""
    comer = question.comer(world)
    bystander = next(q for q in (ACCOUNT, SIGNATURE) if q is not question and
                     q.call != question.call).comer(world)
    before = world.times_away()
    world.faults(question.fault(what))
    device = comer.come()
    wait_for(lambda: world.times_away() > before, f"{question.name} to fail")
    # without the token, and with what it still answers
    world.nosec().succeeded()
    if question not in (KEY, ACCOUNT):
        bystander.come().succeeded()
    if question.handshake:
        expect(not world.attempts(comer.endpoint), "it has not begun")
    else:
        device.failed()
        expect_in("5.03", device.text(), "answer")
        attempt, = world.attempts(comer.endpoint)
        expect_equal((attempt["outcome"], attempt["reason"]),
                     ("refused", "token-away"), "what the ledger says")
        expect(attempt["remedy"], "there is a remedy")
    world.faults()
    world.well()
    if question.handshake and not device.ended():
        device.wait()
    comer.came_through()
    expect_equal(world.rows("keeper_start"), [], "new keepers")


for _what, _title in (("0x32", "the token is gone"),
                      ("0x31", "the token is full")):
    @story(f"{_title}: who needs it waits or is told to come again")
    def gone(what=_what):
        # half of them a world: it waits longer before each time it is reopened
        for questions in QUESTIONS[:3], QUESTIONS[3:]:
            with FaultWorld() as world:
                world.start()
                for question in questions:
                    fails(world, question, what)
                world.stop().chain_holds()


@story("a module that crashes costs a delay, whatever was asked")
def crashes():
    with FaultWorld() as world:
        world.start()
        for question in QUESTIONS:
            comer = question.comer(world)
            old = world.keeper()
            world.faults(question.fault("abort", 1))
            device = comer.come()
            wait_for(lambda: not old.alive(), f"{question.name}: the crash")
            world.faults()
            # without a keeper, too
            world.nosec().succeeded()
            device.wait()
            comer.came_through()
        expect_equal(len(world.rows("keeper_start")), len(QUESTIONS),
                     "new keepers")
        world.stop().chain_holds()


@story("a call that never comes back costs the others nothing")
def hangs():
    with FaultWorld(keeper_wait="1s") as world:
        world.start()
        old = world.keeper()
        for hung, question in enumerate(QUESTIONS):
            comer = question.comer(world)
            other = (ACCOUNT if question is KEY else KEY).comer(world)
            world.faults(question.fault("0x0", 1, HOUR_MS))
            device = comer.come()
            wait_for(lambda: world.struck() > hung,
                     f"{question.name} to hang")
            world.faults()
            world.nosec().succeeded()
            other.came_through()
            if question.handshake:
                device.kill()
            else:
                device.failed()
                expect_in("5.03", device.text(), "answer")
            comer.came_through()
        expect(old.alive(), "the keeper is the same")
        world.stop().chain_holds()


def pin_changed(question, call):
    with FaultWorld() as world:
        world.start()
        comer = question.comer(world)
        world.keep_ports()
        logins = world.calls("C_Login")
        world.surgery("pin", "another-pin")
        # the token must be opened anew, with what the daemon knows
        world.faults(f"{call} 0x32 1 0")
        device = comer.come()
        world.ended(69)
        device.kill()
        expect_equal(world.calls("C_Login"), logins + 1, "C_Login")
        world.faults()
        world.write_pin("another-pin")
        world.pin = "another-pin"
        world.start()
        comer.came_through()
        world.stop().chain_holds()


@story("a PIN that was changed is tried once: while a handshake waits for a key")
def pin_at_the_key():
    pin_changed(KEY, "C_SignInit@bootstrap-2026")


@story("a PIN that was changed is tried once: while a CA is to sign")
def pin_at_the_ca():
    pin_changed(CA, "C_Sign@device-ca")


tell()
