"""The keeper takes a worker for hostile: whatever it is asked, again, by
another, out of turn or as nonsense, the ledger tells what was handed out."""

import os
import random

from daemon_fixture import PATIENCE_S, POLICY, World, wait_for
from hostile import (BEGIN_ANSWER, CANCEL, EP, EVIDENCE, FAILED, FINISHING,
                     HELLO, LOOPBACK, OTHER, PSK_ANSWER, PSK_FAILED, PUSHED, REASON,
                     RECORDED, STATS, Keeper, begin, end, new_session, number,
                     packet, plan_of, psk, short)
from tap_story import expect, expect_equal, story, tell


def wait_for_key(keeper):
    """So long as a question takes that was asked after another."""
    keeper.say(psk(number(7, 8), EP), worker=1)
    keeper.hear(PSK_ANSWER, worker=1)


def until_loaded(world, times):
    wait_for(lambda: len(world.rows("policies_loaded")) == times,
             "the new policies")


def tells_what_was_handed_out(world, session, plan):
    """The one row of that beginning, and the plan it names."""
    row, = [r for r in world.rows("bootstrap_begin")
            if r["session"] == session.hex()]
    uri = b"eu2" if b"eu2.lwm2m" in plan else b"eu1"
    explained = world.tool("policy", "explain", world.dir / uri.decode(),
                           "--endpoint", EP, "--identity", "factory")
    expect(row["data"]["plan"] in explained,
           f"the row names another plan than the one with {uri}")


def two_sets(world):
    """The folder of the daemon is the first; both are kept to compare."""
    for name in ("eu1", "eu2"):
        (world.dir / name).mkdir()
        for file in ("identity.yaml", "policy.yaml"):
            text = (world.dir / "policies.d" / file).read_text()
            (world.dir / name / file).write_text(
                text.replace("eu1.lwm2m", f"{name}.lwm2m"))


@story("the same question has the same answer, and is recorded once")
def again():
    with World() as world, Keeper(world) as keeper:
        session = new_session()
        keeper.say(begin(session))
        first = keeper.plan(session)
        keeper.say(begin(session))
        expect_equal(keeper.plan(session), first, "the second answer")
        keeper.kill()
        keeper.say(begin(session))
        expect_equal(keeper.plan(session), first,
                     "the answer of another keeper")
        expect_equal(len(world.rows("bootstrap_begin")), 1, "beginnings")
        expect_equal(len(world.rows("credential_issued")), 1, "credentials")
        for _ in range(3):
            keeper.say(end(session))
            expect_equal(keeper.hear(RECORDED), session, "recorded")
        expect_equal(len(world.rows("bootstrap_end")), 1, "endings")


@story("no other plan than the recorded one, whatever was loaded meanwhile")
def again_after_reload():
    for what in ("reload", "kill"):
        with World() as world, Keeper(world) as keeper:
            two_sets(world)
            session = new_session()
            keeper.say(begin(session))
            first = keeper.plan(session)
            expect(b"eu1.lwm2m" in first, "the first plan")
            # its answer was lost; the policies change; the worker asks again
            world.write_policy("policy.yaml",
                               POLICY.replace("eu1.lwm2m", "eu2.lwm2m"))
            if what == "reload":
                keeper.command("reload")
            else:
                keeper.kill()
            until_loaded(world, 2)
            keeper.say(begin(session))
            wait_for_key(keeper)
            # whatever it said, or if it said nothing: the worker gives up
            keeper.say(end(session, FAILED,
                           REASON["keeper-away"]))
            for kind, answer in keeper.until_recorded(session):
                if kind == BEGIN_ANSWER:
                    expect(plan_of(answer) in (None, first),
                           f"after {what}: no plan but the recorded one")
            tells_what_was_handed_out(world, session, first)
            attempt, = world.settled(EP)
            expect_equal((attempt["outcome"], attempt["reason"]),
                         ("failed", "keeper-away"), "outcome, and why")
            # the device is served when it comes again, by the new policies
            session = new_session()
            keeper.say(begin(session))
            second = keeper.plan(session)
            expect(b"eu2.lwm2m" in second, "the new plan")
            tells_what_was_handed_out(world, session, second)


