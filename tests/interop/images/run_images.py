#!/usr/bin/env python3
"""Images against the tools of those who made the formats.

usage: run_images.py EXCHANGE VECTORS	(TAP; EXCHANGE is the test program)

What is generated from the same account is compared byte for byte, what they
convert back is what went in, and what they write is read. Where the tools cannot
be had from a registry the reason is printed and all is skipped; srecord is
skipped by itself.
"""

import contextlib
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
NAMED = ("bs_mode", "bs_uri", "ep", "psk_id", "psk_key", "dev_cert", "dev_key",
         "hold_off", "srv_cert")


def again_with_the_tools():
    """This script once more, by a Python that has them."""
    if "IMAGES_AGAIN" in os.environ:
        return
    made = subprocess.run([os.path.join(HERE, "build")], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    if made.returncode == 77:
        print("1..0 # SKIP " + made.stderr.strip().splitlines()[-1])
        sys.exit(0)
    if made.returncode != 0:
        print("Bail out! " + made.stderr.strip())
        sys.exit(1)
    python = made.stdout.strip().splitlines()[-1]
    os.environ["IMAGES_AGAIN"] = "1"
    os.execv(python, [python, "-B"] + sys.argv)


def exchange(image, fmt, **geometry):
    done = subprocess.run(
        [sys.argv[1], fmt] + [f"{k}={v}" for k, v in geometry.items()],
        input=image, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        check=False)
    assert done.returncode == 0, (fmt, geometry, done.stderr.decode())
    return done.stdout


def vector(name):
    with open(os.path.join(sys.argv[2], name), "rb") as f:
        return f.read()


def account(entries, endpoint="urn:dev:os:32473-000042"):
    """An image in JSON of {path: (type, value)}."""
    return json.dumps({
        "format": "bootstrapd-image-1", "endpoint": endpoint,
        "entries": [{"path": p, "type": t, "value": v}
                    for p, (t, v) in entries.items()],
    }, separators=(",", ":")).encode()


def psk(**more):
    return account({
        "/0/1/0": ("string", "coaps://bs.example.com:5684"),
        "/0/1/1": ("boolean", True),
        "/0/1/2": ("integer", 0),
        "/0/1/3": ("opaque", "75726e3a64"),
        "/0/1/5": ("opaque", "000102030405060708090a0b0c0d0e0f"),
        "/0/1/11": ("integer", 10),
    }, **more)


def accounts():
    """Names and images in JSON: small ones, and of several pages."""
    yield "psk", psk()
    for name in ("anjay-psk-bs-server.senml.cbor", "anjay-x509-bs.senml.cbor"):
        yield name, exchange(vector(name), "json")
    # Nowhere a blob begins where a page has one entry left: there the generator
    # writes a part of no bytes, which no firmware does, and neither do we.
    for count, size in ((3, 3800), (1, 9000), (2, 3967), (40, 100), (5, 0x3e0)):
        entries = {f"/9/{i}/0": ("opaque", (bytes([i + 1]) * size).hex())
                   for i in range(count)}
        entries.update({f"/10/{i}/1": ("integer", -i) for i in range(60)})
        entries["/11/0/0"] = ("string", "x" * 2000)
        yield f"{count} blobs of {size}", account(entries, endpoint="")


# --- Espressif ---------------------------------------------------------------

def csv_rows(image):
    """The items of the account as the manual has them."""
    doc = json.loads(image)
    at = {e["path"]: e for e in doc["entries"]}
    rows = [("lwm2m", "namespace", "", "")]
    flagged = [p for p, e in at.items()
               if p.startswith("/0/") and p.endswith("/1") and
               e["value"] is True]
    if flagged:
        inst = flagged[0].split("/")[2]
        mode = at[f"/0/{inst}/2"]["value"]
        keys = {"bs_mode": (2, "u8"), "bs_uri": (0, "string"), "ep": None,
                "hold_off": (11, "u32")}
        if mode == 0:
            keys.update(psk_id=(3, "hex2bin"), psk_key=(5, "hex2bin"))
        if mode == 2:
            keys.update(dev_cert=(3, "hex2bin"), dev_key=(5, "hex2bin"),
                        srv_cert=(4, "hex2bin"))
        for key in NAMED:
            if key == "ep":
                if not doc["endpoint"]:
                    continue
                rows.append((key, "data", "string", doc["endpoint"]))
            elif key in keys:
                resource, encoding = keys[key]
                entry = at.pop(f"/0/{inst}/{resource}", None)
                if entry:
                    rows.append((key, "data", encoding, entry["value"]))
        del at[flagged[0]]
    for path, entry in at.items():
        encoding = {"string": "string", "opaque": "hex2bin", "integer": "i64",
                    "unsigned": "u64", "boolean": "u8"}[entry["type"]]
        rows.append((path[1:], "data", encoding, int(entry["value"])
                     if isinstance(entry["value"], bool) else entry["value"]))
    return rows


def generator(*args):
    """Espressif's generator, in a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "esp_idf_nvs_partition_gen", *args],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode()


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory() as d:
        yield lambda name: os.path.join(d, name)


def put(path, data):
    with open(path, "wb") as f:
        f.write(data)


def get(path):
    with open(path, "rb") as f:
        return f.read()


def write_csv(path, image):
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow(("key", "type", "encoding", "value"))
        out.writerows(csv_rows(image))


def nvs_size(image):
    return 0x3000 if len(image) < 4000 else 0x10000


def esp_generated():
    """Espressif's generator writes the same NVS, in versions 1 and 2."""
    for name, image in accounts():
        for version in (1, 2):
            if version == 1 and "blobs" in name:
                continue  # of 1984 bytes at most
            size = nvs_size(image)
            with folder() as at:
                write_csv(at("a.csv"), image)
                generator("generate", at("a.csv"), at("a.bin"), hex(size),
                          "--version", str(version))
                theirs = get(at("a.bin"))
            ours = exchange(image, "esp-nvs", partition=size,
                            nvs_version=version)
            same(f"{name}, version {version}", ours, theirs)
            assert json.loads(exchange(theirs, "json")) == in_order(image)


def esp_encrypted():
    """It encrypts to the same, and decrypts ours."""
    keys = os.path.join(sys.argv[2], "esp-nvs-keys-0x1000.bin")
    for name, image in accounts():
        size = nvs_size(image)
        with folder() as at:
            write_csv(at("a.csv"), image)
            generator("encrypt", at("a.csv"), at("a.bin"), hex(size),
                      "--inputkey", keys)
            theirs = get(at("a.bin"))
            ours = exchange(image, "esp-nvs", partition=size, nvs_keys=keys)
            same(name, ours, theirs)
            put(at("ours.bin"), ours)
            generator("decrypt", at("ours.bin"), keys, at("clear.bin"))
            same(name + ", decrypted", get(at("clear.bin")),
                 exchange(image, "esp-nvs", partition=size))
            assert json.loads(exchange(theirs, "json", in_keys=keys)) == \
                in_order(image)


def esp_keys():
    """Keys that it makes are taken, and encrypt to what it makes of them."""
    image = psk()
    with folder() as at:
        generator("generate-key", "--keyfile", "k.bin", "--outdir", at(""))
        keys = at("keys/k.bin")
        write_csv(at("a.csv"), image)
        generator("encrypt", at("a.csv"), at("a.bin"), "0x3000", "--inputkey",
                  keys)
        same("new keys", exchange(image, "esp-nvs", nvs_keys=keys),
             get(at("a.bin")))


def in_order(image):
    doc = json.loads(image)
    doc["entries"].sort(key=lambda e: [int(n) for n in
                                       e["path"].split("/")[1:]])
    return doc


def same(what, a, b):
    if a == b:
        return
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
              min(len(a), len(b)))
    raise AssertionError(f"{what}: {len(a)} and {len(b)} bytes, first at "
                         f"0x{at:x}: {a[at:at + 16].hex()} and "
                         f"{b[at:at + 16].hex()}")


