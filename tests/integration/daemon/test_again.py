"""Devices that come again: which server they are given then (allocation, drain,
capacity), and with which keys (`reprovision:`)."""

import secrets
from concurrent.futures import ThreadPoolExecutor

from daemon_fixture import (DOMAIN, FLEET_MASTER, IDENTITY, World, derive,
                            fingerprint)
from issuing import CERTIFIED, issuing
from tap_story import expect, expect_equal, story, tell

EP = f"{DOMAIN}-WM200-1"
SERVER_PURPOSE = 2

POLICY = f"""\
policy: meters
match: {{identity: factory}}
device: {{profile: anjay}}
clean: [/0, /1]
%s
servers:
"""
ALONE = POLICY + f"""\
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example
    security: {{mode: psk, key: {{derive: {FLEET_MASTER}, epoch: 3}}}}
"""


def member(name, number, more):
    return f"""\
      - name: {name}
        short_server_id: {number}
        uri: coaps://{name}.lwm2m.example
        security: {{mode: psk, key: {{derive: {FLEET_MASTER}}}}}
{"".join(f"        {line}" + chr(10) for line in more)}"""


def pool(**members):
    """{name: [lines]}"""
    text = POLICY % "" + "  - pool: eu\n    servers:\n"
    for number, (name, more) in enumerate(members.items()):
        text += member(name.replace("_", "-"), 101 + number, more)
    return text


def world(policy, known=None):
    return World({"identity.yaml": IDENTITY, "policy.yaml": policy},
                 known=known)


def boot(w, images):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda i: w.boot(i).succeeded(), images))


def placed(w):
    return {r["server"]: r["devices"]
            for r in w.sql("SELECT * FROM placement WHERE devices > 0")}


def given(w, endpoint=EP):
    return w.rows("bootstrap_begin", endpoint)[-1]["data"]["servers"]


def nothing_odd(w):
    expect_equal(w.sql("SELECT * FROM inconsistencies"), [],
                 "what the tables of the ledger say")
    w.chain_holds()


@story("a server with a capacity takes so many and no more, whoever comes at "
       "once; the others go elsewhere, and who is there stays")
def capacity():
    with world(pool(eu_1=["capacity: 5"], eu_2=["capacity: 5"],
                    eu_3=["capacity: 1"])) as w:
        w.start()
        names = [f"{DOMAIN}-WM200-{n}" for n in range(12)]
        images = [w.mint(name) for name in names]
        boot(w, images[:11])
        expect_equal(placed(w), {"eu-1": 5, "eu-2": 5, "eu-3": 1}, "placed")
        before = {name: given(w, name) for name in names[:11]}
        # all is full: the twelfth is told to come again, the others stay
        late = w.boot(images[11]).failed()
        expect("5.03" in late.text(), late.text())
        refused, = w.rows("bootstrap_refused")
        expect_equal(refused["data"]["reason"], "servers-full", "why")
        expect_equal(refused["data"]["detail"],
                     "pool eu: 3 members, 0 drained, 3 full", "in words")
        boot(w, images[:11])
        expect_equal({name: given(w, name) for name in names[:11]}, before,
                     "where they are")
        nothing_odd(w)


@story("a server that is drained gives its devices away at their next "
       "bootstrap, and the others stay where they are")
def drain():
    with world(pool(eu_1=[], eu_2=[], eu_3=[])) as w:
        w.start()
        names = [f"{DOMAIN}-WM200-{n}" for n in range(12)]
        images = [w.mint(name) for name in names]
        boot(w, images)
        before = {name: given(w, name) for name in names}
        expect(len(set(before.values())) == 3, f"{before}")
        w.write_policy("policy.yaml",
                       pool(eu_1=[], eu_2=["drain: true"], eu_3=[]))
        w.ctl("reload")
        boot(w, images)
        for name in names:
            now = given(w, name)
            expect(now != "eu-2", f"{name} is at {now}")
            expect(before[name] in ("eu-2", now), f"{name} has moved")
        expect("eu-2" not in placed(w), f"{placed(w)}")
        nothing_odd(w)


