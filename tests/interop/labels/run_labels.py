#!/usr/bin/env python3
"""Labels against zbar, a reader of QR codes, and librsvg.

usage: run_labels.py TOOL	(TAP)

What each form says is what it was made of, whatever characters that has: PNG is
read as it is, SVG and the drawings of a sheet after librsvg has made dots of
them, and codes that stand in ZPL as dots after they were drawn.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
import zlib

ENDPOINTS = [
    "urn:dev:os:32473-000042",
    "urn:imei:490154203237518",
    "a",
    "ABC-123 $%*+./:",
    "0123456789" * 8,
    "quotes \"'` and \\ backslashes",
    "<&>;&amp;]]>",
    "^XZ~JR_5E^FD_",
    "{endpoint}{{serial}}",
    "z\u00e4hler-\u00fc\u00df",
    "\u6c34\u9053\u30e1\u30fc\u30bf\u30fc-42",
    "\U0001f4a7",
    "urn:dev:ops:" + "x1-" * 80,
]
LOOKS = [
    ["--size", "100x100mm", "--level", "L"],
    ["--size", "100x100mm", "--level", "Q", "--dpi", "300"],
    ["--size", "120x100mm", "--level", "H", "--dpi", "600"],
]


def label(*args):
    done = subprocess.run([sys.argv[1], "image", "label", *args],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if b"built without labels" in done.stderr:
        print("1..0 # SKIP the tool was built without labels")
        sys.exit(0)
    assert done.returncode == 0, (args, done.stderr.decode())
    return done.stdout


def read_codes(*files):
    """What zbar reads, a text a file. Its own complaint about D-Bus is not
    looked at."""
    done = subprocess.run(["zbarimg", "--raw", "--quiet", "--oneshot",
                           "-Sdisable", "-Sqrcode.enable", "-Sbinary=0",
                           *files], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, (files, done.returncode)
    return done.stdout.decode().splitlines()


def read_code(file):
    text, = read_codes(file)
    return text


def write_png(path, rows):
    """Rows of 0 and 1 (dark), each dot doubled, with a margin."""
    wide = [[0] * 32 + [b for b in row for _ in (0, 1)] + [0] * 32
            for row in rows for _ in (0, 1)]
    width = len(wide[0])
    blank = [[0] * width] * 32
    raw = b"".join(b"\0" + bytes(0 if b else 255 for b in row)
                   for row in blank + wide + blank)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + \
            struct.pack(">I", zlib.crc32(kind + body))

    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
            ">IIBBBBB", width, len(wide) + 64, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def png(endpoint, look):
    label("--endpoint", endpoint, *look, "--format", "png", "-o", "l.png",
          "--force")
    return read_code("l.png")


def rasterised(svg):
    with open("l.svg", "wb") as f:
        f.write(svg)
    subprocess.run(["rsvg-convert", "-z", "2", "l.svg", "-o", "s.png"],
                   check=True, stderr=subprocess.PIPE)
    return read_code("s.png")


def svg(endpoint, look):
    drawing = label("--endpoint", endpoint, *look, "--format", "svg")
    texts = [t.text for t in xml.fromstring(drawing).iter(
        "{http://www.w3.org/2000/svg}text")]
    assert "".join(texts) == endpoint, texts
    return rasterised(drawing)


def zpl(endpoint, look):
    """The field of ^BQ, or the dots of ^GFA."""
    text = label("--endpoint", endpoint, *look).decode()
    dots = re.search(r"\^GFA,(\d+),\1,(\d+),([0-9A-F]+)\^FS", text)
    if not dots:
        fh, data = re.search(r"\^BQN,2,\d+(\^FH_)?\^FD[LMQH]A,(.*?)\^FS",
                             text).groups()
        return re.sub("_(..)", lambda m: chr(int(m[1], 16)), data) if fh \
            else data
    n = 2 * int(dots[2])
    write_png("z.png", [[int(b) for digit in dots[3][i:i + n]
                         for b in f"{int(digit, 16):04b}"]
                        for i in range(0, len(dots[3]), n)])
    return read_code("z.png")


def sheet(_, look):
    """All endpoints on one sheet; the last is read back."""
    os.makedirs("batch", exist_ok=True)
    with open("batch/summary.csv", "w", encoding="utf-8") as f:
        f.write("serial,endpoint\n")
        for i, ep in enumerate(ENDPOINTS):
            quoted = ep.replace("\\", "\\\\").replace('"', '""')
            f.write(f'{i},"{quoted}"\n')
    page = label("batch", *look, "--format", "html").decode()
    drawings = re.findall(r"<svg .*?</svg>", page, re.S)
    assert len(drawings) == len(ENDPOINTS), len(drawings)
    read = [rasterised(d.encode()) for d in drawings]
    assert read == ["LWB1:" + ep for ep in ENDPOINTS], read
    return read[-1]


def main():
    for tool, package in (("zbarimg", "zbar-tools"),
                          ("rsvg-convert", "librsvg2-bin")):
        if not shutil.which(tool):
            print(f"1..0 # SKIP no {tool} (Debian: {package})")
            return 0
    failures = number = 0
    tests = [(form, ep, look) for form in (png, svg, zpl)
             for look in LOOKS for ep in ENDPOINTS]
    tests += [(sheet, ENDPOINTS[-1], look) for look in LOOKS[:1]]
    os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(f"1..{len(tests)}")
        for form, endpoint, look in tests:
            number += 1
            title = f"{form.__name__} {' '.join(look[1::2])} " \
                f"{ascii(endpoint[:30])}".replace("#", "")
            try:
                seen = form(endpoint, look)
                assert seen == "LWB1:" + endpoint, seen
                print(f"ok {number} - {title}", flush=True)
            except (AssertionError, ValueError, AttributeError,
                    subprocess.CalledProcessError) as why:
                failures += 1
                print(f"not ok {number} - {title}", flush=True)
                print(f"# {ascii(str(why))}", flush=True)
        os.chdir("/")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
