"""The cases. Names of the ETS (OMA Enabler Test Specification, bootstrap group)
where it has them; those with an x are from beyond it.
"""

from daemon_fixture import wait_for
from matrix import (CBOR, DATAGRAMS, FORMATS, PREFIX, SERVER, TRANSPORTS,
                    case)
from tap_story import expect, expect_equal, expect_in

TLV = [f for f in FORMATS if f.mark == "T"]
NAMED = [f for f in FORMATS if f.pct]
STREAMS = [t for t in TRANSPORTS if t.stream()]
SECURE = [t for t in TRANSPORTS if t.secure]

#: an account of a server that is no more, as a device may still have it
DEAD_SERVER = [
    ("/0/5/0", "string", "coaps://dead.lwm2m.example:5684"),
    ("/0/5/1", "boolean", False),
    ("/0/5/2", "integer", 0),
    ("/0/5/3", "opaque", b"old".hex()),
    ("/0/5/5", "opaque", bytes(16).hex()),
    ("/0/5/10", "integer", 7),
    ("/1/3/0", "integer", 7),
    ("/1/3/1", "integer", 300),
    ("/1/3/6", "boolean", True),
    ("/1/3/7", "string", "U"),
]


def servers(cell):
    return sorted(s["ssid"] for s in cell.device.results("security")
                  if s["bootstrap"] == "false")


# -- the ETS ----------------------------------------------------------------

@case("int-0", "Client Initiated Bootstrap: object-level Writes of /0 and /1, "
      "Discover, Finish", SERVER + "verify: discover\n"
      "device: {level: object}\n")
def int_0(cell):
    cell.boot()
    cell.succeeded()
    paths = [path for _, path in cell.commands()]
    expect("/0" in paths and "/1" in paths, f"object-level Writes: {paths}")
    expect_equal(cell.commands()[-1], ("POST", "/bs"), "the last command")
    text = cell.device.text()
    expect_in("</0/1>", text, "its own account in Discover")
    expect_in(";ssid=101", text, "the new account in Discover")


@case("int-1", "Full (PSK): the key it was given is the one of its endpoint, "
      "Short Server ID and epoch", SERVER + "clean: [/0, /1]\n")
def int_1(cell):
    cell.boot()
    cell.succeeded()


@case("int-2", "Full (Cert): certificate, private key and trust anchor", """\
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example:5684
    security:
      mode: certificate
      issue: {ca: meters-ca, validity: 2y}
      server_certificate: {file: root.pem, usage: trust-anchor,
                           sni: eu1.lwm2m.example}
""")
def int_2(cell):
    # it answers Finish with 2.04 when the key is the certificate's
    cell.boot().succeeded()
    cell.wrote_in_its_format()
    server, = [s for s in cell.device.results("security")
               if s["ssid"] == "101"]
    expect_equal(server["mode"], "certificate", "Security Mode")
    expect(cell.world.sql(
        "SELECT 1 FROM credentials WHERE endpoint = ? AND kind = "
        "'certificate'", cell.endpoint), "no row of its certificate")
    cell.ended_as("ok")


@case("int-4", "Bootstrap Delete: /0 and /1 are emptied, its own account "
      "stays", SERVER + "clean: [/0, /1]\nverify: discover\n")
def int_4(cell):
    cell.boot(entries=DEAD_SERVER)
    cell.succeeded()
    expect_equal(cell.commands()[1:3], [("DELETE", "/0"), ("DELETE", "/1")],
                 "Deletes")
    expect_equal(servers(cell), ["101"], "accounts that are left")


@case("int-5", "Server Initiated: its server is asked to execute /1/x/9, and "
      "the device's own request is tied to that push", SERVER +
      '    trigger: {url: "http://127.0.0.1:@PORT@/api/clients/{endpoint}/'
      '1/0/9"}\n')
def int_5(cell):
    cell.boot().succeeded()
    cell.ended_as("ok")
    cell.world.ctl("push", cell.endpoint, "--via", "trigger")
    expect(f"/api/clients/{cell.endpoint}/1/0/9" in cell.world.operator.told,
           "its server was not asked")
    cell.boot()
    cell.device.succeeded()
    cell.has_its_account()
    first, second = cell.ended(2)
    expect_equal((first["push"], second["outcome"]), (None, "ok"), "attempts")
    expect(second["push"], "the attempt names no push")


