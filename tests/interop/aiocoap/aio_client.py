"""Bootstraps by a device on aiocoap: the plain ones, and the manners that real
devices have. TAP on standard output; exit 0 or 1.

usage: aio_client.py URI...	(coap or coap+tcp)
"""

import asyncio
import sys

from aiocoap.numbers.codes import Code

from aio_device import Device
from formats import (CBOR, LWM2M_CBOR, OPAQUE, READERS, SENML_CBOR,
                     SENML_JSON, SINGLE, TEXT, TLV)

PATIENCE_S = 30


class Wrong(Exception):
    """The server did not do what the standard or its policy says."""


def check(condition, message, *values):
    if not condition:
        raise Wrong(message % values)


async def accepted(device, *query):
    code = await device.request("ep=" + device.endpoint, *query)
    check(code == Code.CHANGED, "the request was answered %s", code)


async def finished(device):
    try:
        await asyncio.wait_for(device.finished.wait(), PATIENCE_S)
    except asyncio.TimeoutError:
        raise Wrong("no Bootstrap-Finish after: %s" % trace(device)) from None


def trace(device):
    return ", ".join(map(str, device.commands))


def server_account(device):
    """The one Security and Server pair that a bootstrap is to leave."""
    security = [(key, r) for key, r in device.objects.items()
                if key[0] == 0 and key != device.account]
    servers = [r for key, r in device.objects.items() if key[0] == 1]
    check(len(security) == 1, "%d accounts besides ours", len(security))
    check(len(servers) == 1, "%d Server instances", len(servers))
    key, account = security[0]
    check(account[1] is False, "/0/x/1 says Bootstrap-Server")
    check(account[0].startswith("coaps://"), "URI %r", account[0])
    check(account[2] == 0, "Security Mode %r", account[2])
    check(len(account[3]) > 0, "no identity")
    check(len(account[5]) >= 16, "a key of %d bytes", len(account[5]))
    check(account[10] == servers[0][0], "Short Server IDs differ")
    check(1 <= account[10] <= 65534, "Short Server ID %d", account[10])
    check(servers[0][1] > 0, "lifetime %r", servers[0][1])
    return key, account, servers[0]


def mannerly(device, form):
    """What holds for every whole bootstrap."""
    commands = device.commands
    writes = [c for c in commands if c.name == "WRITE"]
    check(writes, "nothing written")
    check(commands[-1].name == "FINISH", "last: %s", commands[-1])
    check(sum(c.name == "FINISH" for c in commands) == 1, "several Finish")
    check(commands[-1].size == 0, "Finish with a payload")
    check(commands[-1].format is None, "Finish with a Content-Format")
    check(all(c.format == form for c in writes), "formats: %s",
          {c.format for c in writes})
    check(not any(c.name == "DELETE" for c in commands[commands.index(
        writes[0]):]), "deleted after writing: %s", trace(device))
    check(not any(c.path == device.account for c in commands),
          "our own account was touched: %s", trace(device))
    check({c.name for c in commands} <= {
        "DISCOVER", "DELETE", "WRITE", "READ", "FINISH"}, trace(device))


async def preferred_format(uri):
    async with Device("interop-aiocoap-1", uri) as device:
        await accepted(device, "pct=112")
        await finished(device)
        mannerly(device, SENML_CBOR)
        server_account(device)


async def every_format(uri):
    for form in READERS:
        async with Device("interop-aiocoap-13", uri) as device:
            device.formats = {form}
            await accepted(device, "pct=%d" % form)
            await finished(device)
            mannerly(device, form)
            server_account(device)


def levels(depth):
    async def test(uri):
        for form in READERS:
            async with Device("interop-level-%d" % depth, uri) as device:
                device.formats = {form}
                await accepted(device, "pct=%d" % form)
                await finished(device)
                mannerly(device, form)
                server_account(device)
                check(all(len(c.path) == depth for c in device.commands
                          if c.name == "WRITE"), trace(device))
    return test


async def singles(uri):
    for name, formats in (("text", {TEXT}), ("opaque", {OPAQUE, TEXT}),
                          ("cbor", {CBOR})):
        async with Device("interop-" + name, uri) as device:
            device.formats = set(SINGLE)
            await accepted(device)
            await finished(device)
            server_account(device)
            found = {c.format for c in device.commands if c.name == "WRITE"}
            check(found == formats, "%s: in %s", name, found)


async def no_preference(uri):
    async with Device("interop-aiocoap-1", uri) as device:
        await accepted(device)
        await finished(device)
        mannerly(device, TLV)
        _, account, server = server_account(device)
        later = [r for r in account if r > 12] + [r for r in server if r > 8]
        check(not later, "resources of LwM2M 1.1: %s", later)


