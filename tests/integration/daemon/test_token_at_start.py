"""The token when the daemon starts: a wrong PIN, keys that are missing, keys
that are not the right ones."""

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, World,
                            wait_for)
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-1"


@story("a wrong PIN is tried once, and the daemon ends with 69")
def wrong_pin():
    with World(shim=True) as world:
        world.write_pin("not-the-pin")
        world.start_fails(69)
        expect_equal(world.calls("C_Login"), 1, "C_Login")
        refused, = world.logged("error token ")
        expect_in("bootstrap (serial", refused, "the token's name")
        expect_in("remedy=", refused, "what to do")
        expect_equal(len(world.logged(" started child=keeper")), 1,
                     "starts of the keeper")


@story("a PIN that is changed under way is tried once, by the next keeper")
def pin_changed():
    with World(shim=True) as world:
        world.start()
        before = world.calls("C_Login")
        world.write_pin("changed-since")
        world.keeper().kill()
        world.ended(69)
        expect_equal(world.calls("C_Login"), before + 1, "C_Login")


@story("a master that is missing: the command that makes it, and 69")
def missing_master():
    with World(masters=(BOOTSTRAP_MASTER,)) as world:
        log = world.start_fails(69)
        expect_in(f"provisioning-tool hsm keys make {FLEET_MASTER}", log,
                  "remedy")
        world.tool("hsm", "keys", "make", *world.token_options(),
                   FLEET_MASTER)
        world.start()
        world.boot(world.mint(EP)).succeeded()


@story("no such token: those that are there, and 69")
def missing_token():
    with World() as world:
        text = world.config.read_text()
        world.config.write_text(text.replace("token=bootstrap",
                                             "token=backup"))
        log = world.start_fails(69)
        expect_in("bootstrap (serial", log, "the token that is there")


@story("another master under the same label: the daemon does not start")
def replaced_master():
    with World() as world:
        world.start()
        world.boot(world.mint(EP)).succeeded()
        world.stop()
        world.surgery("destroy", FLEET_MASTER)
        world.tool("hsm", "keys", "make", *world.token_options(),
                   FLEET_MASTER)
        log = world.start_fails(69)
        expect_in(f'key \\"{FLEET_MASTER}\\"', log, "which key")
        expect_in("not the one that the ledger knows", log, "what is wrong")


@story("a master that vanishes under way refuses its devices, and no others")
def vanished_master():
    with World() as world:
        world.start()
        image = world.mint(EP)
        world.surgery("destroy", FLEET_MASTER)
        device = world.boot(image).failed()
        expect("5.03" in device.text(), device.text())
        wait_for(lambda: world.logged("key_missing"), "the fault in the log")
        expect_in(f"hsm keys make {FLEET_MASTER}",
                  world.logged("key_missing")[0], "remedy")
        expect_equal(world.status()["health"], "ok", "health of the token")


tell()
