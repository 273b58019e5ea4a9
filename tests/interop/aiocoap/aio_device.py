"""An LwM2M device in few lines, on a CoAP stack and a CBOR reader of others.

It knows the client's side of the Bootstrap interface (LwM2M Core 6.1) and reads
TLV and SenML CBOR on its own, so that what a Bootstrap-Server writes is
understood by code that shares nothing with the one that encoded it.
"""

import asyncio
import os
from dataclasses import dataclass

import aiocoap
import aiocoap.resource
import cbor2
from aiocoap.numbers.codes import Code

LINK_FORMAT = 40
SENML_CBOR = 112
TLV = 11542

# The types of the resources a bootstrap writes (LwM2M Core, appendix E).
TYPES = {
    0: {0: str, 1: bool, 2: int, 3: bytes, 4: bytes, 5: bytes, 10: int,
        11: int, 12: int, 13: int, 14: int, 15: int},
    1: {0: int, 1: int, 2: int, 3: int, 5: int, 6: bool, 7: str, 13: int,
        14: int, 15: bool, 16: bool, 17: int, 18: int, 19: int, 20: int,
        22: str, 23: bool},
}


class Malformed(Exception):
    """A payload that a device must answer with 4.00."""


def typed(obj, res, raw):
    """A TLV value as the type its resource has; bytes where none is known."""
    kind = TYPES.get(obj, {}).get(res, bytes)
    if kind is str:
        return raw.decode("utf-8")
    if kind is bool:
        if raw not in (b"\0", b"\1"):
            raise Malformed("boolean")
        return raw == b"\1"
    if kind is int:
        if len(raw) not in (1, 2, 4, 8):
            raise Malformed("integer of %d bytes" % len(raw))
        return int.from_bytes(raw, "big", signed=True)
    return bytes(raw)


def tlv(data):
    """The entries of a TLV sequence: (kind, identifier, value)."""
    at = 0

    def take(count):
        nonlocal at
        if at + count > len(data):
            raise Malformed("truncated TLV")
        at += count
        return data[at - count:at]

    while at < len(data):
        head = take(1)[0]
        ident = int.from_bytes(take(2 if head & 0x20 else 1), "big")
        width = head >> 3 & 3
        length = int.from_bytes(take(width), "big") if width else head & 7
        yield head >> 6, ident, take(length)


def read_tlv(path, data):
    def resources(obj, entries):
        found = {}
        for kind, res, value in entries:
            if kind == 3:
                found[res] = typed(obj, res, value)
            elif kind == 2:
                found[res] = {i: v for k, i, v in tlv(value) if k == 1}
            else:
                raise Malformed("TLV kind %d for a resource" % kind)
        return found

    entries = list(tlv(data))
    if len(path) == 2:
        if len(entries) == 1 and entries[0][:2] == (0, path[1]):
            entries = tlv(entries[0][2])
        return {path: resources(path[0], entries)}
    written = {}
    for kind, instance, value in entries:
        if kind != 0:
            raise Malformed("no object instance in an object's TLV")
        written[path[0], instance] = resources(path[0], tlv(value))
    return written


def read_senml(path, data):
    """RFC 8428, with the CBOR labels of its table 4."""
    written = {}
    base = ""
    try:
        records = cbor2.loads(data)
    except Exception as e:
        raise Malformed("CBOR") from e
    for record in records:
        base = record.get(-2, base)
        full = base + record.get(0, "")
        name = [int(part) for part in full.strip("/").split("/")]
        values = [record[k] for k in (2, 3, 4, 8, "vlo") if k in record]
        if len(values) != 1:
            raise Malformed("%d values in a record" % len(values))
        if tuple(name[:len(path)]) != path or len(name) not in (3, 4):
            raise Malformed("a name outside the request path")
        obj, instance, res = name[:3]
        resources = written.setdefault((obj, instance), {})
        kind = TYPES.get(obj, {}).get(res)
        if kind and type(values[0]) is not kind:
            raise Malformed("/%d/x/%d is no %s" % (obj, res, kind.__name__))
        if len(name) == 3:
            resources[res] = values[0]
        else:
            resources.setdefault(res, {})[name[3]] = values[0]
    return written


READERS = {TLV: read_tlv, SENML_CBOR: read_senml}


