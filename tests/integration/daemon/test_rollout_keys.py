"""While a rollout is under way devices prove themselves by either set, and what
they are given is decided by one: that of their place."""

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, IDENTITY,
                            POLICY, World, derive, wait_for)
from daemon_pki import BY_CN, POLICY_ANY, PkiWorld
from meters import in_share
from tap_story import expect, expect_equal, expect_in, story, tell

NUMBER = "5eed" + 28 * "0"
MASTER = bytes(range(80, 112))
BOTH = "[{epoch: 1, until: 2049-12-31}, 2]"
AFTER = POLICY.replace("eu1.lwm2m", "eu2.lwm2m")


def sides(prefix, count=2):
    """Endpoints whose places are below a half, and others: so many each."""
    names = [f"{DOMAIN}-{prefix}-{n}" for n in range(40)]
    below = [n for n in names if in_share(NUMBER, n, 50)]
    above = [n for n in names if n not in below]
    return below[:count], above[:count]


def half(world, *options):
    world.ctl("rollout", "start", "--stages", "50%,100%", "--window", "1h",
              "--id", NUMBER, *options)


def server_of(device):
    found, = [s["uri"] for s in device.succeeded().results("security")
              if s["bootstrap"] == "false"]
    return found


class EpochWorld(World):
    def __init__(self, epochs, policy=POLICY, **kwargs):
        super().__init__({"identity.yaml": IDENTITY.replace(BOTH, epochs),
                          "policy.yaml": policy},
                         known={BOOTSTRAP_MASTER: MASTER}, **kwargs)

    def offers(self, epochs, policy=AFTER):
        self.write_policy("identity.yaml", IDENTITY.replace(BOTH, epochs))
        self.write_policy("policy.yaml", policy)

    def comes(self, endpoint, epoch):
        return self.boot(self.write_image(
            endpoint, derive(MASTER, 1, 0, epoch, endpoint)))


def refused(world, endpoint):
    row, = world.rows("bootstrap_refused", endpoint)
    return row["data"]


@story("a new epoch: who has its key is let in where the candidate decides")
def new_epoch():
    with EpochWorld("[1]") as world:
        world.start()
        world.offers("[1, 2]")
        half(world)
        below, above = sides("new")
        for name in below:
            expect_in("eu2", server_of(world.comes(name, 2)), "its server")
        for name in above:
            world.comes(name, 2).failed()
            # through the handshake, and then refused by the set in force
            expect_equal(refused(world, name)["reason"], "no-identity", "why")
            expect("rollout" not in refused(world, name), "by that set")
            expect_in("eu1", server_of(world.comes(name, 1)), "its server")
        expect_in("eu2", server_of(world.comes(below[0], 1)), "its server")
        expect(not world.rows("psk_mismatch"), "no handshake has failed")
        world.ctl("rollout", "finish")
        expect_in("eu2", server_of(world.comes(above[0], 2)), "its server")


@story("an epoch that the candidate has not any more: that is its failure")
def old_epoch():
    with EpochWorld("[1]") as world:
        world.start()
        world.offers("[2]")
        half(world, "--minimum", "1")
        below, above = sides("old")
        for name in above:
            expect_in("eu1", server_of(world.comes(name, 1)), "its server")
        world.comes(below[0], 1).failed()
        expect_equal(refused(world, below[0])["rollout"], NUMBER, "by whom")
        wait_for(lambda: world.status()["rollout.state"] == "halted", "a halt")
        expect_equal(world.status()["rollout.failed"], 1, "devices failed")
        # it never had the candidate
        expect_in("eu1", server_of(world.comes(below[0], 1)), "its server")


@story("one device is one failure, whatever names it claims")
def many_names():
    with EpochWorld("[1]") as world:
        world.start()
        world.offers("[2]")
        half(world, "--minimum", "10", "--success", "90%")
        (name,), _ = sides("liar", 1)
        key = derive(MASTER, 1, 0, 1, name)
        for n in range(4):
            claimed = f"{DOMAIN}-claimed-{n}"
            world.boot(world.write_image(claimed, key, identity=name)).failed()
            expect_equal(world.rows("bootstrap_refused")[-1]["data"]["reason"],
                         "endpoint-mismatch", "why")
        status = world.status()
        expect_equal((status["rollout.state"], status["rollout.failed"]),
                     ("running", 0), "the rollout")


