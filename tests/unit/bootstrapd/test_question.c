/* What worker and keeper say to each other: each takes the other for hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "question.h"

#include <stdlib.h>

static const struct address device = {
    .family = 6,
    .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
    .port = 40000,
    .scope = 12,
};

static void
fill(uint8_t *p, size_t len, uint8_t from)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(from + i);
}

/** One of each kind, every field set. Ends with question_fini. */
static struct question
sample(enum question_kind kind)
{
	struct question q = {.kind = kind};

	switch (kind) {
	case Q_HELLO:
		q.hello_worker = 7;
		break;
	case Q_PSK:
		q.psk.ref = 0x0102030405060708;
		q.psk.address = device;
		q.psk.identity = SPAN_LIT("dev-1");
		q.psk.evidence = SPAN_LIT("a Finished");
		break;
	case Q_EVIDENCE:
		q.evidence.address = device;
		q.evidence.identity = SPAN_LIT("dev-1");
		q.evidence.evidence = SPAN_LIT("what was left");
		break;
	case Q_PSK_FAILED:
		q.psk_failed.identity = SPAN_LIT("dev-1");
		q.psk_failed.epoch = 2;
		q.psk_failed.address = device;
		break;
	case Q_SIGN:
		q.sign.ref = 0x1112131415161718;
		q.sign.address = device;
		q.sign.key = 0xa1b2c3d4;
		fill(q.sign.digest, sizeof(q.sign.digest), 9);
		break;
	case Q_REFUSED:
		q.refused.address = device;
		q.refused.kind = Q_BY_CERTIFICATE;
		q.refused.reason = REASON_REVOKED;
		q.refused.peer = SPAN_LIT("a certificate");
		break;
	case Q_BEGIN:
		fill(q.begin.session, SESSION_ID_LEN, 1);
		q.begin.proof = Q_BY_CERTIFICATE;
		q.begin.has_endpoint = true;
		q.begin.stream = true;
		q.begin.pct = 112;
		q.begin.accept = -1;
		fill(q.begin.push, sizeof(q.begin.push), 5);
		q.begin.fault = REASON_REQUEST_MALFORMED;
		q.begin.address = device;
		q.begin.endpoint = SPAN_LIT("urn:dev:ops:1-2-3");
		q.begin.peer = SPAN_LIT("a certificate");
		q.begin.chain = SPAN_LIT("what is behind it");
		break;
	case Q_SIGN_ANSWER:
		q.sign_answer.ref = 10;
		q.sign_answer.known = true;
		fill(q.sign_answer.signature, sizeof(q.sign_answer.signature),
		    11);
		break;
	case Q_CREDENTIALS:
		q.credentials.len = 0x0102030405;
		q.credentials.generation = 7;
		break;
	case Q_PUSH:
		q.push.ref = 12;
		q.push.what = Q_PUSH_PROBE;
		q.push.mid = 0xabcd;
		fill(q.push.push, sizeof(q.push.push), 13);
		q.push.address = device;
		q.push.endpoint = SPAN_LIT("urn:dev:ops:1-2-3");
		break;
	case Q_PUSHED:
		q.pushed.ref = 14;
		q.pushed.status = Q_PUSHED_BUSY;
		q.pushed.granted_ms = 0x123456789abc;
		break;
	case Q_END:
		fill(q.end.session, SESSION_ID_LEN, 2);
		q.end.verdict = (struct session_verdict){
		    .outcome = OUTCOME_UNKNOWN,
		    .reason = REASON_FINISH_UNANSWERED,
		    .step = 5,
		    .steps = 6,
		    .code = 0x84,
		    .duration_ms = 0x123456789a,
		    .commands = 9,
		    .format = -1,
		};
		q.end.address = device;
		break;
	case Q_STATS:
		q.stats =
		    (struct q_stats){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
		break;
	case Q_PSK_ANSWER:
		q.psk_answer.ref = 9;
		q.psk_answer.status = PSK_KNOWN;
		q.psk_answer.epoch = 4;
		assert_int_equal(
		    secret_set(&q.psk_answer.key, SPAN_LIT("sixteen bytes!!!")),
		    RC_OK);
		break;
	case Q_BEGIN_ANSWER:
		fill(q.begin_answer.session, SESSION_ID_LEN, 3);
		q.begin_answer.granted = true;
		q.begin_answer.max_age_s = 90;
		assert_int_equal(
		    secret_set(&q.begin_answer.plan, SPAN_LIT("a plan")),
		    RC_OK);
		q.begin_answer.endpoint = SPAN_LIT("urn:dev:ops:1-2-3");
		break;
	case Q_FINISHING:
	case Q_RECORDED:
	case Q_CANCEL:
		fill(q.session, SESSION_ID_LEN, 4);
		break;
	}
	return q;
}

static const enum question_kind kinds[] = {Q_HELLO, Q_PSK, Q_PSK_FAILED,
    Q_BEGIN, Q_FINISHING, Q_END, Q_STATS, Q_PSK_ANSWER, Q_BEGIN_ANSWER,
    Q_RECORDED, Q_CANCEL, Q_EVIDENCE, Q_SIGN, Q_REFUSED, Q_SIGN_ANSWER,
    Q_CREDENTIALS, Q_PUSH, Q_PUSHED};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static size_t
encode(const struct question *q, uint8_t *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	question_put(&w, q);
	assert_false(w.full);
	return w.len;
}

static size_t
encode_sample(enum question_kind kind, uint8_t *buf, size_t cap)
{
	struct question q = sample(kind);
	size_t len = encode(&q, buf, cap);

	question_fini(&q);
	return len;
}

/** From memory of its own length, so that a read past the end is seen. */
static enum rc
get(const uint8_t *p, size_t len, struct question *q, uint8_t **exact)
{
	*exact = malloc(len ? len : 1);
	assert_non_null(*exact);
	memcpy(*exact, p, len);
	return question_get(span_of(*exact, len), q);
}

static enum rc
try(const uint8_t *p, size_t len)
{
	struct question q;
	uint8_t *exact;
	enum rc rc = get(p, len, &q, &exact);

	if (rc == RC_OK)
		question_fini(&q);
	free(exact);
	return rc;
}

static void
same_address(const struct address *a)
{
	assert_true(address_equal(a, &device));
}

static void
same_question(const struct question *q)
{
	struct question s = sample(q->kind);

	switch (q->kind) {
	case Q_HELLO:
		assert_int_equal(q->hello_worker, 7);
		break;
	case Q_PSK:
		assert_int_equal(q->psk.ref, 0x0102030405060708);
		same_address(&q->psk.address);
		assert_true(span_is(q->psk.identity, "dev-1"));
		assert_true(span_is(q->psk.evidence, "a Finished"));
		break;
	case Q_EVIDENCE:
		same_address(&q->evidence.address);
		assert_true(span_is(q->evidence.identity, "dev-1"));
		assert_true(span_is(q->evidence.evidence, "what was left"));
		break;
	case Q_PSK_FAILED:
		assert_true(span_is(q->psk_failed.identity, "dev-1"));
		assert_int_equal(q->psk_failed.epoch, 2);
		same_address(&q->psk_failed.address);
		break;
	case Q_BEGIN:
		assert_memory_equal(
		    q->begin.session, s.begin.session, SESSION_ID_LEN);
		assert_int_equal(q->begin.proof, Q_BY_CERTIFICATE);
		assert_true(q->begin.has_endpoint);
		assert_int_equal(q->begin.epoch, 0);
		assert_false(q->begin.pack);
		assert_false(q->begin.fresh);
		assert_true(q->begin.stream);
		assert_int_equal(q->begin.pct, 112);
		assert_int_equal(q->begin.accept, -1);
		assert_memory_equal(
		    q->begin.push, s.begin.push, QUESTION_PUSH_LEN);
		assert_int_equal(q->begin.fault, REASON_REQUEST_MALFORMED);
		same_address(&q->begin.address);
		assert_int_equal(q->begin.credential.len, 0);
		assert_true(span_is(q->begin.endpoint, "urn:dev:ops:1-2-3"));
		assert_true(span_is(q->begin.peer, "a certificate"));
		assert_true(span_is(q->begin.chain, "what is behind it"));
		break;
	case Q_SIGN:
		assert_int_equal(q->sign.ref, 0x1112131415161718);
		same_address(&q->sign.address);
		assert_int_equal(q->sign.key, 0xa1b2c3d4);
		assert_memory_equal(
		    q->sign.digest, s.sign.digest, sizeof(s.sign.digest));
		break;
	case Q_REFUSED:
		same_address(&q->refused.address);
		assert_int_equal(q->refused.kind, Q_BY_CERTIFICATE);
		assert_int_equal(q->refused.reason, REASON_REVOKED);
		assert_true(span_is(q->refused.peer, "a certificate"));
		break;
	case Q_SIGN_ANSWER:
		assert_int_equal(q->sign_answer.ref, 10);
		assert_true(q->sign_answer.known);
		assert_memory_equal(q->sign_answer.signature,
		    s.sign_answer.signature, sizeof(s.sign_answer.signature));
		break;
	case Q_CREDENTIALS:
		assert_int_equal(q->credentials.len, 0x0102030405);
		assert_int_equal(q->credentials.generation, 7);
		break;
	case Q_PUSH:
		assert_int_equal(q->push.ref, 12);
		assert_int_equal(q->push.what, Q_PUSH_PROBE);
		assert_int_equal(q->push.mid, 0xabcd);
		assert_memory_equal(
		    q->push.push, s.push.push, sizeof(s.push.push));
		same_address(&q->push.address);
		assert_true(span_is(q->push.endpoint, "urn:dev:ops:1-2-3"));
		break;
	case Q_PUSHED:
		assert_int_equal(q->pushed.ref, 14);
		assert_int_equal(q->pushed.status, Q_PUSHED_BUSY);
		assert_int_equal(q->pushed.granted_ms, 0x123456789abc);
		break;
	case Q_END:
		assert_memory_equal(
		    q->end.session, s.end.session, SESSION_ID_LEN);
		assert_int_equal(q->end.verdict.outcome, OUTCOME_UNKNOWN);
		assert_int_equal(
		    q->end.verdict.reason, REASON_FINISH_UNANSWERED);
		assert_int_equal(q->end.verdict.step, 5);
		assert_int_equal(q->end.verdict.steps, 6);
		assert_int_equal(q->end.verdict.code, 0x84);
		assert_int_equal(q->end.verdict.duration_ms, 0x123456789a);
		assert_int_equal(q->end.verdict.commands, 9);
		assert_int_equal(q->end.verdict.format, -1);
		same_address(&q->end.address);
		break;
	case Q_STATS:
		assert_memory_equal(&q->stats, &s.stats, sizeof(s.stats));
		break;
	case Q_PSK_ANSWER:
		assert_int_equal(q->psk_answer.ref, 9);
		assert_int_equal(q->psk_answer.status, PSK_KNOWN);
		assert_int_equal(q->psk_answer.epoch, 4);
		assert_true(
		    secret_equal(&q->psk_answer.key, &s.psk_answer.key));
		break;
	case Q_BEGIN_ANSWER:
		assert_memory_equal(q->begin_answer.session,
		    s.begin_answer.session, SESSION_ID_LEN);
		assert_true(q->begin_answer.granted);
		assert_int_equal(q->begin_answer.reason, REASON_NONE);
		assert_int_equal(q->begin_answer.max_age_s, 90);
		assert_true(
		    secret_equal(&q->begin_answer.plan, &s.begin_answer.plan));
		break;
	case Q_FINISHING:
	case Q_RECORDED:
	case Q_CANCEL:
		assert_memory_equal(q->session, s.session, SESSION_ID_LEN);
		break;
	}
	question_fini(&s);
}

static void
round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		uint8_t buf[1024], *exact;
		size_t len = encode_sample(kinds[i], buf, sizeof(buf));
		struct question q;

		assert_int_equal(get(buf, len, &q, &exact), RC_OK);
		assert_int_equal(q.kind, kinds[i]);
		same_question(&q);
		question_fini(&q);
		free(exact);
	}
}

