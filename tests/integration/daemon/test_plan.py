"""What policy plan says of a fleet is what then happens to it: every device
boots under one set, is planned with another, and boots under that."""

import csv
import hashlib
import json
import secrets
import shutil

from daemon_fixture import DOMAIN, PATIENCE_S, derive, wait_for
from daemon_pki import PkiWorld, make_key, spki_of
from tap_story import expect, expect_equal, expect_in, story, tell

AT_A_TIME = 16
# of bytes that are known here; the ceremony makes its own
MASTER = "meters-2026"
LISTEN = ("coaps://127.0.0.1:0", "coap://127.0.0.1:0")

IDENTITIES = f"""\
identity: factory
endpoint: "{DOMAIN}-WM*"
psk: {{derive: {MASTER}, epoch: [{{epoch: 1, until: 2049-12-31}}, 2]}}
---
identity: hubs
endpoint: "{DOMAIN}-HUB-*"
psk: {{derive: {MASTER}, identity: "hub/{{endpoint}}"}}
---
identity: vendor
endpoint: "{DOMAIN}-VND-*"
psk: {{imported: vendor-q3}}
---
identity: by-cn
endpoint: "{DOMAIN}-CRT-*"
certificate: {{endpoint: cn}}
---
identity: raw
rpk: {{table: raw-keys.csv}}
---
identity: lab
endpoint: "{DOMAIN}-LAB-*"
nosec: {{network: 127.0.0.0/8}}
---
devices: {{file: devices.csv}}
"""


def server(name, ssid, epoch=1, host=None, more=""):
    return f"""\
  - name: {name}
    short_server_id: {ssid}
    uri: coaps://{host or name}.lwm2m.example
    security: {{mode: psk, key: {{derive: fleet-2026, epoch: {epoch}}}}}
{more}"""


def pooled(*what):
    return "".join(f"    {line}\n" for line in server(*what).splitlines())


OLD = f"""\
policy: pilot
order: 10
match: {{endpoint: {{list: pilot.csv}}}}
servers:
{server("pilot", 100)}\
---
policy: large
order: 20
match: {{model: "L*"}}
servers:
{server("eu-1", 101)}\
  - pool: south
    servers:
{pooled("south-1", 121)}\
{pooled("south-2", 122)}\
objects:
  /3/0: {{14: "+01:00"}}
---
policy: wm100
match: {{endpoint: "{DOMAIN}-WM100-*"}}
device: {{profile: anjay}}
servers:
{server("eu-1", 101)}\
---
policy: wm200
match: {{endpoint: "{DOMAIN}-WM200-*"}}
servers:
{server("eu-2", 102)}\
---
policy: certified
match: {{credential: certificate, issuer: device-ca, san: "urn:plant2:*"}}
servers:
{server("plant-2", 110)}\
---
policy: hubs
match: {{identity: hubs}}
servers:
{server("eu-1", 101)}\
---
policy: rest
match: {{network: [127.0.0.0/8, "::1/128"]}}
servers:
{server("eu-3", 103)}\
"""

NEW = f"""\
policy: stolen
order: 1
match: {{endpoint: {{list: stolen.csv}}}}
deny: Reported stolen
---
policy: recall
order: 2
match: {{endpoint: "{DOMAIN}-LAB-*1"}}
quarantine: {{because: Recall, retry: 1d}}
""" + "---\n" + OLD.replace(
    # another server, another epoch, another lifetime
    server("eu-2", 102), server("eu-2", 102, host="eu-9")).replace(
    f'match: {{endpoint: "{DOMAIN}-WM100-*"}}\n'
    "device: {profile: anjay}\nservers:\n" + server("eu-1", 101),
    f'match: {{endpoint: "{DOMAIN}-WM100-*"}}\n'
    "device: {profile: anjay}\nservers:\n" +
    server("eu-1", 101, epoch=2, more="    lifetime: 2d\n")).replace(
    # a pool with one more: a third of its devices go there
    pooled("south-2", 122), pooled("south-2", 122) +
    pooled("south-3", 123)).replace(
    # a name alone
    "policy: hubs\n", "policy: gateways\n").replace(
    "issuer: device-ca, san: \"urn:plant2:*\"",
    "issuer: device-ca, san: \"urn:plant3:*\"").replace(
    # raw keys and certificates that nothing else is for get nothing
    'match: {network: [127.0.0.0/8, "::1/128"]}',
    'match: {network: [127.0.0.0/8, "::1/128"], credential: [psk, nosec]}')


def names(family, count):
    return [f"{DOMAIN}-{family}-{n:04}" for n in range(count)]


PSK = names("WM100", 60) + names("WM200", 60)
HUBS = names("HUB", 12)
VENDOR = names("VND", 6)
CERTIFIED = names("CRT", 12)
RAW = names("RAW", 6)
LAB = names("LAB", 40)
SHELF = names("WM300", 3)


def devices_csv(large):
    return "endpoint,model,batch\n" + "".join(
        f"{name},{'L1' if name in large else 'S1'},b-1\n" for name in PSK)