@story("another master under the same epoch: nobody could tell whose key it was")
def other_master():
    other = IDENTITY.replace(BOTH, "[1]").replace(BOOTSTRAP_MASTER,
                                                  "bootstrap-2027")
    with EpochWorld("[1]", masters=(BOOTSTRAP_MASTER, FLEET_MASTER,
                                    "bootstrap-2027")) as world:
        world.start()
        world.offers("[1]")
        world.write_policy("identity.yaml", other)
        done = world.ctl("rollout", "start", code=65)
        for word in ("bootstrap-2026", "bootstrap-2027", "epoch 1"):
            expect_in(word, done.stdout, "what is said")
        world.write_policy("identity.yaml", other.replace("[1]", "[2]"))
        world.ctl("rollout", "start")


@story("what cannot be taken back is said before")
def no_return():
    rotate = AFTER + ("bootstrap_account: {rotate: true, "
                      "uri: \"coaps://bootstrap.example:5684\"}\n")
    with EpochWorld("[1]") as world:
        world.start()
        world.offers("[1, 2]", rotate)
        done = world.ctl("rollout", "start")
        expect_in("epoch 2", done.stdout, "the warning")
        expect(world.logged("warning", "rollout_no_return"), "in the log, too")
        world.ctl("rollout", "revert")
        world.offers("[1, 2]")
        world.ctl("reload")
        world.offers("[1, 2]", rotate)
        done = world.ctl("rollout", "start")
        expect("warning" not in done.stdout, "both are accepted by now")


@story("a bootstrap that runs ends with what it began with, whatever moves")
def under_way():
    with World() as world:
        world.start()
        below, above = sides("late", 1)
        images = {n: world.mint(n) for n in below + above}
        world.write_policy("policy.yaml", AFTER)
        half(world)
        devices = [world.boot(i, "late=400") for i in images.values()]
        wait_for(lambda: len(world.logged("command", "op=Discover")) == 2,
                 "both to be at it")
        expect_equal(world.status()["rollout.waiting"], 1, "under way")
        world.ctl("rollout", "revert")
        expect(not any(d.ended() for d in devices), "they are still at it")
        expect_in("eu2", server_of(devices[0]), "of the candidate")
        expect_in("eu1", server_of(devices[1]), "of the set in force")
        expect_equal([a["outcome"] for a in world.settled()], ["ok", "ok"],
                     "outcomes")
        end, = world.rows("bootstrap_end", below[0])
        expect_equal(end["data"]["rollout"], NUMBER, "its ending names it")
        expect_in("eu1", server_of(world.boot(images[below[0]])),
                  "what it gets next")
        world.chain_holds()


BY_OTHER = BY_CN.replace("by-cn", "by-other").replace(
    "{endpoint: cn}", "{endpoint: cn, trust: other-ca.pem}")


@story("an authority that only the candidate trusts")
def new_authority():
    with PkiWorld() as world:
        world.start()
        anchors = world.status()["server.anchors"]
        world.write_policy("other-ca.pem", world.other_ca.pem.read_text())
        world.write_policy("other.yaml", BY_OTHER)
        half(world)
        expect_equal(world.status()["server.anchors"], anchors + 1,
                     "who is believed at the handshake")
        (below,), (above,) = sides("ca", 1)
        world.come(world.other_ca.device("below", below)).succeeded()
        world.come(world.other_ca.device("above", above)).failed()
        row, = world.rows("bootstrap_refused", above)
        expect_equal(row["data"]["reason"], "certificate-untrusted", "why")
        world.come(world.device("known", above)).succeeded()
        world.ctl("rollout", "revert")
        expect_equal(world.status()["server.anchors"], anchors, "anchors")
        world.come(world.other_ca.device("again", below), timeout_s=12).failed()
        world.settled()
        expect_equal(len(world.rows("bootstrap_begin")), 2, "who was let in")


tell()