@case("int-7", "Fallback: a device whose server is dead comes and gets a "
      "living one", SERVER + "clean: [/0, /1]\n")
def int_7(cell):
    cell.boot(entries=DEAD_SERVER)
    cell.succeeded()
    expect_equal(servers(cell), ["101"], "accounts that are left")


@case("int-8", "Bootstrap Read: /1 and /2 are read back and compared",
      SERVER + "objects:\n  /2/0: {0: 3, 1: 0, 2: {101: 31}, 3: 65535}\n"
      "verify: read\n")
def int_8(cell):
    cell.boot()
    cell.succeeded()
    reads = [path for method, path in cell.commands() if method == "GET"]
    expect(reads[-2:] == ["/1", "/2"], f"reads: {reads}")


INCOMPLETE = SERVER + "device: {empty_keys: false}\n"


@case("int-9", "Configuration Consistency: Finish is answered 4.06, and never "
      "counted as done", INCOMPLETE,
      why="a policy cannot leave out what makes an account whole; the device "
      "here is one that wants /0/x/3 to 5 in any mode, as Leshan's does")
def int_9(cell):
    cell.boot("needs-empty-keys")
    cell.ended_as("failed", "finish-refused")
    expect_equal(cell.device.answered_finish(), False, "Finish was 2.04")


@case("int-9c", "the same, with one corrected attempt: keys of unused modes "
      "are written empty", INCOMPLETE +
      "correction: {device: {empty_keys: true}}\n")
def int_9_corrected(cell):
    cell.boot("needs-empty-keys")
    cell.succeeded()
    expect_equal([c for c in cell.commands() if c == ("POST", "/bs")],
                 [("POST", "/bs")] * 2, "Finishes")


@case("int-12", "Bootstrap-Pack: GET /bspack with acc, in blocks",
      SERVER + "device: {pack: true}\n",
      formats=[f for f in FORMATS if f.packs])
def int_12(cell):
    cell.boot(f"pack,pack-acc,pack-accept={cell.format.number},"
              "pack-block=64").succeeded()
    cell.has_its_account()
    expect_in(f"pack {cell.format.name}", cell.device.text(), "the pack")
    expect_equal(cell.commands(), [], "commands")
    cell.ended_as("unknown", "pack-sent")


@case("int-12f", "a pack is refused (4.05), and POST /bs works as ever",
      SERVER + "device: {pack: false}\n",
      formats=[f for f in FORMATS if f.packs])
def int_12_refused(cell):
    cell.boot(f"pack,pack-accept={cell.format.number}")
    cell.succeeded()
    expect_in("GET /bspack", cell.device.text(), "the request for a pack")
    expect_in("<- 4.05", cell.device.text(), "its refusal")


# -- beyond the ETS (spec/ets.md, section 5) --------------------------------

@case("x-1", "each datagram comes twice: one session, one answer", SERVER,
      transports=DATAGRAMS,
      why="a stream delivers each byte once")
def sent_twice(cell):
    cell.boot("sends-twice")
    cell.succeeded()
    expect_equal(len(cell.attempts()), 1, "attempts")


@case("x-2", "a new request in mid-sequence: the old attempt is superseded, "
      "the new one is whole", SERVER)
def asked_again(cell):
    slow = cell.boot("late=400" if not cell.transport.stream() else "silent")
    wait_for(lambda: "<- GET /" in slow.text(), "its first command")
    cell.boot()
    cell.device.succeeded()
    cell.has_its_account()
    endings = [(a["outcome"], a["reason"]) for a in cell.ended(2)]
    expect_equal(endings, [("failed", "superseded"), ("ok", "ok")], "endings")


@case("x-10", "silence after the 2.04: the session ends, and is counted as "
      "failed", SERVER, formats=CBOR, transports=DATAGRAMS[:2] + STREAMS[:1],
      why="it takes as long as a session may")
def silence(cell):
    cell.boot("dies-at=1")
    expect(cell.ended()[0]["outcome"] == "failed", "the ending")


@case("x-4", "`ep` of another device: 4.00; none: the credential's", SERVER,
      formats=CBOR, transports=SECURE,
      why="without security there is no credential to name it")