class Fleet:
    """Whatever each needs to come, and to come again."""

    def __init__(self, world, master):
        self.world = world
        self.come = {}
        for n, name in enumerate(PSK + HUBS):
            hub = name in HUBS
            key = derive(master, 1, 0, 1 if hub else n % 2 + 1, name)
            image = world.write_image(
                name, key, identity=f"hub/{name}" if hub else None)
            self.come[name] = lambda i=image, **k: world.boot(i, **k)
        for name, key in vendor_keys(master).items():
            image = world.write_image(name, key, identity=f"v/{name}")
            self.come[name] = lambda i=image, **k: world.boot(i, **k)
        for name in LAB:
            image = world.write_image(name, None, uri=world.coap())
            self.come[name] = lambda i=image, **k: world.boot(i, **k)
        for n, name in enumerate(CERTIFIED):
            san = f"URI:urn:plant{n % 2 + 2}:{n}"
            papers = world.device(f"meter-{n}", name, san=san)
            self.come[name] = lambda p=papers, e=name, **k: world.come(
                p, endpoint=e, **k)
        for name in RAW:
            path = raw_key(world, name)
            self.come[name] = lambda p=path, e=name, **k: world.come_raw(
                p, endpoint=e, **k)

    def boot(self, which, **kwargs):
        waiting = []
        for name in which:
            waiting.append(self.come[name](**kwargs))
            if len(waiting) == AT_A_TIME:
                waiting.pop(0).wait()
        for device in waiting:
            device.wait()


def vendor_keys(master):
    return {name: derive(master, 9, 0, 1, name) for name in VENDOR}


def import_keys(world, master):
    """Into the sealed store, as a vendor's list."""
    path = world.dir / "vendor.csv"
    path.write_text("endpoint,identity,key\n" + "".join(
        f"{name},v/{name},{key.hex()}\n"
        for name, key in vendor_keys(master).items()))
    world.tool("hsm", "keys", "make", *world.token_options(), "seal-2026")
    world.tool("psk", "import", *world.token_options(), "--ledger",
               world.ledger, "--collection", "vendor-q3", "--seal",
               "seal-2026", path)


def raw_key(world, name):
    return world.pki / f"{name.replace(':', '-')}.key"


def make_raw_keys(world):
    table = "sha256,endpoint\n"
    for name in RAW:
        make_key(raw_key(world, name))
        sha256 = hashlib.sha256(spki_of(raw_key(world, name))).hexdigest()
        table += f"{sha256},{name}\n"
    return table


def write_set(folder, files):
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)


def latest(world):
    return world.sql("SELECT coalesce(max(seq), 0) AS n FROM event")[0]["n"]


def happened(world, after):
    """By endpoint: what each was given since, or why not."""
    seen = {}
    for row in world.rows():
        if row["seq"] <= after or not row["endpoint"]:
            continue
        data = row["data"]
        if row["kind"] == "bootstrap_begin":
            seen[row["endpoint"]] = ("", data["plan"], data["policy"],
                                     data.get("servers", ""))
        elif row["kind"] == "bootstrap_refused":
            seen.setdefault(row["endpoint"], (
                data["reason"], "", data.get("policy", ""), ""))
    return seen


def planned(path):
    with open(path, newline="") as f:
        return {r["endpoint"]: r for r in csv.DictReader(f)}


def as_happened(row):
    return (row["reason"], row["after"], row["policy"], row["servers"])


def plan(world, folder, *argv, code=2):
    said = world.tool("policy", "plan", "-c", world.config, "--format",
                      "json", folder, *argv, code=code)
    totals, *lines = [json.loads(line) for line in said.splitlines()]
    return totals, lines


