/* The session itself, random numbers, masters, and what comes of them. */
#include "fault_ops_parts.h"

#include "hsm/hsm_internal.h"
#include "hsm/psk_test.h"
#include "hsm/seal.h"

#define ENDPOINT "urn:dev:1"
#define SECRET "what a vendor's list has brought"

enum { RANDOM_BYTES = 200 /* several calls of the token */ };

static struct seal_place place = {
    .master = MASTER,
    .version = 1,
    .table = "keys",
    .column = "sealed",
};

/* What is right. */
static struct secret expected_key;
static uint8_t expected_kcv[HSM_KCV_LEN];
static uint8_t expected_premaster[PSK_TEST_PREMASTER_LEN];
static uint8_t sealed[SEAL_OVERHEAD + sizeof(SECRET)];
static struct secret secret;

/* What an operation has brought. */
static struct secret key;
static uint8_t bytes[256];
static struct writer out;
static struct hsm_master master;
static unsigned seen;

static void
begin(void)
{
	memset(bytes, 0, sizeof(bytes));
	writer_init(&out, bytes, sizeof(bytes));
	secret_fini(&key);
	memset(&master, 0, sizeof(master));
	seen = 0;
}

static enum rc
run_probe(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_probe(s, NULL);
}

static enum rc
run_probe_with_a_key(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_probe(s, MASTER);
}

/* One more session of the pool. */
static enum rc
run_take(struct hsm_session *s, struct hsm_error *err)
{
	struct hsm_session *other;
	enum rc rc = hsm_session_take(s->hsm, &other, err);

	if (rc)
		return rc;
	rc = try_derive(other, ENDPOINT, &key);
	*err = *hsm_session_error(other);
	hsm_session_give(other);
	return rc;
}

static enum rc
run_reopen(struct hsm_session *s, struct hsm_error *err)
{
	session_mark_dead(s);
	return hsm_reopen(s->hsm, err);
}

static enum rc
run_derive(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return try_derive(s, ENDPOINT, &key);
}

static bool
right_key(struct hsm_session *s)
{
	(void)s;
	return secret_equal(&key, &expected_key);
}

static enum rc
run_key_check(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_key_check(s, MASTER, bytes);
}

static bool
right_kcv(struct hsm_session *s)
{
	(void)s;
	return memcmp(bytes, expected_kcv, HSM_KCV_LEN) == 0;
}

static enum rc
run_random(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_random(s, bytes, RANDOM_BYTES);
}

static bool
right_random(struct hsm_session *s)
{
	static const uint8_t zeros[16];

	(void)s;
	for (size_t i = 0; i + 16 <= RANDOM_BYTES; i += 16)
		if (memcmp(bytes + i, zeros, 16) == 0)
			return false;
	return true;
}

static enum rc
run_master_generate(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_master_generate(s, MADE, &master);
}

static bool
right_master_made(struct hsm_session *s)
{
	struct hsm_master again;

	return master.sensitive && !master.extractable && master.sign &&
	    hsm_master_describe(s, MADE, &again) == RC_OK &&
	    memcmp(&again, &master, sizeof(again)) == 0;
}

static enum rc
run_master_describe(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_master_describe(s, MASTER, &master);
}

static bool
right_master(struct hsm_session *s)
{
	(void)s;
	return strcmp(master.label, MASTER) == 0 && master.id_len == 8 &&
	    master.sensitive && !master.extractable && master.sign &&
	    master.local && master.never_extractable && master.token &&
	    memcmp(master.kcv, expected_kcv, HSM_KCV_LEN) == 0;
}

static enum rc
each_master(void *ctx, const struct hsm_master *m)
{
	(void)ctx;
	if (strcmp(m->label, MASTER) == 0)
		master = *m;
	seen++;
	return RC_OK;
}

static enum rc
run_master_list(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_master_list(s, each_master, NULL);
}

static bool
right_master_list(struct hsm_session *s)
{
	return seen == 1 && right_master(s);
}

static enum rc
run_seal_close(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return seal_close(s, &place, &secret, &out);
}

static bool
right_seal(struct hsm_session *s)
{
	return seal_open(s, &place, writer_span(&out), &key) == RC_OK &&
	    secret_equal(&key, &secret);
}

static enum rc
run_seal_open(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return seal_open(s, &place, span_of(sealed, sizeof(sealed)), &key);
}

static bool
right_secret(struct hsm_session *s)
{
	(void)s;
	return secret_equal(&key, &secret);
}

static enum rc
run_premaster(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_master_premaster(s, MASTER, bytes);
}

static bool
right_premaster(struct hsm_session *s)
{
	(void)s;
	return memcmp(bytes, expected_premaster, sizeof(expected_premaster)) ==
	    0;
}

static const struct fault_op list[] = {
    {"reopen", run_reopen, fault_op_right_anyway, 0, false},
    {"take", run_take, right_key, 0, false},
    {"probe", run_probe, fault_op_right_anyway, 0, false},
    {"probe with a key", run_probe_with_a_key, fault_op_right_anyway, 0, false},
    {"derive", run_derive, right_key, 0, false},
    {"key_check", run_key_check, right_kcv, 0, false},
    {"random", run_random, right_random, 0, false},
    {"master_generate", run_master_generate, right_master_made, 1, true},
    {"master_describe", run_master_describe, right_master, 0, true},
    {"master_list", run_master_list, right_master_list, 0, true},
    {"seal_close", run_seal_close, right_seal, 0, false},
    {"seal_open", run_seal_open, right_secret, 0, false},
    {"premaster", run_premaster, right_premaster, 0, false},
};

bool
fault_ops_derives(struct hsm_session *s)
{
	struct secret mine = {0};
	bool same = try_derive(s, ENDPOINT, &mine) == RC_OK &&
	    secret_equal(&mine, &expected_key);

	secret_fini(&mine);
	return same;
}

static void
prepare(struct hsm_session *s)
{
	struct writer w;

	if (hsm_master_describe(s, MASTER, &master) == RC_NOT_FOUND &&
	    hsm_master_generate(s, MASTER, &master))
		fail_msg("%s", hsm_session_error(s)->text);
	derive(s, ENDPOINT, &expected_key);
	assert_int_equal(hsm_key_check(s, MASTER, expected_kcv), RC_OK);
	assert_int_equal(
	    hsm_master_premaster(s, MASTER, expected_premaster), RC_OK);

	place.record = span_str(ENDPOINT);
	assert_int_equal(secret_set(&secret, SPAN_LIT(SECRET "\0")), RC_OK);
	writer_init(&w, sealed, sizeof(sealed));
	assert_int_equal(seal_close(s, &place, &secret, &w), RC_OK);
	assert_int_equal(w.len, sizeof(sealed));
}

static void
fini(void)
{
	begin();
	secret_fini(&expected_key);
	secret_fini(&secret);
}

const struct fault_ops_part fault_ops_secret = {
    list, sizeof(list) / sizeof(list[0]), prepare, begin, fini};
