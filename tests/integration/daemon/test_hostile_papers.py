"""What a worker that was taken over says of certificates, raw keys and
signatures: the keeper verifies for itself, and its ledger has an end."""

import secrets

from daemon_fixture import wait_for
from daemon_pki import FROM, PAST, PkiWorld, make_key, spki_of
from hostile import (BY_CERTIFICATE, BY_RAW_KEY, EP, LOOPBACK, REASON, REFUSED,
                     SIGN_ANSWER, Keeper, begin_shown, end, key_number,
                     new_session, number, packet, sign)
from tap_story import expect, expect_equal, story, tell


def chunk(data):
    return number(len(data), 2) + data


def begin(session, proof, peer, endpoint=EP, chain=b""):
    return begin_shown(session, proof, peer, endpoint.encode(), chain)


def refused(peer, reason=REASON["revoked"], kind=BY_CERTIFICATE):
    return packet(REFUSED, LOOPBACK, number(kind, 1), number(reason, 1),
                  chunk(peer))


@story("whatever the worker says it has verified is verified once more")
def verified_again():
    with PkiWorld(crl=True) as world:
        lost = world.device("lost", EP)
        world.ca.revoke(lost)
        world.ca.crl(world.pki / "device-ca.crl")
        good = world.device("good", EP)
        make_key(world.pki / "raw.key")
        cases = [
            (BY_CERTIFICATE, good.der(), None),
            (BY_CERTIFICATE, lost.der(), "revoked"),
            (BY_CERTIFICATE, world.other_ca.device("foreign", EP).der(),
             "certificate-untrusted"),
            (BY_CERTIFICATE, world.device("old", EP, start=FROM,
                                          end=PAST).der(),
             "certificate-expired"),
            (BY_CERTIFICATE, world.ca.device("misused", EP,
                                             kind="server").der(),
             "certificate-unusable"),
            (BY_CERTIFICATE, b"no certificate", "certificate-unusable"),
            (BY_RAW_KEY, spki_of(world.pki / "raw.key"), "raw-key-unknown"),
            (BY_RAW_KEY, good.der(), "raw-key-unknown"),
        ]
        with Keeper(world) as keeper:
            for proof, peer, reason in cases:
                session = new_session()
                keeper.say(begin(session, proof, peer))
                expect_equal(keeper.plan(session) is None, reason is not None,
                             f"refused: {reason}")
                if reason:
                    expect_equal(world.rows("bootstrap_refused")[-1]["data"]
                                 ["reason"], reason, "reason")
                else:
                    keeper.say(end(session))
                    keeper.until_recorded(session)
            expect_equal(len(world.rows("bootstrap_begin")), 1, "beginnings")


@story("a signature by the keys that are shown, and by no other key")
def signatures():
    with PkiWorld() as world, Keeper(world) as keeper:
        digest, ref = secrets.token_bytes(32), secrets.token_bytes(8)
        number_of_ours = key_number(world.pki / "server.pem")
        keeper.say(sign(ref, number_of_ours, digest))
        answer = keeper.hear(SIGN_ANSWER)
        expect_equal(answer[:8], ref, "reference")
        expect_equal(answer[8], 1, "there is one")
        expect_equal(len(answer), 8 + 1 + 64, "bytes")
        for other in (number_of_ours ^ 1, 0,
                      key_number(world.pki / "root.pem"),
                      key_number(world.pki / "issuing.pem")):
            ref = secrets.token_bytes(8)
            keeper.say(sign(ref, other, digest))
            expect_equal(keeper.hear(SIGN_ANSWER), ref + b"\0", "an answer")


@story("rows of refused handshakes have an end, and nonsense in them none does")
def rows_have_an_end():
    with PkiWorld(limits={"questions_per_second": 100000}) as world, \
            Keeper(world) as keeper:
        papers = world.device("meter", EP).der()
        for n in range(400):
            cut = papers[:n % len(papers)] if n % 2 else papers
            keeper.say(refused(cut))
        keeper.say(refused(spki_of(world.ca.key), kind=BY_RAW_KEY))
        keeper.silent()
        rows = wait_for(lambda: world.rows("handshake_refused"), "rows")
        keeper.silent(worker=1)
        rows = world.rows("handshake_refused")
        # a minute may begin meanwhile
        expect(0 < len(rows) <= 120, f"{len(rows)} rows")
        keeper.say(begin(session := new_session(), BY_CERTIFICATE, papers),
                   worker=1)
        expect(keeper.plan(session, worker=1), "a plan for who is honest")
        keeper.say(end(session), worker=1)
        keeper.until_recorded(session, worker=1)
        world.chain_holds()


CERTIFIED = """\
authority: meters-ca
certificate: issuing.pem
key: "pkcs11:object=device-ca"
---
policy: certified
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security:
      mode: certificate
      issue: {ca: meters-ca}
      server_certificate: {file: root.pem, usage: trust-anchor}
"""


@story("asked again it hands out another certificate, and each has its row")
def asked_again():
    with PkiWorld() as world:
        for name in ("root.pem", "issuing.pem"):
            world.write_policy(name, (world.pki / name).read_text())
        world.write_policy("policy.yaml", CERTIFIED)
        papers = world.device("meter", EP).der()
        with Keeper(world) as keeper:
            session = new_session()
            plans = []
            for _ in range(3):
                keeper.say(begin(session, BY_CERTIFICATE, papers))
                plans.append(keeper.plan(session))
            expect_equal(len(set(plans)), 3, "different plans")
            keeper.say(end(session))
            keeper.until_recorded(session)
            rows = world.rows("credential_issued", EP)
            expect_equal(len({r["data"]["serial"] for r in rows}), 3,
                         "certificates on record")
            expect_equal(len(world.rows("bootstrap_begin")), 1, "beginnings")


RANDOM = """\
policy: random-keys
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security: {mode: psk, key: {random: seal-2026, length: 32}}
"""


@story("the random key of a device is made once, though it comes twice at a time")
def random_twice():
    with PkiWorld(shim=True) as world:
        world.ceremony("seal", "  - seal: seal-2026\n")
        world.write_policy("policy.yaml", RANDOM)
        papers = world.device("meter", EP).der()
        with Keeper(world) as keeper:
            made = world.calls("C_GenerateRandom")
            world.faults("C_GenerateRandom hold -1 0")
            sessions = [new_session(), new_session()]
            for worker, session in enumerate(sessions):
                keeper.say(begin(session, BY_CERTIFICATE, papers), worker)
            wait_for(lambda: world.calls("C_GenerateRandom") >= made + 2,
                     "two keys to be made")
            world.faults()
            plans = [keeper.plan(session, worker)
                     for worker, session in enumerate(sessions)]
            expect(plans[0] and plans[1], "two plans")
            expect_equal(plans[0], plans[1], "the key of the second")
            expect_equal(len(world.sql(
                "SELECT * FROM events WHERE kind = 'credential_issued'")), 2,
                "credentials on record")
            expect_equal(len(world.sql("SELECT DISTINCT data ->> 'fingerprint'"
                                       " FROM events WHERE kind = "
                                       "'credential_issued'")), 1, "keys")


if __name__ == "__main__":
    tell()