async def same_account(uri):
    accounts = []
    for form in (112, 11542, 112):
        async with Device("interop-aiocoap-2", uri) as device:
            await accepted(device, "pct=%d" % form)
            await finished(device)
            mannerly(device, form)
            accounts.append(server_account(device)[1])
    core = [{r: a[r] for r in (0, 1, 2, 3, 5, 10)} for a in accounts]
    check(core[0] == core[1] == core[2], "the accounts differ")


async def other_endpoint(uri):
    keys = set()
    for name in ("interop-aiocoap-3", "interop-aiocoap-4"):
        async with Device(name, uri) as device:
            await accepted(device, "pct=112")
            await finished(device)
            keys.add(server_account(device)[1][5])
    check(len(keys) == 2, "two endpoints hold one key")


async def account_elsewhere(uri):
    async with Device("interop-aiocoap-5", uri, account=1) as device:
        await accepted(device, "pct=112")
        await finished(device)
        mannerly(device, SENML_CBOR)
        check(device.objects[device.account][1] is True, "account lost")
        server_account(device)


async def no_discover(uri):
    async with Device("interop-aiocoap-6", uri) as device:
        device.quirk = lambda c: Code.NOT_FOUND if c.name in (
            "DISCOVER", "READ") else None
        await accepted(device, "pct=112")
        await finished(device)
        mannerly(device, SENML_CBOR)
        (_, instance), _, _ = server_account(device)
        check(instance > 1, "/0/%d, where our account could be", instance)


async def format_refused(uri):
    async with Device("interop-aiocoap-7", uri) as device:
        device.formats = {TLV}
        await accepted(device, "pct=112")
        await finished(device)
        writes = [c for c in device.commands if c.name == "WRITE"]
        check(writes[0].format == SENML_CBOR, "began with %s",
              writes[0].format)
        check(writes[1].path == writes[0].path and writes[1].format == TLV,
              "4.15 was followed by %s", trace(device))
        server_account(device)


async def write_refused(uri):
    async with Device("interop-aiocoap-8", uri) as device:
        refused = asyncio.Event()

        def refuse(command):
            if command.name != "WRITE" or refused.is_set():
                return None
            refused.set()
            return Code.BAD_REQUEST

        device.quirk = refuse
        await accepted(device, "pct=112")
        await asyncio.wait_for(refused.wait(), PATIENCE_S)
        # A request that begins anew orders the two: what the refused attempt
        # still had to say has been said when this is answered.
        await accepted(device, "pct=112")
        check(not device.finished.is_set(), "Finish after a refused Write")
        await finished(device)
        check(sum(c.name == "FINISH" for c in device.commands) == 1,
              "two Finish: %s", trace(device))
        server_account(device)


async def finish_refused(uri):
    async with Device("interop-aiocoap-9", uri) as device:
        refused = asyncio.Event()

        def refuse(command):
            if command.name != "FINISH" or refused.is_set():
                return None
            refused.set()
            return Code.NOT_ACCEPTABLE

        device.quirk = refuse
        await accepted(device, "pct=112")
        await asyncio.wait_for(refused.wait(), PATIENCE_S)
        await accepted(device, "pct=112")
        await finished(device)
        server_account(device)


async def separate_responses(uri):
    async with Device("interop-aiocoap-10", uri) as device:
        device.delay_s = 0.4  # aiocoap acknowledges after 0.1 s
        await accepted(device, "pct=112")
        await finished(device)
        mannerly(device, SENML_CBOR)
        server_account(device)


async def superseded(uri):
    async with Device("interop-aiocoap-11", uri) as device:
        held = asyncio.Event()
        release = asyncio.Event()

        async def hold():
            held.set()
            await release.wait()

        device.quirk = lambda c: None if held.is_set() else hold()
        await accepted(device, "pct=112")
        await asyncio.wait_for(held.wait(), PATIENCE_S)
        await accepted(device, "pct=112")
        release.set()
        await finished(device)
        check(sum(c.name == "FINISH" for c in device.commands) == 1,
              "two Finish: %s", trace(device))
        server_account(device)


