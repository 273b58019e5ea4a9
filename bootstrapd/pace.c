/* How often a device comes, and which of the refusals that follow from it are
 * worth a row. */
#include "keeper_state.h"

enum { NAME_MAX = 2 + POLICY_ENDPOINT_MAX };

/** Those who prove it and those who only say it do not count for each other,
 *  nor does a name for a credential. */
static struct span
put_name(uint8_t room[static NAME_MAX], const struct job *j, char kind,
    struct span name)
{
	uint8_t digest[DIGEST_LEN];

	room[0] = j->request.proof == PROOF_NONE ? 'n' : 'p';
	room[1] = (uint8_t)kind;
	if (name.len > POLICY_ENDPOINT_MAX) {
		digest_of(name, digest);
		name = span_of(digest, sizeof(digest));
	}
	if (name.len)
		memcpy(room + 2, name.p, name.len);
	return span_of(room, 2 + name.len);
}

/** By what it has shown; empty over NoSec. */
static struct span
shown(const struct issue_request *rq)
{
	return rq->proof == PROOF_PSK ? rq->credential : rq->peer;
}

/** What is known of it before anything is decided. */
static struct span
asked_name(uint8_t room[static NAME_MAX], const struct job *j)
{
	const struct issue_request *rq = &j->request;

	return rq->has_endpoint ? put_name(room, j, 'e', rq->endpoint)
				: put_name(room, j, 'c', shown(rq));
}

void
pace_look(struct keeper *k, struct job *j)
{
	uint8_t room[NAME_MAX];

	j->wait_s = often_wait_s(&k->often, asked_name(room, j),
	    (uint32_t)k->config->device_requests, clock_now_ms());
	j->request.too_often = j->wait_s > 0;
}

void
pace_count(struct keeper *k, const struct job *j)
{
	const uint32_t most = (uint32_t)k->config->device_requests;
	const uint64_t now = clock_now_ms();
	struct span credential = shown(&j->request);
	uint8_t room[NAME_MAX];

	often_count(&k->often,
	    put_name(room, j, 'e', j->decision.peer.endpoint), most, now);
	if (credential.len)
		often_count(
		    &k->often, put_name(room, j, 'c', credential), most, now);
}

bool
pace_is_told(const struct keeper *k, const struct job *j)
{
	uint8_t room[NAME_MAX];

	if (j->decision.reason == REASON_TOO_OFTEN)
		return !often_is_said(&k->often,
		    put_name(room, j, 'e', j->decision.peer.endpoint));
	return j->decision.reason != REASON_ECHO_WANTED &&
	    j->decision.reason != REASON_PACK_REFUSED;
}

void
pace_told(struct keeper *k, const struct job *j)
{
	uint8_t room[NAME_MAX];

	if (j->decision.reason == REASON_TOO_OFTEN)
		often_say(&k->often,
		    put_name(room, j, 'e', j->decision.peer.endpoint));
}
