"""Bootstraps that an operator starts through a LwM2M server, which is asked to
trigger its device (LwM2M 1.1, /1/x/9): good servers, hostile ones, and breaks."""

import json
import os
import re
import signal
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import push_server
from daemon_fixture import (NOSEC_IDENTITY, NOSEC_POLICY, POLICY, World,
                            IDENTITY, program, wait_for)
from push_server import Bench, Lwm2mServer
from tap_story import expect, expect_equal, expect_in, story, tell

PLAIN = ("coap://127.0.0.1:0",)


def lab(*triggers):
    """Policies of the lab with one server for each of the URLs; what is behind
    a URL in a pair is more of its `trigger:`."""
    servers = ""
    for n, trigger in enumerate(triggers):
        url, more = trigger if isinstance(trigger, tuple) else (trigger, "")
        servers += (f"  - name: lab-{n + 1}\n    short_server_id: {n + 1}\n"
                    f"    uri: coap://lab{n + 1}.lwm2m.example:5683\n"
                    "    security: {mode: nosec}\n"
                    f"    trigger: {{url: \"{url}\"{more}}}\n")
    policy = ("policy: lab-bench\nmatch:\n  identity: [lab]\n"
              f"servers:\n{servers}")
    return {"lab.yaml": NOSEC_IDENTITY, "lab-policy.yaml": policy}


def world_of(*triggers, **kwargs):
    return World(lab(*triggers), listen=PLAIN, masters=(), **kwargs)


def command(world, *argv):
    return [program("BOOTSTRAPCTL"), "-c", str(world.config), "--format",
            "json", "push", *argv]


def push(world, *argv, code=0):
    done = world.ctl("--format", "json", "push", "--via", "trigger", *argv,
                     code=code)
    return {r["endpoint"]: r for r in map(json.loads,
                                          done.stdout.splitlines())}


def come(world, *endpoints):
    """They bootstrap by themselves, once."""
    with ThreadPoolExecutor(16) as pool:
        good = pool.map(lambda e: Bench(world.address(), e).boot(), endpoints)
        expect(all(good), "the devices come by themselves")
    world.settled()


@story("the server is asked, the device comes, and its bootstrap is the push's")
def triggered():
    with Lwm2mServer() as server, \
            world_of((server.url(), ', headers: {X-Device: "{endpoint}"}, '
                      'body: "{\\"ep\\": \\"{endpoint}\\", '
                      '\\"ssid\\": {ssid}}"')) as world:
        world.start()
        server.on_trigger = lambda ep: Bench(world.address(), ep).boot()
        come(world, "bench-1")
        one = push(world, "bench-1", "--wait")["bench-1"]
        expect_equal((one["outcome"], one["way"]), ("ok", "trigger"),
                     "the report")
        (method, path, headers, body), = server.seen
        expect_equal((method, path, headers["X-Device"], json.loads(body)),
                     ("POST", "/api/clients/bench-1/1/0/9", "bench-1",
                      {"ep": "bench-1", "ssid": 1}), "the request")
        first, second = world.settled("bench-1")
        expect_equal((first["push"], second["push"]), (None, one["push"]),
                     "which is the push's")
        # recorded before it was sent, and what the server said after it
        kinds = [r["kind"] for r in world.rows(endpoint="bench-1")]
        expect(kinds.index("push_planned") < kinds.index("push_sent") <
               kinds.index("push_answered"), f"rows: {kinds}")
        answered, = world.rows("push_answered")
        expect_equal((answered["data"]["server"], answered["data"]["status"],
                      answered["data"]["result"]), ("lab-1", 204, "taken"),
                     "what the server said")
        # what it does by itself from now on is its own
        come(world, "bench-1")
        expect_equal(world.attempts("bench-1")[2]["push"], None, "the third")
        seen, = world.sql("SELECT * FROM pushes")
        expect_equal((seen["outcome"], seen["server"], seen["status"]),
                     ("ok", "lab-1", 204), "the view")
        world.chain_holds()


