"""What `policy check` says that a bootstrap costs is what passes on the wire:
the daemon, a device, and a forwarder between them that counts."""

import json
import time

from counting_wire import Wire
from daemon_fixture import DOMAIN, Device
from daemon_pki import PkiWorld
from tap_story import expect, expect_equal, story, tell

DATAGRAMS = ("datagrams_up", "datagrams_down")
WITHIN = 0.02  # of all bytes
RUNS = 8  # until one has no retransmission

IDENTITIES = f"""\
identity: factory
endpoint: "{DOMAIN}-*"
psk: {{derive: bootstrap-2026, epoch: 1}}
---
identity: by-cn
endpoint: "{DOMAIN}-*"
certificate: {{endpoint: cn}}
---
identity: bench
endpoint: "{DOMAIN}-*"
nosec: {{network: [127.0.0.0/8]}}
"""

#: A policy for each family, matched by the name of its devices.
POLICY = """\
policy: for-{name}
match: {{endpoint: "{domain}-{name}-*"}}
device: {{profile: {profile}{exceptions}}}
{more}servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    lifetime: 1d
    security: {security}
"""

PSK = '{mode: psk, identity: "{endpoint}", key: {derive: fleet-2026}}'
CERTIFICATE = ("{mode: certificate, issue: {ca: meters-ca, validity: 2y}, "
               "server_certificate: {file: root.pem, usage: trust-anchor}}")

AUTHORITY = """\
authority: meters-ca
certificate: issuing.pem
key: "pkcs11:object=device-ca"
"""

#: The shipped profile has an address of a usual length, and this one is short.
LESHAN = (""", discover_reply: '</>;lwm2m=1.0,</0>;ver=1.2,</0/0>;"""
          """uri="coaps://127.0.0.1:40000",</1>,</2>,</3>,</3/0>'""")

#: name: (profile, exceptions, more keys, security, family of the device)
FAMILIES = {
    "plain": ("default", "", "clean: [/0, /1]\nverify: discover\n", PSK,
              "conforming"),
    "zephyr": ("zephyr", ", key_max: 64B, endpoint_max: 64B", "", PSK,
               "zephyr"),
    "leshan": ("leshan", LESHAN, "verify: discover\n", PSK, "leshan"),
    "read": ("default", ", level: object", "clean: [/]\nverify: read\n",
             PSK, "conforming"),
    "blocks": ("default", ", max_message: 300B, block_size: 128B",
               "clean: [/1]\n", CERTIFICATE, "conforming"),
}

#: where the account is, if not in /0/1
ACCOUNT = {"zephyr": 0, "leshan": 0}


class CostWorld(PkiWorld):
    def __init__(self):
        listen = ("coaps://127.0.0.1:0", "coap://127.0.0.1:0")
        super().__init__({"identity.yaml": IDENTITIES}, listen=listen,
                         workers=1)
        for name in ("root.pem", "issuing.pem"):
            self.write_policy(name, (self.pki / name).read_text())
        self.write_policy("authority.yaml", AUTHORITY)
        for name, (profile, exceptions, more, security, _) in \
                FAMILIES.items():
            self.write_policy(f"{name}.yaml", POLICY.format(
                name=name, domain=DOMAIN, profile=profile,
                exceptions=exceptions, more=more, security=security))

    def said(self, name, transport, proof, device=None):
        argv = ["policy", "check", "-c", self.config, "--format", "json",
                self.dir / "policies.d"]
        if device:
            argv[2:2] = ["--device-certificate", device]
        rows = [json.loads(line) for line in self.tool(*argv).splitlines()]
        row, = [r for r in rows if r.get("cost") == f"for-{name}" and
                (r["transport"], r["proof"]) == (transport, proof)]
        expect_equal(row["outcome"], "ok", "outcome")
        return row


def through(world, wire, argv, family, awaited):
    device = Device(world, None, behaviour=family,
                    options=[*map(str, argv)])
    world.devices.append(device)
    device.succeeded()
    # the daemon's last word comes when the device is gone
    end = time.monotonic() + 5
    while len(wire.down) < awaited and time.monotonic() < end:
        time.sleep(0.01)
    return wire.counts()


def account_at(image, instance):
    """The Bootstrap-Server Account where that family has it."""
    text = image.read_text().replace('"/0/1/', f'"/0/{instance}/')
    image.write_text(text)
    return image


def compare(world, name, row, argv, listener):
    """The device comes a few times: a run of the fewest datagrams is the one
    in which nothing was sent twice because this machine was slow."""
    family = FAMILIES[name][4]
    seen = []
    with Wire(listener) as wire:
        argv = [a.replace("PORT", str(wire.port())) if isinstance(a, str)
                else a for a in argv]
        for _ in range(RUNS):
            seen.append(through(world, wire, argv, family,
                                row["datagrams_down"]))
            if all(seen[-1][key] == row[key] for key in DATAGRAMS):
                break
    best = min(seen, key=lambda s: (sum(s[k] for k in DATAGRAMS),
                                    any(s[k] != row[k] for k in DATAGRAMS)))
    what = f"{row['transport']} {row['proof']} {name}"
    all_bytes = best["bytes_up"] + best["bytes_down"]
    print(f"# {what}: {row['datagrams_up']} + {row['datagrams_down']} "
          f"datagrams, {row['bytes']} bytes said; seen "
          f"{best['datagrams_up']} + {best['datagrams_down']}, {all_bytes}")
    for key in DATAGRAMS:
        expect_equal(best[key], row[key], f"{key} of {what}")
    expect(abs(all_bytes - row["bytes"]) <= WITHIN * all_bytes,
           f"{what}: {row['bytes']} bytes said, {all_bytes} seen")


def address_of(world, scheme):
    host, port = getattr(world, scheme)().split("//")[1].rsplit(":", 1)
    return host, int(port)


@story("without security")
def nosec():
    with CostWorld() as world:
        world.start()
        for name in FAMILIES:
            image = account_at(world.write_image(
                f"{DOMAIN}-{name}-123456", None), ACCOUNT.get(name, 1))
            compare(world, name, world.said(name, "UDP", "none"),
                    ["--image", image, "--uri", "coap://127.0.0.1:PORT"],
                    address_of(world, "coap"))


@story("with a pre-shared key, DTLS 1.2 and 1.3")
def psk():
    with CostWorld() as world:
        world.start()
        for name in FAMILIES:
            image = account_at(world.mint(f"{DOMAIN}-{name}-123456"),
                               ACCOUNT.get(name, 1))
            for version in ("1.2", "1.3"):
                compare(world, name,
                        world.said(name, f"DTLS {version}", "psk"),
                        ["--image", image, "--uri", "coaps://127.0.0.1:PORT",
                         "--dtls", version], address_of(world, "coaps"))


@story("with a certificate, DTLS 1.2 and 1.3")
def certificate():
    with CostWorld() as world:
        world.start()
        for name in FAMILIES:
            papers = world.device(f"{name}-papers",
                                  f"{DOMAIN}-{name}-123456")
            for version in ("1.2", "1.3"):
                compare(world, name, world.said(
                    name, f"DTLS {version}", "certificate", papers.pem),
                    ["--uri", "coaps://127.0.0.1:PORT", "--ca",
                     world.pki / "root.pem", "--certificate", papers.pem,
                     "--key", papers.key, "--sni", world.servers[0][2],
                     "--dtls", version], address_of(world, "coaps"))


if __name__ == "__main__":
    tell()
