#!/usr/bin/env python3
"""What bootstrapd takes beside what it stands on, in one table.

usage: run.py BUILD [psk] [x509] [issue] [check] [plan] [rehearse]
              [images] [-n COUNT]
              [-k AT_A_TIME] [--workers N] [--sessions N] [--fleet DEVICES]

psk, x509: server CPU of one bootstrap (all processes of bootstrapd, read before
and after, when every bootstrap stands in the ledger as ended), beside that of
wolfSSL's bare handshake, by PSK or with certificates on both sides. A real
bootstrapd with a SoftHSM2 token, policies and a ledger in a temporary folder;
virtual devices over real sockets.
issue: device certificates a second from as many threads as there are sessions,
beside how often the token signs by itself.
check: `policy check` of a thousand files, beside the second that is promised.
plan: policy plan over a ledger of so many devices, beside ten seconds for a
million; and 100,000 devices compared with what issue_begin decides.
rehearse: image rehearse --staging of a container of COUNT images with a PSK, by
the clock on the wall, beside the 5 ms that one may take.
images: image batch of 20 times COUNT devices with keys, and of fewer with
certificates, beside what the token does in as many sessions; and of 10 times
more, with the memory that it takes.

Nothing here fails because it was slow.
"""

import argparse
import json
import io
import os
import re
import secrets
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration" / "daemon"))

from daemon_fixture import (  # noqa: E402
    BOOTSTRAP_MASTER, DOMAIN, IDENTITY, POLICY, World, derive, wait_for,
)
from plan_fleet import bench_plan  # noqa: E402
from tap_story import Skip  # noqa: E402

WARM_UP = 50
EPOCH = 1
BOOTSTRAP = 1  # the purpose of a key: lib/hsm/hsm.h

X509_IDENTITY = """\
identity: factory
endpoint: "*"
certificate: {trust: ca.pem, endpoint: cn}
"""
X509_SERVER = """\
server:
  certificate: server.pem
  key: "pkcs11:object=bench-server"
  trust: ca.pem
"""


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


def psk_devices(first, count, master):
    for i in range(first, first + count):
        endpoint = f"{DOMAIN}-bench-{i:06}"
        key = derive(master, BOOTSTRAP, 0, EPOCH, endpoint)
        yield f"{endpoint} {key.hex()}\n"


def load(bench, world, at_a_time, devices, *ca):
    before = ended(world)
    devices = list(devices)
    done = subprocess.run(
        [bench / "bench_load", world.coaps(), str(at_a_time), *ca],
        input="".join(devices), text=True, stdout=subprocess.PIPE, check=False,
    )
    told = dict(word.split("=") for word in done.stdout.split())
    if done.returncode or int(told["bootstraps"]) != len(devices):
        sys.exit(f"bench: the load failed: {done.stdout}\n{world.log()}")
    wait_for(lambda: ended(world) == before + len(devices),
             "every bootstrap to be in the ledger")
    return int(told["wall_ms"])


def measure(args, bench, world, devices, *ca):
    """us of server CPU for one bootstrap, and a line about its parts."""
    load(bench, world, args.k, devices[:WARM_UP], *ca)
    before = read_cpu(world)
    wall_ms = load(bench, world, args.k, devices[WARM_UP:], *ca)
    after = read_cpu(world)
    world.stop()
    each = {name: (after[name] - before[name]) / args.n for name in after}
    parts = ", ".join(f"{name} {us:.0f} us" for name, us in each.items() if us)
    print(f"{args.n} bootstraps, {args.k} at a time, {wall_ms} ms: {parts}")
    return sum(each.values())


def bare_handshake(bench, *argv):
    """us of server CPU."""
    said = subprocess.run([bench / "bench_handshake", *map(str, argv)],
                          capture_output=True, text=True, check=True).stdout
    print(said, end="")
    return float(re.search(r": ([\d.]+) us", said)[1])