static void
every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		uint8_t buf[1024];
		size_t len = encode_sample(kinds[i], buf, sizeof(buf));

		for (size_t n = 0; n < len; n++)
			if (try(buf, n) == RC_OK)
				fail_msg("kind %d, %zu bytes", kinds[i], n);
		buf[len] = 0;
		assert_int_equal(try(buf, len + 1), RC_MALFORMED);
	}
}

static void
versions_and_kinds(void **state)
{
	uint8_t buf[1024];
	size_t len = encode_sample(Q_CANCEL, buf, sizeof(buf));
	unsigned known = 0;

	(void)state;
	for (unsigned v = 0; v < 256; v++) {
		buf[0] = (uint8_t)v;
		assert_int_equal(try(buf, len),
		    v == QUESTION_VERSION ? RC_OK : RC_UNSUPPORTED);
	}
	buf[0] = QUESTION_VERSION;
	for (unsigned k = 0; k < 256; k++) {
		buf[1] = (uint8_t)k;
		known += try(buf, len) != RC_UNSUPPORTED;
	}
	assert_int_equal(known, KINDS);
}

/* A worker may not call a bootstrap ok for a reason, nor one that is not ok
 * for none. */
static void
verdicts(void **state)
{
	(void)state;
	for (unsigned outcome = 0; outcome < 5; outcome++) {
		for (unsigned reason = 0; reason < REASON_COUNT + 2u;
		     reason++) {
			struct question q = sample(Q_END);
			uint8_t buf[1024];
			bool good = outcome <= OUTCOME_UNKNOWN &&
			    reason < REASON_COUNT &&
			    (outcome == OUTCOME_OK) == (reason == REASON_NONE);
			size_t len;

			q.end.verdict.outcome = (enum outcome)outcome;
			q.end.verdict.reason = (enum reason)reason;
			len = encode(&q, buf, sizeof(buf));
			assert_int_equal(
			    try(buf, len), good ? RC_OK : RC_MALFORMED);
		}
	}
}

