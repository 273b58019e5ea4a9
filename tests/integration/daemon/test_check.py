"""`bootstrapd check`: everything is looked at, every finding is told, then one
exit code. The daemon itself says the same when it is started."""

from daemon_fixture import (BOOTSTRAP_MASTER, DOMAIN, FLEET_MASTER, POLICY,
                            World)
from tap_story import expect, expect_equal, expect_in, story, tell


def checked(world, code):
    done = world.check()
    expect_equal(done.returncode, code, f"exit code\n{done.stdout}"
                                        f"{done.stderr}")
    return done


@story("a good one: 0, and what there is")
def good():
    with World() as world:
        done = checked(world, 0)
        for part in ("wolfSSL", "1 identity, 1 policy",
                     "bootstrap (serial"):
            expect_in(part, done.stdout, "summary")
        expect_equal(done.stderr, "", "findings")
        expect(not world.ledger.exists(), "nothing was made")
        world.start()
        checked(world, 0)  # beside a daemon that runs
        world.boot(world.mint(f"{DOMAIN}-1")).succeeded()
        world.stop()
        checked(world, 0)


@story("a bad configuration: 78, with all that is wrong")
def configuration():
    with World() as world:
        world.config.write_text(
            "listen:\n  - coaps://somewhere:5684\n"
            "workers: none\nworkers: 2\n"
            "hsm:\n  module: /usr/lib/softhsm/libsofthsm2.so\n"
            '  token: "pkcs11:token=bootstrap"\n'
            "  pin: 1234567\n"
            "policys: policies.d\nledger: state/ledger.db\n"
            "limits: {session_lifetime: 300s, drain: 30}\n")
        done = checked(world, 78)
        for what in (":2:", "workers", "hsm.pin", "policys",
                     "session_lifetime", "drain"):
            expect_in(what, done.stderr, "findings")
        expect("1234567" not in done.stdout + done.stderr,
               "the PIN that should not stand there is not repeated")
        world.launch()
        world.ended(78)
        for what in ("hsm.pin", "policys", "session_lifetime"):
            expect_in(what, world.log(), "findings at start")


@story("no configuration: 78")
def absent():
    with World() as world:
        world.config.unlink()
        checked(world, 78)


@story("bad policies: 65, all of them, and the daemon does not start either")
def policies():
    with World() as world:
        world.write_policy("policy.yaml", POLICY.replace(
            "lifetime: 1d", "lifetime: 1").replace("clean:", "cleen:"))
        world.write_policy("another.yaml", "policy: x\nmatch: {identity: "
                                           "[nobody]}\n")
        done = checked(world, 65)
        for what in ("policy.yaml:", "cleen", "lifetime", "another.yaml:",
                     "nobody"):
            expect_in(what, done.stderr, "findings")
        log = world.start_fails(65)
        for what in ("cleen", "lifetime", "nobody"):
            expect_in(what, log, "findings at start")
        expect_equal(len(world.logged(" started child=keeper")), 1,
                     "starts of the keeper")


@story("the token: 69 for a wrong PIN, another label, a missing master")
def token():
    with World(shim=True) as world:
        world.write_pin("not-the-pin")
        done = checked(world, 69)
        expect_in("bootstrap (serial", done.stderr, "which token")
        expect_equal(world.calls("C_Login"), 1, "C_Login")
    with World() as world:
        text = world.config.read_text()
        world.config.write_text(text.replace("token=bootstrap",
                                             "token=backup"))
        expect_in("bootstrap (serial", checked(world, 69).stderr,
                  "tokens that are there")
    with World(masters=(BOOTSTRAP_MASTER,)) as world:
        expect_in(f"provisioning-tool hsm keys make {FLEET_MASTER}",
                  checked(world, 69).stderr, "remedy")


@story("another master under the same label: 69")
def replaced_master():
    with World() as world:
        world.start()
        world.stop()
        world.surgery("destroy", FLEET_MASTER)
        world.tool("hsm", "keys", "make", *world.token_options(),
                   FLEET_MASTER)
        expect_in("not the one that the ledger knows",
                  checked(world, 69).stderr, "finding")


@story("a module that is none: 78; a PIN file that others read: 78")
def module_and_pin():
    with World() as world:
        text = world.config.read_text()
        world.config.write_text(text.replace(world.module, "/dev/null"))
        expect_in("/dev/null", checked(world, 78).stderr, "finding")
        world.config.write_text(text)
        world.pin_file.chmod(0o644)
        expect_in("0600", checked(world, 78).stderr, "finding")


@story("a ledger that is none: 74")
def ledger():
    with World() as world:
        world.ledger.write_text("this is no database, but it is here\n" * 99)
        expect_in("ledger.db", checked(world, 74).stderr, "finding")
        world.start_fails(74)


@story("faults of several kinds are all told; the first decides the code")
def several():
    with World(masters=(BOOTSTRAP_MASTER,)) as world:
        world.ledger.write_text("this is no database, but it is here\n" * 99)
        world.write_policy("z.yaml", "policy: x\n\tmatch: {}\n")
        done = checked(world, 65)
        expect_in("z.yaml:2", done.stderr, "policies")
        expect_in("ledger.db", done.stderr, "ledger")


tell()