@story("a worker has no say in the session of another")
def of_another():
    with World() as world, Keeper(world) as keeper:
        session = new_session()
        keeper.say(begin(session))
        keeper.plan(session)
        keeper.say(begin(session), worker=1)
        keeper.silent(worker=1)
        keeper.say(packet(FINISHING, session), worker=1)
        keeper.say(end(session), worker=1)
        keeper.hear(RECORDED, worker=1)
        expect_equal(world.rows("bootstrap_end"), [], "endings")
        keeper.say(end(session, FAILED, REASON["superseded"]))
        keeper.hear(RECORDED)
        row, = world.rows("bootstrap_end")
        expect_equal((row["data"]["outcome"], row["data"]["reason"]),
                     ("failed", "superseded"), "outcome, and why")


@story("a device that comes to another worker ends the session at the first")
def moves_on():
    with World() as world, Keeper(world) as keeper:
        first, second = new_session(), new_session()
        keeper.say(begin(first))
        keeper.plan(first)
        keeper.say(packet(FINISHING, first))
        keeper.say(begin(second), worker=1)
        keeper.plan(second, worker=1)
        expect_equal(keeper.hear(CANCEL), first, "cancelled")
        expect_equal([(a["outcome"], a["reason"])
                      for a in world.attempts(EP)],
                     [("unknown", "superseded"), ("open", None)], "attempts")
        # what the first worker says of it now comes too late
        keeper.say(end(first))
        keeper.hear(RECORDED)
        expect_equal(len(world.rows("bootstrap_end")), 1, "endings")


@story("a verdict of what never began is nothing")
def out_of_turn():
    with World() as world, Keeper(world) as keeper:
        session = new_session()
        keeper.say(end(session))
        keeper.hear(RECORDED)
        keeper.say(packet(FINISHING, session))
        # given up while it is asked for: nothing is handed out then
        keeper.say(begin(session))
        keeper.say(end(session, FAILED, REASON["superseded"]))
        heard = [keeper.heard[0].get(timeout=PATIENCE_S)]
        if heard[0][1] == BEGIN_ANSWER:
            keeper.hear(RECORDED)
            world.settled()
        else:
            keeper.silent()
            expect_equal(world.rows("credential_issued"), [], "credentials")
        ends = world.rows("bootstrap_end")
        expect_equal(len(ends), len(world.rows("bootstrap_begin")), "endings")


@story("it can ask only for what the policies give to that credential")
def claims():
    with World() as world, Keeper(world) as keeper:
        for question, reason in (
                (begin(new_session(), EP, credential=OTHER),
                 "endpoint-mismatch"),
                (begin(new_session(), "somebody", credential="somebody"),
                 "no-identity")):
            keeper.say(question)
            expect_equal(keeper.plan(question[2:18]), None, reason)
            expect_equal(world.attempts()[-1]["reason"], reason, "reason")
        expect_equal(world.rows("credential_issued"), [], "credentials")


def strangers(keeper, count):
    """As many beginnings at once, each of another nobody; the reasons."""
    names = [f"somebody-{n}" for n in range(count)]
    for name in names:
        keeper.say(begin(new_session(), name, credential=name))
    reasons = []
    for _ in names:
        # in any order: what is over the share is answered first
        answer = keeper.hear(BEGIN_ANSWER)
        expect_equal(answer[16], 0, "granted")
        reasons.append(answer[17])
    return reasons


@story("more than its share of questions: not now, and no share of another")
def flood():
    with World(limits={"questions_per_second": 50}) as world, \
            Keeper(world) as keeper:
        expect(REASON["rate"] in strangers(keeper, 300),
               "all were answered in earnest")
        expect(len(world.rows("bootstrap_refused")) < 100, "rows")
        keeper.silent(worker=1)