/** A question with one part that is too long, or of a value that is none. */
static void
refused(struct question q)
{
	static uint8_t buf[2 * QUESTION_BYTES_MAX];
	size_t len = encode(&q, buf, sizeof(buf));

	assert_int_equal(try(buf, len), RC_MALFORMED);
	question_fini(&q);
}

static void
limits(void **state)
{
	static uint8_t big[0x10000];
	struct question q;

	(void)state;
	q = sample(Q_PSK);
	q.psk.identity = span_of(big, 129);
	refused(q);
	q = sample(Q_PSK);
	q.psk.evidence = span_of(big, EVIDENCE_BYTES_MAX + 1);
	refused(q);
	q = sample(Q_EVIDENCE);
	q.evidence.identity = span_of(big, 129);
	refused(q);
	q = sample(Q_EVIDENCE);
	q.evidence.evidence = span_of(big, EVIDENCE_BYTES_MAX + 1);
	refused(q);
	q = sample(Q_PSK_FAILED);
	q.psk_failed.identity = span_of(big, 129);
	refused(q);
	q = sample(Q_BEGIN);
	q.begin.proof = Q_BY_PSK;
	q.begin.peer = q.begin.chain = (struct span){0};
	q.begin.credential = span_of(big, 129);
	refused(q);
	q = sample(Q_BEGIN);
	q.begin.endpoint = span_of(big, 256);
	refused(q);
	q = sample(Q_BEGIN);
	q.begin.peer = span_of(big, QUESTION_PEER_MAX + 1);
	refused(q);
	q = sample(Q_BEGIN);
	q.begin.chain = span_of(big, QUESTION_CHAIN_MAX + 1);
	refused(q);
	q = sample(Q_REFUSED);
	q.refused.peer = span_of(big, QUESTION_PEER_MAX + 1);
	refused(q);
	q = sample(Q_REFUSED);
	q.refused.kind = Q_BY_PSK;
	refused(q);
	q = sample(Q_REFUSED);
	q.refused.reason = REASON_RATE;
	refused(q);
	q = sample(Q_REFUSED);
	q.refused.reason = REASON_CERTIFICATE_REFUSED;
	refused(q);
	q = sample(Q_BEGIN);
	q.begin.fault = REASON_COUNT;
	refused(q);
	q = sample(Q_BEGIN);
	q.begin.pct = -2;
	refused(q);
	q = sample(Q_BEGIN_ANSWER);
	q.begin_answer.max_age_s = QUESTION_MAX_AGE_S + 1;
	refused(q);
	q = sample(Q_BEGIN);
	q.begin.address.family = 5;
	refused(q);
	q = sample(Q_PSK_ANSWER);
	q.psk_answer.status = (enum psk_status)(PSK_UNAVAILABLE + 1);
	refused(q);
	q = sample(Q_PSK_ANSWER);
	assert_int_equal(
	    secret_set(&q.psk_answer.key, span_of(big, 65)), RC_OK);
	refused(q);
	q = sample(Q_BEGIN_ANSWER);
	q.begin_answer.reason = REASON_COUNT;
	refused(q);
	q = sample(Q_BEGIN_ANSWER);
	assert_int_equal(
	    secret_set(&q.begin_answer.plan, span_of(big, PLAN_BYTES_MAX + 1)),
	    RC_OK);
	refused(q);
}

