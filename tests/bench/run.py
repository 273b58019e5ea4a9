#!/usr/bin/env python3
"""Server CPU of one PSK bootstrap, beside wolfSSL's bare handshake.

usage: run.py BUILD [-n COUNT] [-k AT_A_TIME] [--workers N]

A real bootstrapd with a SoftHSM2 token, policies and a ledger in a temporary
folder; virtual devices over real sockets. The CPU time of all its processes
is read before and after, when every bootstrap stands in the ledger as ended.
Ends with one line: `bench psk: ...`. Nothing here fails because it was slow.
"""

import argparse
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration" / "daemon"))

from daemon_fixture import (  # noqa: E402
    BOOTSTRAP_MASTER, DOMAIN, IDENTITY, POLICY, World, derive, wait_for,
)
from tap_story import Skip  # noqa: E402

WARM_UP = 50
AIM = 8
EPOCH = 1
BOOTSTRAP = 1  # the purpose of a key: lib/hsm/hsm.h


class QuietWorld(World):
    """The daemon as in service: without a line for each step."""

    def _spawn(self, *argv, **kwargs):
        return super()._spawn(*[a for a in argv if a != "-v"], **kwargs)


def cpu_us(pid):
    """CPU time of all threads that a process has: in ns from the scheduler
    where the kernel tells it, else in ticks."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0]) / 1000
        except (OSError, IndexError):
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            ticks = int(fields[11]) + int(fields[12])
            total += ticks * 1_000_000 / os.sysconf("SC_CLK_TCK")
    return total


def read_cpu(world):
    """Process by what it calls itself: CPU time in us."""
    seen = {"supervisor": cpu_us(world.daemon.pid)}
    for child in world.children():
        name = child.name().split()[0]
        seen[name] = seen.get(name, 0) + cpu_us(child.pid)
    return seen


def ended(world):
    return world.sql("SELECT count(*) AS n FROM events "
                     "WHERE kind = 'bootstrap_end'")[0]["n"]


def load(program, world, first, count, at_a_time, master):
    devices = ""
    for i in range(first, first + count):
        endpoint = f"{DOMAIN}-bench-{i:06}"
        key = derive(master, BOOTSTRAP, 0, EPOCH, endpoint)
        devices += f"{endpoint} {key.hex()}\n"
    done = subprocess.run(
        [program, world.coaps(), str(at_a_time)], input=devices, text=True,
        stdout=subprocess.PIPE, check=False,
    )
    told = dict(word.split("=") for word in done.stdout.split())
    if done.returncode or int(told["bootstraps"]) != count:
        sys.exit(f"bench: the load failed: {done.stdout}\n{world.log()}")
    wait_for(lambda: ended(world) == first + count,
             "every bootstrap to be in the ledger")
    return int(told["wall_ms"])


def bare_handshake(program):
    """us of server CPU."""
    said = subprocess.run([program], capture_output=True, text=True,
                          check=True).stdout
    print(said, end="")
    return float(re.search(r": ([\d.]+) us", said)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("-n", type=int, default=500, metavar="COUNT")
    parser.add_argument("-k", type=int, default=20, metavar="AT_A_TIME")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    build = args.build.resolve()
    bench = build / "tests" / "bench"
    os.environ.setdefault("BOOTSTRAPD", str(build / "bootstrapd/bootstrapd"))
    os.environ.setdefault(
        "TOOL", str(build / "provisioning-tool/provisioning-tool"))

    master = secrets.token_bytes(32)
    policies = {
        "identity.yaml": IDENTITY.replace("[1, 2]", str(EPOCH)),
        "policy.yaml": POLICY,
    }
    # a fleet in one machine: more than a worker may ask for by default
    limits = {"questions_per_second": 1_000_000}
    with QuietWorld(policies, workers=args.workers, limits=limits,
                    known={BOOTSTRAP_MASTER: master}) as world:
        world.start()
        load(bench / "bench_load", world, 0, WARM_UP, args.k, master)
        before = read_cpu(world)
        wall_ms = load(bench / "bench_load", world, WARM_UP, args.n, args.k,
                       master)
        after = read_cpu(world)
        world.stop()
    bare_us = bare_handshake(bench / "bench_handshake")

    each = {name: (after[name] - before[name]) / args.n for name in after}
    total_us = sum(each.values())
    parts = ", ".join(f"{name} {us:.0f} us" for name, us in each.items())
    print(f"{args.n} bootstraps, {args.k} at a time, {wall_ms} ms: {parts}")
    print(f"bench psk: {total_us:.0f} us per bootstrap, bare handshake "
          f"{bare_us:.0f} us, ratio {total_us / bare_us:.1f} (aim {AIM})")


if __name__ == "__main__":
    try:
        main()
    except Skip as why:
        print(f"SKIP: {why}")
        sys.exit(77)