@story("names of devices end in one segment of the path, and in no header")
def odd_names():
    odd = ["a/../../admin?x=1#y", "%2e%2e", "m\u00e4 \u20ac\"'\\&",
           "x\r\nX-Admin: 1", "-rf"]
    with Lwm2mServer() as server, world_of(server.url()) as world:
        world.start()
        come(world, *odd, "..")
        rows = push(world, "--", *odd, "..", code=1)
        expect_equal({e: rows[e]["outcome"] for e in odd},
                     {e: "sent" for e in odd}, "those that can stand there")
        expect_equal(rows[".."]["reason"], "trigger-unsafe", "a way out")
        expect_equal(set(server.hits), set(odd), "whom the server read")
        for _, path, headers, _ in server.seen:
            expect(re.fullmatch(r"/api/clients/[A-Za-z0-9._~%-]+/1/0/9", path),
                   f"path {path!r}")
            expect("X-Admin" not in headers, "no header came in")
    with Lwm2mServer() as server, \
            world_of((server.url("/x/x/y"),
                      ', headers: {X-Device: "{endpoint}"}')) as world:
        world.start()
        come(world, "x\r\nX-Admin: 1", "good")
        rows = push(world, "x\r\nX-Admin: 1", "good", code=1)
        expect_equal(rows["x\r\nX-Admin: 1"]["reason"], "trigger-unsafe",
                     "a line break in a header")
        expect_equal(rows["good"]["outcome"], "sent", "the other")
        expect_equal(len(server.seen), 1, "requests")


@story("by no other way than the one that was asked for")
def one_way():
    with Lwm2mServer() as server, \
            world_of(server.url(), workers=1) as world:
        world.start()
        come(world, "bench-1")
        world.stop()
        world.start()
        for way, reason in (("session", "no-session"),
                            ("address", "unreachable")):
            done = world.ctl("--format", "json", "push", "--via", way,
                             "bench-1", code=1)
            one, = map(json.loads, done.stdout.splitlines())
            expect_equal(one["reason"], reason, way)
        expect_equal(server.seen, [], "what the server was asked")


@story("the first server does not have it, the second takes the trigger")
def second_server():
    with Lwm2mServer(lambda e: 404) as one, Lwm2mServer() as two, \
            world_of(one.url(), two.url()) as world:
        world.start()
        come(world, "bench-1")
        expect_equal(push(world, "bench-1")["bench-1"]["outcome"], "sent",
                     "the report")
        expect_equal([(r["data"]["server"], r["data"]["status"],
                       r["data"]["result"])
                      for r in world.rows("push_answered")],
                     [("lab-1", 404, "refused"), ("lab-2", 204, "taken")],
                     "what they said")


@story("hostile servers: each push has its reason, and bootstrapctl goes on")
def hostile():
    with Lwm2mServer() as elsewhere:
        acts = {
            "error": 500, "denied": 401, "gone": 404,
            "redirect": push_server.redirects(elsewhere.url("/x/x/stolen")),
            "silent": push_server.says_nothing,
            "garbage": push_server.garbage,
            "continue": push_server.continues,
            "headers": push_server.endless_headers,
            "hangs-up": push_server.hangs_up,
            "big": push_server.says_ten_megabytes,
            "drip": push_server.drips,
            "good": 200,
        }
        with Lwm2mServer(acts.get) as server, \
                world_of(server.url()) as world:
            world.start()
            come(world, *acts)
            begun = time.monotonic()
            rows = push(world, "--rate", "100/s", *acts, code=1)
            expect(time.monotonic() - begun < 60, "all of it is bounded")
            # the status was said: what comes behind it is thrown away
            for name in ("big", "drip", "good"):
                expect_equal(rows[name]["outcome"], "sent", name)
            for name in set(acts) - {"big", "drip", "good"}:
                expect_equal((rows[name]["outcome"], rows[name]["reason"]),
                             ("failed", "trigger-failed"), name)
                expect(rows[name]["detail"], f"{name}: why")
            expect_in("500", rows["error"]["detail"], "the status")
            expect_in("redirects are not followed", rows["redirect"]["detail"],
                      "why not")
            expect_equal(elsewhere.hits, {}, "nothing went elsewhere")
            expect_equal(max(server.hits.values()), 1, "requests of each")
            world.chain_holds()