/* The largest plan fits one packet. */
static void
the_largest_answer(void **state)
{
	static uint8_t buf[QUESTION_BYTES_MAX], big[PLAN_BYTES_MAX];
	struct question q = sample(Q_BEGIN_ANSWER);
	size_t len;

	(void)state;
	assert_int_equal(
	    secret_set(&q.begin_answer.plan, span_of(big, sizeof(big))), RC_OK);
	len = encode(&q, buf, sizeof(buf));
	assert_int_equal(try(buf, len), RC_OK);
	question_fini(&q);
}

static const struct {
	enum q_proof proof;
	uint32_t epoch;
	const char *credential, *peer, *chain;
	bool good;
} proofs[] = {
    {Q_BY_NOTHING, 0, "", "", "", true},
    {Q_BY_NOTHING, 1, "", "", "", false},
    {Q_BY_NOTHING, 0, "x", "", "", false},
    {Q_BY_NOTHING, 0, "", "x", "", false},
    {Q_BY_PSK, 2, "x", "", "", true},
    {Q_BY_PSK, 0, "", "", "", true},
    {Q_BY_PSK, 2, "x", "x", "", false},
    {Q_BY_PSK, 2, "x", "", "x", false},
    {Q_BY_CERTIFICATE, 0, "", "x", "", true},
    {Q_BY_CERTIFICATE, 0, "", "x", "x", true},
    {Q_BY_CERTIFICATE, 0, "", "", "x", false},
    {Q_BY_CERTIFICATE, 0, "x", "x", "", false},
    {Q_BY_CERTIFICATE, 1, "", "x", "", false},
    {Q_BY_RAW_KEY, 0, "", "x", "", true},
    {Q_BY_RAW_KEY, 0, "", "", "", false},
    {Q_BY_RAW_KEY, 0, "", "x", "x", false},
    {(enum q_proof)(Q_BY_RAW_KEY + 1), 0, "", "x", "", false},
};