def endpoints(cell):
    cell.boot(endpoint=f"{PREFIX}-somebody-else").failed()
    expect_in("<- 4.00", cell.device.text(), "the answer")
    cell.device.kill()
    cell.boot("omit-endpoint")
    cell.succeeded()


@case("x-5", "`pct` of a format that holds one value, or that is none: 4.15; "
      "then without", SERVER, formats=TLV)
def pct(cell):
    for number in "60", "0", "40", "65000":
        cell.boot(only_format=False, options=["--pct", number]).failed()
        expect_in("<- 4.15", cell.device.text(), f"the answer to {number}")
        cell.device.kill()
    cell.boot(only_format=False, options=["--pct", "off"])
    cell.device.succeeded()
    expect_equal({name for _, name in cell.writes()}, {"TLV"}, "format")


@case("x-5n", "4.15 to a Write: the same step in the next format, kept from "
      "there on", SERVER, formats=NAMED)
def next_format(cell):
    # it asks for one thing and takes another
    other = 11542 if cell.format.number != 11542 else 112
    name = "TLV" if other == 11542 else "SenML CBOR"
    cell.boot(f"only-format={other}", only_format=False).succeeded()
    formats = [n for _, n in cell.writes()]
    expect_equal(formats[0], cell.format.name, "the first Write")
    expect_equal(formats[-1], name, "the last Write")
    expect_equal(formats[formats.index(name):],
                 [name] * len(formats[formats.index(name):]),
                 "formats from there on")
    cell.ended_as("ok")


def _account_at(instance):
    def play(cell):
        cell.boot(instance=instance)
        cell.succeeded()
        found = {s["bootstrap"]: s for s in cell.device.results("security")}
        expect_equal(found["true"]["uri"], cell.uri(), "its own account")
    return play


for _n in 0, 7:
    case(f"x-6-{_n}", f"its own account is in /0/{_n}: nothing is written "
         "there", SERVER + "clean: [/0, /1]\nverify: discover\n")(
        _account_at(_n))


@case("x-7", "Writes in blocks, smaller when the device asks for it",
      "device: {max_message: 96B}\n" + SERVER, transports=DATAGRAMS,
      why="on a stream blocks are as large as the peer's messages")
def blocks(cell):
    cell.boot("block-max=32").succeeded()
    expect_in(" blocks", cell.device.text(), "blocks")
    cell.ended_as("ok")


def _family(name):
    def play(cell):
        cell.boot(name, only_format=False,
                  options=["--pct", "off"] if name in
                  ("anjay-1.0", "contiki-ng", "awa") else []).succeeded()
        cell.ended_as("ok")
    return play


#: a build of it with room for the keys of this policy
MORE = {"zephyr": ", key_max: 128B"}

for _name in ("anjay", "anjay-1.0", "anjay-1.2", "wakaama", "zephyr", "leshan",
              "contiki-ng", "awa"):
    case(f"x-8-{_name}", f"the family of {_name}, by its profile",
         f"device: {{profile: {_name.split('-1')[0]}{MORE.get(_name, '')}}}\n"
         + SERVER +
         "clean: [/0, /1]\n", formats=CBOR)(_family(_name))


@case("x-9s", "Finish is answered separately", SERVER,
      transports=DATAGRAMS, why="there are no separate answers on a stream")
def finish_separate(cell):
    cell.boot("finish-separate=300")
    cell.succeeded()


@case("x-9t", "Finish is never answered: unknown, not done", SERVER,
      formats=CBOR, transports=TRANSPORTS[:1],
      why="it takes as long as a session may")
def finish_lost(cell):
    cell.boot("finish-lost")
    cell.ended_as("unknown", "finish-unanswered")


def _refused(code):
    def play(cell):
        cell.boot(f"refuses-write={code}")
        cell.ended_as("failed", "write-refused")
        expect(("POST", "/bs") not in cell.commands(), "no Finish")
    return play


for _code, _text in (400, "4.00"), (404, "4.04"), (405, "4.05"), \
        (500, "5.00"):
    case(f"x-11-{_code}", f"a Write is answered {_text}: no Finish",
         SERVER)(_refused(_code))


@case("x-11r", "RST to a command", SERVER, transports=DATAGRAMS,
      why="a stream knows no RST")
def reset(cell):
    cell.boot("resets=2")
    cell.ended_as("failed", "reset")
