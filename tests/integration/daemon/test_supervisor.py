"""The supervisor: kill -9 leaves nobody behind, and the next start goes on
where this one ended. What is in its way is not swept aside."""

from daemon_fixture import DOMAIN, World, wait_for
from tap_story import expect, expect_equal, expect_in, story, tell


@story("kill -9 of the daemon at every step: nobody survives, all is told")
def killed():
    with World() as world:
        world.start()
        world.keep_ports()
        for step in range(6):
            endpoint = f"{DOMAIN}-step-{step}"
            image = world.mint(endpoint)
            first = world.boot(image, "finish-lost,late=150")
            wait_for(lambda: len(world.logged(" command ", endpoint)) > step,
                     f"step {step}")
            family = world.children()
            expect_equal(len(family), 3, "keeper and workers")
            world.daemon.kill()
            world.daemon.wait()
            wait_for(lambda: not any(p.alive() for p in family),
                     "all children to go with their parent")
            first.kill()
            # the same ports, and the control socket's file is still there
            world.start()
            second = world.boot(image).succeeded()
            attempts = world.settled(endpoint)
            expect_equal([(a["outcome"], a["reason"]) for a in attempts],
                         [("unknown", "daemon-lost"), ("ok", "ok")],
                         f"endings after step {step}")
            expect(second.answered_finish(), "the device knows of its ok")
        world.chain_holds()
        world.stop()


@story("a worker that dies is replaced on its socket, again and again")
def worker_replaced():
    with World(workers=1) as world:
        world.start()
        image = world.mint(f"{DOMAIN}-1")
        for _ in range(4):
            dead = world.worker()
            dead.kill()
            wait_for(lambda: not dead.alive(), "its death")
            world.boot(image).succeeded()
        expect(world.logged("child_ended", "how=signal", "code=9"),
               "the log tells how it died")
        world.stop()


@story("two daemons never share a port")
def port_taken():
    with World() as first, World() as second:
        first.start()
        second.listen = [first.coaps()]
        second.write_config()
        second.launch()
        code = second.daemon.wait(30)
        expect(code != 0, "exit code")
        line, = second.logged("error", "listen")
        expect_in("in use", line, "why")
        expect_in("bootstrapd.yaml line=2", line.replace("/", " "), "where")
        first.boot(first.mint(f"{DOMAIN}-1")).succeeded()


@story("two daemons never share a control socket")
def control_taken():
    with World() as first, World() as second:
        first.start()
        second.control = first.control
        second.write_config()
        second.launch()
        expect(second.daemon.wait(30) != 0, "exit code")
        expect_in("another bootstrapd", second.log(), "why")
        first.ctl("status")


@story("a file that is no socket is left alone")
def not_a_socket():
    with World() as world:
        world.control.write_text("somebody's notes\n")
        world.launch()
        expect(world.daemon.wait(30) != 0, "exit code")
        expect(world.logged("error", "control"), world.log())
        expect_equal(world.control.read_text(), "somebody's notes\n",
                     "the file")


tell()