/* What belongs to one kind of proof does not come with another. */
static void
proofs_are_of_one_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
		struct question q = sample(Q_BEGIN);
		uint8_t buf[1024];

		q.begin.proof = proofs[i].proof;
		q.begin.epoch = proofs[i].epoch;
		q.begin.credential = span_str(proofs[i].credential);
		q.begin.peer = span_str(proofs[i].peer);
		q.begin.chain = span_str(proofs[i].chain);
		assert_int_equal(try(buf, encode(&q, buf, sizeof(buf))),
		    proofs[i].good ? RC_OK : RC_MALFORMED);
	}
}

static const struct {
	bool pack, fresh;
	enum q_proof proof;
	int32_t pct, accept;
	bool good;
} requests[] = {
    {false, false, Q_BY_NOTHING, -1, -1, true},
    {false, false, Q_BY_NOTHING, 0, -1, true},
    {false, true, Q_BY_NOTHING, 112, -1, true},
    {false, true, Q_BY_PSK, 112, -1, false},
    {false, false, Q_BY_PSK, -2, -1, false},
    {false, false, Q_BY_NOTHING, -1, 112, false},
    {false, false, Q_BY_NOTHING, -1, -2, false},
    {true, false, Q_BY_PSK, -1, 0, true},
    {true, true, Q_BY_NOTHING, -1, 11544, true},
    {true, false, Q_BY_NOTHING, -1, 65535, true},
    {true, false, Q_BY_NOTHING, -1, 65536, false},
    {true, false, Q_BY_NOTHING, -1, -1, false},
    {true, false, Q_BY_NOTHING, 112, 112, false},
};

