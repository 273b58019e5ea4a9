"""Who is not let in, whatever it shows: the operator reads the reason, and the
wire tells nothing."""

from daemon_fixture import DOMAIN, IDENTITY, Relay, wait_for
from daemon_pki import BY_CN, FROM, PAST, POLICY_ANY, PkiWorld
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-1"
BAD_CERTIFICATE = 42


def last_words(world, papers):
    """What the server says last to a device that it refuses."""
    with Relay(world.address("coaps")) as relay:
        device = world._come(
            ["--uri", relay.uri(), "--ca", world.pki / "root.pem",
             "--certificate", papers.pem, "--key", papers.key, "--sni",
             "boot.lwm2m.example"], [], None, 15)
        wait_for(lambda: [d for way, d in relay.heard
                          if way == "<" and d[0] == 21], "the alert")
        device.kill()
        return [d for way, d in relay.heard if way == "<" and d[0] == 21]


@story("revoked, expired, of an unknown CA: the same bytes, each with its row")
def same_bytes():
    with PkiWorld(crl=True) as world:
        all_of_them = {
            "revoked": world.device("lost", f"{DOMAIN}-LOST"),
            "certificate-expired": world.device("old", f"{DOMAIN}-OLD",
                                                start=FROM, end=PAST),
            "certificate-untrusted": world.other_ca.device(
                "foreign", f"{DOMAIN}-FOREIGN"),
            "certificate-unusable": world.ca.device(
                "misused", f"{DOMAIN}-MISUSED", kind="server"),
        }
        world.ca.revoke(all_of_them["revoked"])
        world.ca.crl(world.pki / "device-ca.crl")
        world.start()
        words = {reason: last_words(world, papers)
                 for reason, papers in all_of_them.items()}
        for reason, said in words.items():
            expect_equal(said[0], words["revoked"][0], reason)
            expect_equal(said[0][-2:], bytes([2, BAD_CERTIFICATE]), reason)
        rows = {r["data"]["reason"]: r
                for r in world.refused_handshakes(len(all_of_them))}
        for reason, papers in all_of_them.items():
            data = rows[reason]["data"]
            expect_equal(data["kind"], "certificate", "kind")
            expect_equal(data["fingerprint"], papers.fingerprint(), reason)
            expect_equal(data["serial"].lstrip("0"), papers.serial(), reason)
            expect(data["sentence"] and data["remedy"], reason)
            # it has proved nothing: whose it is is only claimed
            expect_equal(rows[reason]["endpoint"], None, reason)
            expect_equal(data["claimed"], data["credential"], reason)
            expect_in(DOMAIN, data["claimed"], reason)
            expect_equal("issuer_key" in data,
                         reason != "certificate-untrusted", reason)
        expect_equal(world.rows("bootstrap_begin"), [], "beginnings")
        world.stop().chain_holds()


@story("a list that changes counts by itself; one that is broken changes nothing")
def lists_change():
    with PkiWorld(crl=True) as world:
        lost, good = world.device("lost", EP), \
            world.device("good", f"{DOMAIN}-GOOD")
        crl = world.pki / "device-ca.crl"
        world.start()
        world.come(lost).succeeded()
        loaded = len(world.rows("credentials_loaded"))
        world.ca.revoke(lost)
        world.ca.crl(crl)
        rows = wait_for(lambda: r if len(r := world.rows(
            "credentials_loaded")) > loaded else None, "the new list")
        expect_equal(rows[-1]["data"]["by"], "a revocation list changed",
                     "who")
        expect_equal(len(world.rows("policies_loaded")), 1,
                     "loads of policies")
        generation = len(rows)
        wait_for(lambda: len(world.logged("credentials ",
                                          f"generation={generation}")) ==
                 world.workers, "the workers to have it")
        world.come(lost, timeout_s=15).failed()
        # a list that is none
        whole = crl.read_bytes()
        crl.with_suffix(".new").write_bytes(whole[:200])
        crl.with_suffix(".new").rename(crl)
        row, = wait_for(lambda: world.rows("credentials_refused"),
                        "the refusal")
        expect_in("device-ca.crl", row["data"]["first"], "what was refused")
        world.come(lost, timeout_s=15).failed()
        world.come(good).succeeded()
        # one that is gone does not take its revocations with it
        crl.unlink()
        world.ctl("reload", code=None)
        world.come(lost, timeout_s=15).failed()
        world.come(good).succeeded()
        expect_equal(len(world.rows("credentials_refused")), 1, "refusals")


@story("what the ledger has revoked counts at once, without any list")
def by_the_ledger():
    with PkiWorld() as world:
        world.start()
        papers = world.device("meter", EP)
        world.come(papers).succeeded()
        world.tool("pki", "revoke", "--certificate", papers.pem, "--reason",
                   "keyCompromise", "--ledger", world.ledger, "--force")
        world.come(papers).failed()
        row, = world.rows("bootstrap_refused")
        expect_equal(row["data"]["reason"], "revoked", "reason")
        expect_equal(len(world.rows("bootstrap_begin", EP)), 1, "beginnings")


def talk(world, relay, image):
    """What the server says to it: alerts whole, of all else kind and length."""
    device = world.boot(image, timeout_s=15)
    wait_for(lambda: [d for way, d in relay.heard
                      if way == "<" and d[0] == 21], "the alert")
    device.kill()
    return [d if d[0] == 21 else (d[0], len(d))
            for way, d in relay.heard if way == "<"]


def revoked_key(identity, epoch):
    with PkiWorld({"identity.yaml": identity + "---\n" + BY_CN,
                   "policy.yaml": POLICY_ANY}) as world:
        world.start()
        image = world.mint(EP)
        world.boot(image).succeeded()
        with Relay(world.address("coaps")) as relay:
            # of the time before: now no image is minted with that key
            image = world.mint(EP, uri=relay.uri())
            world.tool("pki", "revoke", "--endpoint", EP, "--reason",
                       "superseded", "--ledger", world.ledger)
            known = talk(world, relay, image)
        with Relay(world.address("coaps")) as relay:
            unknown = talk(world, relay, world.write_image(
                "urn:nobody:000000-WM200-1", bytes(32), uri=relay.uri()))
        expect_equal(known, unknown, "what the server says")
        row, = world.refused_handshakes(1)
        expect_equal((row["endpoint"], row["data"]["kind"],
                      row["data"]["reason"], row["data"]["epoch"]),
                     (EP, "psk", "revoked", epoch), "row")


@story("a pre-shared key that was revoked is, on the wire, one of nobody")
def one_epoch():
    revoked_key(f"""\
identity: factory
endpoint: "{DOMAIN}-*"
psk: {{derive: bootstrap-2026, identity: "{{endpoint}}"}}
""", 1)


@story("so is one beside which other epochs are accepted")
def of_two_epochs():
    revoked_key(IDENTITY, 2)


if __name__ == "__main__":
    tell()
