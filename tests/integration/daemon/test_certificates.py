"""Devices that come with certificates and raw public keys: one port for all of
them, the server's key in the token."""

import hashlib

from daemon_fixture import DOMAIN, IDENTITY, wait_for
from daemon_pki import BY_CN, POLICY_ANY, PkiWorld, make_key, spki_of
from tap_story import expect, expect_equal, expect_in, story, tell

EP, OTHER = f"{DOMAIN}-WM200-1", f"{DOMAIN}-WM200-2"

BY_URI = f"""\
identity: by-uri
endpoint: "{DOMAIN}-*"
certificate: {{endpoint: san-uri}}
"""

BY_TABLE = """\
identity: by-table
certificate: {endpoint: {table: fingerprints.csv}}
"""

BY_RAW_KEY = """\
identity: by-raw-key
rpk: {table: raw-keys.csv}
"""


# Of which only the last fits a meter of the plant.
BY_PAPERS = "---\n".join(
    f"""\
policy: {name}
match: {match}
servers: []
""" for name, match in [
        ("by-key", "{credential: psk}"),
        ("elsewhere", '{network: [192.0.2.0/24, "2001:db8::/32"]}'),
        ("another-ca", "{issuer: other-ca}"),
        ("another-key", "{issuer: {key_sha256: " + 64 * "0" + "}}"),
        ("other-names", '{san: ["*.plant1.example"]}'),
        ("other-model", "{model: WM300}"),
        ("plant-2", "{credential: certificate, network: [127.0.0.0/8, "
         '"::1/128"], issuer: device-ca, san: "*.plant2.example", '
         "model: WM200, batch: b-7}"),
    ]) + "---\ndevices: {file: devices.csv}\n"


def began(world, endpoint, kind):
    row, = world.rows("bootstrap_begin", endpoint)
    expect_equal(row["data"]["kind"], kind, "kind of proof")
    expect_equal(world.settled(endpoint)[0]["outcome"], "ok", "outcome")
    return row["data"]


@story("a certificate proves its common name")
def by_common_name():
    with PkiWorld() as world:
        world.start()
        papers = world.device("meter", EP)
        for version in ("1.2", "1.3"):
            world.come(papers, "--dtls", version).succeeded()
        rows = world.rows("bootstrap_begin", EP)
        expect_equal([r["data"]["identity"] for r in rows],
                     ["by-cn", "by-cn"], "identities")
        expect_equal(rows[0]["data"]["kind"], "certificate", "kind")
        # whose certificate it was stands in the row
        expect_in(papers.fingerprint(), str(rows[0]["data"]), "the row")
        world.settled()
        world.stop().chain_holds()


@story("a certificate proves the URI among its names")
def by_uri():
    with PkiWorld({"identity.yaml": BY_URI,
                   "policy.yaml": POLICY_ANY}) as world:
        world.start()
        world.come(world.device("meter", "Meter 1", san=f"URI:{EP}"),
                   endpoint=EP).succeeded()
        began(world, EP, "certificate")


@story("a certificate that says nothing is found in a table")
def by_table():
    with PkiWorld({"identity.yaml": BY_CN, "policy.yaml": POLICY_ANY}) as world:
        papers = world.device("meter", "Serial 4711")
        world.write_policy("fingerprints.csv",
                           f"sha256,endpoint\n{papers.fingerprint()},{EP}\n")
        world.write_policy("identity.yaml", BY_TABLE)
        world.start()
        world.come(papers, endpoint=EP).succeeded()
        began(world, EP, "certificate")
        # the same CA, not in the table
        world.come(world.device("other", "Serial 4712"),
                   endpoint=OTHER).failed()
        row, = world.rows("bootstrap_refused")
        expect_equal(row["data"]["kind"], "certificate", "kind")


