"""Any worker may have a handshake's digest signed by this server's key. That key
must be of no authority: whoever signs with it could make certificates."""

from daemon_fixture import wait_for
from daemon_pki import POLICY_ANY, PkiWorld, openssl
from issuing import CERTIFIED, issuing
from tap_story import expect_equal, expect_in, story, tell

EX_DATA = 65


def refuses(world, *words):
    """Both who starts it and who asks first are told."""
    log = world.start_fails(EX_DATA)
    done = world.check()
    expect_equal(done.returncode, EX_DATA, f"exit code\n{done.stderr}")
    for word in words:
        expect_in(word, log, "the log")
        expect_in(word, done.stdout + done.stderr, "what check says")


def show(world, certificate, key):
    world.servers = [(certificate, key, "")]
    world.write_config()


def disguised(world, pem):
    """A certificate for servers, by nobody, of the CA's key."""
    public = world.pki / "public.pem"
    public.write_bytes(openssl("x509", "-in", world.pki / pem, "-pubkey",
                               "-noout"))
    out = world.pki / "disguised.pem"
    csr, ext = world.pki / "any.csr", world.pki / "server.ext"
    ext.write_text("basicConstraints=critical,CA:FALSE\n"
                   "extendedKeyUsage=serverAuth\n")
    openssl("req", "-new", "-key", world.ca.key, "-subj", "/CN=boot",
            "-out", csr)
    openssl("x509", "-req", "-in", csr, "-force_pubkey", public, "-CA",
            world.ca.pem, "-CAkey", world.ca.key, "-set_serial", "77",
            "-days", "365", "-extfile", ext, "-out", out)
    return out.name


@story("a certificate of a CA is none for a server")
def a_ca():
    with PkiWorld() as world:
        show(world, "issuing.pem", "device-ca")
        refuses(world, "issuing.pem", "certificate authority")


@story("nor is one that may sign certificates")
def may_sign():
    with PkiWorld() as world:
        ext = world.pki / "sign.ext"
        ext.write_text("basicConstraints=critical,CA:FALSE\n"
                       "keyUsage=critical,digitalSignature,keyCertSign\n")
        csr = world.pki / "sign.csr"
        openssl("req", "-new", "-key", world.ca.key, "-subj", "/CN=boot",
                "-out", csr)
        openssl("x509", "-req", "-in", csr, "-CA", world.ca.pem, "-CAkey",
                world.ca.key, "-set_serial", "78", "-days", "365",
                "-extfile", ext, "-out", world.pki / "sign.pem")
        show(world, "sign.pem", "bootstrap-server")
        refuses(world, "sign.pem", "certificate authority")


@story("the key of an anchor of devices, under another certificate")
def an_anchor():
    with PkiWorld() as world:
        text = (world.pki / "device-ca.pem").read_text()
        (world.pki / "device-ca.pem").write_text(
            text + (world.pki / "issuing.pem").read_text())
        show(world, disguised(world, "issuing.pem"), "device-ca")
        refuses(world, "disguised.pem", "trust anchor")


@story("the key of an authority of the policies; what is in force stays")
def an_authority():
    with issuing() as world:
        name = disguised(world, "issuing.pem")
        # begun while the policies have no such authority
        world.write_policy("policy.yaml", POLICY_ANY)
        show(world, name, "device-ca")
        world.start()
        world.write_policy("policy.yaml", CERTIFIED)
        said = world.ctl("reload", code=EX_DATA)
        expect_in("authority device-ca", said.stdout + said.stderr,
                  "what reload says")
        wait_for(lambda: world.rows("policies_refused"), "its row")
        world.stop()
        refuses(world, "disguised.pem", "authority device-ca")


if __name__ == "__main__":
    tell()
