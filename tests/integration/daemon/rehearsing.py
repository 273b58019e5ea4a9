"""A factory's line: a token, policies, a configuration and images, and `image
rehearse` run there."""

import json
import subprocess

import faulty_images as faulty
from daemon_fixture import DOMAIN, NOSEC_IDENTITY, NOSEC_POLICY, program
from daemon_pki import BY_CN, POLICY_ANY, PkiWorld, openssl
from tap_story import expect_equal

EP = f"{DOMAIN}-WM200-000042"
HOST = "coaps://boot.lwm2m.example:5684"

FACTORY = f"""\
identity: factory
endpoint: "{DOMAIN}-*"
psk: {{derive: bootstrap-2026, epoch: [%s], identity: "{{endpoint}}"}}
"""


class Line(PkiWorld):
    """What a factory has: no daemon runs here unless a story starts it."""

    def __init__(self, epochs="1, 2", **kwargs):
        super().__init__({
            "identity.yaml": FACTORY % epochs,
            "by-cn.yaml": BY_CN,
            "lab.yaml": NOSEC_IDENTITY,
            "policy.yaml": NOSEC_POLICY + "---\n" + POLICY_ANY,
        }, **kwargs)

    def start_rehearsal(self, path, *argv, **kwargs):
        env = {**self.env, "TOKEN_PIN": self.pin, "TMPDIR": str(self.dir)}
        return subprocess.Popen(
            [program("TOOL"), "image", "rehearse", str(path),
             *map(str, argv)], env=env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **kwargs)

    def rehearse(self, path, *argv, code=0):
        """What is said, and stderr."""
        process = self.start_rehearsal(path, *argv)
        out, err = process.communicate(timeout=100)
        expect_equal(process.returncode, code, f"exit code\n{out}{err}")
        return out, err

    def staged(self, path, *argv, code=0):
        """Objects by the name of the image."""
        out, err = self.rehearse(path, "--staging", "--daemon",
                                 program("BOOTSTRAPD"), "-c", self.config,
                                 "--format", "json", *argv, code=code)
        self.nothing_left()
        found = [json.loads(line) for line in out.splitlines()]
        return {r["image"].rsplit("/", 1)[-1]: r for r in found}, err

    def nothing_left(self):
        expect_equal(sorted(self.dir.glob("bootstrapd-rehearsal-*")), [],
                     "left over")

    def model(self, endpoint=EP, **kwargs):
        return faulty.Model(json.loads(
            self.mint(endpoint, uri=HOST, **kwargs).read_text()))

    def papers(self, name, uri=HOST, anchor=None, by=None, **kwargs):
        papers = (by or self.ca).device(name, f"{DOMAIN}-{name}", **kwargs)
        return faulty.of_papers(papers, uri, anchor or openssl(
            "x509", "-in", self.pki / "root.pem", "-outform", "DER"),
            f"{DOMAIN}-{name}")