@story("rotate: after each bootstrap that ended ok the next epoch, and the key "
       "before is taken back; an attempt that fails changes nothing")
def rotate():
    master = secrets.token_bytes(32)
    with world(ALONE % "reprovision: rotate", {FLEET_MASTER: master}) as w:
        w.start()
        image = w.mint(EP)
        w.boot(image).succeeded()
        w.boot(image, "refuses-write=400", timeout_s=3).failed()
        w.boot(image, "refuses-write=400", timeout_s=3).failed()
        w.boot(image).succeeded()
        w.boot(image).succeeded()
        w.settled()
        expect_equal([r["data"]["epoch"]
                      for r in w.rows("credential_issued", EP)],
                     [3, 4, 4, 4, 5], "epochs")
        expect_equal([(r["data"]["fingerprint"], r["data"]["reason"])
                      for r in w.rows("credential_revoked", EP)],
                     [(fingerprint(derive(master, SERVER_PURPOSE, 101, epoch,
                                          EP)), "rotated")
                      for epoch in (3, 4)], "taken back")
        # whoever goes back to `keep` keeps what the device has
        w.write_policy("policy.yaml", ALONE % "reprovision: keep")
        w.ctl("reload")
        w.boot(image).succeeded()
        expect_equal(w.rows("credential_issued", EP)[-1]["data"]["epoch"], 5,
                     "the epoch that it has")
        nothing_odd(w)


@story("rotate: a new certificate each time, and the one before is revoked "
       "with its serial number")
def rotate_certificate():
    with issuing() as w:
        w.write_policy("policy.yaml", CERTIFIED.replace(
            "policy: anybody\n", "policy: anybody\nreprovision: rotate\n"))
        w.start()
        image = w.mint(EP)
        w.boot(image).succeeded()
        w.boot(image).succeeded()
        w.settled()
        first, second = w.rows("credential_issued", EP)
        gone, = w.rows("credential_revoked", EP)
        for key in ("fingerprint", "serial", "issuer_key"):
            expect_equal(gone["data"][key], first["data"][key], key)
        expect(first["data"]["serial"] != second["data"]["serial"],
               "the same certificate")


@story("reset: a device that was there before has everything deleted first")
def reset():
    with world(ALONE % "reprovision: reset") as w:
        w.start()
        image = w.mint(EP)
        first = w.boot(image).succeeded().text()
        second = w.boot(image).succeeded().text()
        expect("DELETE /0" in first, first)
        expect("DELETE /0" not in second, second)
        begun = w.rows("bootstrap_begin", EP)
        expect_equal([r["data"].get("again") for r in begun],
                     [None, "reset"], "what the rows say")
        expect_equal([r["data"]["steps"] for r in begun][1],
                     begun[0]["data"]["steps"] - 1, "one Delete for two")


@story("never: let in once, and once more after each release or push")
def never():
    with world(ALONE % "reprovision: never") as w:
        w.start()
        image = w.mint(EP)
        w.boot(image, "refuses-write=400", timeout_s=3).failed()  # did not end ok
        w.boot(image).succeeded()
        device = w.boot(image).failed()
        expect("4.00" in device.text(), device.text())
        refused = w.rows("bootstrap_refused", EP)[-1]["data"]
        expect_equal(refused["reason"], "already-provisioned", "why")
        expect("release" in refused["remedy"], refused["remedy"])
        done = w.ctl("release", EP)
        expect(EP in done.stdout, done.stdout)
        expect("note" not in done.stdout, done.stdout)
        done = w.ctl("release", EP + "0")
        expect("has ended ok" in done.stdout, "a typing error is seen")
        w.boot(image, "refuses-write=400", timeout_s=3).failed()  # and is still let in
        w.boot(image).succeeded()
        w.boot(image).failed()
        row, = w.rows("device_released", EP)
        expect("uid" in row["data"], f"{row}")
        nothing_odd(w)


tell()