@story("nobody listens there; and a name that does not exist")
def nobody_there():
    with world_of("http://127.0.0.1:9/x/{endpoint}",
                  "http://no-such-host.invalid/{endpoint}") as world:
        world.start()
        come(world, "bench-1")
        one = push(world, "bench-1", code=1)["bench-1"]
        expect_equal(one["reason"], "trigger-failed", "the report")
        expect_equal([r["data"]["result"] for r in
                      world.rows("push_answered")],
                     ["unreachable", "unreachable"], "rows")


def papers(world, name):
    """A CA of that name, and a certificate of it for 127.0.0.1."""
    at = world.dir
    for argv in (
            f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
            f"-keyout {at}/{name}.key -out {at}/{name}.pem -days 2 "
            f"-subj /CN={name}",
            f"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
            f"-keyout {at}/{name}-server.key -out {at}/{name}.csr "
            f"-subj /CN=server -addext subjectAltName=IP:127.0.0.1",
            f"x509 -req -in {at}/{name}.csr -CA {at}/{name}.pem -CAkey "
            f"{at}/{name}.key -out {at}/{name}-server.pem -days 2 "
            f"-copy_extensions copy"):
        subprocess.run(["openssl", *argv.split()], check=True,
                       capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{at}/{name}-server.pem",
                            f"{at}/{name}-server.key")
    return context


@story("https: the CA that the policy names, and none but that")
def verified():
    with world_of("http://127.0.0.1:9/{endpoint}") as world:
        good, wrong = papers(world, "good"), papers(world, "wrong")
        with Lwm2mServer(tls=good) as server, \
                Lwm2mServer(tls=wrong) as impostor:
            for name in ("good.pem", "wrong.pem"):
                os.chmod(world.dir / name, 0o644)
            ca = f', ca: "{world.dir}/good.pem"'
            world.start()

            def use(*triggers):
                for name, text in lab(*triggers).items():
                    world.write_policy(name, text)
                world.ctl("reload")
            come(world, "bench-1")
            use((server.url(), ca))
            expect_equal(push(world, "bench-1")["bench-1"]["outcome"], "sent",
                         "by the CA of the policy")
            for trigger in ((impostor.url(), ca), server.url()):
                use(trigger)
                one = push(world, "bench-1", code=1)["bench-1"]
                expect_equal(one["reason"], "trigger-failed", "the report")
                expect_in("certificate", one["detail"].lower(), "why")
            expect_equal((sum(server.hits.values()),
                          sum(impostor.hits.values())), (1, 0), "requests")


@story("the Authorization comes from its file, and is seen by the server alone")
def authorized():
    token = "Bearer 5e4f-canary-9d2c"
    with Lwm2mServer() as server:
        with world_of("http://127.0.0.1:9/{endpoint}") as world:
            secret = world.dir / "token"
            secret.write_text(token + "\n")
            secret.chmod(0o600)
            more = f', authorization: {{file: "{secret}"}}'
            for name, text in lab((server.url(), more)).items():
                world.write_policy(name, text)
            world.start()
            come(world, "bench-1")
            done = world.ctl("push", "--via", "trigger", "bench-1")
            expect_equal(server.seen[0][2]["Authorization"], token, "header")
            told = [done.stdout, done.stderr, world.log(),
                    json.dumps(world.rows()), world.ctl("events").stdout]
            expect(not any("canary" in text for text in told),
                   "it stands nowhere else")

            def refused(what, words):
                one = push(world, "bench-1", code=1)["bench-1"]
                expect_equal(one["reason"], "trigger-failed", what)
                expect_in(words, one["detail"], what)
                expect("canary" not in json.dumps(one), "not even then")
            for mode in (0o604, 0o620, 0o666):
                secret.chmod(mode)
                refused(f"mode {mode:o}", "others")
            secret.chmod(0o640)
            push(world, "bench-1")
            for text in ("", "two\nlines\n", "a\x01b\n", "x" * 5000):
                secret.write_text(text)
                refused(f"{text[:9]!r}", "one line")
            secret.unlink()
            refused("no file", "cannot be opened")
            secret.mkdir()
            refused("a folder", "no regular file")
            expect_equal(len(server.seen), 2, "requests")


