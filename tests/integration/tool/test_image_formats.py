"""Every format that `image formats` lists, built from a token and read back:
the same account in each, where the options say that it lies."""
import csv
import io
import json
import os
import subprocess

from factory import Factory, equal, story, tell, within
from image_options import OPTIONS

def exchange(image, *args):
    done = subprocess.run([os.environ["EXCHANGE"], *args], input=image,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    equal((done.returncode, done.stderr), (0, b""))
    return done.stdout


def entries(image):
    return {e["path"]: e["value"] for e in json.loads(image)["entries"]}


@story
def every_format():
    """Each format is built, and holds the account of the token."""
    with Factory() as f:
        f.make_masters()
        listed = [json.loads(line) for line in
                  f.run("image", "formats", "--format", "json")
                  .out.splitlines()]
        equal(sorted(OPTIONS), [row["name"] for row in listed])
        wanted = entries(f.build(fmt="json").raw)
        for row in listed:
            for i, options in enumerate(OPTIONS[row["name"]]):
                name = f"{i}.{row['extension']}"
                ran = f.build("-o", name, *options, fmt=row["name"])
                equal(ran.code, 0, ran)
                keys = [f"in_keys={options[1]}"] \
                    if "--nvs-keys" in options else []
                got = entries(exchange(f.read(name), "json", *keys))
                want = wanted
                if row["name"] == "nrf91-at":
                    want = {p: v for p, v in wanted.items()
                            if p.split("/")[3] in "12345"}
                equal(got, want, f"{row['name']} {options}")


@story
def where_it_lies():
    """Partition, offset, address and family stand in the bytes."""
    with Factory() as f:
        f.make_masters()

        def image(fmt, *options):
            ran = f.build(*options, fmt=fmt)
            equal(ran.code, 0, ran)
            return ran.raw

        raw = image("raw", "--partition", "0x2000", "--offset", "0x800")
        equal((len(raw), raw[:0x800], raw[0x800:0x804], raw[-4:]),
              (0x2000, b"\xff" * 0x800, b"LBFP", b"PFBL"))
        equal(len(image("raw")), 4096)
        equal(len(image("esp-nvs", "--partition", "20KiB")), 20480)
        equal(len(image("zephyr-nvs", "--sector", "1KiB", "--partition",
                        "8KiB")), 8192)
        hexed = image("ihex", "--address", "0x000FC000").splitlines()
        equal((hexed[0], hexed[1][:9], hexed[-1]),
              (b":02000004000FEB", b":10C00000", b":00000001FF"))
        block = image("uf2", "--address", "0x103F0000", "--family", "RP2040")
        equal(block[12:16], bytes.fromhex("00003f10"))
        equal(block[28:32], bytes.fromhex("56ff8be4"))
        # -o - on a terminal or not, the bytes are the same
        equal(image("raw", "-o", "-"), image("raw"))


@story
def lists():
    """`image formats` says the options of each, as text, JSON and CSV."""
    with Factory(token=False) as f:
        text = f.run("image", "formats").out
        rows = list(csv.DictReader(io.StringIO(
            f.run("image", "formats", "--format", "csv").out)))
        told = f.run("image", "build", "--help").out
        for row in rows:
            within(row["name"], text)
            for option in row["options"].split():
                within(f"--{option} ", told)
                within(f"--{option}", text)
        by_name = {row["name"]: row for row in rows}
        equal(by_name["uf2"]["options"], "address carry family")
        equal(by_name["json"]["options"], "")
        equal(by_name["ihex"]["extension"], "hex")


@story
def refused():
    """What a format has no use for, cannot have, or needs, is said."""
    with Factory() as f:
        f.make_masters()
        keys = f.path("short.bin")
        with open(keys, "wb") as out:
            out.write(b"\0" * 4095)
        zero = f.path("zero.bin")
        with open(zero, "wb") as out:
            out.write(b"\xff" * 4096)
        for fmt, options, code, words in (
                ("json", ["--partition", "4KiB"], 64,
                 ["--partition is not for", "json"]),
                ("raw", ["--family", "rp2040"], 64, ["--family is not for"]),
                ("ihex", ["--address", "0x0", "--carry", "senml-cbor",
                          "--partition", "4KiB"], 64,
                 ["--partition is not for"]),
                ("ihex", [], 64, ["needs --address"]),
                ("uf2", ["--address", "0x0"], 64, ["needs --family"]),
                ("uf2", ["--address", "0x0", "--family", "nrf9999"], 64,
                 ["--family"]),
                ("uf2", ["--address", "4096", "--family", "rp2040"], 64,
                 ["--address"]),
                ("uf2", ["--address", "0x2", "--family", "rp2040"], 65,
                 ["multiples of 4"]),
                ("raw", ["--partition", "4096"], 64, ["--partition", "KiB"]),
                ("raw", ["--partition", "65KiB"], 64, ["--partition"]),
                ("raw", ["--partition", "64B"], 65, ["--partition"]),
                ("raw", ["--payload", "json"], 64, ["--payload"]),
                ("esp-nvs", ["--partition", "8KiB"], 65, ["three or more"]),
                ("esp-nvs", ["--namespace", "sixteen-letters-"], 64,
                 ["--namespace"]),
                ("esp-nvs", ["--nvs-version", "3"], 64, ["--nvs-version"]),
                ("esp-nvs", ["--nvs-keys", keys], 65, ["NVS keys"]),
                ("esp-nvs", ["--nvs-keys", zero], 65, ["NVS keys"]),
                ("esp-nvs", ["--nvs-keys", "none.bin"], 66, ["none.bin"]),
                ("zephyr-nvs", ["--write-block", "3"], 65, ["sectors"]),
                ("zephyr-nvs", ["--sector", "3KiB"], 65, ["sectors"]),
                ("zephyr-nvs", ["--value-max", "8"], 65, ["--value-max"]),
                ("tlv-smartcard", ["--partition", "64B"], 65,
                 ["--partition"]),
                ("tlv-smartcard", ["--card-version", "0.1"], 64,
                 ["--card-version"]),
                ("nrf91-at", ["--security-tag", "2147483648"], 64,
                 ["--security-tag"])):
            ran = f.build(*options, "-o", "image", fmt=fmt)
            equal(ran.code, code, f"{fmt} {options}: {ran}")
            for word in words:
                within(word, ran.err)
            assert not os.path.exists(f.path("image")), ran
        equal(f.left_over(), [])


@story
def without_security():
    """A modem has no credentials of a device that needs none."""
    with Factory(token=False) as f:
        base = ["image", "build", "--policies", "policies.yaml", "--identity",
                "lab-bench", "--endpoint", "lab-1", "--uri",
                "coap://boot.lwm2m.example:5683"]
        ran = f.run(*base, "--format", "nrf91-at")
        equal(ran.code, 65, ran)
        within("a key or a certificate", ran.err)
        equal(f.run(*base, "--format", "esp-nvs").code, 0)


tell()
