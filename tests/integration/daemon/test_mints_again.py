"""A session that is on record may be asked for again, because answers get lost.
A worker that asks without end gets no certificate for each time."""

from hostile import (EP, FAILED, OTHER, REASON, Keeper, begin, end,
                     new_session)
from issuing import issuing
from tap_story import expect, expect_equal, story, tell

AGAIN_MOST = 4  # repetitions of a session that are answered
BEGINS_MOST = 60  # of one endpoint in a minute


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
        for _ in range(3 * BEGINS_MOST // (1 + AGAIN_MOST)):
            session = new_session()
            keeper.say(begin(session))
            keeper.plan(session)
            for _ in range(AGAIN_MOST):
                keeper.say(begin(session))
            keeper.say(end(session, FAILED, REASON["superseded"]))
            keeper.until_recorded(session)
        rows = world.rows("credential_issued", EP)
        # a minute may begin meanwhile
        expect(len(rows) <= 2 * BEGINS_MOST, f"{len(rows)} certificates")
        begun = world.rows("bootstrap_begin", EP)
        expect(len(begun) < len(rows), "nothing was repeated")


if __name__ == "__main__":
    tell()