@story("an Authorization is not sent in clear to another machine")
def in_clear():
    with world_of("http://127.0.0.1:9/{endpoint}") as world:
        secret = world.dir / "token"
        secret.write_text("Bearer x\n")
        secret.chmod(0o600)
        more = f', authorization: {{file: "{secret}"}}'
        for name, text in lab(("http://dm.lwm2m.example/{endpoint}", more)).items():
            world.write_policy(name, text)
        world.start()
        come(world, "bench-1")
        one = push(world, "bench-1", code=1)["bench-1"]
        expect_in("plain http", one["detail"], "why")


@story("the device does not come within the window: no-request, and not its own")
def late():
    with Lwm2mServer() as server, \
            world_of(server.url(), limits={"push_window": "10s"}) as world:
        world.start()
        come(world, "bench-1")
        one = push(world, "bench-1", "--wait", code=1)["bench-1"]
        expect_equal((one["outcome"], one["reason"]),
                     ("failed", "no-request"), "the report")
        come(world, "bench-1")
        expect_equal(world.attempts("bench-1")[1]["push"], None,
                     "it came too late to be of the push")
        seen, = world.sql("SELECT * FROM pushes")
        expect_equal((seen["outcome"], seen["reason"]),
                     ("failed", "no-request"), "the view")


@story("keeper and daemon are killed between trigger and request: still tied")
def killed_between():
    with Lwm2mServer() as server, world_of(server.url()) as world:
        world.start()
        come(world, "bench-1", "bench-2")
        ids = {e: r["push"] for e, r in push(world, "bench-1",
                                             "bench-2").items()}
        world.keeper().kill()
        wait_for(lambda: world.ctl("status", code=None).returncode == 0,
                 "another keeper")
        come(world, "bench-1")
        expect_equal(world.attempts("bench-1")[1]["push"], ids["bench-1"],
                     "after the keeper's end")
        world.keep_ports()
        world.stop()
        world.start()
        come(world, "bench-2", "bench-1")
        expect_equal(world.attempts("bench-2")[1]["push"], ids["bench-2"],
                     "after the daemon's")
        expect_equal(world.attempts("bench-1")[2]["push"], None,
                     "what had ended well is over")
        world.chain_holds()


@story("200 devices, paced; bootstrapctl is killed in the middle, and resumed")
def two_hundred():
    names = [f"bench-{n:03}" for n in range(200)]
    with Lwm2mServer() as server, world_of(server.url(), workers=2) as world:
        world.start()
        come(world, *names)
        server.on_trigger = lambda ep: Bench(world.address(), ep).boot()
        argv = command(world, "--via", "trigger", "--group", "bench-*",
                       "--rate", "50/s", "--wait")
        first = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        told = first.stderr.readline()
        found = re.search(r"--resume ([0-9a-f]{32})", told).group(1)
        wait_for(lambda: len(server.hits) >= 80, "some of them")
        first.send_signal(signal.SIGKILL)
        first.wait()
        first.stderr.close()
        expect(len(server.hits) < 200, "not all of them")
        begun = time.monotonic()
        done = world.ctl("--format", "json", "push", "--resume", found,
                         "--rate", "50/s", "--wait")
        took = time.monotonic() - begun
        rows = {r["endpoint"]: r for r in
                map(json.loads, done.stdout.splitlines())}
        expect_equal(sorted(rows), names, "each has its line")
        expect_equal({r["outcome"] for r in rows.values()}, {"ok"}, "outcomes")
        expect_equal(set(server.hits.values()), {1}, "requests of each")
        expect(took >= (200 - len(server.hits)) / 50, "its pace is kept")
        counts = world.sql("SELECT endpoint, count(*) AS n FROM bootstraps "
                           "WHERE push = ? AND outcome = 'ok' "
                           "GROUP BY endpoint", found)
        expect_equal([(c["endpoint"], c["n"]) for c in counts],
                     [(name, 1) for name in names], "every device once")
        expect_equal([r["data"]["uid"] for r in world.rows("push_resumed")],
                     [os.geteuid()], "who resumed it")
        # nothing is left to do
        done = world.ctl("push", "--resume", found, "--wait")
        expect_in("200 ok", done.stderr, "the totals")
        expect_equal(sum(server.hits.values()), 200, "requests")
        world.chain_holds()


