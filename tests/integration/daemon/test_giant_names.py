"""A stranger's certificate may say what it wants: a name that would fill a row
of the ledger is cut, and nobody else's rows are lost by it."""

import subprocess

from daemon_fixture import DOMAIN
from daemon_pki import POLICY_ANY, BY_CN, PkiWorld, make_key, openssl
from forge import certificate
from hostile import (BEGIN_ANSWER, BY_CERTIFICATE, LOOPBACK, REASON, REFUSED,
                     Keeper, begin, begin_shown, new_session, number, packet)
from tap_story import expect, expect_equal, story, tell

# each of these is 2 bytes of the name, and 6 characters of JSON
CONTROL = "\u0085"
CN_MAX = 64  # characters of a common name, RFC 5280 appendix A

BY_PSK = f"""\
identity: factory
endpoint: "{DOMAIN}-*"
psk: {{derive: bootstrap-2026, epoch: 2}}
---
"""


def chunk(data):
    return number(len(data), 2) + data


def refused(der):
    return packet(REFUSED, LOOPBACK, number(BY_CERTIFICATE, 1),
                  number(REASON["certificate-untrusted"], 1), chunk(der))


def begin_with(session, der, endpoint):
    return begin_shown(session, BY_CERTIFICATE, der, endpoint)


def giant(world):
    key = world.pki / "stranger.key"
    make_key(key)
    der = certificate(world.pki, CONTROL * 1700, key)
    expect(len(der) < 4096, "larger than what a worker passes on")
    return der, key


def expect_cut(row):
    expect_equal(row["data"]["credential"], CONTROL * CN_MAX, "credential")
    expect_equal(row["data"]["claimed"], CONTROL * CN_MAX, "claimed")


@story("its row stands, cut, and the daemon's ledger is well")
def at_the_door():
    with PkiWorld() as world:
        world.start()
        der, key = giant(world)
        pem = world.pki / "stranger.pem"
        pem.write_bytes(openssl("x509", "-inform", "DER", stdin=der))
        host = world.coaps().split("//")[1].strip("/")
        subprocess.run(["openssl", "s_client", "-dtls1_2", "-connect", host,
                        "-cert", pem, "-key", key, "-mtu", "1400"],
                       stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=60, check=False)
        row, = world.refused_handshakes(1)
        expect_cut(row)
        expect_equal(world.status()["ledger.state"], "ok", "ledger")
        expect_equal(world.rows("ledger_back"), [], "gaps of the ledger")


@story("decisions of the same moment are not lost by it")
def same_commit():
    with PkiWorld({"identity.yaml": BY_PSK + BY_CN,
                   "policy.yaml": POLICY_ANY}) as world, \
            Keeper(world) as keeper:
        der, _ = giant(world)
        for n in range(30):
            session = new_session()
            keeper.say(begin(session, f"{DOMAIN}-{n}"), worker=1)
            keeper.say(refused(der))
            expect(keeper.plan(session, worker=1), f"begin {n} is refused")
        rows = world.refused_handshakes(30)
        expect_cut(rows[0])


@story("a begin with such a name is refused for what it is")
def at_begin():
    with PkiWorld() as world, Keeper(world) as keeper:
        der, _ = giant(world)
        for endpoint in (b"\xff" * 252, CONTROL.encode() * 126):
            keeper.say(begin_with(new_session(), der, endpoint))
            answer = keeper.hear(BEGIN_ANSWER)
            expect_equal((answer[16], answer[17]),
                         (0, REASON["certificate-untrusted"]), "the answer")
        first, second = world.rows("bootstrap_refused")
        for row in first, second:
            expect_equal(row["data"]["credential"], CONTROL * CN_MAX,
                         "credential")
        expect_equal(second["data"]["claimed"], CONTROL * 126, "claimed")


if __name__ == "__main__":
    tell()
