"""What a service manager hears of the daemon (sd_notify(3))."""

import os
import signal
import socket

from daemon_fixture import POLICY, World, wait_for
from tap_story import expect, expect_equal, expect_in, story, tell


class Manager:
    """Its end of the socket."""

    def __init__(self, world):
        self.path = str(world.dir / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.heard = []

    def listen(self):
        try:
            while True:
                self.heard.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return self.heard

    def told(self):
        """All but the signs of life."""
        return [m for m in self.listen() if m != "WATCHDOG=1"]

    def until(self, count):
        wait_for(lambda: len(self.told()) >= count, f"message {count}")
        return self.told()[count - 1]


@story("ready, reloading, ready again, stopping: in this order, and no other")
def told():
    with World() as world:
        manager = Manager(world)
        world.start(env={"NOTIFY_SOCKET": manager.path})
        expect_equal(manager.until(1), "READY=1\nSTATUS=serving", "start")
        heard = 1
        for ask in ("reload", "a set that is refused", "SIGHUP"):
            if ask == "SIGHUP":
                world.write_policy("policy.yaml", POLICY)
                os.kill(world.daemon.pid, signal.SIGHUP)
            elif ask == "reload":
                world.ctl("reload")
            else:
                world.write_policy("policy.yaml", "policy: [\n")
                world.ctl("reload", code=65)
            begun = manager.until(heard + 1).split("\n")
            expect_equal(begun[0], "RELOADING=1", ask)
            # Type=notify-reload compares it with when it asked
            expect(begun[1].startswith("MONOTONIC_USEC="), ask)
            expect_equal(manager.until(heard + 2), "READY=1", f"after {ask}")
            heard += 2
        world.stop()
        expect_equal(manager.told()[heard:], ["STOPPING=1"], "the end")


@story("a watchdog is fed as often as it asks for")
def watchdog():
    with World() as world:
        manager = Manager(world)
        world.start(env={"NOTIFY_SOCKET": manager.path,
                         "WATCHDOG_USEC": "100000"})
        # at an interval of its own it would take longer than we wait
        wait_for(lambda: manager.listen().count("WATCHDOG=1") >= 100,
                 "100 signs of life")
        world.stop()


@story("a rollout that is halted shows in the status of the service")
def halted():
    with World() as world:
        manager = Manager(world)
        world.start(env={"NOTIFY_SOCKET": manager.path})
        world.write_policy("policy.yaml", POLICY.replace("eu1", "eu2"))
        world.ctl("rollout", "start")
        manager.until(1)
        world.ctl("rollout", "halt")
        expect_in("a rollout was halted", manager.until(2), "status")
        # and of the keeper that comes next
        world.keeper().kill()
        wait_for(lambda: len(world.logged("keeper_started")) == 2, "it")
        world.ctl("rollout", "resume")
        expect_equal(manager.until(3), "STATUS=serving", "status")


tell()
