"""The token: master keys, where the PIN comes from, and what a verb says when it
is away.
"""
import json
import os

from factory import (EP, PIN, URI, Factory, absent, equal, failed, story,
                     tell, within)


@story
def masters():
    """Master keys are made, listed, and never overwritten."""
    with Factory() as f:
        ran = f.run("hsm", "keys", *f.token)
        equal(ran.code, 0, ran)
        equal(ran.out, "")
        within("hsm keys make", ran.err)

        made = f.make_masters("--ledger", "ledger.db")
        check = dict(line.split("  check value ")
                     for line in made.out.splitlines())
        equal(list(check), ['"bootstrap-2026"', '"fleet-2026"'])

        failed(f.run("hsm", "keys", "make", *f.token, "fleet-2026"), 73,
               '"fleet-2026"', "never overwritten")

        ran = f.run("hsm", "keys", *f.token, "--format", "json")
        keys = {k["label"]: k for k in map(json.loads, ran.out.splitlines())}
        equal(sorted(keys), ["bootstrap-2026", "fleet-2026"])
        for label, key in keys.items():
            equal(key["kcv"], check[f'"{label}"'], "the same key still")
            for good in ("sensitive", "never_extractable", "local",
                         "persistent", "sign"):
                equal(key[good], True, key)
            equal(key["extractable"], False)
        text = f.run("hsm", "keys", *f.token).out
        within("sensitive never-extractable made-in-token", text)
        csv = f.run("hsm", "keys", *f.token, "--format", "csv")
        equal(len(csv.out.splitlines()), 3)

        with f.sqlite("ledger.db") as db:
            rows = db.execute("SELECT label, kcv FROM keys").fetchall()
        equal(sorted(rows), sorted(
            (label, key["kcv"]) for label, key in keys.items()))


@story
def no_master():
    """A master that is not there is an error with the command for it."""
    with Factory() as f:
        failed(f.build("-o", "image", "--ledger", "l.db"), 69,
               "bootstrap-2026", "provisioning-tool hsm keys make")
        assert not os.path.exists(f.path("image"))
        equal(f.left_over(), [])


@story
def wrong_pin():
    """A wrong PIN is tried once, and the token is named."""
    with Factory() as f:
        shim = os.environ["P11SHIM"]
        f.env.update(P11SHIM_MODULE=f.module, P11SHIM_COUNT=f.path("count"))
        f.write("pin", "1234-wrong\n", 0o600)
        f.token[1] = shim
        ran = f.run("hsm", "keys", *f.token)
        failed(ran, 69, "factory")
        absent("1234-wrong", ran.err + ran.out)
        counts = {name: int(number) for name, number in (
            line.split() for line in f.read("count").decode().splitlines()
            if line.strip("\0 "))}
        equal(counts["C_Login"], 1)


@story
def where_the_pin_is():
    """The PIN comes from a private file, a variable or a credential."""
    with Factory() as f:
        f.make_masters()
        base = f.token[:4]
        equal(f.run("hsm", "keys", *base, "--pin-env", "TOOL_PIN",
                    env={"TOOL_PIN": PIN}).code, 0)
        os.mkdir(f.path("creds"), 0o700)
        f.write("creds/hsm-pin", PIN, 0o400)
        equal(f.run("hsm", "keys", *base, "--pin-credential", "hsm-pin",
                    env={"CREDENTIALS_DIRECTORY": f.path("creds")}).code, 0)
        failed(f.run("hsm", "keys", *base, "--pin-env", "TOOL_PIN"), 78,
               "TOOL_PIN")
        failed(f.run("hsm", "keys", *f.token, "--pin-env", "TOOL_PIN"), 64,
               "exclude each other")
        os.chmod(f.path("pin"), 0o644)
        failed(f.run("hsm", "keys", *f.token), 78, "0600")
        # there is no --pin, and what was behind it is not repeated
        for wrong in (("--pin", "4711-secret"), ("--pin=4711-secret",)):
            ran = f.run("hsm", "keys", *base, *wrong)
            failed(ran, 64, "--pin")
            absent("4711-secret", ran.err + ran.out)


@story
def token_away():
    """A token or module that is not there is named."""
    with Factory() as f:
        failed(f.run("hsm", "keys", "--module", f.module, "--token",
                     "pkcs11:token=elsewhere", "--pin-file", "pin"), 69,
               "elsewhere", "factory")
        failed(f.run("hsm", "keys", "--module", "/nowhere.so", *f.token[2:]),
               78, "/nowhere.so")
        failed(f.run("hsm", "keys", *f.token[2:], "-c", "nowhere.yaml"), 78,
               "nowhere.yaml")


@story
def from_the_configuration():
    """With -c, token, policies and ledger are the daemon's."""
    with Factory() as f:
        f.write("bootstrapd.yaml", f"""\
listen: ["coaps://127.0.0.1:0"]
hsm:
  module: {f.module}
  token: "pkcs11:token=factory"
  pin: {{file: pin}}
policies: policies.yaml
ledger: ledger.db
""")
        made = f.run("hsm", "keys", "make", "-c", "bootstrapd.yaml",
                     "bootstrap-2026", "fleet-2026")
        equal(made.code, 0, made)
        ran = f.run("image", "build", "-c", "bootstrapd.yaml", "--identity",
                    "factory-2026", "--endpoint", EP, "--uri", URI,
                    "--format", "senml-cbor", "-o", "image.cbor")
        equal(ran.code, 0, ran)
        ran = f.run("audit", "list", "--config=bootstrapd.yaml", "--format",
                    "json")
        equal([json.loads(r)["kind"] for r in ran.out.splitlines()],
              ["key_check", "key_check", "image_minted"])
        equal(f.run("audit", "verify", "-c", "bootstrapd.yaml").code, 0)
        # an option comes before the file
        ran = f.run("hsm", "keys", "-c", "bootstrapd.yaml", "--token",
                    "pkcs11:token=elsewhere")
        failed(ran, 69, "elsewhere")

        f.write("bootstrapd.yaml", "listen: yes\nledgr: x\n")
        ran = f.run("audit", "list", "-c", "bootstrapd.yaml")
        failed(ran, 78, "bootstrapd.yaml:2:", "ledgr")


if __name__ == "__main__":
    tell()
