"""The token goes away and comes back, its module crashes. Devices wait or are
told to come again, status says why, and nobody has to restart anything."""

from daemon_fixture import DOMAIN, World, wait_for
from tap_story import expect, expect_equal, expect_in, story, tell

EP = f"{DOMAIN}-WM200-1"
#: what a token that was pulled out says to everything
PULLED_OUT = [f"{function} 0x32 -1 0" for function in (
    "C_Sign", "C_SignInit", "C_OpenSession", "C_GetSessionInfo",
    "C_GetTokenInfo", "C_FindObjectsInit")]


def until_away(world):
    return wait_for(lambda: world.status()["token.state"] == "away" and
                    world.status(), "the daemon to see that it is away")


def until_back(world):
    wait_for(lambda: world.status()["token.state"] == "ok",
             "the daemon to see that it is back")


@story("a device that comes meanwhile waits, and is bootstrapped")
def comes_back():
    with World(shim=True) as world:
        world.start()
        image = world.mint(EP)
        logins = world.calls("C_Login")
        world.faults(*PULLED_OUT)
        device = world.boot(image, timeout_s=100)
        status = until_away(world)
        expect_equal(status["health"], "degraded", "health")
        expect_in("CKR_DEVICE_REMOVED", status["token.error"], "why")
        expect(status["token.remedy"], "there is a remedy")
        expect(world.logged("error token_away", "remedy="), "the log")
        world.faults()
        until_back(world)
        device.succeeded()
        expect_equal(world.settled()[0]["outcome"], "ok", "outcome")
        wait_for(lambda: world.logged("token_back"), "the log")
        expect(world.calls("C_Login") > logins, "it was logged in again")
        expect_equal(world.rows("keeper_start"), [], "new keepers")


@story("it goes between the handshake and the plan: 5.03, and a row")
def away_at_the_plan():
    with World(shim=True) as world:
        world.start()
        image = world.mint(EP)
        # one signature for the handshake's key, no more
        world.faults("C_Sign 0x0 1 0", *PULLED_OUT[:1], *PULLED_OUT[2:])
        device = world.boot(image).failed()
        expect_in("5.03", device.text(), "answer")
        attempt, = world.attempts()
        expect_equal((attempt["outcome"], attempt["reason"]),
                     ("refused", "token-away"), "what the ledger says")
        expect_equal(world.rows("credential_issued"), [], "credentials")
        world.faults()
        until_back(world)
        world.boot(image).succeeded()


@story("SIGTERM while it is away ends the daemon all the same")
def stop_while_away():
    with World(shim=True) as world:
        world.start()
        world.faults(*PULLED_OUT)
        device = world.boot(world.mint(EP))
        until_away(world)
        world.stop()
        device.kill()
        expect_equal([r["kind"] for r in world.rows()][-2:],
                     ["daemon_stop", "checkpoint"], "last rows")


@story("the PIN is changed while it is away: one try, and 69")
def pin_changed():
    with World(shim=True) as world:
        world.start()
        image = world.mint(EP)
        world.faults(*PULLED_OUT)
        device = world.boot(image)
        until_away(world)
        logins = world.calls("C_Login")
        # CKR_PIN_INCORRECT: it is another token's PIN by now
        world.faults("C_Login 0xa0 -1 0")
        world.ended(69)
        device.kill()
        expect_equal(world.calls("C_Login"), logins + 1, "C_Login")


@story("a module that crashes costs a delay")
def crashes():
    with World(shim=True, workers=1) as world:
        world.start()
        image = world.mint(EP)
        world.faults("C_Sign abort 1 0")
        device = world.boot(image)
        wait_for(lambda: world.logged("child_ended", "child=keeper",
                                      "how=signal", "code=6"), "the crash")
        world.faults()
        device.succeeded()
        attempt, = world.settled()
        expect_equal(attempt["outcome"], "ok", "outcome")


tell()
