"""Labels: of a device, of a batch and of images; and never a key on one."""
import json
import os
import re
import resource
import signal
import struct
import xml.etree.ElementTree as xml
import zlib

from factory import (EP, Factory, Skip, absent, equal, failed, mode, story,
                     tell, within)

GOLDEN = os.path.join(os.path.dirname(os.environ["VECTORS"]), "labels")
DOCUMENT = """\
image: meter
identity: factory-2026
uri: coaps://boot.lwm2m.example:5684
format: json
serial: {pattern: "[0-9]{6}", endpoint: "urn:dev:ops:0057F2-WM{serial}"}
label: {payload: "X:{serial}:{image}", level: Q, dpi: 300, size: 40x20mm, \
text: ["{identity}", "{batch}"]}
"""


def label(f, *args, **how):
    ran = f.run("image", "label", *args, **how)
    if "built without labels" in ran.err:
        raise Skip("built without libqrencode or libpng")
    return ran


def summary(f, *lines, name="batch", names="serial,endpoint,fingerprint"):
    os.makedirs(f.path(name), exist_ok=True)
    with open(f.path(name + "/summary.csv"), "w", encoding="utf-8",
              newline="") as out:
        out.write("\r\n".join((names,) + lines) + "\r\n")


def without_token():
    return Factory(token=False)


@story
def golden():
    """The sample, byte for byte."""
    with without_token() as f:
        ran = label(f, "--endpoint", "urn:dev:os:32473-000042", "--serial",
                    "000042", "--payload", "https://id.example.com/01/"
                    "09506000134352/21/{serial}", "--level", "Q", "--size",
                    "2x1in")
        equal(ran.code, 0, ran)
        with open(os.path.join(GOLDEN, "label-gs1.zpl"), "rb") as wanted:
            equal(ran.raw, wanted.read())


@story
def batch():
    """A file for each device of a batch; a second run completes the first."""
    with without_token() as f:
        summary(f, "000001,urn:dev:ops:1,aa", '"00/2","urn:dev:ops:""2""",bb',
                ",urn:dev:ops:3,cc")
        for form in ("zpl", "svg", "png"):
            ran = label(f, "batch", "--directory", "out", "--format", form)
            equal((ran.code, ran.out), (0, ""), ran)
            within("labels       3\n", ran.err)
            names = [f"000001.{form}", f"00%2F2.{form}",
                     f"urn%3Adev%3Aops%3A3.{form}"]
            equal(sorted(n for n in os.listdir(f.path("out"))
                         if n.endswith(form)), sorted(names))
            equal(mode(f.path("out/" + names[0])), 0o644)
            before = [f.read("out/" + n) for n in names]
            os.unlink(f.path("out/" + names[1]))
            ran = label(f, "batch", "--directory", "out", "--format", form)
            equal(ran.code, 0, ran)
            within("labels       1, and 2 that were there\n", ran.err)
            equal([f.read("out/" + n) for n in names], before)
        within(b"urn:dev:ops:\"2\"", f.read("out/00%2F2.zpl"))
        # what is there and is another is not replaced unasked
        f.write("out/000001.zpl", "mine")
        failed(label(f, "batch", "--directory", "out"), 73, "000001.zpl",
               "exists")
        equal(f.read("out/000001.zpl"), b"mine")
        equal(label(f, "batch", "--directory", "out", "--force").code, 0)
        within(b"^XA", f.read("out/000001.zpl"))
        equal([n for n in os.listdir(f.path("out")) if n[0] == "."], [])


@story
def one_stream():
    """All labels of a batch as one stream of ZPL, or one sheet."""
    with without_token() as f:
        summary(f, *(f"{i:06},urn:dev:ops:{i}&<,aa" for i in range(50)))
        ran = label(f, "batch", "--payload", "{fingerprint}:{batch}",
                    "--batch", "WO-1")
        equal(ran.code, 0, ran)
        equal(ran.out.count("^XA\n"), 50)
        equal(ran.out.count("MA,aa:WO-1^FS"), 50)
        ran = label(f, "batch", "--format", "html", "-o", "sheet.html",
                    "--batch", "<WO&1>")
        equal(ran.code, 0, ran)
        page = f.read("sheet.html").decode()
        equal(page.count("<svg "), 50)
        within("<title>&lt;WO&amp;1&gt;</title>", page)
        within("default-src 'none'", page)
        for drawing in re.findall(r"<svg .*?</svg>", page, re.S):
            texts = [t.text for t in xml.fromstring(drawing).iter(
                "{http://www.w3.org/2000/svg}text")]
            equal(texts[1], f"urn:dev:ops:{int(texts[0][3:])}&<")
        # what all of them have in common stands beside them
        f.write("batch/batch.json", '{"batch":"b","image":"m\\u0065ter",'
                '"identity":"factory-2026","count":50}\n')
        ran = label(f, "batch", "--payload", "{image}:{identity}")
        equal(ran.out.count("MA,meter:factory-2026^FS"), 50)
        f.write("batch/batch.json", '{"image":["meter"]}')
        failed(label(f, "batch", "--payload", "{image}"), 65, "{image}")
        failed(label(f, "batch", "--format", "png"), 64, "--directory")
        failed(label(f, "batch", "--directory", "d", "-o", "x"), 64,
               "exclude each other")
        failed(label(f), 64, "labels of which device?")


