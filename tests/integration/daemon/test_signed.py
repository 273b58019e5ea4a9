"""A daemon that takes no policies but those that enough people have signed, and
goes back to none that it has left behind."""

import os
import shutil
import subprocess

from daemon_fixture import DOMAIN, POLICY, World
from tap_story import expect, expect_equal, expect_in, skip, story, tell

EP = f"{DOMAIN}-WM200-1"
OTHER = POLICY.replace("eu1.lwm2m", "eu2.lwm2m")
THIRD = POLICY.replace("eu1.lwm2m", "eu3.lwm2m")


class Signed(World):
    """Ada, Ben and Cyd may sign; two of them have to."""

    def __init__(self):
        if not shutil.which("ssh-keygen"):
            skip("no ssh-keygen (package openssh-client)")
        super().__init__()
        self.keys = {}
        lines = []
        for who, kind in (("ada", "ed25519"), ("ben", "ecdsa"),
                          ("cyd", "rsa")):
            self.keys[who] = str(self.dir / f"key-{who}")
            subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", kind, "-f",
                            self.keys[who]], check=True, capture_output=True)
            with open(self.keys[who] + ".pub", encoding="ascii") as public:
                lines.append(f"{who}@example.org " + public.read())
        self.signers = self.dir / "signers"
        self.signers.write_text("".join(lines))
        os.chmod(self.signers, 0o644)

    def write_config(self, extra=""):
        super().write_config(extra)
        text = self.config.read_text()
        self.config.write_text(text.replace(
            "policies: policies.d\n",
            "policies:\n  path: policies.d\n"
            "  trust: {signers: signers, threshold: 2}\n"))

    def folder(self):
        return self.dir / "policies.d"

    def manifest(self, *which):
        self.tool("policy", "manifest", str(self.folder()), *which,
                  "--force", "-o", str(self.folder() / "MANIFEST"))

    def sign(self, *people):
        for old in self.folder().glob("MANIFEST*.sig"):
            old.unlink()
        path = self.folder() / "MANIFEST"
        for who in people:
            subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n",
                            "bootstrapd", "-f", self.keys[who], str(path)],
                           check=True, capture_output=True,
                           stdin=subprocess.DEVNULL)
            name = self.folder() / f"MANIFEST.{who}.sig"
            os.rename(str(path) + ".sig", name)
            os.chmod(name, 0o644)

    def publish(self, policy, serial, *people):
        self.write_policy("policy.yaml", policy)
        self.manifest("--serial", str(serial))
        self.sign(*people)

    def fingerprint(self, who):
        return subprocess.run(["ssh-keygen", "-l", "-f", self.keys[who]],
                              check=True, capture_output=True,
                              text=True).stdout.split()[1]

    def refused(self, *words):
        before = self.status()["policies.set"]
        done = self.ctl("reload", code=65)
        row = self.rows("policies_refused")[-1]["data"]
        for word in words:
            # in the form of a string of C
            expect_in(word.replace('"', '\\"'), done.stdout, "said")
            expect_in(word, row["first"], "on record")
        expect_equal(self.status()["policies.set"], before, "set in force")


@story("it starts with what two of three have signed, and says who it was")
def two_of_three():
    with Signed() as world:
        log = world.start_fails(65)
        expect_in("provisioning-tool policy manifest --next", log, "remedy")
        world.publish(POLICY, 7, "ben")
        expect_in("1 of 2 signatures (ben@example.org " +
                  world.fingerprint("ben"), world.start_fails(65), "who has")
        checked = world.check()
        expect_equal(checked.returncode, 65, "exit code of check")
        expect_in("missing are those of: ada@example.org, cyd@example.org",
                  checked.stderr, "who has not")
        world.sign("ben", "ada")
        world.start()
        signers = ", ".join(f"{who}@example.org {world.fingerprint(who)}"
                            for who in ("ada", "ben"))
        row = world.rows("policies_loaded")[-1]["data"]
        expect_equal((row["serial"], row["signers"], row["kept"]),
                     (7, signers, True), "on record")
        status = world.status()
        expect_equal((status["policies.serial"], status["policies.signers"]),
                     (7, signers), "status")
        checked = world.check()
        expect_equal(checked.returncode, 0, checked.stderr)
        expect_in(f"serial 7, signed by {signers}", checked.stdout, "check")
        world.boot(world.mint(EP)).succeeded()


@story("what was altered since, and what is older than what was, is refused")
def no_way_back():
    with Signed() as world:
        world.publish(POLICY, 1, "ada", "ben")
        world.start()
        world.write_policy("policy.yaml", OTHER)
        world.refused('"policy.yaml" is not as it was signed')
        world.write_policy("mine.yaml", "policy: mine\norder: 1\nservers: []\n")
        world.write_policy("policy.yaml", POLICY)
        world.refused('"mine.yaml" was not signed')
        (world.folder() / "mine.yaml").unlink()
        world.ctl("reload")
        # one more, and back
        world.publish(OTHER, 3, "cyd", "ben")
        world.ctl("reload")
        expect_equal(world.status()["policies.serial"], 3, "serial")
        world.publish(POLICY, 2, "ada", "ben")
        world.refused("serial 2 is below 3")
        checked = world.check()
        expect_equal(checked.returncode, 65, "exit code of check")
        expect_in("serial 2 is below 3", checked.stderr, "check")
        world.publish(POLICY, 3, "ada", "ben")
        world.refused("serial 3 was another set")
        world.stop()
        expect_in("serial 3 was another set", world.start_fails(65), "start")
        # the tool knows what comes next
        world.manifest("--next", "--ledger", str(world.ledger))
        world.sign("ada", "ben", "cyd")
        expect((world.folder() / "MANIFEST").read_text().startswith(
            "# bootstrapd policies, serial 4\n"), "the next serial")
        world.own()
        world.start()
        expect_equal(world.status()["policies.serial"], 4, "serial")


