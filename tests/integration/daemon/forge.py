"""Certificates that no tool would make: DER by hand, signed by OpenSSL."""

from daemon_pki import openssl, spki_of

ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
COMMON_NAME = bytes.fromhex("0603550403")
VERSION_3 = bytes.fromhex("a003020102")


def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    digits = len(body).to_bytes(2, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(digits)]) + digits + body


def name(cn):
    return tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME,
                                   tlv(0x0c, cn.encode()))))


def certificate(folder, cn, key):
    """Of that name, by a CA that nobody knows; DER."""
    dates = tlv(0x30, tlv(0x17, b"200101000000Z"), tlv(0x17, b"490101000000Z"))
    no_ca = tlv(0xa3, tlv(0x30, tlv(0x30, bytes.fromhex("0603551d13"),
                                    tlv(4, tlv(0x30)))))
    tbs = tlv(0x30, VERSION_3, tlv(2, b"\1"), ECDSA_SHA256, name("nobody"),
              dates, name(cn), spki_of(key), no_ca)
    file = folder / "forged.tbs"
    file.write_bytes(tbs)
    signature = openssl("dgst", "-sha256", "-sign", key, file)
    return tlv(0x30, tbs, ECDSA_SHA256, tlv(3, b"\0", signature))
