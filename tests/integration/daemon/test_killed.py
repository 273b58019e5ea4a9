"""kill -9 of the device, of its worker, of the keeper, at every step of a
bootstrap. No bootstrap is recorded ok that is not, every one that began has an
ending, and none is stranded: the next attempt succeeds, and over a keeper's
death the same one does."""

import secrets
import signal

from daemon_fixture import BOOTSTRAP_MASTER, DOMAIN, Relay, World, derive, wait_for
from tap_story import expect, expect_equal, story, tell

MASTER = secrets.token_bytes(32)
STEPS = ["Discover", "Delete /0", "Delete /1", "Write /0", "Write /1",
         "Finish"]
SLOWLY = "late=150"  # time to kill in, before each answer
NEVER_DONE = "finish-lost," + SLOWLY  # and all the time at Finish


def until_step(world, endpoint, step):
    """The command is out, and the device has not answered it yet."""
    wait_for(lambda: len(world.logged(" command ", endpoint)) > step,
             f"{STEPS[step]} to {endpoint}")


def tells_no_lie(world, endpoint, devices):
    """What the ledger says against what the devices know."""
    attempts = world.settled(endpoint)
    oks = sum(a["outcome"] == "ok" for a in attempts)
    finished = sum(d.answered_finish() for d in devices)
    expect(oks <= finished, f"{oks} are recorded ok, {finished} devices have "
                            f"answered Finish: {attempts}")
    sessions = [a["session"] for a in attempts]
    expect_equal(len(set(sessions)), len(sessions), "sessions")
    for end in world.rows("bootstrap_end", endpoint):
        expect(end["session"] in sessions, f"an end without beginning: {end}")
    return attempts


def expect_lost_then_ok(attempts, step, reason):
    """Whether Finish had gone out decides between failed and unknown; on a
    machine that is busy it may have, one step before its own."""
    lost, last = attempts
    expect_equal(lost["reason"], reason, f"killed at {step}")
    expect(lost["outcome"] == "unknown" if step == "Finish" else
           lost["outcome"] in ("failed", "unknown"), f"{step}: {lost}")
    expect_equal((last["outcome"], last["reason"]), ("ok", "ok"),
                 f"after {step}")


def every_step(name):
    for number, step in enumerate(STEPS):
        yield number, f"{DOMAIN}-{name}-{number}", step


@story("the device, at every step")
def device():
    with World() as world:
        world.start()
        for number, endpoint, step in every_step("device"):
            image = world.mint(endpoint)
            first = world.boot(image, NEVER_DONE)
            until_step(world, endpoint, number)
            first.kill()
            second = world.boot(image).succeeded()
            attempts = tells_no_lie(world, endpoint, [first, second])
            expect_lost_then_ok(attempts, step, "superseded")
        world.chain_holds()


@story("its worker, at every step")
def worker():
    with World(workers=1) as world:
        world.start()
        for number, endpoint, step in every_step("worker"):
            image = world.mint(endpoint)
            first = world.boot(image, NEVER_DONE)
            until_step(world, endpoint, number)
            world.worker().kill()
            wait_for(lambda: world.settled(endpoint), "the ending")
            first.kill()
            second = world.boot(image).succeeded()
            attempts = tells_no_lie(world, endpoint, [first, second])
            expect_lost_then_ok(attempts, step, "worker-lost")
        world.chain_holds()
        world.stop()


@story("the keeper, at every step: a delay, and not a failure")
def keeper():
    with World(workers=1) as world:
        world.start()
        for number, endpoint, step in every_step("keeper"):
            device = world.boot(world.mint(endpoint), SLOWLY)
            until_step(world, endpoint, number)
            world.keeper().kill()
            device.succeeded()
            attempt, = tells_no_lie(world, endpoint, [device])
            expect_equal(attempt["outcome"], "ok", f"killed at {step}")
        expect_equal(len(world.rows("keeper_start")), len(STEPS),
                     "keepers that came after")
        world.chain_holds()
        world.stop()


def asleep(world):
    """The token takes its time over the second key: that of the handshake is
    given, that of the plan is not."""
    world.faults("C_Sign 0x0 1 0", "C_Sign 0x0 1 2500")


def until_asked(world):
    """A Bootstrap-Request waits in the keeper."""
    wait_for(lambda: world.logged(" handshake "), "the handshake")
    wait_for(lambda: world.status()["questions.waiting"] > 0,
             "the question for a plan")


@story("all of them before there is a plan: nothing began, nothing is lost")
def while_asking():
    for victim in ("keeper", "worker", "device"):
        with World(workers=1, shim=True) as world:
            world.start()
            endpoint = f"{DOMAIN}-asking"
            image = world.mint(endpoint)
            asleep(world)
            first = world.boot(image)
            until_asked(world)
            world.faults()
            if victim == "keeper":
                world.keeper().kill()
                first.succeeded()
                attempt, = tells_no_lie(world, endpoint, [first])
                expect_equal(attempt["outcome"], "ok", "outcome")
                continue
            if victim == "worker":
                world.worker().kill()
            first.kill()
            second = world.boot(image).succeeded()
            attempts = tells_no_lie(world, endpoint, [first, second])
            expect_equal(attempts[-1]["outcome"], "ok", "the last one")


@story("the keeper in the middle of a handshake")
def keeper_in_handshake():
    with World(workers=1, known={BOOTSTRAP_MASTER: MASTER}) as world:
        world.start()
        endpoint = f"{DOMAIN}-handshake"
        keeper = world.keeper()
        keeper.kill(signal.SIGSTOP)
        with Relay(world.address("coaps")) as relay:
            device = world.boot(world.write_image(
                endpoint, derive(MASTER, 1, 0, 2, endpoint), uri=relay.uri()))
            wait_for(lambda: [d for way, d in relay.heard if way == ">"][2:],
                     "the identity, which is in the third flight")
            keeper.kill()
            device.succeeded()
        attempt, = tells_no_lie(world, endpoint, [device])
        expect_equal(attempt["outcome"], "ok", "outcome")


@story("keeper and worker together")
def both():
    with World(workers=1) as world:
        world.start()
        for number, endpoint, step in every_step("both"):
            image = world.mint(endpoint)
            first = world.boot(image, NEVER_DONE)
            until_step(world, endpoint, number)
            world.worker().kill()
            world.keeper().kill()
            first.kill()
            second = world.boot(image).succeeded()
            attempts = tells_no_lie(world, endpoint, [first, second])
            expect_equal(attempts[-1]["outcome"], "ok", f"after {step}")
            expect(attempts[0]["outcome"] != "ok", f"killed at {step}")


tell()