@story("two hundred devices: each gets what the plan said, and no other changes")
def whole_fleet():
    master = secrets.token_bytes(32)
    everybody = PSK + HUBS + VENDOR + CERTIFIED + RAW + LAB
    with PkiWorld({"identity.yaml": IDENTITIES, "policy.yaml": OLD,
                   "raw-keys.csv": "sha256,endpoint\n",
                   "devices.csv": devices_csv(PSK[5:39] + PSK[65:75]),
                   "pilot.csv": "\n".join(PSK[:8] + HUBS[:2]) + "\n"},
                  listen=LISTEN, known={MASTER: master}) as world:
        table = make_raw_keys(world)
        world.write_policy("raw-keys.csv", table)
        import_keys(world, master)
        world.start()
        for name in SHELF:
            world.mint(name)
        fleet = Fleet(world, master)
        fleet.boot(everybody)
        before = happened(world, 0)
        expect_equal({name for name in everybody if before[name][0]}, set(),
                     "who was refused under the old set")

        # nothing new: nothing changes
        totals, lines = plan(world, world.dir / "policies.d", code=0)
        expect_equal(totals["unchanged"], len(everybody), "unchanged")
        expect_equal(lines, [], "changes of the set in force")

        new = world.dir / "new.d"
        write_set(new, {
            "identity.yaml": IDENTITIES,
            "policy.yaml": NEW, "raw-keys.csv": table,
            "devices.csv": devices_csv(PSK[10:40]),
            "pilot.csv": "\n".join(PSK[4:12]) + "\n",
            "stolen.csv": "\n".join(PSK[40:44] + VENDOR[:2] +
                                    CERTIFIED[:1]) + "\n"})
        path = world.dir / "devices-of-the-plan.csv"
        totals, lines = plan(world, new, "--devices", path)
        foreseen = planned(path)
        expect_equal(set(foreseen), set(everybody), "who is in the plan")
        expect_equal(totals["first_boot"], len(SHELF), "first boot")
        for outcome in ("unchanged", "changed", "refused"):
            count = sum(r["outcome"] == outcome for r in foreseen.values())
            expect_equal(totals[outcome], count, outcome)
            expect(count > 5, f"there is too little that is {outcome}")
        expect_equal({r["reason"] for r in foreseen.values()},
                     {"", "denied", "quarantined", "no-policy"}, "reasons")
        # what changes is told by what it is
        told = {(line["change"], line["what"]) for line in lines
                if line["outcome"] == "changed"}
        for one in (("server-moved", "eu-2"), ("key-epoch", "eu-1 epoch"),
                    ("short-server-id", "south-3 ssid"),
                    ("server-settings", "eu-1 lifetime"),
                    ("objects", "/3/0/14")):
            expect_in(one, told, "what changes")
        expect(all(line["change"] != "unknown" for line in lines),
               f"changes of unknown kind: {lines}")

        # and so it comes
        for name in ("policy.yaml", "raw-keys.csv", "devices.csv",
                     "pilot.csv", "stolen.csv", "identity.yaml"):
            shutil.copy(new / name, world.dir / "policies.d" / name)
        world.ctl("reload")
        at = latest(world)
        granted = [n for n in everybody if not foreseen[n]["reason"]]
        refused = [n for n in everybody if foreseen[n]["reason"]]
        fleet.boot(granted)
        # 5.03 has a device wait: its row is what counts
        fleet.boot(refused, timeout_s=2)
        wait_for(lambda: set(happened(world, at)) == set(everybody),
                 "everybody to have come again", PATIENCE_S)
        after = happened(world, at)
        for name in everybody:
            expect_equal(after[name], as_happened(foreseen[name]), name)
            same = after[name][1] == before[name][1]
            expect_equal(foreseen[name]["outcome"],
                         "refused" if after[name][0] else
                         "unchanged" if same else "changed", name)
            expect_equal(foreseen[name]["before"], before[name][1],
                         f"{name}: what it had")
        world.stop().chain_holds()


@story("whose identity is taken away is told so, and does not come in")
def no_identity():
    master = secrets.token_bytes(32)
    with PkiWorld({"identity.yaml": IDENTITIES, "policy.yaml": OLD,
                   "raw-keys.csv": "sha256,endpoint\n",
                   "devices.csv": devices_csv([]), "pilot.csv": "x\n"},
                  listen=LISTEN, known={MASTER: master}) as world:
        world.start()
        fleet_of = HUBS[:2] + PSK[:2] + LAB[:2]
        world.write_policy("raw-keys.csv", make_raw_keys(world))
        world.ctl("reload")
        fleet = Fleet(world, master)
        fleet.boot(fleet_of + RAW[:1] + CERTIFIED[:1])
        new = world.dir / "new.d"
        # of PSK[0] and PSK[1] one has come by each epoch
        write_set(new, {
            "identity.yaml": IDENTITIES
            .replace("hub/{endpoint}", "gateway/{endpoint}")
            .replace("[{epoch: 1, until: 2049-12-31}, 2]", "2")
            .replace("network: 127.0.0.0/8", "network: 192.0.2.0/24")
            .replace("certificate: {endpoint: cn}",
                     "certificate: {endpoint: cn, trust: other.pem}"),
            "policy.yaml": OLD, "raw-keys.csv": "sha256,endpoint\n",
            "devices.csv": devices_csv([]), "pilot.csv": "x\n",
            "other.pem": (world.pki / "other-ca.pem").read_text()})
        path = world.dir / "plan.csv"
        totals, lines = plan(world, new, "--devices", path)
        foreseen = planned(path)
        expect_equal({n: r["reason"] for n, r in foreseen.items()}, {
            HUBS[0]: "no-identity", HUBS[1]: "no-identity",
            PSK[0]: "no-identity", PSK[1]: "",
            LAB[0]: "no-identity", LAB[1]: "no-identity",
            RAW[0]: "raw-key-unknown",
            CERTIFIED[0]: "certificate-untrusted"}, "reasons")
        for name in ("identity.yaml", "raw-keys.csv", "other.pem"):
            shutil.copy(new / name, world.dir / "policies.d" / name)
        world.ctl("reload")
        at = latest(world)
        fleet.boot(list(foreseen), timeout_s=4)
        after = happened(world, at)
        expect_equal({n for n, got in after.items() if not got[0]}, {PSK[1]},
                     "who came in")


tell()
