"""Images with one fault each: a good one, altered as factories do it."""

import base64
import copy
import json
import os
import struct
import subprocess
import zlib

from daemon_fixture import program
from daemon_pki import openssl


class Model:
    """What an image says; each change gives another one."""

    def __init__(self, image):
        self.image = image

    def get(self, resource, instance=1):
        path = f"/0/{instance}/{resource}"
        value, = [e["value"] for e in self.image["entries"]
                  if e["path"] == path]
        return value

    def key(self, resource=5):
        return bytes.fromhex(self.get(resource))

    def with_value(self, resource, value, kind="opaque", instance=1):
        """`value` None: without it."""
        image = copy.deepcopy(self.image)
        path = f"/0/{instance}/{resource}"
        entries = [e for e in image["entries"] if e["path"] != path]
        if value is not None:
            if isinstance(value, bytes):
                value = value.hex()
            entries.append({"path": path, "type": kind, "value": value})
        image["entries"] = sorted(
            entries, key=lambda e: [int(n) for n in e["path"][1:].split("/")])
        return Model(image)

    def with_endpoint(self, endpoint):
        return Model({**copy.deepcopy(self.image), "endpoint": endpoint})

    def json(self):
        return json.dumps(self.image).encode()

    def encoded(self, form, *geometry):
        """By the writers of the tool itself, without its rules."""
        return subprocess.run([program("EXCHANGE"), form, *geometry],
                              input=self.json(), stdout=subprocess.PIPE,
                              check=True).stdout


def of_papers(papers, uri, anchor, endpoint):
    """The image of a device with a certificate."""
    entries = [
        ("/0/1/0", "string", uri),
        ("/0/1/1", "boolean", True),
        ("/0/1/2", "integer", 2),
        ("/0/1/3", "opaque", papers.der().hex()),
        ("/0/1/4", "opaque", anchor.hex()),
        ("/0/1/5", "opaque", openssl(
            "pkcs8", "-topk8", "-nocrypt", "-in", papers.key, "-outform",
            "DER").hex()),
        ("/0/1/15", "unsigned", 2),
    ]
    return Model({"format": "bootstrapd-image-1", "endpoint": endpoint,
                  "entries": [{"path": p, "type": t, "value": v}
                              for p, t, v in entries]})


# --- keys -------------------------------------------------------------------

def turned(model):
    return model.with_value(5, model.key()[::-1])


def hex_ascii(model):
    return model.with_value(5, model.key().hex().encode())


def base64_ascii(model):
    return model.with_value(5, base64.b64encode(model.key()))


def bootstrap_twice(model):
    for resource, kind in ((0, "string"), (1, "boolean"), (2, "integer"),
                           (3, "opaque"), (5, "opaque")):
        model = model.with_value(resource, model.get(resource), kind,
                                 instance=2)
    return model


# --- bytes ------------------------------------------------------------------

def raw_again(image):
    """All CRCs of a raw partition made anew (schema/image-container.cddl)."""
    image = bytearray(image)
    length, = struct.unpack_from("<I", image, 8)
    struct.pack_into("<I", image, 12, zlib.crc32(image[32:32 + length]))
    struct.pack_into("<I", image, 28, zlib.crc32(image[:28]))
    struct.pack_into("<I", image, len(image) - 8, zlib.crc32(image[:-8]))
    return bytes(image)


def raw_wrong_content(model):
    """A byte of the key is another, and every CRC is right."""
    image = bytearray(model.encoded("raw"))
    image[image.index(model.key())] ^= 1
    return raw_again(image)


def raw_version(model):
    """Of a version that nobody knows, and every CRC is right."""
    image = bytearray(model.encoded("raw"))
    struct.pack_into("<H", image, 4, 9)
    return raw_again(image)


def card_hold_off(model):
    """A number of 10 s in two bytes, the small one first."""
    card = bytearray(model.with_value(11, 10, "integer")
                     .encoded("tlv-smartcard"))
    at = card.index(bytes([0xc1, 11, 10]))
    assert at + 3 == len(card)
    card[at:] = bytes([0xc2, 11, 10, 0])
    for place, width in ((2, 2), (7, 2), (11, 1)):
        n = int.from_bytes(card[place:place + width], "big") + 1
        card[place:place + width] = n.to_bytes(width, "big")
    return bytes(card)


def flashed_short(model, room):
    """What is left of it in a partition that is too small."""
    return model.encoded("esp-nvs")[:room]


def write(folder, images):
    """The folder of a batch, as far as one who rehearses looks at it."""
    images_dir = folder / "images"
    images_dir.mkdir(parents=True)
    for name, image in images.items():
        data = image.json() if isinstance(image, Model) else image
        path = images_dir / name
        path.write_bytes(data)
        os.chmod(path, 0o600)
    return folder