def fleet(args, policies, **kwargs):
    """A daemon as in service; a whole fleet in one machine asks for more than
    a worker may by default."""
    return QuietWorld(policies, workers=args.workers,
                      limits={"questions_per_second": 1_000_000}, **kwargs)


def bench_psk(args, bench):
    master = secrets.token_bytes(32)
    policies = {
        "identity.yaml": IDENTITY.replace("[1, 2]", str(EPOCH)),
        "policy.yaml": POLICY,
    }
    with fleet(args, policies, known={BOOTSTRAP_MASTER: master}) as world:
        world.start()
        us = measure(args, bench, world,
                     list(psk_devices(0, WARM_UP + args.n, master)))
    bare_us = bare_handshake(bench, "psk")
    return ("PSK bootstrap", f"{us:.0f} us", "bare handshake",
            f"{bare_us:.1f} us", us / bare_us, "8 at most")


def make_pki(args, bench, world, devices):
    """By bench_issue, in the token of that world. Returns what it said."""
    folder = world.dir / "pki"
    folder.mkdir(mode=0o700)
    said = subprocess.run(
        [bench / "bench_issue", world.module, "pkcs11:token=bootstrap",
         "TOKEN_PIN", str(args.sessions), folder, str(devices)],
        env={**world.env, "TOKEN_PIN": world.pin}, stdout=subprocess.PIPE, text=True, check=True).stdout
    world.own()
    for name in ("ca.pem", "server.pem", "policies.d/ca.pem"):
        path = world.dir / name
        path.write_bytes((folder / path.name).read_bytes())
        path.chmod(0o644)
    return dict(word.split("=") for word in said.split())


def bench_x509(args, bench):
    with fleet(args, {"policy.yaml": POLICY}) as world:
        make_pki(args, bench, world, WARM_UP + args.n)
        world.write_policy("identity.yaml", X509_IDENTITY)
        world.write_config(X509_SERVER)
        world.start()
        devices = (world.dir / "pki/devices.txt").read_text()
        us = measure(args, bench, world, devices.splitlines(keepends=True),
                     world.dir / "ca.pem")
        bare_us = bare_handshake(bench, "x509", world.dir / "pki", 3000)
    return ("X.509 bootstrap", f"{us:.0f} us", "bare handshake",
            f"{bare_us:.1f} us", us / bare_us, "1.6 at most")


def bench_issue(args, bench):
    with QuietWorld() as world:
        told = make_pki(args, bench, world, 0)
    issued, signed = int(told["issue_per_s"]), int(told["sign_per_s"])
    return ("certificates issued", f"{issued}/s", "signatures of the token",
            f"{signed}/s", issued / signed, "0.90 at least")


CHECKED_FILES = 1000
CHECKED = """\
identity: factory-{i}
endpoint: "urn:dev:ops:0057F2-{i:04}-*"
psk: {{derive: bootstrap-2026, identity: "f{i}/{{endpoint}}"}}
---
policy: meters-{i}
match: {{identity: factory-{i}, endpoint: "urn:dev:ops:0057F2-{i:04}-*"}}
clean: [/0, /1]
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security: {{mode: psk, key: {{derive: fleet-2026}}}}
"""


def bench_check(_args, _bench):
    """The best of three, by the clock on the wall."""
    best = None
    with tempfile.TemporaryDirectory() as folder:
        for i in range(CHECKED_FILES):
            Path(folder, f"{i:04}.yaml").write_text(CHECKED.format(i=i))
        for _ in range(3):
            begin = time.monotonic()
            done = subprocess.run(
                [os.environ["TOOL"], "policy", "check", folder],
                capture_output=True, text=True, check=True)
            took = time.monotonic() - begin
            best = took if best is None else min(best, took)
    if f"{CHECKED_FILES} policies, 0 warnings" not in done.stdout:
        sys.exit(f"bench: the files are not good: {done.stdout}")
    return ("check of 1000 files", f"{best * 1000:.0f} ms", "promised",
            "1000 ms", best, "1 at most")