# --- UF2 ---------------------------------------------------------------------

def uf2_converted():
    """Microsoft's uf2conv makes the same UF2 of a partition, and that again."""
    for family, address, size in ((0xada52840, 0x000fc000, 4096),
                                  (0xe48bff56, 0x103f0000, 8192)):
        raw = exchange(psk(), "raw", partition=size)
        ours = exchange(psk(), "uf2", partition=size, family=family,
                        address=address)
        with folder() as at:
            put(at("a.bin"), raw)
            put(at("ours.uf2"), ours)
            for args in (["-c", "-b", hex(address), "-f", hex(family), "-o",
                          at("a.uf2"), at("a.bin")],
                         ["-c", "-o", at("b.bin"), at("ours.uf2")]):
                subprocess.run(
                    [sys.executable, "-W", "ignore", "-m",
                     "adafruit_uf2.uf2conv"] + args,
                    check=True, stdout=subprocess.DEVNULL)
            same("to UF2", ours, get(at("a.uf2")))
            same("from UF2", raw, get(at("b.bin")))


def uf2_families():
    """The names of families mean what its list says."""
    import adafruit_uf2
    path = os.path.join(os.path.dirname(adafruit_uf2.__file__),
                        "uf2families.json")
    with open(path, encoding="utf-8") as f:
        known = {int(row["id"], 16) for row in json.load(f)}
    source = os.path.join(HERE, "../../../provisioning-tool/"
                          "image_uf2_family.c")
    with open(source, encoding="utf-8") as f:
        ours = [int(line.rsplit("0x", 1)[1].split("}")[0], 16)
                for line in f if line.startswith('    {"')]
    assert len(ours) > 40, len(ours)
    missing = [hex(i) for i in ours if i not in known]
    assert not missing, missing