@story
def bad_lines():
    """A line that is none is said with its number, and the rest goes on."""
    with without_token() as f:
        good = "000001,urn:dev:ops:1,aa"
        for bad, why in (
                ('"000002,urn:dev:ops:2,bb', "a quote is not closed"),
                ('000002,urn:"dev:ops:2,bb', "a quote stands within"),
                ('"000002"x,urn:dev:ops:2,bb', "behind a quote"),
                ("000002,,bb", "no endpoint"),
                ("000002,urn\\u000adev,bb", "does not print"),
                ("000002,urn\\u202edev,bb", "does not print"),
                ("000002,urn\\udev,bb", "an escape that is none"),
                ("000002," + "x" * 5000 + ",bb", "too long"),
                ("000002," + "x" * 900 + ",bb", "needs"),
                ("", "no endpoint")):
            summary(f, good, bad, good.replace("1", "3"))
            ran = label(f, "batch")
            equal(ran.code, 65, ran)
            within("summary.csv:3: ", ran.err)
            within(why, ran.err)
            equal(ran.out.count("^XA"), 2)
        os.unlink(f.path("batch/summary.csv"))
        failed(label(f, "batch"), 66, "summary.csv")
        summary(f, good, names="serial,name")
        failed(label(f, "batch"), 65, "no column `endpoint`")
        f.write("batch/summary.csv", "")
        failed(label(f, "batch"), 65, "empty")
        failed(label(f, "nowhere"), 66, "nowhere")
        # of a thousand that are wrong a hundred are named
        summary(f, *["1,,x"] * 1000)
        ran = label(f, "batch", "-o", "all.zpl")
        equal(ran.code, 65, ran)
        equal(ran.err.count("summary.csv:"), 100)
        assert not os.path.exists(f.path("all.zpl"))


@story
def does_not_fit():
    """What does not fit is refused with version, modules and millimetres."""
    with without_token() as f:
        ran = label(f, "--endpoint", "e" * 200, "--size", "15x15mm")
        failed(ran, 65, "205 bytes at level M", "version 10, 57 modules",
               "needs 17.8 mm", "has 15.0 mm")
        equal(ran.out, "")
        failed(label(f, "--endpoint", "e", "--module", "10", "--text", "x"),
               65, "10 dots a module")
        for args, words in (
                (("--size", "50mm"), ["WIDTHxHEIGHT"]),
                (("--size", "50x25"), ["WIDTHxHEIGHT"]),
                (("--size", "4x25mm"), ["5 to 300 mm"]),
                (("--size", "50x25.12345mm"), ["WIDTHxHEIGHT"]),
                (("--size", "x25mm"), ["WIDTHxHEIGHT"]),
                (("--dpi", "204"), ["203"]),
                (("--level", "m"), ["L, M, Q, H"]),
                (("--module", "11"), ["1 to 10"]),
                (("--payload", "{key}"), ["none of {endpoint}"]),
                (("--text", "a|{psk}"), ["none of {endpoint}"]),
                (("--text", "a||b"), ["empty"]),
                (("--text", "|".join("abcdefghi")), ["eight lines"])):
            failed(label(f, "--endpoint", "e", *args), 64, args[0], *words)


def png_size(png):
    """(side, dots a metre) of what is one bit grey, with good CRCs."""
    equal(png[:8], b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        n, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + n]
        equal(zlib.crc32(kind + body),
              struct.unpack(">I", png[at + 8 + n:at + 12 + n])[0])
        chunks[kind] = body
        at += 12 + n
    width, height, bits, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    equal((height, bits, colour), (width, 1, 0))
    return width, struct.unpack(">I", chunks[b"pHYs"][:4])[0]