async def packs(uri):
    async with Device("interop-pack-1", uri) as device:
        name = "ep=" + device.endpoint
        await accepted(device, "pct=112")
        await finished(device)
        (_, at), account, server = server_account(device)
        for accept in (SENML_CBOR, SENML_JSON, LWM2M_CBOR):
            for block in (None, 32):
                answer = await device.fetch(accept, name, "acc=</0/0>",
                                            block=block)
                check(answer.code == Code.CONTENT, "answered %s", answer.code)
                check(answer.opt.content_format == accept, "in %s",
                      answer.opt.content_format)
                pack = READERS[accept]((), answer.payload)
                check((0, 0) not in pack, "our own account is in it")
                check(sorted(key[0] for key in pack) == [0, 1], "it has %s",
                      sorted(pack))
                check([r for k, r in pack.items() if k[0] == 0] == [account],
                      "another account than at /0/%d", at)
                check([r for k, r in pack.items() if k[0] == 1] == [server],
                      "another Server instance")
        check(device.commands[-1].name == "FINISH", "commands followed")


async def pack_avoids(uri):
    async with Device("interop-pack-2", uri) as device:
        for instance in (0, 1, 7):
            answer = await device.fetch(
                SENML_CBOR, "ep=" + device.endpoint, "acc=</0/%d>" % instance)
            check(answer.code == Code.CONTENT, "answered %s", answer.code)
            pack = READERS[SENML_CBOR]((), answer.payload)
            check((0, instance) not in pack, "/0/%d is in it", instance)


async def pack_refused(uri):
    async with Device("interop-aiocoap-14", uri) as device:
        name = "ep=" + device.endpoint
        for query, accept, expected in (
                ((name, "acc=</0/0>"), SENML_CBOR, Code.METHOD_NOT_ALLOWED),
                ((name, "acc=</0/0>"), TLV, Code.NOT_ACCEPTABLE),
                ((name, "acc=/0/0"), SENML_CBOR, Code.BAD_REQUEST),
                (("acc=</0/0>",), SENML_CBOR, Code.BAD_REQUEST)):
            answer = await device.fetch(accept, *query)
            check(answer.code == expected, "%s in %d: %s", "&".join(query),
                  accept, answer.code)
        await accepted(device, "pct=112")
        await finished(device)
        server_account(device)


async def refusals(uri):
    async with Device("interop-aiocoap-12", uri) as device:
        name = "ep=" + device.endpoint
        for query, expected in (
                ((), Code.BAD_REQUEST),
                (("pct=112",), Code.BAD_REQUEST),
                (("ep=",), Code.BAD_REQUEST),
                ((name, "pct=99999"), Code.UNSUPPORTED_CONTENT_FORMAT),
                ((name, "pct=-1"), Code.BAD_REQUEST),
                ((name, "pct="), Code.BAD_REQUEST),
                ((name, name), Code.BAD_REQUEST)):
            code = await device.request(*query)
            check(code == expected, "%s: %s", "&".join(query), code)
        check(not device.commands, "then sent: %s", trace(device))


TESTS = (
    ("pct=112: bootstrapped in SenML CBOR", preferred_format),
    ("pct: bootstrapped in each format that one can name", every_format),
    ("and so with Writes of objects", levels(1)),
    ("and so with Writes of resources", levels(3)),
    ("and in the formats that are for resources alone", singles),
    ("no pct: bootstrapped in TLV, as LwM2M 1.0", no_preference),
    ("the same account in either format, and again", same_account),
    ("another endpoint, another key", other_endpoint),
    ("the account at /0/1 is left alone", account_elsewhere),
    ("without Discover: away from /0/0 and /0/1", no_discover),
    ("4.15: the same Write in another format", format_refused),
    ("a refused Write: no Finish, and a new start", write_refused),
    ("a refused Finish: a new start", finish_refused),
    ("separate responses", separate_responses),
    ("a new request supersedes the old one", superseded),
    ("Bootstrap-Pack: the same account, in each format and in blocks", packs),
    ("Bootstrap-Pack: not where our account is", pack_avoids),
    ("no Bootstrap-Pack: refused, and bootstrapped without", pack_refused),
    ("malformed requests are refused", refusals),
)


async def main(uris):
    return await run([("%s: %s" % (uri.split(":")[0], what), test, uri)
                      for uri in uris for what, test in TESTS])


async def run(plan):
    """Each test of the plan: what it shows, what to call, and with what."""
    failed = 0
    for number, (what, test, *values) in enumerate(plan, 1):
        try:
            await asyncio.wait_for(test(*values), 4 * PATIENCE_S)
        except Exception as e:
            failed += 1
            print("not ok %d - %s" % (number, what))
            print("# %s: %s" % (type(e).__name__, ascii(str(e))[1:-1]))
        else:
            print("ok %d - %s" % (number, what))
        sys.stdout.flush()
    print("1..%d" % len(plan))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(sys.argv[1:])))
