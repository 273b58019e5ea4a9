"""policy plan over a fleet of any size: how long, how much memory, and whether
each device is told what issue_begin then decides."""

import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 10
EQUAL, FEW = 100_000, 10_000

POLICIES = """\
identity: factory
endpoint: "urn:dev:ops:0057F2-WM*"
psk: {derive: bootstrap-2026, epoch: [{epoch: 1, until: 2049-12-31}, 2]}
---
identity: hubs
endpoint: "urn:dev:ops:0057F2-HUB-*"
psk: {derive: bootstrap-2026, identity: "psk/{endpoint}"}
---
identity: certified
certificate: {trust: ca.pem}
---
identity: raw
rpk: {table: raw-keys.csv}
---
identity: lab
nosec: {network: 10.1.0.0/16}
---
policy: wm100
match: {endpoint: "urn:dev:ops:0057F2-WM100-*"}
device: {profile: anjay}
clean: [/0, /1]
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security: {mode: psk, key: {derive: fleet-2026, epoch: 1}}
  - name: eu-2
    short_server_id: 102
    uri: coaps://eu2.lwm2m.example:5684
    security: {mode: psk, key: {derive: fleet-2026, epoch: 1}}
objects:
  /3/0: {14: "+01:00"}
verify: discover
---
policy: pooled
match: {endpoint: "urn:dev:ops:0057F2-WM*"}
servers:
  - pool: eu
    servers:
      - {name: eu-a, short_server_id: 111, uri: "coaps://eu-a.example",
         security: {mode: psk, key: {derive: fleet-2026}}}
      - {name: eu-b, short_server_id: 112, uri: "coaps://eu-b.example",
         security: {mode: psk, key: {derive: fleet-2026}}}
      # one more
---
policy: certified
match: {credential: certificate, issuer: Fleet CA, san: "urn:dev:*"}
servers:
  - name: eu-3
    short_server_id: 103
    uri: coaps://eu3.lwm2m.example:5684
    security: {mode: psk, key: {derive: fleet-2026}}
---
policy: rest
servers:
  - name: eu-4
    short_server_id: 104
    uri: coap://192.0.2.9
    security: {mode: nosec}
"""

CHANGED = POLICIES.replace("epoch: 1}}\n", "epoch: 2}}\n").replace(
    "# one more", """\
- {name: eu-c, short_server_id: 113, uri: "coaps://eu-c.example",
         security: {mode: psk, key: {derive: fleet-2026}}}""").replace(
    "10.1.0.0/16", "10.1.0.0/17")


def high_water_kib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


class Bench:
    def __init__(self, folder, build):
        self.dir = Path(folder)
        self.fleet = build / "tests/support/fleet"
        self.tool = os.environ["TOOL"]

    def run(self, *argv):
        return subprocess.run([str(a) for a in argv], cwd=self.dir, check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def papers(self, policies, count):
        """A folder for so many, and the one that it is changed to."""
        for name, text in ((policies, POLICIES), (f"{policies}-new", CHANGED)):
            (self.dir / name).mkdir()
            (self.dir / name / "policies.yaml").write_text(text)
        self.run(self.fleet, "papers", policies, count)
        for name in ("ca.pem", "ca.key", "raw-keys.csv"):
            data = (self.dir / policies / name).read_bytes()
            (self.dir / f"{policies}-new" / name).write_bytes(data)

    def boot(self, ledger, policies, count):
        self.run(self.fleet, "boot", ledger, policies, count)

    def plan(self, ledger, policies, *more):
        """Seconds on the clock and of CPU, and KiB at most."""
        argv = [self.tool, "policy", "plan", policies, "--against", ledger,
                *more]
        began = time.monotonic()
        tool = subprocess.Popen([str(a) for a in argv], cwd=self.dir,
                                stdout=subprocess.DEVNULL)
        kib, done = 0, 0
        while not done:
            # what a child inherits from us counts into its ru_maxrss
            kib = max(kib, high_water_kib(tool.pid))
            done, status, used = os.wait4(tool.pid, os.WNOHANG)
            time.sleep(0 if done else 0.01)
        took = time.monotonic() - began
        tool.returncode = os.waitstatus_to_exitcode(status)
        if tool.returncode not in (0, 2):
            sys.exit(f"bench: policy plan: exit {tool.returncode}")
        return took, used.ru_utime + used.ru_stime, kib

    def differing(self, count):
        """Devices of which the plan says other than issue_begin."""
        self.plan("equal.db", "equal-new", "--devices", "devices.csv",
                  "--force")
        with open(self.dir / "devices.csv", newline="",
                  encoding="utf-8") as file:
            told = {r["endpoint"]: (r["after"] or r["reason"], r["policy"],
                                    r["servers"])
                    for r in csv.DictReader(file)}
        expected = self.run(self.fleet, "expect", "equal-new", count)
        lines = expected.splitlines()
        return abs(len(lines) - len(told)) + sum(
            told.get(line.split(",")[0]) != tuple(line.split(",")[1:])
            for line in lines)


def bench_plan(args, bench):
    with tempfile.TemporaryDirectory(prefix="plan-bench-") as folder:
        b = Bench(folder, bench.parent.parent)
        b.papers("equal", EQUAL)
        b.boot("equal.db", "equal", EQUAL)
        wrong = b.differing(EQUAL)
        print(f"policy plan of {EQUAL} devices: {wrong} are told other than "
              "issue_begin decides")
        if wrong:
            sys.exit("bench: a plan that is wrong needs no measure")
        # by the same files: memory is theirs, and not that of devices
        b.papers("all", args.fleet)
        b.boot("few.db", "all", FEW)
        _, _, few_kib = b.plan("few.db", "all-new")
        b.boot("all.db", "all", args.fleet)
        size = (b.dir / "all.db").stat().st_size
        print(f"policy plan, a ledger of {size / 1e6:.0f} MB:")
        worst = 0
        for what, policies in (("the same set", "all"),
                               ("another set", "all-new")):
            took, cpu, kib = b.plan("all.db", policies)
            worst = max(worst, took)
            print(f"  {args.fleet} devices, {what}: {took:.1f} s, {cpu:.1f} s "
                  f"of CPU, {kib / 1024:.0f} MiB ({FEW} devices: "
                  f"{few_kib / 1024:.0f} MiB)")
        limit = LIMIT_S * args.fleet / 1e6
    return (f"plan of {args.fleet}", f"{worst:.1f} s", "limit",
            f"{limit:.1f} s", worst / limit, "1 at most")
