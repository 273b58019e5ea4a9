"""Sets that load only if enough people have signed them, with the ssh-keygen
that people sign with."""
import os
import shutil
import subprocess

from factory import Factory, Skip, absent, equal, failed, story, tell, within

FILES = {
    "a.yaml": "identity: x\npsk: {derive: m}\n",
    "b.yaml": "policy: p\nmatch: {endpoint: {list: lists/pilot.csv}}\n"
              "servers: []\n",
    "lists/pilot.csv": "urn:x:1\n",
}
KEYS = {"ada": ["-t", "ed25519"], "ben": ["-t", "ecdsa", "-b", "256"],
        "cyd": ["-t", "rsa", "-b", "2048"], "dan": ["-t", "ecdsa", "-b", "384"],
        "eve": ["-t", "ecdsa", "-b", "521"], "old": ["-t", "rsa", "-b", "1024"]}


class Office:
    """A folder of policies, people with keys, and what they sign."""

    def __init__(self, factory):
        if not shutil.which("ssh-keygen"):
            raise Skip("no ssh-keygen (Debian: openssh-client)")
        self.f = factory
        self.folder = factory.path("set")
        os.makedirs(os.path.join(self.folder, "lists"))
        for name, text in FILES.items():
            self.put(name, text)

    def put(self, name, text):
        with open(os.path.join(self.folder, name), "w",
                  encoding="utf-8") as out:
            out.write(text)

    def get(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def key(self, who):
        path = self.f.path("key-" + who)
        if not os.path.exists(path):
            subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", who, "-f",
                            path, *KEYS[who]], check=True,
                           capture_output=True)
        return path

    def public(self, who):
        with open(self.key(who) + ".pub", encoding="ascii") as file:
            return " ".join(file.read().split()[:2])

    def fingerprint(self, who):
        return subprocess.run(["ssh-keygen", "-l", "-f", self.key(who)],
                              check=True, capture_output=True,
                              text=True).stdout.split()[1]

    def signers(self, *lines):
        self.f.write("signers", "# who may sign\n\n" + "".join(
            line + "\n" for line in lines))

    def trust(self, *people, options=""):
        self.signers(*[f"{who}@example.org {options}{self.public(who)}"
                       for who in people])

    def manifest(self, serial=1):
        ran = self.f.run("policy", "manifest", self.folder, "--serial",
                         str(serial), "--force", "-o",
                         os.path.join(self.folder, "MANIFEST"))
        equal(ran.code, 0, ran)

    def sign(self, *people, space="bootstrapd", name=None):
        path = os.path.join(self.folder, "MANIFEST")
        for who in people:
            subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", space,
                            "-f", self.key(who), path], check=True,
                           stdin=subprocess.DEVNULL, capture_output=True)
            os.rename(path + ".sig",
                      os.path.join(self.folder, name or f"MANIFEST.{who}.sig"))

    def unsign(self):
        for name in os.listdir(self.folder):
            if name.endswith(".sig"):
                os.unlink(os.path.join(self.folder, name))

    def check(self, threshold=1):
        return self.f.run("policy", "check", "--trust", "signers",
                          "--threshold", str(threshold), self.folder)

    def accepted(self, threshold=1):
        ran = self.check(threshold)
        equal(ran.code, 0, ran)
        return ran.out

    def refused(self, *words, threshold=1):
        ran = self.check(threshold)
        equal(ran.code, 65, ran)
        for word in words:
            within(word, ran.out)
        return ran.out