# --- Intel HEX ---------------------------------------------------------------

def hex_cases():
    for address in (0, 0x000fc000, 0x0001fff8, 0x7fff8, 0xfff0_0000):
        for carry in ("raw", "senml-cbor", "esp-nvs", "zephyr-nvs"):
            yield address, carry


def hex_parsed():
    """IntelHex reads the bytes at their addresses, and is read."""
    import intelhex
    for address, carry in hex_cases():
        inner = exchange(psk(), carry)
        ours = exchange(psk(), "ihex", carry=carry, address=address)
        parsed = intelhex.IntelHex(io.StringIO(ours.decode()))
        assert parsed.minaddr() == address
        same(carry, bytes(parsed.tobinarray()), inner)
        theirs = io.StringIO()
        parsed.write_hex_file(theirs, byte_count=32)
        got = json.loads(exchange(theirs.getvalue().encode(), "json"))
        assert got["entries"] == json.loads(exchange(inner, "json"))["entries"]


def hex_srecord():
    """srec_cat makes the same bytes of it."""
    if not shutil.which("srec_cat"):
        return "no srec_cat (package srecord)"
    for address, carry in hex_cases():
        if address > 0x0fffffff:
            continue  # a binary with all before it
        inner = exchange(psk(), carry)
        with folder() as at:
            put(at("a.hex"), exchange(psk(), "ihex", carry=carry,
                                      address=address))
            subprocess.run(["srec_cat", at("a.hex"), "-intel", "-offset",
                            f"-{address}", "-o", at("a.bin"), "-binary"],
                           check=True)
            same(carry, get(at("a.bin")), inner)
            # it lets a record cross 64 KiB, where some begin at 0 again: such
            # are refused
            if address % 0x10000 + len(inner) > 0x10000:
                continue
            put(at("in.bin"), inner)
            subprocess.run(["srec_cat", at("in.bin"), "-binary", "-offset",
                            str(address), "-o", at("b.hex"), "-intel"],
                           check=True)
            exchange(get(at("b.hex")), "json")
    return None


# --- CBOR --------------------------------------------------------------------

def cbor_value(entry):
    return bytes.fromhex(entry["value"]) if entry["type"] == "opaque" \
        else entry["value"]


def cbor_parsed():
    """cbor2 reads the account out of SenML CBOR and LwM2M CBOR."""
    import cbor2
    for name, image in accounts():
        if len(image) > 30000:
            continue
        want = {e["path"]: cbor_value(e) for e in
                json.loads(image)["entries"]}
        got = {}
        for base_names in (0, 1):
            base = ""
            for record in cbor2.loads(exchange(image, "senml-cbor",
                                               base_names=base_names)):
                base = record.pop(-2, base)
                path = base + record.pop(0)
                (got[path],) = record.values()
            assert got == want, name
        got = {}
        for key, resources in cbor2.loads(exchange(image,
                                                   "lwm2m-cbor")).items():
            for resource, value in resources.items():
                got["/" + "/".join(map(str, [*key, resource]))] = value
        assert got == want, name


STORIES = (esp_generated, esp_encrypted, esp_keys, uf2_converted, uf2_families,
           hex_parsed, hex_srecord, cbor_parsed)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    again_with_the_tools()
    bad = 0
    print(f"1..{len(STORIES)}")
    for i, story in enumerate(STORIES, 1):
        what = story.__doc__
        try:
            skipped = story()
        except Exception as fault:  # whatever their tools raise
            bad += 1
            print(f"not ok {i} - {what}")
            for line in repr(fault)[:2000].split("\\n"):
                print("# " + line)
            continue
        print(f"ok {i} - {what}" + (f" # SKIP {skipped}" if skipped else ""))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
