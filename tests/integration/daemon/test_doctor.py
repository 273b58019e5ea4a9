"""Devices with the wrong key, and what the ledger says of each: which mistake
it was, and what to do about it."""

import base64
import secrets

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, Relay,
                            World, derive, wait_for)
from tap_story import expect, expect_equal, story, tell

EP = f"{DOMAIN}-WM200-"
MASTERS = {BOOTSTRAP_MASTER: secrets.token_bytes(32),
           FLEET_MASTER: secrets.token_bytes(32)}
BOOTSTRAP, SERVER = 1, 2  # purposes


def key_of(endpoint, epoch=2, master=BOOTSTRAP_MASTER, purpose=BOOTSTRAP,
           ssid=0):
    return derive(MASTERS[master], purpose, ssid, epoch, endpoint)


def words_reversed(key):
    return b"".join(key[i:i + 4][::-1] for i in range(0, len(key), 4))


# What went wrong, by what the ledger has to call it: key and epoch.
MISTAKES = {
    "hex-ascii": lambda ep: (key_of(ep).hex().encode(), 2),
    "hex-ascii-upper": lambda ep: (key_of(ep, 1).hex().upper().encode(), 1),
    "hex-ascii-cut-32": lambda ep: (key_of(ep).hex().encode()[:32], 2),
    "base64-ascii": lambda ep: (base64.b64encode(key_of(ep)), 2),
    "base64-ascii-newline": lambda ep: (
        base64.b64encode(key_of(ep)) + b"\n", 2),
    "reversed": lambda ep: (key_of(ep)[::-1], 2),
    "reversed-words": lambda ep: (words_reversed(key_of(ep)), 2),
    "key-cut-16": lambda ep: (key_of(ep)[:16], 2),
    "key-cut-31": lambda ep: (key_of(ep)[:31], 2),
    "key-zeros-behind-48": lambda ep: (key_of(ep) + bytes(16), 2),
    "key-newline": lambda ep: (key_of(ep) + b"\n", 2),
    "key-crlf": lambda ep: (key_of(ep) + b"\r\n", 2),
    "key-nul": lambda ep: (key_of(ep) + b"\0", 2),
    "other-epoch": lambda ep: (key_of(ep, 3), 3),
    "endpoint-lower-case": lambda ep: (key_of(ep.lower()), 2),
    "server-account": lambda ep: (
        key_of(ep, 1, FLEET_MASTER, SERVER, 101), 1),
    "other-master": lambda ep: (key_of(ep, 1, FLEET_MASTER), 1),
    "master": lambda ep: (MASTERS[BOOTSTRAP_MASTER], None),
}
# Made of nothing that is secret, so that anybody could have come.
PUBLIC = {
    "identity-as-key": lambda ep: (ep.encode(), None),
    "zeros-16": lambda ep: (bytes(16), None),
    "unknown": lambda ep: (secrets.token_bytes(32), None),
}


def mismatches(world, count):
    return wait_for(lambda: len(world.rows("psk_mismatch")) >= count and
                    world.rows("psk_mismatch"), f"{count} diagnoses")


def come(world, number, endpoint, key):
    """A device at an address of its own: each address has its budget."""
    with Relay(world.address("coaps"), f"127.0.1.{number}") as relay:
        world.boot(world.write_image(endpoint, key, uri=relay.uri())).failed()
        # what it has got from the daemon
        return [d for way, d in relay.heard if way == "<"]


@story("every mistake is called by its name, and no key stands anywhere")
def all_named():
    with World(known=MASTERS) as world:
        world.start()
        keys = []
        for n, (code, make) in enumerate([*MISTAKES.items(),
                                          *PUBLIC.items()], 1):
            endpoint = f"{EP}{n}"
            key, epoch = make(endpoint)
            keys.append(key)
            come(world, n, endpoint, key)
            row = mismatches(world, n)[-1]
            data = row["data"]
            expect_equal(data["diagnosis"], code, "diagnosis")
            expect_equal(data.get("epoch"), epoch, f"epoch of {code}")
            expect_equal(data["credential"], endpoint, "credential")
            expect(data["address"].startswith(f"127.0.1.{n}:"),
                   f"address: {data['address']}")
            expect_equal(data["identity"], "factory", "identity document")
            expect(data["sentence"].startswith("The device used "),
                   data["sentence"])
            expect(data["remedy"].endswith("."), data["remedy"])
            # what was only claimed is not said of the device
            expect_equal(row["endpoint"],
                         endpoint if code in MISTAKES else None,
                         f"endpoint of {code}")
            line = world.logged("psk_mismatch", f"diagnosis={code} ")
            expect_equal(len(line), 1, f"lines of the log about {code}")
        expect_equal(len(world.rows("psk_mismatch")), len(keys), "rows")
        expect_equal(world.rows("bootstrap_begin"), [], "bootstraps")
        world.chain_holds()
        world.stop()
        seen = world.log().encode() + b"".join(
            p.read_bytes() for p in world.ledger.parent.glob("ledger.db*"))
        for key in [*keys, *MASTERS.values()]:
            if key == bytes(16) or key.startswith(b"urn:"):
                continue
            for form in (key, key.hex().encode(), base64.b64encode(key)):
                expect(form not in seen, "a key stands in log or ledger")


