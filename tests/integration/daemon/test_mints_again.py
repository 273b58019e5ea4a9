"""A session that is on record may be asked for again, because answers get lost.
A worker that asks without end gets no certificate for each time."""

import queue

from daemon_fixture import PATIENCE_S
from hostile import (BEGIN_ANSWER, EP, FAILED, OTHER, REASON, Keeper, begin,
                     end, new_session)
from issuing import issuing
from tap_story import expect, expect_equal, story, tell

AGAIN_MOST = 4  # repetitions of a session that are answered
BEGINS_MOST = 60  # of one endpoint in a minute


def answered(keeper, session):
    """Of a session on record nothing is said, when it is too often."""
    try:
        heard = keeper.heard[0].get(timeout=PATIENCE_S)
    except queue.Empty:
        return False
    expect_equal(heard[1:18], bytes([BEGIN_ANSWER]) + session, "the answer")
    return heard[18] == 1


@story("no more than four times, then the worker has to end it")
def of_one_session():
    with issuing() as world, Keeper(world) as keeper:
        session = new_session()
        for n in range(1 + AGAIN_MOST):
            keeper.say(begin(session))
            expect(keeper.plan(session), f"answer {n}")
        for _ in range(20):
            keeper.say(begin(session))
            keeper.silent()
        # whatever else was under way is done when this one is
        other = new_session()
        keeper.say(begin(other, OTHER), worker=1)
        expect(keeper.plan(other, worker=1), "another device")
        rows = world.rows("credential_issued", EP)
        expect_equal(len(rows), 1 + AGAIN_MOST, "certificates")
        expect_equal(len({r["data"]["serial"] for r in rows}), len(rows),
                     "serial numbers")


@story("repetitions count against what an endpoint may begin in a minute")
def of_one_endpoint():
    with issuing() as world, Keeper(world) as keeper:
        refused_at_last(keeper)
        other = new_session()
        keeper.say(begin(other, OTHER), worker=1)
        expect(keeper.plan(other, worker=1), "another device")


def refused_at_last(keeper):
    # a minute may begin meanwhile, but not two
    for _ in range(2 * BEGINS_MOST // (1 + AGAIN_MOST) + 1):
        session = new_session()
        for _ in range(1 + AGAIN_MOST):
            keeper.say(begin(session))
            if not answered(keeper, session):
                return
        keeper.say(end(session, FAILED, REASON["superseded"]))
        keeper.until_recorded(session)
    raise AssertionError("never refused")


if __name__ == "__main__":
    tell()
