"""What is said for some devices over what their policy gives: one gets it and
another does not, a reload changes it, and a plan of the change tells whom."""

import json

from daemon_fixture import DOMAIN, FLEET_MASTER, IDENTITY, World
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-1"
OTHER = f"{DOMAIN}-WM200-2"
POLICY = f"""\
policy: meters
match: {{identity: factory}}
device: {{profile: anjay}}
clean: [/0, /1]
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example
    lifetime: 1d
    security: {{mode: psk, key: {{derive: {FLEET_MASTER}, epoch: 3}}}}
"""
OVERRIDE = f"""\
override: pilot
match: {{endpoint: {EP}}}
servers:
  eu-1: {{lifetime: %s}}
"""


def lifetime(world, image):
    found, = world.boot(image).succeeded().results("server")
    return found["lifetime"]


@story("a device gets its override, and no other does; a reload changes it")
def reloaded():
    with World({"identity.yaml": IDENTITY, "policy.yaml": POLICY,
                "pilot.yaml": OVERRIDE % "10m"}) as world:
        world.start()
        image, other = world.mint(EP), world.mint(OTHER)
        expect_equal(lifetime(world, image), "600", "what the pilot gets")
        expect_equal(lifetime(world, other), "86400", "what the other gets")
        told = world.ctl("device", EP).stdout
        expect_in('override    "pilot"', told, "what is told of the device")
        expect_in("servers.eu-1.lifetime", told, "what it changed")
        expect("pilot" not in world.ctl("device", OTHER).stdout,
               "told of the other, too")
        world.write_policy("pilot.yaml", OVERRIDE % "20m")
        plan = world.tool("policy", "plan", world.dir / "policies.d",
                          "--against", world.ledger,
                          "--format", "json", code=2)
        sum_of_all, line = map(json.loads, plan.splitlines())
        expect_equal(sum_of_all["unchanged"], 1, "the other")
        expect_equal([line["change"], line["what"], line["examples"]],
                     ["server-settings", "eu-1 lifetime", [EP]],
                     "what would change, and for whom")
        world.ctl("reload")
        expect_equal(lifetime(world, image), "1200", "what the pilot gets now")
        expect_equal(lifetime(world, other), "86400", "what the other gets")
        world.chain_holds()


@story("an override that its policies cannot have is refused, and nothing "
       "changes")
def refused():
    with World({"identity.yaml": IDENTITY, "policy.yaml": POLICY,
                "pilot.yaml": OVERRIDE % "10m"}) as world:
        world.start()
        image = world.mint(EP)
        world.write_policy(
            "pilot.yaml", (OVERRIDE % "10m").replace("eu-1", "eu-2"))
        done = world.ctl("reload", code=65)
        expect_in("did you mean eu-1?", done.stdout, "the finding")
        expect_equal(lifetime(world, image), "600", "what the pilot gets")


tell()
