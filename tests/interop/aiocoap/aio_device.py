"""An LwM2M device in few lines, on a CoAP stack and a CBOR reader of others.

It knows the client's side of the Bootstrap interface (LwM2M Core 6.1).
"""

import asyncio
import os
from dataclasses import dataclass

import aiocoap
import aiocoap.resource
from aiocoap.numbers.codes import Code

from formats import READERS, SENML_CBOR, SINGLE, TLV, Malformed

LINK_FORMAT = 40


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
    tls, for coaps+tcp alone, is an ssl.SSLContext.
    """

    def __init__(self, endpoint, uri, account=0, tls=None):
        super().__init__()
        self._tls = tls
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
        transport = ("tcpclient" if self._uri.startswith("coap+tcp:")
                     else "tlsclient" if self._tls
                     else "udp6" if os.path.exists("/proc/net/if_inet6")
                     else "simplesocketserver")
        self._context = await aiocoap.Context.create_server_context(
            self, bind=(local, 0), transports=[transport])
        if self._tls:
            # aiocoap has no certificates for clients itself.
            self._context.client_credentials.ssl_client_context = (
                lambda *_: self._tls)
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

    async def fetch(self, accept, *query, block=None):
        """GET /bspack; the answer. block: of so many bytes, a power of two."""
        message = aiocoap.Message(code=Code.GET, uri=self._uri + "/bspack")
        message.opt.uri_query = query
        message.opt.accept = accept
        if block:
            message.opt.block2 = (0, False, block.bit_length() - 5)
        return await self._context.request(message).response

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
        if command.name == "WRITE" and len(command.path) in (1, 2, 3):
            if command.format not in self.formats:
                return aiocoap.Message(code=Code.UNSUPPORTED_CONTENT_FORMAT)
            reader = (READERS | SINGLE)[command.format]
            written = reader(command.path, payload)
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
