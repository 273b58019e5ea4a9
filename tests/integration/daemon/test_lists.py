"""Revocation lists while the daemon runs: one grows old, is gone, is broken."""

from daemon_fixture import wait_for
from daemon_pki import PkiWorld, openssl
from tap_story import expect_equal, expect_in, story, tell


def sign_list(world, seconds):
    """A list that is good for so long, as PEM."""
    out = world.pki / "short.crl"
    openssl("ca", "-gencrl", "-crlsec", seconds, "-config", world.ca.cnf,
            "-keyfile", world.ca.key, "-cert", world.ca.pem, "-out", out)
    return out.read_bytes()


def put(world, data):
    path = world.pki / "device-ca.crl"
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.chmod(0o644)
    new.rename(path)


def until_stale(world, count):
    """The keeper looks for stale lists after it has looked for changed ones:
    who sees this knows that the files were looked at."""
    wait_for(lambda: len(world.logged("revocation_list_stale")) >= count,
             "a list to grow old")
    expect_equal(world.status()["server.crls_stale"], count, "stale lists")


@story("a list that grows old is said once; one that is gone or broken, too")
def grow_old():
    with PkiWorld(crl=True) as world:
        world.start()
        expect_equal(world.status()["server.crls_stale"], 0, "stale lists")
        put(world, sign_list(world, 4) + sign_list(world, 26))
        world.ctl("reload")
        (world.pki / "device-ca.crl").unlink()
        until_stale(world, 1)
        # gone: what was read counts on, and there is nothing to say
        expect_equal(world.rows("credentials_refused"), [], "refusals")
        expect_in("device-ca", world.logged("revocation_list_stale")[0],
                  "whose it is")
        put(world, b"no list\n")
        wait_for(lambda: world.rows("credentials_refused"), "the refusal")
        until_stale(world, 2)
        # broken: said once, and not each time it is looked at
        expect_equal(len(world.rows("credentials_refused")), 1, "refusals")
        expect_equal(len(world.logged("revocation_list_stale")), 2, "lines")
        put(world, sign_list(world, 3600))
        wait_for(lambda: world.status()["server.crls_stale"] == 0,
                 "the next list")


if __name__ == "__main__":
    tell()