@story("a policy is chosen by CA, names, network, model and batch")
def by_papers():
    with PkiWorld({"identity.yaml": BY_CN, "policy.yaml": BY_PAPERS,
                   "devices.csv": f"endpoint,model,batch\n{EP},WM200,b-7\n"
                                  f"{OTHER},WM200,b-8\n"}) as world:
        world.start()
        # without a server the Finish is refused: what was chosen counts
        for name, endpoint, san in [
                ("meter", EP, "DNS:m1.plant2.example"),
                ("other", OTHER, "DNS:m2.plant2.example"),
                ("no-name", f"{DOMAIN}-3", "URI:urn:dev:ops:1")]:
            world.come(world.device(name, endpoint, san=san)).wait()
        row, = world.rows("bootstrap_begin")
        expect_equal((row["endpoint"], row["data"]["policy"]),
                     (EP, "plant-2"), "the one that fits")
        rows = world.rows("bootstrap_refused")
        expect_equal({(r["endpoint"], r["data"]["reason"]) for r in rows},
                     {(OTHER, "no-policy"), (f"{DOMAIN}-3", "no-policy")},
                     "the others")


TURNED_AWAY = f"""\
policy: stolen
match: {{endpoint: {EP}}}
deny: Reported stolen
---
policy: recall
quarantine: {{because: Battery recall, retry: 90m}}
"""


@story("a policy denies one device and holds another for an hour and a half")
def turned_away():
    with PkiWorld({"identity.yaml": BY_CN,
                   "policy.yaml": TURNED_AWAY}) as world:
        world.start()
        stolen = world.come(world.device("meter", EP)).failed()
        expect_in("4.00", stolen.text(), "what the stolen one is told")
        recalled = world.come(world.device("other", OTHER),
                              timeout_s=5).failed()
        expect_in("5.03", recalled.text(), "what the other is told")
        rows = {r["endpoint"]: r["data"]
                for r in world.rows("bootstrap_refused")}
        expect_equal([rows[EP][k] for k in ("reason", "detail", "policy")],
                     ["denied", "Reported stolen", "stolen"], "its row")
        expect_equal([rows[OTHER][k] for k in ("reason", "detail", "policy")],
                     ["quarantined", "Battery recall", "recall"], "its row")


@story("a raw public key is found in a table, and no other is let in")
def by_raw_key():
    with PkiWorld(trust=False) as world:
        make_key(world.pki / "known.key")
        make_key(world.pki / "stranger.key")
        sha256 = hashlib.sha256(spki_of(world.pki / "known.key")).hexdigest()
        world.write_policy("raw-keys.csv", f"sha256,endpoint\n{sha256},{EP}\n")
        world.write_policy("identity.yaml", BY_RAW_KEY)
        world.start()
        for version in ("1.2", "1.3"):
            world.come_raw(world.pki / "known.key", "--dtls", version,
                           endpoint=EP).succeeded()
        rows = world.rows("bootstrap_begin", EP)
        expect_equal({r["data"]["kind"] for r in rows}, {"rpk"}, "kind")
        world.come_raw(world.pki / "stranger.key", endpoint=EP,
                       timeout_s=15).failed()
        row, = world.refused_handshakes(1)
        expect_equal(row["data"]["reason"], "raw-key-unknown", "reason")
        stranger = hashlib.sha256(
            spki_of(world.pki / "stranger.key")).hexdigest()
        expect_equal(row["data"]["fingerprint"], stranger, "fingerprint")


@story("pre-shared keys, certificates and raw public keys on one port")
def all_on_one_port():
    with PkiWorld({"identity.yaml": IDENTITY + "---\n" + BY_CN,
                   "policy.yaml": POLICY_ANY}) as world:
        make_key(world.pki / "raw.key")
        sha256 = hashlib.sha256(spki_of(world.pki / "raw.key")).hexdigest()
        world.write_policy("raw-keys.csv",
                           f"sha256,endpoint\n{sha256},{DOMAIN}-3\n")
        world.write_policy("raw.yaml", BY_RAW_KEY)
        world.start()
        all_of_them = [world.boot(world.mint(f"{DOMAIN}-1")),
                       world.come(world.device("meter", f"{DOMAIN}-2")),
                       world.come_raw(world.pki / "raw.key",
                                      endpoint=f"{DOMAIN}-3")]
        for device in all_of_them:
            device.succeeded()
        kinds = {r["endpoint"]: r["data"]["kind"]
                 for r in world.rows("bootstrap_begin")}
        expect_equal(kinds, {f"{DOMAIN}-1": "psk", f"{DOMAIN}-2": "certificate",
                             f"{DOMAIN}-3": "rpk"}, "kinds")