@story("the sentence is what the operator reads")
def sentence():
    with World(known=MASTERS) as world:
        world.start()
        endpoint = f"{EP}1"
        come(world, 1, endpoint, key_of(endpoint).hex().encode())
        data = mismatches(world, 1)[0]["data"]
        expect_equal(data["sentence"],
                     "The device used the ASCII form of its hex key.",
                     "sentence")
        text = world.tool("audit", "list", "--ledger", world.ledger)
        expect("psk_mismatch" in text, f"audit list says nothing: {text}")


@story("a device whose epoch has ended is told from one of no epoch at all")
def ended():
    with World({"identity.yaml": f"""\
identity: factory
endpoint: "{DOMAIN}-*"
psk:
  derive: {BOOTSTRAP_MASTER}
  epoch: [{{epoch: 1, until: 2025-11-30}}, 2]
  identity: "{{endpoint}}"
"""}, known=MASTERS) as world:
        world.start()
        endpoint = f"{EP}1"
        come(world, 1, endpoint, key_of(endpoint, 1))
        row, = mismatches(world, 1)
        expect_equal(row["endpoint"], endpoint, "endpoint")
        expect_equal(row["data"]["diagnosis"], "other-epoch", "diagnosis")
        expect_equal(row["data"]["sentence"],
                     "The device used its key of epoch 1, which ended on "
                     "2025-11-30.", "sentence")
        expect("image" in row["data"]["remedy"], row["data"]["remedy"])
        expect_equal(world.rows("handshake_refused"), [], "refusals")


@story("no peer can tell a mistake that is known from any other key")
def no_difference():
    with World(known=MASTERS) as world:
        world.start()
        endpoint = f"{EP}1"
        known = come(world, 1, endpoint, key_of(endpoint)[:16])
        other = come(world, 2, endpoint, secrets.token_bytes(16))
        nobody = come(world, 3, "urn:dev:ops:FFFFFF-1",
                      secrets.token_bytes(16))
        expect_equal([len(d) for d in known], [len(d) for d in other],
                     "lengths of what the daemon said")
        expect_equal([len(d) for d in known], [len(d) for d in nobody],
                     "lengths of what the daemon said to a stranger")
        expect_equal(known[-1], other[-1], "the alert")
        expect_equal(known[-1], nobody[-1], "the alert")
        mismatches(world, 2)


@story("a stranger has so many diagnoses and no more; a device beside it has "
       "its own")
def budget():
    with World(known=MASTERS, workers=1) as world:
        world.start()
        for n in range(14):
            come(world, 9, f"{EP}{n}", secrets.token_bytes(32))
        endpoint = f"{EP}1"
        come(world, 10, endpoint, key_of(endpoint)[::-1])
        wait_for(lambda: [r for r in world.rows("psk_mismatch")
                          if r["data"]["diagnosis"] == "reversed"],
                 "the diagnosis of the other address")
        strangers = [r for r in world.rows("psk_mismatch")
                     if r["data"]["diagnosis"] == "unknown"]
        # 8 at once, and one every 10 s
        expect(8 <= len(strangers) <= 11, f"{len(strangers)} diagnoses")
        # the right key is let in as ever
        world.boot(world.mint(endpoint)).succeeded()


@story("a device that has mended its key is let in, and its mistake stays in "
       "the record")
def mended():
    with World(known=MASTERS) as world:
        world.start()
        endpoint = f"{EP}1"
        come(world, 1, endpoint, key_of(endpoint) + b"\n")
        mismatches(world, 1)
        world.boot(world.write_image(endpoint, key_of(endpoint))).succeeded()
        kinds = [r["kind"] for r in world.rows(endpoint=endpoint)]
        expect(kinds.index("psk_mismatch") < kinds.index("bootstrap_begin"),
               f"order of the rows: {kinds}")


tell()