@dataclass
class Command:
    """One request of the Bootstrap-Server, as it arrived."""

    name: str
    path: tuple
    format: int | None
    size: int

    def __str__(self):
        path = "/" + "/".join(map(str, self.path))
        return self.name + " " + path


class Device(aiocoap.resource.Resource):
    """Holds object instances, and obeys or does what `quirk` says.

    quirk(command) may return a response code to answer with instead, or None.
    """

    def __init__(self, endpoint, uri, account=0):
        super().__init__()
        self.endpoint = endpoint
        self.account = (0, account)
        self.objects = {
            self.account: {0: uri, 1: True, 2: 3},
            (3, 0): {16: "U"},
        }
        self.commands = []
        self.formats = {TLV, SENML_CBOR}
        self.finished = asyncio.Event()
        self.delay_s = 0
        self.quirk = lambda command: None
        self._context = None
        self._uri = uri

    async def __aenter__(self):
        # The commands come to the address that the request came from, so one
        # socket serves both directions.
        local = "::1" if "[" in self._uri else "127.0.0.1"
        # udp6 serves IPv4 too, but not on a kernel without IPv6.
        transport = ("udp6" if os.path.exists("/proc/net/if_inet6")
                     else "simplesocketserver")
        self._context = await aiocoap.Context.create_server_context(
            self, bind=(local, 0), transports=[transport])
        return self

    async def __aexit__(self, *_):
        await asyncio.sleep(0.1)  # the last answer may not have left yet
        await self._context.shutdown()

    async def request(self, *query):
        """POST /bs; the code of the answer."""
        message = aiocoap.Message(code=Code.POST, uri=self._uri + "/bs")
        message.opt.uri_query = query
        answer = await self._context.request(message).response
        return answer.code

    # aiocoap's side: everything under / is this one resource.

    def get_link_description(self):
        return {}

    async def needs_blockwise_assembly(self, request):
        return True

    async def render(self, request):
        command = self._command(request)
        self.commands.append(command)
        code = self.quirk(command)
        if asyncio.iscoroutine(code):
            code = await code
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if code is not None:
            return aiocoap.Message(code=code)
        try:
            return self._obey(command, request.payload)
        except Malformed:
            return aiocoap.Message(code=Code.BAD_REQUEST)

    @staticmethod
    def _command(request):
        name = {Code.PUT: "WRITE", Code.DELETE: "DELETE", Code.GET: "READ",
                Code.POST: "POST"}.get(request.code, str(request.code))
        path = tuple(request.opt.uri_path)
        if request.code == Code.POST and path == ("bs",):
            name = "FINISH"
        elif request.code == Code.GET and request.opt.accept == LINK_FORMAT:
            name = "DISCOVER"
        if all(part.isdecimal() for part in path):
            path = tuple(map(int, path))
        form = request.opt.content_format
        return Command(name, path, None if form is None else int(form),
                       len(request.payload))

    def _obey(self, command, payload):
        if command.name == "FINISH":
            self.finished.set()
            return aiocoap.Message(code=Code.CHANGED)
        if command.name == "DISCOVER":
            return aiocoap.Message(
                code=Code.CONTENT, payload=self.links().encode(),
                content_format=LINK_FORMAT)
        if command.name == "DELETE":
            for key in list(self.objects):
                if key[:len(command.path)] == command.path and key not in (
                        self.account, (3, 0)):
                    del self.objects[key]
            return aiocoap.Message(code=Code.DELETED)
        if command.name == "WRITE" and len(command.path) in (1, 2):
            if command.format not in self.formats:
                return aiocoap.Message(code=Code.UNSUPPORTED_CONTENT_FORMAT)
            written = READERS[command.format](command.path, payload)
            for key, resources in written.items():
                self.objects.setdefault(key, {}).update(resources)
            return aiocoap.Message(code=Code.CHANGED)
        return aiocoap.Message(code=Code.METHOD_NOT_ALLOWED)

    def links(self):
        """What Bootstrap-Discover shows (LwM2M Core 6.1.7.3)."""
        links = ["</>;lwm2m=1.1"]
        for (obj, instance), resources in sorted(self.objects.items()):
            link = "</%d/%d>" % (obj, instance)
            if obj == 0 and 10 in resources:
                link += ";ssid=%d;uri=\"%s\"" % (resources[10], resources[0])
            elif obj == 1:
                link += ";ssid=%d" % resources[0]
            links.append(link)
        return ",".join(links)