def senml(endpoint, key, uri):
    """An image as `image build --format senml-cbor` makes it."""
    def text(s, major=3):
        data = s.encode() if isinstance(s, str) else s
        n = len(data)
        return bytes([major << 5 | n] if n < 24 else [major << 5 | 24, n]
                     ) + data

    records = [("/0/1/0", b"\x03" + text(uri)), ("/0/1/1", b"\x04\xf5"),
               ("/0/1/2", b"\x02\x00"),
               ("/0/1/3", b"\x08" + text(endpoint.encode(), 2)),
               ("/0/1/5", b"\x08" + text(key, 2)),
               ("/0/1/11", b"\x02\x0a")]
    return bytes([0x80 | len(records)]) + b"".join(
        b"\xa2\x00" + text(path) + value for path, value in records)


def bench_rehearse(args, bench):
    """With all of it: images read, handshakes, bootstraps, rows."""
    master = secrets.token_bytes(32)
    policies = {
        "identity.yaml": IDENTITY.replace("[1, 2]", str(EPOCH)),
        "policy.yaml": POLICY,
    }
    with fleet(args, policies, known={BOOTSTRAP_MASTER: master}) as world:
        path = world.dir / "images.tar"
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
            for line in psk_devices(0, args.n, master):
                endpoint, key = line.split()
                image = senml(endpoint, bytes.fromhex(key),
                              "coaps://127.0.0.1:5684")
                member = tarfile.TarInfo(f"images/{endpoint[-6:]}.senml.cbor")
                member.size, member.mode = len(image), 0o600
                tar.addfile(member, io.BytesIO(image))
        path.chmod(0o600)
        said = subprocess.run(
            [os.environ["TOOL"], "image", "rehearse", path, "--staging",
             "--daemon", os.environ["BOOTSTRAPD"], "-c", world.config,
             "--at-a-time", str(args.k)], env=world.env, text=True,
            capture_output=True, check=False)
    found = re.search(r": (\d+) ok, .* ([\d.]+) ms an image", said.stdout)
    if said.returncode or not found or int(found[1]) != args.n:
        sys.exit(f"bench: rehearsed in vain: {said.stdout}{said.stderr}")
    print(said.stdout.splitlines()[-1])
    ms = float(found[2])
    return ("PSK rehearsal", f"{ms:.2f} ms", "an image may take", "5 ms",
            ms / 5, "1 at most")


BATCH_IDENTITIES = """\
authority: factory
certificate: ca.pem
key: "pkcs11:object=bench-ca"
---
certificate_profile: device
subject: {{CN: "{{endpoint}}"}}
validity: 10y
---
identity: keys
endpoint: "{domain}-*"
psk: {{derive: {master}, epoch: 1}}
---
identity: certificates
endpoint: "{domain}-*"
certificate:
  trust: ca.pem
  issue: {{ca: factory, profile: device}}
  server_certificate: {{file: ca.pem, usage: trust-anchor}}
"""


def speed_of(world, operation, sessions, key):
    """What the token does by itself, a second, in as many sessions."""
    said = world.tool("hsm", "speed", *world.token_options(), "--format",
                      "json", *key)
    told = [json.loads(line) for line in said.splitlines()]
    return next(t["per_second"] for t in told
                if (t["operation"], t["threads"]) == (operation, sessions))


def batch_of(world, identity, count, sessions):
    """Images a second, of a list, into one file; and VmHWM in KiB."""
    names = world.dir / f"{identity}-{count}.csv"
    names.write_text("endpoint\n" + "".join(
        f"{DOMAIN}-{identity}-{count}-{i:07}\n" for i in range(count)))
    begin = time.monotonic()
    child = subprocess.Popen(
        [os.environ["TOOL"], "image", "batch", *world.token_options(),
         "--policies", world.dir / "policies.d/identity.yaml",
         "--identity", identity,
         "--uri", "coaps://bs.lwm2m.example:5684", "--format", "senml-cbor",
         "--ledger", world.dir / f"{identity}-{count}.db", "--container",
         "--sessions", str(sessions), "-o", world.dir / f"{identity}-{count}", names],
        env={**world.env, "TOKEN_PIN": world.pin},
        stderr=subprocess.PIPE, text=True)
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    took = time.monotonic() - begin
    if status:
        sys.exit(f"bench: image batch ended with {status}: {said}")
    print(f"{count} images by {identity}: {count / took:.0f}/s, at most "
          f"{used.ru_maxrss} KiB of memory")
    return count / took