@story("the daemon is killed in the middle: 69, and the push goes on after it")
def daemon_killed():
    names = [f"bench-{n:02}" for n in range(40)]
    with Lwm2mServer() as server, world_of(server.url()) as world:
        world.start()
        come(world, *names)
        world.keep_ports()
        running = subprocess.Popen(
            command(world, "--via", "trigger", "--group", "bench-*", "--rate",
                    "20/s"), stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        wait_for(lambda: len(server.hits) >= 10, "some of them")
        family = world.children()
        world.daemon.kill()
        world.daemon.wait()
        for child in family:
            child.kill()
        _, told = running.communicate(timeout=60)
        expect_equal(running.returncode, 69, told)
        found = re.search(r"--resume ([0-9a-f]{32})", told).group(1)
        world.start()
        world.ctl("push", "--resume", found, "--rate", "100/s")
        expect_equal(sorted(server.hits), names, "all were triggered")
        # what became of the one on its way was not heard: it is sent again
        expect(sum(server.hits.values()) <= len(names) + 1,
               f"more than that one twice: {server.hits}")
        world.chain_holds()


@story("Ctrl-C: what was not sent is named, and can be resumed")
def interrupted():
    names = [f"bench-{n:02}" for n in range(20)]
    with Lwm2mServer() as server, world_of(server.url()) as world:
        world.start()
        come(world, *names)
        running = subprocess.Popen(
            command(world, "--via", "trigger", "--group", "bench-*", "--rate",
                    "2/s"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        wait_for(lambda: len(server.hits) >= 2, "some of them")
        running.send_signal(signal.SIGINT)
        out, told = running.communicate(timeout=60)
        expect_equal(running.returncode, 75, told)
        rows = [json.loads(line) for line in out.splitlines()]
        expect_equal(len(rows), 20, "each is named")
        expect("planned" in {r["outcome"] for r in rows}, "what was not sent")
        found = re.search(r"--resume ([0-9a-f]{32})", told).group(1)
        world.ctl("push", "--resume", found, "--rate", "100/s")
        expect_equal(sorted(server.hits), names, "all of them")
        expect_equal(set(server.hits.values()), {1}, "once each")


@story("a newer push of the same device: the older one ends superseded")
def superseded():
    with Lwm2mServer() as server, world_of(server.url()) as world:
        world.start()
        come(world, "bench-1")
        older = push(world, "bench-1")["bench-1"]["push"]
        newer = push(world, "bench-1")["bench-1"]["push"]
        come(world, "bench-1")
        expect_equal(world.attempts("bench-1")[1]["push"], newer, "whose")
        seen = {r["push"]: (r["outcome"], r["reason"])
                for r in world.sql("SELECT * FROM pushes")}
        expect_equal(seen, {older: ("failed", "superseded"),
                            newer: ("ok", "ok")}, "the view")


@story("who only says to be that device does not take its push")
def not_by_name():
    policies = {**lab("http://127.0.0.1:9/{endpoint}"),
                "identity.yaml": IDENTITY}
    with Lwm2mServer() as server:
        policies["policy.yaml"] = POLICY + (
            f"    trigger: {{url: \"{server.url()}\"}}\n")
        with World(policies, listen=("coaps://127.0.0.1:0", *PLAIN)) as world:
            world.start()
            name = "urn:dev:ops:0057F2-WM200-1"
            image = world.mint(name)
            world.boot(image).succeeded()
            world.settled()
            found = push(world, name)[name]["push"]
            come(world, name)
            world.boot(image).succeeded()
            by_kind = {a["kind"]: a["push"] for a in world.settled(name)[1:]}
            expect_equal(by_kind, {"nosec": None, "psk": found}, "whose it is")


@story("text and csv tell the same; many devices are told in a line each")
def formats():
    with Lwm2mServer(lambda e: 500) as server, \
            world_of(server.url()) as world:
        world.start()
        come(world, "bench-1", "=odd")
        text = world.ctl("push", "--via", "trigger", "bench-1", "=odd",
                         code=1)
        expect_in("remedy: ", text.stdout, "what to do")
        expect_in("2 failed", text.stderr, "the totals")
        table = world.ctl("--format", "csv", "push", "--via", "trigger",
                          "=odd", code=1).stdout
        expect(table.startswith("push,endpoint,outcome,way,"), "a head")
        expect_in(r'"\u003dodd","failed","trigger"', table, "a row")


if __name__ == "__main__":
    tell()
