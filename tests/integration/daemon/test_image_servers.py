"""Server accounts in factory images: the daemon reads image documents with the
rest of its folder, and gives a device the keys that it has from its image."""

import json

from daemon_fixture import DOMAIN, FLEET_MASTER, IDENTITY, World
from tap_story import expect, expect_equal, expect_in, story, tell

SEAL = "seal-2026"
POLICY = f"""\
policy: meters
match: {{identity: factory, endpoint: "{DOMAIN}-WM200-*"}}
device: {{profile: anjay}}
clean: [/0, /1]
servers:
  - pool: eu
    servers:
      - name: eu-1
        short_server_id: 101
        uri: coaps://eu1.lwm2m.example
        security: {{mode: psk, key: {{derive: {FLEET_MASTER}, epoch: 3}}}}
      - name: eu-2
        short_server_id: 102
        uri: coaps://eu2.lwm2m.example
        security: {{mode: psk, key: {{derive: {FLEET_MASTER}, epoch: 3}}}}
  - name: firmware
    short_server_id: 200
    uri: coaps://fw.lwm2m.example
    security: {{mode: psk, key: {{random: {SEAL}, length: 24}}}}
objects:
  /2/0: {{0: 3, 1: 0, 2: {{200: 15}}, 3: 200}}
"""
DOCUMENT = """\
image: meter
identity: factory
uri: %s
servers: meters
format: json
serial: {pattern: "[0-9]{4}", endpoint: "urn:dev:ops:0057F2-WM200-{serial}"}
"""


def world_of():
    return World({"identity.yaml": IDENTITY, "policy.yaml": POLICY,
                  "image.yaml": DOCUMENT % "coaps://boot.lwm2m.example"},
                 masters=("bootstrap-2026", FLEET_MASTER, SEAL))


def entries_of(image):
    return {e["path"]: e["value"]
            for e in json.loads(image.read_text())["entries"]}


def accounts_of(entries):
    """{Short Server ID: (URI, identity, key)} of an image; 0: our own."""
    found = {}
    for path, value in entries.items():
        if not path.startswith("/0/") or not path.endswith("/0"):
            continue
        at = path[:-1]
        ssid = 0 if entries[at + "1"] else entries[at + "10"]
        found[ssid] = (value, bytes.fromhex(entries[at + "3"]).decode(),
                       entries[at + "5"])
    return found


def build(world, serial, *more, code=0):
    image = world.dir / "images" / f"{serial}.json"
    world.tool("image", "build", *world.token_options(), "--policies",
               world.dir / "policies.d", "--image", "meter", "--serial",
               serial, "--ledger", world.ledger, "-o", image, *more,
               code=code)
    return image


@story("what a device has from its image is what the daemon gives it")
def the_same_keys():
    with world_of() as world:
        world.start()
        world.write_policy("image.yaml", DOCUMENT % world.coaps())
        world.ctl("reload")
        members = set()
        for serial in ("0001", "0002", "0003", "0004", "0005", "0006"):
            endpoint = f"{DOMAIN}-WM200-{serial}"
            image = build(world, serial)
            wanted = accounts_of(entries_of(image))
            device = world.boot(image, options=["-v", "--show-keys"])
            device.succeeded()
            ssids = {s["uri"]: s for s in device.results("security")}
            for ssid, (uri, identity, key) in wanted.items():
                expect_equal(ssids[uri]["identity"], identity,
                             f"identity of {ssid}")
                expect_equal(ssids[uri]["key"], key, f"key of {ssid}")
            expect_equal(len(ssids), len(wanted), "accounts")
            members |= wanted.keys() - {0, 200}
            rows = world.rows("credential_issued", endpoint)
            factory = [r["data"] for r in rows if not r["session"]]
            daemon = [r["data"] for r in rows if r["session"]]
            expect_equal(len(factory), 2, "rows of the factory")
            expect_equal(factory, daemon, "the rows of both")
        expect_equal(members, {101, 102}, "members of the pool")
        told = world.ctl("device", f"{DOMAIN}-WM200-0001").stdout
        expect("not confirmed" not in told, told)
        world.chain_holds()


@story("accounts stand beside the device's own, with links between them")
def instances():
    with world_of() as world:
        world.start()
        entries = entries_of(build(world, "0001"))
        own = [p for p, v in entries.items()
               if p.startswith("/0/") and p.endswith("/1") and v is True]
        expect_equal(own, ["/0/1/1"], "the device's own account")
        expect_equal(sorted({p.split("/")[2] for p in entries
                             if p.startswith("/0/")}), ["0", "1", "2"],
                     "instances of /0")
        expect_equal(sorted({p.split("/")[2] for p in entries
                             if p.startswith("/1/")}), ["0", "1"],
                     "instances of /1")
        expect_equal(entries["/2/0/3"], 200, "owner of the Device object")
        for at in ("/0/0/", "/0/2/"):
            expect(any(entries[f"/1/{n}/0"] == entries[at + "10"]
                       for n in (0, 1)), f"{at} has its server")
        # nothing of it is in the ledger but sealed
        expect_equal(len(world.rows("image_minted")), 1, "images")
        world.chain_holds()


@story("no image for a device that the policy is not for, and no row")
def strangers():
    with world_of() as world:
        world.start()
        done = world.tool(
            "image", "build", *world.token_options(), "--policies",
            world.dir / "policies.d", "--image", "meter", "--endpoint",
            f"{DOMAIN}-X", "--ledger", world.ledger, "-o",
            world.dir / "images/x", code=77)
        expect_equal(done, "", "nothing is written")
        world.write_policy("policy.yaml", POLICY + f"""\
---
policy: stolen
order: 1
match: {{endpoint: "{DOMAIN}-WM200-0666"}}
deny: stolen in March
""")
        build(world, "0666", code=77)
        build(world, "0667")
        expect_equal(len(world.rows("image_minted")), 1, "images")
        expect_equal(len(world.rows("credential_issued")), 2, "their keys")
        world.chain_holds()


@story("policy check names a format that holds one account alone")
def one_account():
    with world_of() as world:
        world.write_policy("image.yaml", (DOCUMENT % "coaps://boot.example")
                           .replace("json", "nrf91-at"))
        told = world.tool("policy", "check", world.dir / "policies.d",
                          code=65)
        expect_in("image.yaml:4:10: error: servers: the format nrf91-at "
                  "holds one account", told, "the finding")
        # it is the factory's alone: the daemon goes on
        world.start()
        build(world, "0001", code=64)


if __name__ == "__main__":
    tell()