@story("who asks for a name gets its certificate, who asks for none the first")
def sni():
    names = [("server.pem", "bootstrap-server", "boot.lwm2m.example"),
             ("other.pem", "other-server", "other.lwm2m.example")]
    with PkiWorld(servers=names) as world:
        world.start()
        papers = world.device("meter", EP)
        for file, _, name in names:
            # the very certificate is expected, under its name
            world.come(papers, "--usage", "3", "--sni", name,
                       ca=world.pki / file).succeeded()
        world.come(papers, "--usage", "3",
                   ca=world.pki / "server.pem").succeeded()
        world.come(papers, "--usage", "3", "--sni", "nobody.example",
                   ca=world.pki / "other.pem", timeout_s=15).failed()


@story("the endpoint of the request must be the one that is proved")
def mismatch():
    with PkiWorld() as world:
        world.start()
        world.come(world.device("meter", EP), endpoint=OTHER).failed()
        row, = world.rows("bootstrap_refused")
        expect_equal(row["data"]["reason"], "endpoint-mismatch", "reason")


@story("a reload shows the new certificate; who is there already goes on")
def replaced():
    with PkiWorld() as world:
        world.start()
        papers = world.device("meter", EP)
        old = world.pki / "old.pem"
        old.write_bytes((world.pki / "server.pem").read_bytes())
        # one that is in the middle of its bootstrap
        slow = world.come(world.device("slow", OTHER), "--behaviour",
                          "late=700")
        wait_for(lambda: world.rows("bootstrap_begin", OTHER),
                 "the slow one to begin")
        (world.pki / "server.pem").unlink()
        world.ceremony("again", """\
  - server:
      key: new-server
      issuer: {certificate: root.pem, key: root}
      subject: {CN: boot.lwm2m.example}
      dns: [boot.lwm2m.example]
      ip: [127.0.0.1]
      validity: 1y
      out: server.pem
""")
        before = world.status()["server.0.certificate"]
        world.servers = [("server.pem", "new-server", "")]
        world.ctl("reload", code=None)
        # the key of the configuration is read at the start alone
        expect_equal(world.status()["server.0.certificate"], before,
                     "what is shown while the key is another")
        expect_in("is not for key", world.rows("policies_refused")[-1]["data"]
                  ["first"], "why")
        slow.succeeded()
        world.come(papers, "--usage", "3", ca=old).succeeded()


@story("a renewed certificate of the same key is shown after a reload")
def renewed():
    with PkiWorld(validity="20d") as world:
        world.start()
        papers = world.device("meter", EP)
        expect_equal(world.status()["server.0.state"], "expires-soon",
                     "state")
        expect(world.logged("server_certificate", "expires-soon"),
               "a warning in the log")
        slow = world.come(world.device("slow", OTHER), "--behaviour",
                          "late=700")
        wait_for(lambda: world.rows("bootstrap_begin", OTHER),
                 "the slow one to begin")
        old = world.pki / "old.pem"
        (world.pki / "server.pem").rename(old)
        world.ceremony("again", """\
  - server:
      key: bootstrap-server
      issuer: {certificate: root.pem, key: root}
      subject: {CN: boot.lwm2m.example}
      dns: [boot.lwm2m.example]
      ip: [127.0.0.1]
      validity: 1y
      out: server.pem
""")
        world.ctl("reload")
        expect_equal(world.status()["server.0.state"], "ok", "state")
        rows = world.rows("credentials_loaded")
        expect_equal(len(rows), 2, "rows")
        expect(rows[0]["data"]["certificates"] !=
               rows[1]["data"]["certificates"], "another certificate")
        wait_for(lambda: len(world.logged("credentials ",
                                          "generation=2")) == world.workers,
                 "the workers to have it")
        slow.succeeded()
        world.come(papers, "--usage", "3",
                   ca=world.pki / "server.pem").succeeded()
        world.come(papers, "--usage", "3", ca=old, timeout_s=15).failed()


if __name__ == "__main__":
    tell()
