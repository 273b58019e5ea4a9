"""Image documents: what a product's images have in common, said once.
"""
import json
import os

from factory import POLICIES, URI, Factory, equal, failed, story, tell, within

DOCUMENT = """\
---
image: meter
identity: factory-2026
uri: coaps://boot.lwm2m.example:5684
hold_off: 1m
instance: 3
epoch: 1
format: senml-cbor
options: {base-names: true}
serial: {pattern: "[0-9A-Z]{4,9}", endpoint: "urn:dev:ops:0057F2-WM{serial}"}
endpoint_max: 28B
"""
SERIAL = "0042A7"
ENDPOINT = "urn:dev:ops:0057F2-WM0042A7"


def write(f, more):
    f.write("policies.yaml", POLICIES + more)


def build(f, *more, image="meter"):
    return f.run("image", "build", *f.token, "--policies", "policies.yaml",
                 "--image", image, *more)


@story
def the_document_is_the_options():
    """By a document and by options: the same bytes."""
    with Factory() as f:
        f.make_masters()
        write(f, DOCUMENT)
        ran = build(f, "--serial", SERIAL, "-o", "a", "--ledger", "l.db")
        equal(ran.code, 0, ran)
        within(f'"{ENDPOINT}"', ran.err)
        ran = f.build("--hold-off", "1m", "--instance", "3", "--epoch", "1",
                      "--base-names", "-o", "b", endpoint=ENDPOINT,
                      fmt="senml-cbor")
        equal(ran.code, 0, ran)
        equal(f.read("a"), f.read("b"))
        ran = build(f, "--endpoint", ENDPOINT, "-o", "c")
        equal(ran.code, 0, ran)
        equal(f.read("a"), f.read("c"))
        doc = json.loads(build(f, "--serial", SERIAL, "--format", "json").out)
        entries = {e["path"]: e["value"] for e in doc["entries"]}
        equal(entries["/0/3/0"], URI)
        equal(entries["/0/3/11"], 60)
        row = json.loads(f.run(
            "audit", "list", "--ledger", "l.db", "--kind", "image_minted",
            "--format", "json").out.splitlines()[0])
        equal(row["endpoint"], ENDPOINT)
        equal(row["data"]["image"], "meter")
        equal(row["data"]["unit"], SERIAL)
        equal(row["data"]["epoch"], 1)


@story
def another_form_for_a_bench():
    """--format and its options are over the document's, which are dropped."""
    with Factory() as f:
        f.make_masters()
        write(f, DOCUMENT)
        ran = build(f, "--serial", SERIAL, "--format", "json")
        equal(ran.code, 0, ran)
        equal(json.loads(ran.out)["endpoint"], ENDPOINT)
        # of the document's own format its options stay
        whole = build(f, "--serial", SERIAL, "--format", "senml-cbor")
        equal(whole.raw, build(f, "--serial", SERIAL).raw)
        ran = build(f, "--serial", SERIAL, "--format", "esp-nvs",
                    "--partition", "0x4000")
        equal(ran.code, 0, ran)
        equal(len(ran.raw), 0x4000)
        failed(build(f, "--serial", SERIAL, "--partition", "4KiB"), 64,
               "--partition is not for an image of the format senml-cbor")


@story
def what_is_said_twice_or_not_at_all():
    """One place says it."""
    with Factory(token=False) as f:
        f.token = []
        write(f, DOCUMENT)
        for more in (["--identity", "lab-bench"], ["--uri", "coap://x"],
                     ["--epoch", "2"], ["--instance", "0"],
                     ["--hold-off", "0s"]):
            failed(build(f, "--endpoint", ENDPOINT, *more), 64,
                   f"{more[0]} is said by the image document")
        failed(build(f), 64, "--endpoint EP is missing")
        failed(build(f, "--endpoint", ENDPOINT, "--serial", SERIAL), 64,
               "both say which device")
        failed(f.run("image", "build", "--policies", "policies.yaml",
                     "--serial", SERIAL), 64, "--serial needs an image")
        failed(f.run("image", "build", "--policies", "policies.yaml",
                     "--endpoint", ENDPOINT), 64, "--identity is missing",
               "--image")
        failed(build(f, "--endpoint", ENDPOINT, image="metre"), 65,
               'no image document "metre"', 'did you mean "meter"?')


