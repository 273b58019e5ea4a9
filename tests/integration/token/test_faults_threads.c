/*
 * Several threads ask for keys, signatures and certificates while calls fail
 * under them, now here, now there: each answer is right, or RC_TOKEN; whoever
 * reopens does it for all; nobody waits for ever; and when the faults are over,
 * every answer is right.
 *
 * Faults are return values alone: SoftHSM itself does not survive that one
 * thread takes from it what another is using.
 */
#include "fault_clock.h"
#include "fixture.h"

#include "hsm/cert_issue.h"
#include "hsm/device_key.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS = 4,
	SESSIONS = 3, /* so that threads wait for each other, too */
	ROUNDS = 3, /* of each thread, for each fault */
	CALLS = 3, /* that fail, one after the other */
	TEST_S = 90,
};

struct worker {
	pthread_t thread;
	atomic_uint rounds, failed, wrong;
};

static struct hsm *h;
static struct secret expected;
static uint8_t ca_spki[P256_SPKI_LEN], ca_der[CERT_DER_MAX];
static struct cert ca_cert;
static const struct hsm_ec_ref ca = {.label = "ca"};
static struct worker workers[THREADS];
static atomic_bool over;

static enum rc
issue(struct hsm_session *s, enum cert_kind kind, const char *cn,
    const uint8_t spki[static P256_SPKI_LEN], const struct cert *issuer,
    struct writer *w)
{
	struct cert_profile p;
	struct cert_draft d;

	cert_profile_init(&p, kind);
	p.subject[0] = (struct cert_rdn){CERT_CN, span_str(cn)};
	p.subject_count = 1;
	p.clip = true;
	cert_draft_init(
	    &d, &p, issuer, span_of(spki, P256_SPKI_LEN), time(NULL));
	return cert_issue(s, &ca, &d, w, NULL);
}

/* RC_BUG: a wrong answer. */
static enum rc
check_key(struct hsm_session *s)
{
	struct secret key = {0};
	enum rc rc = try_derive(s, "urn:dev:1", &key);

	if (!rc && !secret_equal(&key, &expected))
		rc = RC_BUG;
	secret_fini(&key);
	return rc;
}

static enum rc
check_signature(struct hsm_session *s)
{
	uint8_t digest[P256_DIGEST_LEN] = {1}, rs[P256_SIGNATURE_LEN];
	enum rc rc = hsm_ec_sign(s, &ca, digest, rs);

	if (!rc && p256_verify(span_of(ca_spki, P256_SPKI_LEN), digest, rs))
		rc = RC_BUG;
	return rc;
}

static enum rc
check_certificate(struct hsm_session *s)
{
	uint8_t der[CERT_DER_MAX];
	struct device_key key = {0};
	struct der_fault fault;
	struct writer w;
	struct cert c;
	enum rc rc = device_key_make(s, &key);

	writer_init(&w, der, sizeof(der));
	if (!rc)
		rc = issue(s, CERT_DEVICE, "urn:dev:1", key.spki, &ca_cert, &w);
	device_key_fini(&key);
	if (!rc &&
	    (cert_parse(writer_span(&w), &c, &fault) ||
		cert_signed_by(&c, ca_cert.spki)))
		rc = RC_BUG;
	return rc;
}

static void *
work(void *arg)
{
	static enum rc (*const checks[])(struct hsm_session *) = {
	    check_key, check_signature, check_certificate};
	struct worker *me = arg;

	while (!over) {
		struct hsm_session *s = NULL;
		enum rc rc = hsm_session_take(h, &s, NULL);

		for (size_t i = 0; !rc && i < 3; i++)
			rc = checks[i](s);
		hsm_session_give(s);
		if (rc)
			me->failed++;
		if (rc && rc != RC_TOKEN)
			me->wrong++;
		if (rc)
			(void)!hsm_reopen(h, NULL);
		me->rounds++;
	}
	return NULL;
}

/* Each thread begins and ends so many rounds. */
static void
let_work(void)
{
	unsigned until[THREADS];

	for (int i = 0; i < THREADS; i++)
		until[i] = workers[i].rounds + ROUNDS;
	for (int i = 0; i < THREADS; i++)
		while (workers[i].rounds < until[i])
			sched_yield();
}

static unsigned
failures(void)
{
	unsigned n = 0;

	for (int i = 0; i < THREADS; i++)
		n += workers[i].failed;
	return n;
}

static void
test_storm(void **state)
{
	static const char *const functions[] = {"C_SignInit", "C_Sign",
	    "C_GetSessionInfo", "C_FindObjectsInit", "C_FindObjects",
	    "C_GetAttributeValue", "C_GenerateRandom", "C_CloseSession",
	    "C_GetTokenInfo", "C_Login"};
	static const char *const whats[] = {"0x32", "0xb3", "0x101", "0x82",
	    "0x90", "0x5", "0x31", "after=0x30"};
	unsigned before, after, wrong = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&workers[i].thread, NULL, work, &workers[i]),
		    0);
	for (size_t f = 0; f < sizeof(functions) / sizeof(*functions); f++) {
		for (size_t i = 0; i < sizeof(whats) / sizeof(*whats); i++) {
			char control[64];

			snprintf(control, sizeof(control), "%s %s %d 0\n",
			    functions[f], whats[i], CALLS);
			faults(control);
			let_work();
		}
	}
	faults("");
	let_work();
	before = failures();
	let_work();
	after = failures();
	over = true;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
	}
	print_message("%u failures\n", before);
	assert_int_equal(wrong, 0);
	assert_true(before > 0);
	assert_int_equal(after, before);
}

static int
setup(void **state)
{
	struct hsm_session *s;
	struct hsm_master m;
	struct hsm_ec_key k;
	struct der_fault fault;
	struct writer w;

	(void)state;
	h = open_token();
	s = take(h);
	if (hsm_master_generate(s, MASTER, &m) || hsm_ec_generate(s, &ca, &k))
		return -1;
	derive(s, "urn:dev:1", &expected);
	memcpy(ca_spki, k.spki, sizeof(ca_spki));
	writer_init(&w, ca_der, sizeof(ca_der));
	if (issue(s, CERT_ROOT, "ca", ca_spki, NULL, &w) ||
	    cert_parse(writer_span(&w), &ca_cert, &fault))
		return -1;
	hsm_session_give(s);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_close(h);
	secret_fini(&expected);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_storm),
	};
	int failed;

	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	if (!fixture_init())
		return TEST_SKIP;
	(void)alarm(TEST_S);
	fixture.config.sessions = SESSIONS;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