@story("no more than 60 rows of refusals in a minute, however fast it may ask")
def rows_have_an_end():
    with World(limits={"questions_per_second": 100000}) as world, \
            Keeper(world) as keeper:
        expect_equal(set(strangers(keeper, 300)), {REASON["no-identity"]},
                     "reasons")
        # a minute may begin meanwhile
        expect(60 <= len(world.rows("bootstrap_refused")) <= 120, "rows")


@story("nonsense by the thousand: the keeper lives, and answers the others")
def nonsense():
    seed = random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    print(f"# seed {seed}")
    with World() as world, Keeper(world) as keeper:
        good = [begin(new_session()), end(new_session()),
                packet(HELLO, number(1, 4)),
                psk(number(1, 8), EP),
                packet(EVIDENCE, LOOPBACK, short(EP), short("x" * 200)),
                packet(PSK_FAILED, short(EP), number(1, 4), LOOPBACK),
                packet(STATS, bytes(13 * 8)), packet(FINISHING, bytes(16)),
                packet(RECORDED, bytes(16)), packet(CANCEL, bytes(16))]
        for _ in range(3000):
            spoilt = bytearray(chance.choice(good))
            for _ in range(chance.randrange(1, 8)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            cut = chance.randrange(len(spoilt) * 2)
            keeper.say(bytes(spoilt[:cut]))
        keeper.say(os.urandom(60000))
        session = new_session()
        keeper.say(begin(session), worker=1)
        expect(keeper.plan(session, worker=1), f"a plan, seed {seed}")
        keeper.say(end(session), worker=1)
        while keeper.heard[1].get(timeout=PATIENCE_S)[1] != RECORDED:
            pass
        world.chain_holds()


@story("an empty packet is not the end of the link")
def empty():
    with World() as world, Keeper(world) as keeper:
        for _ in range(10):
            keeper.say(b"")
        keeper.silent()
        keeper.silent(worker=1)
        expect_equal(world.rows("daemon_stop"), [], "endings of the daemon")


@story("what a worker calls ok is ok only where Finish, the last step, was 2.04")
def not_ok():
    code_at = 2 + 16 + 2 + 4
    expect_equal(end(bytes(16))[code_at], 0x44, "where the code stands")
    for change in ({code_at: 0x84}, {code_at - 3: 4}):
        with World() as world, Keeper(world) as keeper:
            session = new_session()
            keeper.say(begin(session))
            expect(keeper.plan(session), "a plan")
            said = bytearray(end(session))
            for at, value in change.items():
                expect(said[at] != value, "a change")
                said[at] = value
            keeper.say(bytes(said))
            keeper.hear(RECORDED)
            row, = world.rows("bootstrap_end")
            expect_equal(row["data"]["outcome"], "unknown", "outcome")


@story("a session that has ended does not begin again")
def begins_once():
    with World() as world, Keeper(world) as keeper:
        session = new_session()
        keeper.say(begin(session))
        expect(keeper.plan(session), "a plan")
        keeper.say(end(session))
        keeper.hear(RECORDED)
        keeper.say(begin(session))
        expect_equal(keeper.plan(session), None, "a second plan")
        expect_equal(len(world.rows("bootstrap_begin")), 1, "beginnings")


@story("a worker cannot begin a push that no operator has started")
def invented_push():
    with World() as world, Keeper(world) as keeper:
        session = new_session()
        keeper.say(begin(session, push=b"p" * 16))
        answer = keeper.hear(BEGIN_ANSWER)
        expect_equal((answer[:16], answer[16], answer[17]),
                     (session, 0, REASON["cancelled"]), "the answer")
        # answers to questions that were never asked are nothing to it
        for status in range(3):
            keeper.say(packet(PUSHED, number(1, 8), number(status, 1),
                              number(2 ** 63, 8)))
        keeper.silent()
        expect_equal([r["kind"] for r in world.rows()
                      if "push" in r["kind"] or "bootstrap" in r["kind"]], [],
                     "rows")


tell()
