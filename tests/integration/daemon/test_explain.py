"""What policy explain --wire shows before the fact is, byte by byte, what the
daemon then sends; but for message IDs and tokens, and what is secret."""

import json

from daemon_fixture import FLEET_MASTER, NOSEC_IDENTITY, Relay, World, derive
from tap_story import expect, expect_equal, story, tell

EP = "lab-device-1"
MASTER = bytes(range(100, 132))
POLICY = """\
policy: bench
match: {identity: lab}
device: {%s}
clean: [/0, /1]
servers:
  - name: lab
    short_server_id: 101
    uri: coaps://lab.lwm2m.example:5684
    lifetime: 1d
    security: {mode: psk, key: {derive: fleet-2026}}
objects:
  /2/0: {0: 1, 1: {instance_of: lab}, 2: {101: 15}, 3: 101}
verify: %s
"""


def comparable(message):
    """Without Message ID and token (how long that is, is the device's affair):
    type, code, and what stands behind."""
    token = message[0] & 0x0f
    return [message[0] & 0xf0, message[1]] + list(message[4 + token:])


def shown(text):
    """The same of bytes in hex, None for those that are masked."""
    pairs = [text[i:i + 2] for i in range(0, len(text), 2)]
    return comparable([None if p == "XX" else int(p, 16) for p in pairs])


def explained(world, *args, code=0):
    out = world.tool("policy", "explain", world.dir / "policies.d", *args,
                     "--format", "json", code=code)
    return json.loads(out)


def same_bytes(device, behaviour, verify="none"):
    policies = {"lab.yaml": NOSEC_IDENTITY,
                "policy.yaml": POLICY % (device, verify)}
    with World(policies, listen=("coap://127.0.0.1:0",),
               known={FLEET_MASTER: MASTER}, masters=()) as world:
        world.start()
        before = explained(world, "--endpoint", EP, "--nosec", "--address",
                           "127.0.0.1", "--wire")
        expect_equal(before["wire_outcome"], "ok", "how it would end")
        with Relay(world.address()) as wire:
            image = world.write_image(EP, None, uri=wire.uri("coap"))
            world.boot(image, behaviour).succeeded()
            # its last answer is still on its way through the relay
            attempt, = world.settled()
            sent = [m for way, m in wire.heard if way == "<"]
        expect_equal((attempt["outcome"], attempt["plan"]),
                     ("ok", before["plan"]["digest"]), "the plan")
        wanted = [shown(m["hex"]) for m in before["wire"]
                  if m["from"] == "server"]
        expect_equal(len(sent), len(wanted), "messages to the device")
        masked = []
        for n, (real, told) in enumerate(zip(sent, wanted)):
            real = comparable(real)
            expect_equal(len(real), len(told), f"length of message {n}")
            for at, (a, b) in enumerate(zip(real, told)):
                if b is None:
                    masked.append(a)
                else:
                    expect(a == b, f"message {n} at {at}: {a:02x}, and not "
                           f"{b:02x}\n{real}\n{told}")
        return bytes(masked), before


KEY = derive(MASTER, 2, 101, 1, EP)


@story("SenML CBOR: each byte, and just the key is masked")
def senml_cbor():
    masked, before = same_bytes("account_instance: 1", None)
    expect_equal(masked, KEY, "what was masked")
    secret, = [v for step in before["plan"]["steps"]
               for v in step.get("values", []) if v["secret"]]
    expect_equal((secret["path"], secret["bytes"]), ("/0/x/5", 32), "the key")
    expect(FLEET_MASTER in secret["label"], secret)


@story("SenML CBOR in blocks, and Discover to verify")
def in_blocks():
    masked, before = same_bytes(
        "account_instance: 1, max_message: 100B, block_size: 64B", None,
        "discover")
    expect_equal(masked, KEY, "what was masked")
    expect(any(o["name"] == "Block1" for m in before["wire"]
               for o in m["options"]), "blocks")


@story("TLV, for a client of LwM2M 1.0 that is asked nothing")
def tlv():
    masked, before = same_bytes(
        "version: 1.0, discover: false, formats: [tlv], account_instance: 1", "contiki-ng")
    expect_equal(masked, KEY, "what was masked")
    expect(all(m["body"]["format"] == 11542 for m in before["wire"]
               if m["from"] == "server" and "body" in m), "the format")


@story("costs are those of the wire")
def costs():
    _, before = same_bytes("account_instance: 1", None)
    cost, = before["costs"]
    for way, side in (("up", "device"), ("down", "server")):
        sizes = [m["bytes"] for m in before["wire"] if m["from"] == side]
        expect_equal((cost[f"datagrams_{way}"], cost[f"bytes_{way}"]),
                     (len(sizes), sum(sizes)), way)


POOLED = """\
policy: bench
match: {identity: lab}
device: {account_instance: 1}
reprovision: rotate
servers:
  - pool: labs
    servers:
      - name: lab-1
        short_server_id: 101
        uri: coaps://lab1.lwm2m.example
        drain: true
        security: {mode: psk, key: {derive: fleet-2026}}
      - name: lab-2
        short_server_id: 102
        uri: coaps://lab2.lwm2m.example
        weight: 3
        security: {mode: psk, key: {derive: fleet-2026}}
"""


@story("a device that comes again: its history, its server, its next keys")
def again():
    policies = {"lab.yaml": NOSEC_IDENTITY, "policy.yaml": POOLED}
    with World(policies, listen=("coap://127.0.0.1:0",),
               known={FLEET_MASTER: MASTER}, masters=()) as world:
        world.start()
        how = ("--endpoint", EP, "--nosec", "--address", "127.0.0.1",
               "--ledger", world.ledger)
        image = world.write_image(EP, None, uri=world.coap())
        first = explained(world, *how)
        server, = first["servers"]
        expect_equal((first["history"]["ended_ok"], first["again"],
                      server["name"], server["pool"], server["chosen_by"],
                      server["weight"], server["weights"]),
                     (0, "first", "lab-2", "labs", "hash", 3, 3), "at first")
        world.boot(image).succeeded()
        world.settled()
        second = explained(world, *how)
        expect_equal((second["history"], second["again"], second["turn"]),
                     ({"ended_ok": 1, "servers": "lab-2"}, "rotated", 1),
                     "the second time")
        world.boot(image).succeeded()
        expect_equal([a["plan"] for a in world.settled()],
                     [first["plan"]["digest"], second["plan"]["digest"]],
                     "what it was given")
        expect(first["plan"]["digest"] != second["plan"]["digest"],
               "other keys, another plan")


if __name__ == "__main__":
    tell()
