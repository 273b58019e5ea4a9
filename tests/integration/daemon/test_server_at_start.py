"""What `server:` and the authorities must be, or nothing starts."""

from daemon_fixture import DOMAIN
from daemon_pki import SERVER, PkiWorld, openssl
from tap_story import expect_equal, expect_in, story, tell

EX_DATA, EX_TOKEN = 65, 69

ISSUES = """\
authority: meters-ca
certificate: {certificate}
key: "pkcs11:object={key}"
---
policy: certified
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security:
      mode: certificate
      issue: {{ca: meters-ca}}
      server_certificate: {{file: root.pem, usage: trust-anchor}}
"""


def refuses(world, code, *words):
    """Both who starts it and who asks first are told."""
    log = world.start_fails(code)
    done = world.check()
    expect_equal(done.returncode, code, f"exit code of check\n{done.stderr}")
    for word in words:
        expect_in(word, log, "the log")
        expect_in(word, done.stdout + done.stderr, "what check says")


@story("a certificate whose key is another one")
def another_key():
    with PkiWorld() as world:
        world.ceremony("more", SERVER.format(
            key="second", dns="second.example", validity="1y",
            out="second.pem").replace("issuer: root",
            "issuer: {certificate: root.pem, key: root}"))
        world.servers = [("server.pem", "second", "")]
        world.write_config()
        refuses(world, EX_TOKEN, "server.pem", "is not for key", "second",
                "server.key")


@story("a key that the token does not have")
def no_key():
    with PkiWorld() as world:
        world.servers = [("server.pem", "nowhere", "")]
        world.write_config()
        refuses(world, EX_TOKEN, "nowhere")


@story("a certificate that is none, or of no use")
def no_certificate():
    with PkiWorld() as world:
        good = (world.pki / "server.pem").read_bytes()
        device = world.device("meter", f"{DOMAIN}-1")
        cases = [(b"nothing\n", "no certificate"),
                 (good[:300], "server.pem"),
                 (device.pem.read_bytes(), "serverAuth"),
                 (good + device.key.read_bytes(), "private key")]
        for text, word in cases:
            (world.pki / "server.pem").write_bytes(text)
            refuses(world, EX_DATA, word)
        (world.pki / "server.pem").unlink()
        expect_in("server.pem", world.start_fails(EX_DATA), "the log")


@story("DER in place of PEM is as good")
def der():
    with PkiWorld() as world:
        path = world.pki / "server.pem"
        path.write_bytes(openssl("x509", "-in", path, "-outform", "DER"))
        world.start()
        world.come(world.device("meter", f"{DOMAIN}-1")).succeeded()


@story("an authority whose key is not the one of the certificate, or was another")
def another_authority():
    with PkiWorld() as world:
        for name in ("root.pem", "issuing.pem"):
            world.write_policy(name, (world.pki / name).read_text())
        world.write_policy("policy.yaml", ISSUES.format(
            certificate="issuing.pem", key="device-ca"))
        world.start()
        row, = [r for r in world.rows("key_check")
                if r["data"]["label"] == "ca meters-ca"]
        expect_equal(len(row["data"]["kcv"]), 8, "its check value")
        world.stop()
        world.write_policy("policy.yaml", ISSUES.format(
            certificate="issuing.pem", key="root"))
        refuses(world, EX_TOKEN, "meters-ca", "is not the one of the "
                "certificate")
        # the same name with another certificate and its key
        world.write_policy("policy.yaml", ISSUES.format(
            certificate="root.pem", key="root"))
        refuses(world, EX_TOKEN, "ca meters-ca",
                "is not the one that the ledger knows")
        world.write_policy("policy.yaml", ISSUES.format(
            certificate="issuing.pem", key="device-ca"))
        world.start()


@story("a reload that brings another authority is refused, and nothing changes")
def reloaded():
    with PkiWorld() as world:
        world.start()
        papers = world.device("meter", f"{DOMAIN}-1")
        (world.pki / "server.pem").write_bytes(papers.pem.read_bytes())
        world.ctl("reload", code=EX_DATA)
        row, = world.rows("policies_refused")
        expect_in("serverAuth", row["data"]["first"], "why")
        world.come(papers).succeeded()


@story("check tells what is shown and until when")
def told():
    with PkiWorld(validity="20d") as world:
        done = world.check()
        expect_equal(done.returncode, 0, f"exit code\n{done.stderr}")
        expect_in("server.pem, not after", done.stdout, "check")
        expect_in("expires-soon", done.stdout, "check")


if __name__ == "__main__":
    tell()
