"""A device that was given a new image: its new key is accepted at once, and its
old one never again."""

from daemon_fixture import DOMAIN, IDENTITY, POLICY, World, wait_for
from tap_story import expect_equal, story, tell

EP = f"{DOMAIN}-WM200-1"


@story("after image reissue the new image boots, and the old one is refused")
def reissued():
    with World({"identity.yaml": IDENTITY, "policy.yaml": POLICY}) as w:
        w.start()
        old = w.mint(EP, epoch=1)
        other = w.mint(f"{EP}9", epoch=1)
        w.boot(old).succeeded()
        new = w.dir / "images" / "new.json"
        w.tool("image", "reissue", *w.token_options(), "--policies",
               w.dir / "policies.d", "--identity", "factory", "--endpoint",
               EP, "--uri", w.coaps(), "--format", "json", "--ledger",
               w.ledger, "-o", new)
        w.boot(old, timeout_s=8).failed()
        w.boot(new).succeeded()
        w.boot(old, timeout_s=8).failed()
        # nobody else is touched
        w.boot(other).succeeded()
        revoked, = w.rows("credential_revoked", EP)
        expect_equal(revoked["data"]["reason"], "superseded", "why")
        minted = w.rows("image_minted", EP)
        expect_equal([r["data"]["epoch"] for r in minted], [1, 2], "epochs")
        wait_for(lambda: len(w.rows("bootstrap_end", EP)) == 2, "the ends")
        expect_equal([r["data"]["outcome"]
                      for r in w.rows("bootstrap_end", EP)], ["ok", "ok"],
                     "of the two keys")
        w.stop().chain_holds()


if __name__ == "__main__":
    tell()
