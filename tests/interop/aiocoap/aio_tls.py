"""Bootstraps over TLS, by certificate, by a device on aiocoap and Python's ssl.
TAP on standard output; exit 0 or 1.

usage: aio_tls.py URI ENDPOINT CERTIFICATE KEY CA	(coaps+tcp)
"""

import asyncio
import ssl
import sys

import aiocoap.error
from aiocoap.numbers.codes import Code

from aio_client import accepted, check, finished, mannerly, run, server_account
from aio_device import Device
from formats import SENML_CBOR, TLV


def shown(ca, version, certificate=None, key=None):
    """What such a device expects and shows."""
    tls = ssl.create_default_context(cafile=ca)
    tls.minimum_version = tls.maximum_version = version
    if certificate:
        tls.load_cert_chain(certificate, key)
    tls.set_alpn_protocols(["coap"])
    return tls


async def bootstrapped(uri, endpoint, tls, form):
    async with Device(endpoint, uri, tls=tls) as device:
        await accepted(device, "pct=%d" % form)
        await finished(device)
        mannerly(device, form)
        return server_account(device)[1][5]


async def same_key(*what):
    check(await bootstrapped(*what) == await bootstrapped(*what),
          "another key")


async def spoof(uri, endpoint, tls):
    async with Device(endpoint + "-not", uri, tls=tls) as device:
        code = await device.request("ep=" + device.endpoint)
        check(code == Code.BAD_REQUEST, "answered %s", code)
        check(not device.commands, "commands followed")


async def nobody(uri, endpoint, tls):
    async with Device(endpoint, uri, tls=tls) as device:
        try:
            code = await device.request("ep=" + device.endpoint)
        except (aiocoap.error.NetworkError, OSError):
            return
        check(False, "answered %s", code)


def plan(uri, endpoint, certificate, key, ca):
    both = ("TLS 1.2", ssl.TLSVersion.TLSv1_2), ("TLS 1.3",
                                                 ssl.TLSVersion.TLSv1_3)
    for name, version in both:
        tls = shown(ca, version, certificate, key)
        yield (name + ": bootstrapped in SenML CBOR", bootstrapped, uri,
               endpoint, tls, SENML_CBOR)
        yield (name + ": and in TLV, with the same key again", same_key, uri,
               endpoint, tls, TLV)
        yield name + ": the ep of another device: 4.00", spoof, uri, endpoint, tls
        yield (name + ": no certificate: no session", nobody, uri, endpoint,
               shown(ca, version))


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    sys.exit(asyncio.run(run(list(plan(*sys.argv[1:])))))