@story
def every_kind():
    """Ed25519, ECDSA on three curves and RSA: each alone, then k of n."""
    with Factory(token=False) as f:
        o = Office(f)
        people = ["ada", "ben", "cyd", "dan", "eve"]
        o.trust(*people)
        o.manifest()
        for who in people:
            o.unsign()
            o.sign(who)
            o.accepted()
            o.refused("1 of 2 signatures (" + who + "@example.org " +
                      o.fingerprint(who) + ")", "missing are those of: ",
                      threshold=2)
        o.sign("ada", "cyd", "dan")
        absent("warning: does not", o.accepted(threshold=4))
        missing = o.refused(threshold=5)
        within("missing are those of: ben@example.org;", missing)
        # the name that ssh-keygen gives it
        o.unsign()
        o.sign("ben", name="MANIFEST.sig")
        o.accepted()
        # and what it signed checks the folder
        checked = subprocess.run(["sha256sum", "--strict", "-c", "MANIFEST"],
                                 cwd=o.folder, check=False,
                                 capture_output=True, text=True)
        equal(checked.returncode, 0, checked)
        # ssh-keygen agrees with us
        with open(os.path.join(o.folder, "MANIFEST"), "rb") as manifest:
            agreed = subprocess.run(
                ["ssh-keygen", "-Y", "verify", "-f", f.path("signers"), "-I",
                 "ben@example.org", "-n", "bootstrapd", "-s",
                 os.path.join(o.folder, "MANIFEST.sig")], stdin=manifest,
                check=False, capture_output=True, text=True)
        equal(agreed.returncode, 0, agreed)


@story
def files_differ():
    """A file altered, added, taken out, or of another folder: said which."""
    with Factory(token=False) as f:
        o = Office(f)
        o.trust("ada")
        o.manifest()
        o.sign("ada")
        o.accepted()
        o.put("lists/pilot.csv", "urn:x:1\nurn:x:2\n")
        o.refused('"lists/pilot.csv" is not as it was signed')
        o.put("lists/pilot.csv", FILES["lists/pilot.csv"])
        o.put("0.yaml", "policy: mine\norder: 1\nservers: []\n")
        o.refused('"0.yaml" was not signed')
        os.unlink(os.path.join(o.folder, "0.yaml"))
        os.rename(os.path.join(o.folder, "a.yaml"), f.path("a.yaml"))
        o.refused('"a.yaml" was signed, and is not there')
        os.rename(f.path("a.yaml"), os.path.join(o.folder, "a.yaml"))
        o.accepted()
        # what another folder has is not what was signed
        f.write("pilot.csv", "urn:x:1\n")
        o.put("b.yaml", FILES["b.yaml"].replace("lists/", "../"))
        o.manifest()
        o.sign("ada")
        o.refused('"../pilot.csv" lies outside the folder')
        o.put("b.yaml", FILES["b.yaml"])
        # a byte of the MANIFEST itself
        o.manifest()
        o.sign("ada")
        text = o.get("MANIFEST").decode()
        o.put("MANIFEST", text.replace("serial 1", "serial 2"))
        o.refused("it is not of these bytes by that key",
                  "0 of 1 signatures")
        o.put("MANIFEST", text.split("\n", 1)[1])
        o.refused("MANIFEST:1:", "serial N")
        o.put("MANIFEST", text.replace("  ", " *"))
        o.refused("not as `provisioning-tool policy manifest")
        os.unlink(os.path.join(o.folder, "MANIFEST"))
        o.refused("MANIFEST: error: cannot be read",
                  "provisioning-tool policy manifest --next")


@story
def who_counts():
    """Namespace, time, one key twice, two keys of one person, strangers."""
    with Factory(token=False) as f:
        o = Office(f)
        o.manifest()
        o.trust("ada", "ben")
        o.sign("ada", space="file")
        o.refused("another namespace", "-n bootstrapd")
        o.sign("ada")
        o.sign("ada", name="MANIFEST.again.sig")
        o.refused("signed twice", threshold=2)
        o.sign("cyd")
        o.refused("nobody's among the signers", threshold=2)
        o.sign("ben")
        o.accepted(threshold=2)
        # two keys of one person are one
        o.signers(f"ada@example.org {o.public('ada')}",
                  f"lea@example.org,ada@example.org {o.public('ben')}",
                  f"cyd@example.org {o.public('cyd')}")
        o.unsign()
        o.sign("ada", "ben")
        o.refused("signed twice",
                  "missing are those of: cyd@example.org;", threshold=2)
        o.sign("cyd")
        o.accepted(threshold=2)
        o.refused("2 persons, and 3 of them are to sign", threshold=3)
        # when, and for what
        for options, answer in [
                ('valid-before="20200101Z" ', "not valid any more"),
                ('valid-after="29990101Z" ', "not valid yet"),
                ('namespaces="git,file" ', "other namespaces")]:
            o.trust("ada", options=options)
            o.refused(answer, "0 of 1 signatures (nobody's); missing are "
                              "those of: nobody;")
        o.trust("ada", options='valid-after="20200101Z",valid-before='
                               '"29991231235959Z",namespaces="git,boot*" ')
        o.accepted()