/* A pack has a format that is accepted, a Bootstrap-Request one that is
 * preferred; only who proves nothing has to be fresh. */
static void
requests_are_of_one_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct question q = sample(Q_BEGIN);
		uint8_t buf[1024];

		q.begin.peer = q.begin.chain = (struct span){0};
		q.begin.pack = requests[i].pack;
		q.begin.fresh = requests[i].fresh;
		q.begin.proof = requests[i].proof;
		q.begin.pct = requests[i].pct;
		q.begin.accept = requests[i].accept;
		if ((try(buf, encode(&q, buf, sizeof(buf))) == RC_OK) !=
		    requests[i].good)
			fail_msg("case %zu", i);
	}
}

/* The one with the most papers fits a packet, too. */
static void
the_largest_question(void **state)
{
	static uint8_t buf[QUESTION_BYTES_MAX], big[QUESTION_CHAIN_MAX];
	struct question q = sample(Q_BEGIN);

	(void)state;
	q.begin.endpoint = span_of(big, 255);
	q.begin.peer = span_of(big, QUESTION_PEER_MAX);
	q.begin.chain = span_of(big, QUESTION_CHAIN_MAX);
	assert_int_equal(try(buf, encode(&q, buf, sizeof(buf))), RC_OK);
}

/* Without a signature there is none, not one of zeros. */
static void
no_signature(void **state)
{
	struct question q = sample(Q_SIGN_ANSWER), r;
	uint8_t buf[1024], *exact;
	size_t len, with = encode(&q, buf, sizeof(buf));

	(void)state;
	q.sign_answer.known = false;
	len = encode(&q, buf, sizeof(buf));
	assert_int_equal(with - len, QUESTION_SIGNATURE_LEN);
	assert_int_equal(get(buf, len, &r, &exact), RC_OK);
	assert_false(r.sign_answer.known);
	free(exact);
	buf[len - 1] = 2;
	assert_int_equal(try(buf, len), RC_MALFORMED);
}

static uint32_t
draw(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* What is believed is written again as it was understood. */
static void
said_again(const uint8_t *p, size_t len)
{
	uint8_t once[2048], twice[2048], *exact, *exact2;
	struct question q, r;
	size_t n;

	if (get(p, len, &q, &exact) == RC_OK) {
		n = encode(&q, once, sizeof(once));
		assert_int_equal(n, len);
		assert_int_equal(get(once, n, &r, &exact2), RC_OK);
		assert_int_equal(encode(&r, twice, sizeof(twice)), n);
		assert_memory_equal(once, twice, n);
		question_fini(&q);
		question_fini(&r);
		free(exact2);
	}
	free(exact);
}

static void
a_hundred_thousand_mutations(void **state)
{
	enum { ROUNDS = 100000 / KINDS + 1, FLIPS_MAX = 4 };
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		uint8_t buf[1024], mutant[1024];
		size_t len = encode_sample(kinds[i], buf, sizeof(buf));

		for (unsigned round = 0; round < ROUNDS; round++) {
			unsigned flips = 1 + draw(&random) % FLIPS_MAX;

			memcpy(mutant, buf, len);
			while (flips-- > 0)
				mutant[1 + draw(&random) % (len - 1)] =
				    (uint8_t)draw(&random);
			said_again(mutant, len);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(every_truncation_is_refused),
	    cmocka_unit_test(versions_and_kinds),
	    cmocka_unit_test(verdicts),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(the_largest_answer),
	    cmocka_unit_test(proofs_are_of_one_kind),
	    cmocka_unit_test(requests_are_of_one_kind),
	    cmocka_unit_test(the_largest_question),
	    cmocka_unit_test(no_signature),
	    cmocka_unit_test(a_hundred_thousand_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