@story
def document():
    """An image document says how its labels look; options say it again."""
    with without_token() as f:
        from factory import POLICIES
        f.write("policies.yaml", POLICIES + "---\n" + DOCUMENT)
        how = ("--policies", "policies.yaml", "--image", "meter", "--endpoint",
               "urn:dev:ops:0057F2-WM000042", "--batch", "b1")
        ran = label(f, *how)
        equal(ran.code, 0, ran)
        within("QA,X:000042:meter^FS", ran.out)
        within("^PW472\n^LL236\n", ran.out)
        within("^FDfactory-2026^FS", ran.out)
        within("^FDb1^FS", ran.out)
        within("LA,Y:000042^FS", label(
            f, *how, "--payload", "Y:{serial}", "--level", "L").out)
        label(f, *how, "--format", "png", "-o", "p.png")
        equal(png_size(f.read("p.png"))[1], 11811)
        failed(label(f, *how[:2], "--image", "metre", *how[4:]), 65,
               'did you mean "meter"?')
        f.write("policies.yaml", POLICIES + "---\n" + DOCUMENT.replace(
            "{serial}:{image}", "{key}").replace("40x20mm", "wide"))
        ran = label(f, *how)
        failed(ran, 65, "label.payload", "label.size", "policies.yaml:")


def keys_of(image):
    """Every secret of an image in JSON, as bytes."""
    entries = json.loads(image)["entries"]
    return [bytes.fromhex(e["value"]) for e in entries
            if e["path"].endswith("/5")]


@story
def never_a_key():
    """Labels made of images hold nothing of their keys, in no spelling."""
    with Factory() as f:
        f.make_masters("--ledger", "l.db")
        equal(f.build("-o", "i.json", "--ledger", "l.db").code, 0)
        for fmt in ("senml-cbor", "raw", "esp-nvs", "tlv-smartcard"):
            equal(f.build("-o", "i." + fmt, fmt=fmt).code, 0)
        key, = keys_of(f.read("i.json"))
        equal(len(key) >= 16, True)
        row = json.loads(f.run("audit", "list", "--ledger", "l.db", "--kind",
                               "image_minted", "--format", "json").out)
        fingerprint = row["data"]["fingerprint"]
        everything = ("--payload", "{endpoint} {fingerprint} {identity}",
                      "--text", "{endpoint}|{fingerprint}", "--size",
                      "90x60mm", "--ledger", "l.db")
        seen = []
        for form in ("zpl", "svg", "png", "html"):
            ran = label(f, "i.json", *everything, "--format", form, "-o",
                        "l." + form)
            equal(ran.code, 0, ran)
            seen += [f.read("l." + form), ran.raw, ran.err.encode()]
        within(f"MA,{EP} {fingerprint} factory-2026^FS", seen[0].decode())
        # of formats that do not say whose they are, it is said
        for fmt in ("senml-cbor", "raw", "tlv-smartcard"):
            failed(label(f, "i." + fmt), 65, "give --endpoint")
            ran = label(f, "i." + fmt, "--endpoint", EP)
            equal(ran.code, 0, ran)
            seen.append(ran.raw)
        # a key is no fingerprint, and another image's is not this one's
        failed(label(f, "i.senml-cbor", "--endpoint", EP, *everything), 65,
               "{fingerprint}")
        for out in seen:
            absent(key, out)
            absent(key.hex().encode(), out.lower())
            absent(key[:8].hex().encode(), out.lower())
        failed(label(f, "l.db"), 65, "l.db")


@story
def full_disk():
    """A disk that is full is an error, and leaves no half of a label."""
    with without_token() as f:
        summary(f, *(f"{i:06},urn:dev:ops:{i},aa" for i in range(300)))

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

        for args in (("-o", "all.zpl"), ("-o", "all.html", "--format", "html"),
                     ("--directory", "d", "--format", "svg")):
            ran = label(f, "batch", *args, preexec_fn=small_files,
                        restore_signals=False)
            equal(ran.code, 74, ran)
        equal(sorted(os.listdir(f.path("."))),
              ["batch", "d", "policies.yaml"])
        equal(os.listdir(f.path("d")), [])
        failed(label(f, "batch", "-o", "/dev/full"), 73, "no regular")


@story
def constant_memory():
    """A hundred times the devices take no more memory."""
    with without_token() as f:
        def peak(count):
            summary(f, *(f"{i:06},urn:dev:ops:{i},aa" for i in range(count)))
            equal(label(f, "batch", "-o", "s.zpl", "--force").code, 0)
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

        few = peak(20)
        many = peak(4000)
        assert many < few + 4096, (few, many)


if __name__ == "__main__":
    tell()