@story
def signers_file():
    """What the file of signers cannot say."""
    with Factory(token=False) as f:
        o = Office(f)
        o.manifest()
        key = o.public("ada")
        o.sign("ada")
        for line, answer in [
                (f"ada cert-authority {key}", "certificates are not taken"),
                ("ada ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWN"
                 "lcnQtdjAxQG9wZW5zc2guY29t", "certificates are not taken"),
                (f"ada valid-before=20300101 {key}", "with the Z"),
                (f"ada valid-before=20300231Z {key}", "with the Z"),
                (f"*@example.org {key}", "without patterns"),
                (f'ada namespaces="!file" {key}', "namespaces="),
                (f"ada verify-required {key}", "neither a key nor an option"),
                (f'ada namespaces="file {key}', "a quote has no end"),
                ("ada", "neither a key nor an option"),
                ("ada ssh-ed25519", "base64"),
                ("ada ssh-rsa " + key.split()[1], "another than the line"),
                (f"ada,, {key}", "a principal is 1 to 128 bytes"),
                (f"ada {o.public('old')}", "less than 2048"),
                ("ada ssh-dss AAAAB3NzaC1kc3M=", "another kind")]:
            o.signers(f"ben {o.public('ben')}", line)
            out = o.refused(answer)
            within("signers:4: error: ", out)
        os.unlink(f.path("signers"))
        o.refused("allowed_signers format")


@story
def every_byte():
    """Each byte of a signature flipped, each prefix: refused or the same."""
    with Factory(token=False) as f:
        o = Office(f)
        o.trust("ada")
        o.manifest()
        o.sign("ada", name="MANIFEST.sig")
        good = o.get("MANIFEST.sig")
        same = 0
        for i in range(len(good)):
            bad = bytearray(good)
            bad[i] ^= 1
            with open(os.path.join(o.folder, "MANIFEST.sig"), "wb") as out:
                out.write(bad)
            ran = o.check()
            assert ran.code in (0, 65), ran
            same += ran.code == 0
        # nothing of it means nothing
        equal(same, 0)
        for n in range(0, len(good) - 1, 7):
            with open(os.path.join(o.folder, "MANIFEST.sig"), "wb") as out:
                out.write(good[:n])
            o.refused("does not count")


@story
def serials():
    """--next is behind the MANIFEST that is there; --serial is what is said."""
    with Factory(token=False) as f:
        o = Office(f)
        run = lambda *more: f.run("policy", "manifest", o.folder, *more)
        within("serial 1\n", run("--next").out)
        o.manifest(serial=41)
        ran = run("--next")
        equal(ran.out.splitlines()[0], "# bootstrapd policies, serial 42")
        equal(ran.out.split("\n", 1)[1], run().out)
        failed(run("--next", "--serial", "3"), 64, "exclude each other")
        failed(run("--ledger", "x"), 64, "--next")
        failed(run("--next", "--ledger", "nowhere.db"), 74, "nowhere.db")
        failed(run("--serial", "0"), 64)
        failed(f.run("policy", "check", "--threshold", "2", o.folder), 64,
               "--trust")


if __name__ == "__main__":
    tell()
