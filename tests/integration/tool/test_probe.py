"""provisioning-tool probe against virtual devices: what it finds out of each
family is what the shipped profile of that family says.

The device is one on a bench: whoever stands beside it switches it on again
whenever it has ended.
"""
import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import threading
import time

from factory import Factory, absent, equal, failed, story, tell, within

TOOL, DEVICE = os.environ["TOOL"], os.environ["DEVICE"]
PROFILES = os.environ["PROFILES"]
NAME, KEY = "bench-1", secrets.token_bytes(16)

# Family of the virtual device, instance of its account, shipped profile.
FAMILIES = [
    ("conforming", 1, None),
    ("anjay-1.2", 1, "anjay"),
    ("anjay", 1, "anjay"),
    ("anjay-1.0", 1, "anjay"),
    ("wakaama", 0, "wakaama"),
    ("zephyr", 0, "zephyr"),
    ("leshan", 0, "leshan"),
    ("contiki-ng", 0, "contiki-ng"),
    ("awa", 0, "awa"),
]

# The keys that decide whether a bootstrap works.
ESSENTIAL = ("version", "formats", "level", "levels", "discover", "read",
             "empty_keys", "unknown_resources", "zero_retries", "max_message",
             "block_size", "account_instance")

CONFORMING = {
    "version": "1.2", "level": "instance", "discover": "true", "read": "true",
    "formats": {"tlv", "senml-cbor", "senml-json", "lwm2m-cbor"},
    "levels": {"instance", "object", "resource"}, "empty_keys": "false",
    "unknown_resources": "ignore", "zero_retries": "accept",
    "max_message": "1024B", "block_size": "1024B", "account_instance": "1",
}

# Where a family's virtual device is another than the client that was seen: it
# counts zeros as any number, has Read also where a client of 1.0 has none, and
# puts blocks together; or it is one build, and the profile is about several; or
# the profile says what was seen from within, and nothing on the wire tells it.
ALL_LEVELS = {"instance", "object", "resource"}
DIFFERENT = {
    "anjay-1.2": {"zero_retries": "accept"},
    "anjay": {"zero_retries": "accept", "version": "1.1",
              "formats": {"tlv", "senml-cbor", "senml-json"}},
    "anjay-1.0": {"zero_retries": "accept", "version": "1.0",
                  "formats": {"tlv"}},
    "wakaama": {"formats": {"tlv", "senml-cbor"}},
    "zephyr": {"formats": {"senml-cbor"}, "block_size": "1024B",
               "levels": {"instance", "resource"}},
    # a resource alone was not tried with the real one
    "leshan": {"levels": ALL_LEVELS},
    "contiki-ng": {"levels": {"instance", "resource"}, "read": "true",
                   "unknown_resources": "ignore", "zero_retries": "accept",
                   "account_instance": "unknown"},
    "awa": {"levels": ALL_LEVELS, "read": "true", "zero_retries": "accept",
            "account_instance": "unknown"},
}


def keys_of(text):
    """{key: value} of a profile; lists are sets."""
    found = {}
    for key, value in re.findall(r"^([a-z_]+): (.*?)$", text, re.M):
        if value.startswith("["):
            value = {v.strip() for v in value.strip("[]").split(",")}
        found[key] = value
    return found


def shipped(name):
    def read(which):
        with open(os.path.join(PROFILES, f"{which}.yaml"),
                  encoding="utf-8") as f:
            return keys_of(f.read())
    return {**read("default"), **read(name)}


def wanted(family, profile):
    keys = shipped(profile) if profile else CONFORMING
    keys = {k: keys[k] for k in ESSENTIAL}
    return {**keys, **DIFFERENT.get(family, {})}


