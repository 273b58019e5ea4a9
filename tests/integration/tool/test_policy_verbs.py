"""What an admin reads before devices do: policy check and policy explain."""
import json
import os
import re

from factory import (EP, Factory, Skip, absent, equal, failed, story, tell,
                     within)

BAD = """\
identity: factory-2026
psk: {derive: bootstrap-2026, epoch: 0}
endpoint: 7f
colour: blue
---
policy: meters
match: {identity: factory-2062}
servers:
  - name: eu-1
    short_server_id: 0
    uri: coap://eu1.lwm2m.example
    security: {mode: psk, key: {derive: fleet-2026}}
"""


@story
def good_files():
    """Good files: a summary with the digest of the set, exit 0."""
    with Factory(token=False) as f:
        ran = f.run("policy", "check", "policies.yaml")
        equal(ran.code, 0, ran)
        last, total = ran.out.splitlines()[-2:]
        match = re.fullmatch(
            r'"policies.yaml": 2 identities, 3 policies, (\d+) warnings, '
            r'set ([0-9a-f]{64})', last)
        assert match, last
        equal(total, f"0 errors, {match[1]} warnings in 1 file")
        # NoSec is a warning, and a warning is no error
        within("warning: nosec", ran.out)
        ran = f.run("policy", "check", "--format", "json", "policies.yaml")
        equal(ran.code, 0, ran)
        rows = [json.loads(line) for line in ran.out.splitlines()]
        equal(rows[-1]["policy_set"], match[2])
        equal(rows[-1]["warnings"], int(match[1]))
        equal(rows[-1]["ok"], True)
        equal(len([r for r in rows if r.get("finding") == "warning"]),
              int(match[1]))


@story
def shipped_examples():
    """The shipped examples have no errors."""
    with Factory(token=False) as f:
        folder = os.environ["EXAMPLES"]
        names = [os.path.join(folder, n) for n in sorted(os.listdir(folder))
                 if n.endswith(".yaml")]
        assert names
        ran = f.run("policy", "check", *names)
        equal(ran.code, 0, ran)
        equal(ran.out.count(", set "), len(names), ran)


@story
def bad_files():
    """Every finding of every path in one run, exit 65."""
    with Factory(token=False) as f:
        f.write("bad.yaml", BAD)
        f.write("worse.yaml", "\tpolicy: x\n")
        paths = ["bad.yaml", "policies.yaml", "worse.yaml", "not-there.yaml"]
        ran = f.run("policy", "check", *paths)
        equal(ran.code, 65, ran)
        for line, words in ((2, "epoch"), (4, "colour"), (7, "factory-2026"),
                            (10, "short_server_id"), (11, "uri")):
            assert any(re.match(rf"bad\.yaml:{line}:\d+: error: .*{words}", l)
                       for l in ran.out.splitlines()), (line, words, ran)
        assert re.search(r"^worse\.yaml:1:\d+: error: ", ran.out, re.M), ran
        within("not-there.yaml", ran.out)
        within('"bad.yaml": cannot be used', ran.out)
        within('"policies.yaml": 2 identities', ran.out)

        ran = f.run("policy", "check", "--format", "json", *paths)
        equal(ran.code, 65, ran)
        rows = [json.loads(line) for line in ran.out.splitlines()]
        equal([(r["path"], r["ok"]) for r in rows if "path" in r],
              [("bad.yaml", False), ("policies.yaml", True),
               ("worse.yaml", False), ("not-there.yaml", False)])
        for row in rows:
            if "finding" in row:
                equal(sorted(row), ["code", "column", "file", "finding",
                                    "line", "remedy", "text"])
                assert re.fullmatch("[a-z0-9-]+", row["code"]), row


COSTLY = """\
identity: factory
endpoint: "urn:dev:ops:0057F2-*"
psk: {derive: bootstrap-2026}
---
identity: bench
nosec: {network: [127.0.0.0/8]}
---
policy: meters
device: {profile: wakaama}
servers:
  - name: eu-1
    short_server_id: 101
    uri: coaps://eu1.lwm2m.example
    security: {mode: psk, key: {derive: fleet-2026}}
budget:
  datagrams: 5
  bytes: 64KiB
  nb_iot: 1s
"""