def slow_token(world, args, delay_ms):
    """A token in a box of its own: each signature takes that long and none of
    this machine's time. SoftHSM2 behind a shim that waits."""
    (world.dir / "p11.ctl").write_text(f"C_Sign 0x0 -1 {delay_ms}\n")
    world.env.update(P11SHIM_MODULE=world.module,
                     P11SHIM_CTL=str(world.dir / "p11.ctl"))
    world.module = os.environ["P11SHIM"]


def bench_images(args, bench):
    """Batches beside what the token does by itself, measured just before and
    just after, of two the mean: the machine is not ours alone."""
    count = args.n * 20
    cases = (
        ("PSK images", "keys", count, "hmac", ("--master", BOOTSTRAP_MASTER),
         "10,000/s, or 0.90 where the token does less"),
        ("X.509 images", "certificates", max(count // 10, 500), "sign",
         ("--key", "pkcs11:object=bench-ca"), "0.90 at least"))
    rows = []
    with QuietWorld() as world:
        make_pki(args, bench, world, 0)
        world.write_policy("identity.yaml", BATCH_IDENTITIES.format(
            domain=DOMAIN, master=BOOTSTRAP_MASTER))
        for token in ("", " (HSM of 1 ms)"):
            if token:
                slow_token(world, args, 1)
            for what, identity, n, operation, key, limit in cases:
                if token:
                    n = args.n * 5 + 1  # and of another name
                alone = speed_of(world, operation, args.sessions, key)
                rate = batch_of(world, identity, n, args.sessions)
                alone = (alone + speed_of(
                    world, operation, args.sessions, key)) / 2
                rows.append((what + token, f"{rate:.0f}/s",
                             f"{operation} of the token", f"{alone:.0f}/s",
                             rate / alone, limit))
            if not token:
                batch_of(world, "keys", 10 * count, args.sessions)
    return rows


BENCHES = {"psk": bench_psk, "x509": bench_x509, "issue": bench_issue,
           "check": bench_check, "plan": bench_plan,
           "rehearse": bench_rehearse, "images": bench_images}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("what", nargs="*",
                        metavar="psk|x509|issue|check|plan|rehearse|images")
    parser.add_argument("-n", type=int, default=500, metavar="COUNT")
    parser.add_argument("-k", type=int, default=20, metavar="AT_A_TIME")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sessions", type=int, default=4)
    parser.add_argument("--fleet", type=int, default=1_000_000,
                        metavar="DEVICES")
    args = parser.parse_args()
    build = args.build.resolve()
    os.environ.setdefault("BOOTSTRAPD", str(build / "bootstrapd/bootstrapd"))
    os.environ.setdefault(
        "TOOL", str(build / "provisioning-tool/provisioning-tool"))
    os.environ.setdefault(
        "P11SHIM", str(build / "tests/support/p11shim/p11shim.so"))
    unknown = set(args.what) - set(BENCHES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")

    rows = []
    for name in args.what or BENCHES:
        told = BENCHES[name](args, build / "tests/bench")
        rows += told if isinstance(told, list) else [told]
    print()
    for what, value, beside, base, ratio, limit in rows:
        print(f"{what:<26} {value:>9}   {beside:<24} {base:>9}   "
              f"ratio {ratio:6.2f} ({limit})")


if __name__ == "__main__":
    try:
        main()
    except Skip as why:
        print(f"SKIP: {why}")
        sys.exit(77)