@story("a rollout of a signed set comes into force with its signers")
def rolled_out():
    with Signed() as world:
        world.publish(POLICY, 1, "ada", "ben")
        world.start()
        world.publish(OTHER, 2, "ada")
        world.ctl("rollout", "start", code=65)
        world.sign("ada", "cyd")
        world.ctl("rollout", "start")
        row = world.rows("rollout_started")[-1]["data"]
        expect_equal(row["serial"], 2, "serial of the rollout")
        # whoever takes it up again knows them by the ledger alone
        world.stop()
        world.start()
        expect_equal(world.status()["policies.serial"], 1, "in force")
        world.ctl("rollout", "finish")
        row = world.rows("policies_loaded")[-1]["data"]
        expect_equal(row["serial"], 2, "serial")
        expect_in("cyd@example.org SHA256:", row["signers"], "signers")
        world.publish(THIRD, 1, "ada", "ben")
        world.refused("serial 1 is below 2")


@story("a set that was signed anew and rolled out leaves no way back behind it")
def rolled_out_anew():
    with Signed() as world:
        world.publish(POLICY, 1, "ada", "ben")
        world.start()
        world.publish(OTHER, 2, "ada", "ben")
        world.ctl("reload")
        # back to what the first was, by signatures of today
        world.publish(POLICY, 3, "ada", "cyd")
        world.ctl("rollout", "start")
        world.ctl("rollout", "finish")
        row = world.rows("policies_loaded")[-1]["data"]
        expect_equal(row["serial"], 3, "serial on record")
        expect_in("cyd@example.org SHA256:", row["signers"], "signers")
        expect_equal(world.status()["policies.serial"], 3, "serial")
        # whoever kept the second with its signatures
        world.publish(OTHER, 2, "ada", "ben")
        world.refused("serial 2 is below 3")


@story("what a rollout left is not let in unsigned once signatures are asked for")
def rolled_out_unsigned():
    with Signed() as world:
        trusting = world.config.read_text()
        world.config.write_text(trusting.replace(
            "  trust: {signers: signers, threshold: 2}\n", ""))
        world.write_policy("policy.yaml", POLICY)
        world.start()
        world.write_policy("policy.yaml", OTHER)
        world.ctl("rollout", "start")
        world.stop()
        world.config.write_text(trusting)
        world.publish(OTHER, 1, "ada", "ben")
        expect_in("knows no signatures", world.start_fails(65), "start")


@story("signers that whoever writes policies could write, or two of one, are "
       "refused")
def whose_signers():
    with Signed() as world:
        world.publish(POLICY, 1, "ada", "ben")
        config = world.config.read_text()
        inside = world.folder() / "signers"
        inside.write_text(world.signers.read_text())
        os.chmod(inside, 0o644)
        for name in ("policies.d/signers", "policies.d/../policies.d/signers"):
            world.config.write_text(config.replace(
                "signers: signers", f"signers: {name}"))
            checked = world.check()
            expect_equal(checked.returncode, 65, name)
            expect_in("lies in the folder of the policies", checked.stderr,
                      name)
        inside.unlink()
        world.config.write_text(config)
        lines = world.signers.read_text().splitlines()
        for text, answer in (
                ((lines[0].replace("ssh-", 'valid-before="20200101Z",'
                                   'valid-before="20990101Z" ssh-', 1)
                  + "\n" + lines[1] + "\n"), "there twice"),
                (lines[0] + "\n" + lines[1].replace("ben@", "ADA@") + "\n",
                 "1 persons")):
            world.signers.write_text(text)
            checked = world.check()
            expect_equal(checked.returncode, 65, answer)
            expect_in(answer, checked.stderr, "check")


@story("the configuration of trust is whole")
def configuration():
    with Signed() as world:
        text = world.config.read_text()
        for wrong, answer in (
                ("{signers: signers}", "threshold"),
                ("{threshold: 2}", "signers"),
                ("{signers: signers, threshold: 0}", "threshold"),
                ("{signers: signers, threshold: 17}", "threshold"),
                ("{signers: signers, threshold: 1, keys: x}", "keys"),
                ("yes", "trust")):
            world.config.write_text(text.replace(
                "{signers: signers, threshold: 2}", wrong))
            checked = world.check()
            expect_equal(checked.returncode, 78, f"{wrong}: exit code")
            expect_in(answer, checked.stderr, wrong)


if __name__ == "__main__":
    tell()