def need_dtls(f):
    f.write("none.yaml", "identity: a\npsk: {derive: b}\n")
    ran = f.run("policy", "check", "--costs", "always", "none.yaml")
    if ran.code == 69:
        raise Skip(ran.err.strip())


@story
def costs():
    """What bootstraps cost, behind the findings and before the summary."""
    with Factory(token=False) as f:
        need_dtls(f)
        f.write("costly.yaml", COSTLY)
        ran = f.run("policy", "check", "costly.yaml")
        equal(ran.code, 65, ran)
        lines = ran.out.splitlines()
        table = [n for n, line in enumerate(lines)
                 if line.startswith('costs of "meters", profile "wakaama"')]
        equal(len(table), 1, ran)
        ways = [re.split(r"  +", line.strip())[0]
                for line in lines[table[0] + 2:-2]]
        equal([w for w in ways if w != "DTLS 1.3 psk"],
              ["DTLS 1.2 psk", "UDP"], ran)
        # a budget is a finding where its limit stands; what is kept is none
        findings = [line for line in lines[:table[0]] if "budget" in line]
        equal([line.split(" ")[0] for line in findings],
              ["costly.yaml:16:14:", "costly.yaml:18:11:"], ran)
        within("1 policy, 2 errors, 1 warning, set ", lines[-2])

        ran = f.run("policy", "check", "--format", "json", "costly.yaml")
        rows = [json.loads(line) for line in ran.out.splitlines()]
        equal(rows[-1]["ok"], False)
        for row in [r for r in rows if "cost" in r]:
            equal((row["cost"], row["profile"], row["outcome"]),
                  ("meters", "wakaama", "ok"))
            equal(row["bytes"], row["bytes_up"] + row["bytes_down"])
            equal(row["bytes_ipv4"], row["bytes"] + 28 * row["datagrams"])
            equal(row["bytes_ipv6"], row["bytes"] + 48 * row["datagrams"])
            assert row["nb_iot_ms"] > row["lte_m_ms"] > 4000, row
        # the time is told to a tenth of a second, and never as shorter
        told = [re.findall(r"(\d+)\.(\d) s", line)
                for line in lines[table[0] + 2:-2]]
        equal([[int(s) * 1000 + int(t) * 100 for s, t in line]
               for line in told],
              [[-(-row[link] // 100) * 100
                for link in ("nb_iot_ms", "lte_m_ms")]
               for row in rows if "cost" in row], ran)
        # each link has a budget of its own: one ms less than the worst breaks
        # it
        for link in ("nb_iot", "lte_m"):
            worst = max(row[link + "_ms"] for row in rows if "cost" in row)
            for limit, broken in ((worst, False), (worst - 1, True)):
                f.write("tight.yaml", COSTLY.split("budget:")[0] +
                        f"budget: {{{link}: {limit}ms}}\n")
                ran = f.run("policy", "check", "tight.yaml")
                equal((ran.code, f"budget.{link}" in ran.out),
                      (65, True) if broken else (0, False), ran)
        # a budget is held whether costs are shown or not
        ran = f.run("policy", "check", "--costs", "never", "costly.yaml")
        equal(ran.code, 65, ran)
        absent("costs of", ran.out)
        within("budget.datagrams", ran.out)


@story
def costs_of_many():
    """Costs of many policies are shown when they are asked for."""
    with Factory(token=False) as f:
        need_dtls(f)
        text = COSTLY.split("---\n")
        policy = text[2].split("budget:")[0]
        f.write("many.yaml", "---\n".join(
            text[:1] + [policy.replace("policy: meters", f"policy: m{n}\n"
                                       f'match: {{endpoint: "*-{n}-*"}}')
                        for n in range(21)]))
        ran = f.run("policy", "check", "many.yaml")
        equal(ran.code, 0, ran)
        within("costs of 21 policies are left out: --costs always", ran.out)
        ran = f.run("policy", "check", "many.yaml", "--costs=always")
        equal(ran.out.count('costs of "m'), 21, ran)


@story
def costs_of_certificates():
    """A handshake is measured with the certificates that are given."""
    with Factory(token=False) as f:
        need_dtls(f)
        folder = os.environ["EXAMPLES"]
        path = os.path.join(folder, "x509-fleet.yaml")
        server = os.path.join(folder, "server-ca.pem")
        usual = f.run("policy", "check", path)
        equal(usual.code, 0, usual)
        within("certificates of the server: 560 bytes, of the device: ",
               usual.out)
        given = f.run("policy", "check", path, "--server-certificate", server,
                      "--device-certificate", server)
        equal(given.code, 0, given)
        assert re.search(r"the server: (\d+) bytes, of the device: \1 bytes",
                         given.out), given
        absent("560 bytes", given.out)
        for option in ("--server-certificate", "--device-certificate"):
            ran = f.run("policy", "check", path, option, path)
            assert ran.code not in (0, 70), ran
            equal(ran.out, "")


@story
def hostile_files():
    """What a file holds cannot write to the terminal."""
    with Factory(token=False) as f:
        f.write("evil.yaml", 'identity: "a\\e[2Jb"\nnosec: {network: ["\\e]0;'
                'x\\a"]}\n---\n"\\e[31m": 1\n')
        for more in ((), ("--format", "json")):
            ran = f.run("policy", "check", "evil.yaml", *more)
            equal(ran.code, 65, ran)
            absent("\x1b", ran.out + ran.err)
            absent("\x07", ran.out + ran.err)
        ran = f.run("policy", "explain", "policies.yaml", "--endpoint",
                    "lab-\x1b[2J", "--address", "127.0.0.1:5683")
        absent("\x1b", ran.out + ran.err)


@story
def a_match():
    """A match: identity, policy and plan, by file and line, no key."""
    with Factory(token=False) as f:
        ran = f.run("policy", "explain", "policies.yaml", "--endpoint", EP)
        equal(ran.code, 0, ran)
        equal(ran.err, "")
        within('identity    "factory-2026"  (policies.yaml:1)', ran.out)
        within('policy      "water-meters"  (policies.yaml:9)', ran.out)
        within(f'PSK identity "id:{EP}"', ran.out)
        # the one behind it, and that it is behind
        within('later       "all-meters"  (policies.yaml:20)', ran.out)
        # what has neither identity nor endpoint is only counted
        absent('"bench"', ran.out)
        within("1 other policy", ran.out)
        within("<psk fleet-2026 purpose 2 ssid 101 epoch 1, 32 bytes>",
               ran.out)
        steps = re.findall(r"^ +\d+  ([A-Z].*)$", ran.out, re.M)
        equal([s.split()[0] for s in steps],
              ["Discover", "Delete", "Delete", "Write", "Write", "Write",
               "Finish"], ran)
        within("/2/0/2/101", ran.out)
        assert re.search(r"^plan        7 steps, digest [0-9a-f]{64}$",
                         ran.out, re.M), ran


@story
def digest_is_of_the_plan():
    """The digest is the same every time, and another for another device."""
    with Factory(token=False) as f:
        def digest(*args):
            ran = f.run("policy", "explain", "policies.yaml", *args)
            equal(ran.code, 0, ran)
            return re.search(r"digest ([0-9a-f]{64})", ran.out)[1]

        one = digest("--endpoint", EP)
        equal(digest("--endpoint", EP, "--identity", "factory-2026"), one)
        equal(digest("--endpoint", EP, "--credential", f"id:{EP}"), one)
        assert digest("--endpoint", EP + "2") != one


@story
def near_misses():
    """A near miss: what failed in each policy."""
    with Factory(token=False) as f:
        ep = "urn:dev:ops:0057F2-XM1"
        ran = f.run("policy", "explain", "policies.yaml", "--endpoint", ep)
        equal(ran.code, 0, ran)
        within('policy      "all-meters"', ran.out)
        within('not         "water-meters"  (policies.yaml:9)\n'
               '            match.endpoint at policies.yaml:10: '
               f'"{ep}" does not fit "urn:dev:ops:0057F2-WM*"\n', ran.out)
        # the right endpoint, the wrong identity
        f.write("two.yaml", "\n---\n".join([
            "identity: a\nendpoint: 'dev-*'\npsk: {derive: m}",
            "identity: b\nendpoint: 'gw-*'\npsk: {derive: m}",
            "policy: for-b\nmatch: {identity: b, endpoint: 'dev-*'}\n"
            "servers: [{name: s, short_server_id: 1, uri: 'coaps://s',"
            " security: {mode: psk, key: {derive: n}}}]"]))
        ran = f.run("policy", "explain", "two.yaml", "--endpoint", "dev-1")
        failed(ran, 77, "no-policy")
        within('not         "for-b"', ran.out)
        within('match.identity at two.yaml:10: "a" is not among "b"', ran.out)


@story
def refusals():
    """A refusal: exit 77, the reason's sentence and its remedy."""
    with Factory(token=False) as f:
        def refused(reason, *args):
            ran = f.run("policy", "explain", "policies.yaml", *args)
            failed(ran, 77, f"refused ({reason}): ")
            within(f"refused     {reason}: ", ran.out)
            absent("plan  ", ran.out)
            return ran

        ran = refused("no-policy", "--endpoint", "urn:dev:ops:0057F2-1")
        within('identity    "factory-2026"', ran.out)
        within("policy      none", ran.out)
        ran = refused("no-identity", "--endpoint", "stranger")
        within("identity    none", ran.out)
        within('endpoint: "stranger" does not fit "urn:dev:ops:0057F2-*"',
               ran.out)
        ran = refused("no-identity", "--endpoint", EP, "--credential", EP)
        within(f'psk.identity: for this endpoint it is "id:{EP}"', ran.out)
        refused("endpoint-mismatch", "--endpoint", EP, "--credential",
                f"id:{EP}2")
        ran = refused("no-identity", "--endpoint", "lab-1", "--address",
                      "192.0.2.1:5683")
        within("nosec.network: 192.0.2.1 is in none of 127.0.0.0/8", ran.out)


@story
def without_security():
    """A NoSec device is explained by its address."""
    with Factory(token=False) as f:
        for how in (("--address", "127.0.0.1:40000"),
                    ("--identity", "lab-bench"), ()):
            ran = f.run("policy", "explain", "policies.yaml", "--endpoint",
                        "lab-1", *how)
            equal(ran.code, 0, ran)
            within("without security", ran.out)
            within('policy      "bench"', ran.out)
            equal("assumed" in ran.out, how == ())


@story
def wrong_questions():
    """Options that do not go together, names that are not there."""
    with Factory(token=False) as f:
        explain = ("policy", "explain", "policies.yaml", "--endpoint", EP)
        failed(f.run(*explain, "--credential", "x", "--identity", "y"), 64)
        failed(f.run(*explain, "--address", "localhost"), 64, "localhost")
        failed(f.run(*explain, "--nosec", "--identity", "lab-bench"), 64)
        failed(f.run(*explain, "--nosec", "--rpk", "x.pem"), 64)
        failed(f.run(*explain, "--identity", "nobody"), 65, '"nobody"')
        failed(f.run("policy", "explain", "policies.yaml"), 64,
               "--endpoint EP is missing")
        f.write("bad.yaml", BAD)
        ran = f.run("policy", "explain", "bad.yaml", "--endpoint", EP)
        failed(ran, 65, "bad.yaml:4:")


@story
def values_that_were_seen():
    """Each condition that fails, with what was seen and what was wanted, the
    nearest policy first."""
    with Factory(token=False) as f:
        f.write("devices.csv", "endpoint,model\nmeter-1,WM300\n")
        server = ("servers: [{name: s, short_server_id: 1, uri: 'coaps://s',"
                  " security: {mode: psk, key: {derive: n}}}]")
        f.write("near.yaml", "\n---\n".join([
            "identity: a\nendpoint: 'meter-*'\npsk: {derive: m}",
            "devices: {file: devices.csv}",
            "policy: two-off\nmatch:\n  endpoint: 'meter-*'\n"
            "  network: [10.20.0.0/16, 'fd00:20::/32']\n"
            "  credential: certificate\n" + server,
            "policy: one-off\nmatch: {identity: a, model: ['WM2*']}\n"
            + server]))
        how = ("policy", "explain", "near.yaml", "--endpoint", "meter-1",
               "--psk-identity", "meter-1", "--address", "192.0.2.7")
        ran = f.run(*how)
        failed(ran, 77, "no-policy")
        within("comes from  192.0.2.7\n", ran.out)
        within('not         "one-off"  (near.yaml:14)\n'
               '            match.model at near.yaml:15: "WM300" by '
               'devices.csv:2 does not fit "WM2*"\n'
               'not         "two-off"  (near.yaml:7)\n'
               '            match.credential at near.yaml:11: psk is not '
               'certificate\n'
               '            match.network at near.yaml:10: 192.0.2.7 is in '
               'none of 10.20.0.0/16, fd00:20::/32\n', ran.out)
        ran = f.run(*how, "--format", "json")
        equal(ran.code, 77, ran)
        told = json.loads(ran.out)
        equal((told["granted"], told["reason"], told["policy"]),
              (False, "no-policy", None))
        equal([p["policy"] for p in told["near"]], ["one-off", "two-off"])
        fails, = told["near"][0]["fails"]
        equal((fails["key"], fails["sees"], fails["wants"]),
              ("model", '"WM300"', '"WM2*"'))
        equal(fails["seen_at"], {"file": "devices.csv", "line": 2})
        equal([x["key"] for x in told["near"][1]["fails"]],
              ["credential", "network"])


@story
def one_of_a_pool():
    """Which server of a pool, and why that one."""
    with Factory(token=False) as f:
        def member(name, ssid, more=""):
            return (f"      - {{name: {name}, short_server_id: {ssid}, uri: "
                    f"'coaps://{name}', {more}security: {{mode: psk, key: "
                    "{derive: n}}}\n")
        f.write("pool.yaml", "identity: a\npsk: {derive: m}\n---\npolicy: p\n"
                "servers:\n  - pool: eu\n    servers:\n" +
                member("eu-1", 1, "drain: true, ") +
                member("eu-2", 2, "weight: 3, "))
        ran = f.run("policy", "explain", "pool.yaml", "--endpoint", "dev-1")
        equal(ran.code, 0, ran)
        within('server      "eu-2"  (pool.yaml:9)\n            of the 2 in '
               'pool "eu", by hash (weight 3 of 3)', ran.out)


@story
def for_machines():
    """One JSON object says what the text says, and each step."""
    with Factory(token=False) as f:
        how = ("policy", "explain", "policies.yaml", "--endpoint", EP)
        text = f.run(*how)
        ran = f.run(*how, "--format", "json")
        equal(ran.code, 0, ran)
        told = json.loads(ran.out)
        within(f"digest {told['plan']['digest']}", text.out)
        equal(told["identity"]["name"], "factory-2026")
        equal((told["policy"]["name"], told["policy"]["line"]),
              ("water-meters", 9))
        equal([p["policy"] for p in told["near"] if p["later"]],
              ["all-meters"])
        equal(told["others"], 1)
        equal([s["op"] for s in told["plan"]["steps"]],
              ["Discover", "Delete", "Delete", "Write", "Write", "Write",
               "Finish"])
        secret, = [v for s in told["plan"]["steps"]
                   for v in s.get("values", []) if v["secret"]]
        equal((secret["path"], secret["bytes"], "value" in secret),
              ("/0/x/5", 32, False))
        equal({c["transport"] for c in told["costs"]},
              {"DTLS 1.2", "DTLS 1.3"})
        absent("wire", told)
        # nobody has named a ledger
        absent("history", told)
        ran = f.run(*how, "--wire")
        equal(ran.code, 0, ran)
        within("XX XX", ran.out)
        within("<32 secret bytes>", ran.out)


if __name__ == "__main__":
    tell()