@story
def a_device_that_is_none():
    """Serial numbers and endpoints that the document does not admit."""
    with Factory() as f:
        f.make_masters()
        write(f, DOCUMENT)
        for serial, why in (("0042a7", "serial.pattern"),
                            ("0042A7\n", "serial.pattern"),
                            ("004", "serial.pattern"),
                            ("0042A7999", "endpoint_max")):
            failed(build(f, "--serial", serial, "-o", "x"), 65, why)
        failed(build(f, "--endpoint", ENDPOINT + "99", "-o", "x"), 65,
               "29 bytes", "meter", "allows 28")
        failed(build(f, "--endpoint", "urn:dev:ops:0058F2-1", "-o", "x"), 77,
               "does not admit")
        assert not os.path.exists(f.path("x"))
        equal(f.left_over(), [])


@story
def options_have_their_place():
    """policy check and build say the same of them, with line and column."""
    with Factory() as f:
        f.make_masters()
        start = POLICIES.count("\n") + 1
        for form, options, line, words in (
                ("esp-nvs", "{partition: 12kB}", "2:22",
                 'options.partition: "12kB" is none'),
                ("esp-nvs", "{sector: 4KiB}", "2:19",
                 "options.sector is not for an image of the format esp-nvs"),
                ("ihex", "{partition: 4KiB}", "1:9",
                 "format: ihex needs `address`"),
                ("uf2", "{address: 0x000FC000, family: no-such}", "2:40",
                 'options.family: "no-such" is none'),
                ("uf2", "{address: 000FC000, family: rp2040}", "2:20",
                 'options.address: "000FC000" is none'),
                ("tlv-smartcard", "{card-version: 1.2.3}", "2:25",
                 'options.card-version: "1.2.3" is none'),
                ("esp-nvs", '{namespace: "a b"}', "2:22",
                 'options.namespace: "a b" is none')):
            write(f, "---\nimage: m\nidentity: factory-2026\n"
                  f"uri: {URI}\nformat: {form}\noptions: {options}\n")
            plus, column = map(int, line.split(":"))
            where = f"policies.yaml:{start + 3 + plus}:{column}: "
            ran = f.run("policy", "check", "policies.yaml")
            equal(ran.code, 65, ran)
            within(where + "error: " + words, ran.out + ran.err)
            ran = build(f, "--endpoint", ENDPOINT, image="m")
            equal(ran.code, 65, ran)
            within(where + "error: " + words, ran.err)


@story
def keys_of_flash_lie_beside_the_document():
    """nvs-keys is relative to the document, and not read by a check."""
    with Factory() as f:
        f.make_masters()
        write(f, "---\nimage: m\nidentity: factory-2026\n"
              f"uri: {URI}\nformat: esp-nvs\n"
              "options: {nvs-keys: keys/nvs.bin}\n")
        ran = f.run("policy", "check", f.path("policies.yaml"))
        equal(ran.code, 0, ran)
        ran = build(f, "--endpoint", ENDPOINT, image="m")
        equal(ran.code, 65, ran)
        within("keys/nvs.bin", ran.err)
        within("No such file", ran.err)
        os.mkdir(f.path("keys"))
        vectors = os.environ["VECTORS"]
        name = next(n for n in sorted(os.listdir(vectors))
                    if n.startswith("esp-nvs-keys"))
        with open(os.path.join(vectors, name), "rb") as keys, \
                open(f.path("keys/nvs.bin"), "wb") as out:
            out.write(keys.read())
        by_document = build(f, "--endpoint", ENDPOINT, image="m")
        equal(by_document.code, 0, by_document)
        by_options = f.build("--nvs-keys", "keys/nvs.bin", endpoint=ENDPOINT,
                             fmt="esp-nvs")
        equal(by_document.raw, by_options.raw)


@story
def words_of_the_grammar():
    """Editors are offered the formats and options that there are."""
    with Factory(token=False) as f:
        known = [json.loads(line) for line in f.run(
            "image", "formats", "--format", "json").out.splitlines()]
        schema = os.path.join(os.environ["EXAMPLES"], "..", "..", "schema",
                              "policy.schema.json")
        with open(schema, encoding="utf-8") as file:
            image = json.load(file)["$defs"]["image"]["properties"]
        equal(sorted(image["format"]["enum"]),
              sorted(one["name"] for one in known))
        options = image["options"]["properties"]
        equal(set(options),
              {name for one in known for name in one["options"].split()})
        names = {one["name"] for one in known}
        for key in ("carry", "payload"):
            assert set(options[key]["enum"]) < names, key
            for name in sorted(names):
                ran = f.run("image", "build", f"--{key}", name)
                equal("expected one of" not in ran.err,
                      name in options[key]["enum"], ran)


if __name__ == "__main__":
    tell()