class Bench:
    """The tool at work, and where it listens."""

    def __init__(self, factory, *args, uri="coap://127.0.0.1:0", wait="60s",
                 patience="2s"):
        self.factory = factory
        self.process = subprocess.Popen(
            [TOOL, "probe", uri, "--wait", wait, "--patience", patience,
             *args], cwd=factory.dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.uri = None
        self.told = []
        while self.uri is None:
            line = self.process.stderr.readline()
            if not line:
                break
            self.told.append(line)
            match = re.search(r"it is to come to (\S+)", line)
            self.uri = match[1] if match else None
        self.reader = threading.Thread(target=self._listen)
        self.reader.start()

    def _listen(self):
        for line in self.process.stderr:
            self.told.append(line)

    def port(self):
        return int(self.uri.rsplit(":", 1)[1])

    def end(self):
        """Its exit code; the output is in `out`, the rest in `err`."""
        self.out = self.process.stdout.read()
        self.code = self.process.wait()
        self.reader.join()
        self.process.stderr.close()
        self.process.stdout.close()
        self.err = "".join(self.told)
        return self.code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.end()


def image(factory, uri, account, name=NAME):
    entries = [(f"/0/{account}/0", "string", uri),
               (f"/0/{account}/1", "boolean", True),
               (f"/0/{account}/2", "integer", 0 if "coaps" in uri else 3)]
    if "coaps" in uri:
        entries += [(f"/0/{account}/3", "opaque", name.encode().hex()),
                    (f"/0/{account}/5", "opaque", KEY.hex())]
    return factory.write(f"{name}.json", json.dumps({
        "format": "bootstrapd-image-1", "endpoint": name,
        "entries": [{"path": p, "type": t, "value": v}
                    for p, t, v in entries]}), 0o600)


@contextlib.contextmanager
def switched_on(factory, bench, behaviour, account=1, pause_s=0.1):
    """The device, and somebody who starts it again when it has ended."""
    at = image(factory, bench.uri, account)
    over = threading.Event()
    running = []

    def stand_by():
        while not over.is_set():
            with subprocess.Popen(
                    [DEVICE, "--image", at, "--behaviour", behaviour,
                     "--timeout", "8"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL) as device:
                running[:] = [device]
                if over.is_set():
                    device.kill()
                device.wait()
            over.wait(pause_s)

    person = threading.Thread(target=stand_by)
    person.start()
    try:
        yield
    finally:
        over.set()
        for device in running:
            device.kill()
        person.join()


def probed(factory, behaviour, account, *args, **where):
    with Bench(factory, *args, **where) as bench, \
            switched_on(factory, bench, behaviour, account):
        bench.end()
        return bench


def secure(factory):
    return ("--psk-identity", NAME, "--key-hex-file",
            factory.write("key.hex", KEY.hex() + "\n", 0o600))


def family_story(family, account, profile):
    def tale():
        with Factory(token=False) as f:
            bench = probed(f, family, account, "--name", "found", "-o",
                           "found.yaml")
            equal(bench.code, 0, bench.err)
            text = f.read("found.yaml").decode()
            found = keys_of(text)
            equal({k: found.get(k) for k in ESSENTIAL},
                  wanted(family, profile), text)
            equal("discover_reply" in found, found["discover"] == "true")
            ran = f.run("policy", "check", "found.yaml")
            equal(ran.code, 0, ran)
            within("1 profile,", ran.out)
            # each key stands below what was seen
            for key in ESSENTIAL:
                if key not in ("level", "levels"):
                    assert re.search(rf"^# .*\n{key}: ", text, re.M), key
            within("finish", bench.out)
    tale.__doc__ = (f"{family}: what is found is what "
                    f"{'its profile' if profile else 'the standard'} says.")
    return story(tale)


for row in FAMILIES:
    family_story(*row)


def transport_story(scheme, family, account, profile):
    def tale():
        with Factory(token=False) as f:
            args = secure(f) if "coaps" in scheme else ()
            bench = probed(f, family, account, *args,
                           uri=f"{scheme}://127.0.0.1:0")
            equal(bench.code, 0, bench.err)
            found = keys_of(bench.out)
            equal({k: found.get(k) for k in ESSENTIAL},
                  wanted(family, profile), bench.out)
            if scheme == "coaps":
                within("PSK", bench.out)
                within("offers ", bench.out)
            absent(KEY.hex(), bench.out + bench.err)
    tale.__doc__ = f"{scheme}: {family}."
    return story(tale)


transport_story("coaps", "conforming", 1, None)
transport_story("coaps", "leshan", 0, "leshan")
transport_story("coaps", "awa", 0, "awa")
transport_story("coap+tcp", "conforming", 1, None)
transport_story("coaps+tcp", "anjay-1.2", 1, "anjay")


@story
def as_json():
    """--format json: a finding a line, and the profile in the last."""
    with Factory(token=False) as f:
        bench = probed(f, "zephyr", 0, "--format", "json", "--name", "z")
        equal(bench.code, 0, bench.err)
        rows = [json.loads(line) for line in bench.out.splitlines()]
        last = rows.pop()
        equal((last["profile"], last["complete"], last["findings"]),
              ("z", True, len(rows)))
        equal(keys_of(last["document"])["max_message"], "512B")
        by_name = {r["finding"]: r for r in rows}
        within("pct=112", by_name["request"]["answer"])
        within("4.15", by_name["format tlv"]["answer"])
        equal(by_name["format tlv"]["key"], "formats")
        within("4.04", by_name["resource that nobody has"]["answer"])
        within("checks nothing",
               by_name["finish without an account"]["means"])


@story
def separate_finish():
    """A refusal of Finish that comes as a separate response is told."""
    with Factory(token=False) as f:
        bench = probed(f, "leshan", 0, "--format", "json")
        rows = [json.loads(line) for line in bench.out.splitlines()]
        refused, = [r for r in rows if r.get("finding") == "finish without keys"]
        within("4.06", refused["answer"])
        within("as a separate response", refused["answer"])


@story
def dangerous():
    """Its own account is deleted with --dangerous alone, and that is told."""
    with Factory(token=False) as f:
        bench = probed(f, "anjay", 1)
        equal(bench.code, 0, bench.err)
        absent("delete of its own account", bench.out + bench.err)
        absent("has lost its account", bench.err)
        bench = probed(f, "anjay", 1, "--dangerous")
        equal(bench.code, 0, bench.err)
        within("its own account is gone", re.sub(r"\n# ", " ", bench.out))
        within("has lost its account", bench.err)
        bench = probed(f, "zephyr", 0, "--dangerous")
        within("the account is protected",
               re.sub(r"\n# ", " ", bench.out))
        absent("has lost its account", bench.err)


@story
def falls_silent():
    """A device that dies in mid-session is a finding, and is waited for."""
    with Factory(token=False) as f, \
            Bench(f, "--format", "json", wait="30s", patience="1s") as bench, \
            switched_on(f, bench, "conforming,dies-at=40", pause_s=4):
        equal(bench.end(), 0, bench.err)
        within("restart the device: it does not answer any more", bench.err)
        rows = [json.loads(line) for line in bench.out.splitlines()]
        crashed = [r for r in rows if "crashed" in r.get("means", "")]
        assert crashed, rows
        # and it went on: what came after that was found out
        document = rows[-1]["document"]
        equal(keys_of(document)["empty_keys"], "false", document)


@story
def begins_anew():
    """A device that restarts by itself in mid-session: likewise."""
    with Factory(token=False) as f:
        bench = probed(f, "conforming,dies-at=9", 1, "--format", "json")
        equal(bench.code, 0, bench.err)
        rows = [json.loads(line) for line in bench.out.splitlines()]
        assert [r for r in rows if "it has begun anew" in r.get("means", "")]
        document = rows[-1]["document"]
        equal(keys_of(document)["unknown_resources"], "ignore", document)


@story
def never_comes():
    """Nobody comes: exit 69, and no profile."""
    with Factory(token=False) as f, \
            Bench(f, "-o", "p.yaml", wait="1s") as bench:
        equal(bench.end(), 69, bench.err)
        within("no device has come", bench.err)
        assert not os.path.exists(f.path("p.yaml"))
        equal(f.left_over(), [])


@story
def stays_away():
    """It does not come back: exit 69, with the profile of what was found."""
    with Factory(token=False) as f, \
            Bench(f, "-o", "p.yaml", wait="2s", patience="1s") as bench:
        at = image(f, bench.uri, 1)
        subprocess.run([DEVICE, "--image", at, "--behaviour",
                        "conforming,dies-at=12", "--timeout", "4"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        equal(bench.end(), 69, bench.err)
        within("did not come back", bench.err)
        text = f.read("p.yaml").decode()
        keys = keys_of(text)
        equal(keys["account_instance"], "1", text)
        absent("empty_keys", keys)
        within("# empty_keys: not found out", text)
        equal(f.run("policy", "check", "p.yaml").code, 0)


@story
def answers_nothing():
    """A device that comes and answers no command: findings, and an end."""
    with Factory(token=False) as f:
        bench = probed(f, "conforming,silent", 1, wait="2s", patience="1s")
        assert bench.code in (0, 69), bench.err
        keys = keys_of(bench.out)
        absent("formats", keys)
        equal(keys["account_instance"], "unknown", bench.out)
        f.write("p.yaml", bench.out)
        equal(f.run("policy", "check", "p.yaml").code, 0, bench.out)


@story
def garbage():
    """Garbage, other paths and other devices: one device is tried, no other."""
    with Factory(token=False) as f, \
            Bench(f, "--format", "json", wait="30s") as bench:
        over = threading.Event()

        def rabble():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                to = ("127.0.0.1", bench.port())
                mid = 0
                while not over.is_set():
                    mid = (mid + 1) & 0xffff
                    head = b"\x40\x02" + mid.to_bytes(2, "big")
                    s.sendto(secrets.token_bytes(50), to)
                    s.sendto(head + b"\xb2rd", to)
                    if bench.told and any("discover" in t
                                          for t in bench.told):
                        s.sendto(head[:2] + secrets.token_bytes(2) +
                                 b"\xb2bs\x48ep=\x1b[2J\n", to)
                    s.sendto(b"", to)
                    time.sleep(0.02)

        noise = threading.Thread(target=rabble)
        noise.start()
        try:
            with switched_on(f, bench, "conforming"):
                bench.end()
        finally:
            over.set()
            noise.join()
        equal(bench.code, 0, bench.err)
        rows = [json.loads(line) for line in bench.out.splitlines()]
        found = keys_of(rows[-1]["document"])
        equal({k: found.get(k) for k in ESSENTIAL}, CONFORMING)
        assert rows[-1]["strangers"] > 0
        within("another device has come, and is refused", bench.err)
        absent("\x1b", bench.err + bench.out)


@story
def wrong_key():
    """Another key or identity: said, and nobody comes."""
    with Factory(token=False) as f:
        key = f.write("key", "0" * 16, 0o600)
        bench = probed(f, "conforming", 1, "--psk-identity", NAME,
                       "--psk-file", key, uri="coaps://127.0.0.1:0",
                       wait="4s")
        equal(bench.code, 69, bench.err)
        within("a handshake has failed: wrong-key", bench.err)
        key = f.write("key", KEY.hex(), 0o600)
        bench = probed(f, "conforming", 1, "--psk-identity", "somebody",
                       "--key-hex-file", key, uri="coaps://127.0.0.1:0",
                       wait="4s")
        equal(bench.code, 69, bench.err)
        within(f'the device shows the PSK identity "{NAME}"', bench.err)


@story
def mistakes():
    """What a command line can have wrong."""
    with Factory(token=False) as f:
        key = f.write("key", "0" * 16, 0o600)
        short = f.write("short", "00ff", 0o600)
        here = "coaps://127.0.0.1:0"
        failed(f.run("probe", here), 64, "--psk-identity")
        failed(f.run("probe", here, "--psk-file", key), 64, "--psk-identity")
        failed(f.run("probe", here, "--psk-identity", "x", "--psk-file", key,
                     "--key-hex-file", short), 64)
        failed(f.run("probe", here, "--psk-identity", "x", "--key-hex-file",
                     short), 65, "not a key")
        failed(f.run("probe", here, "--psk-identity", "x", "--psk-file",
                     "not-there"), 66, "not-there")
        for uri in ("http://127.0.0.1", "coap://localhost", "coap://",
                    "127.0.0.1:5683", "coap://127.0.0.1:70000"):
            failed(f.run("probe", uri), 64, "cannot be listened at")
        f.write("there.yaml", "# mine\n")
        failed(f.run("probe", "coap://127.0.0.1:0", "-o", "there.yaml"), 73)
        equal(f.read("there.yaml"), b"# mine\n")


tell()
