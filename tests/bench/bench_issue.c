/*
 * A PKI of its own in a token, and how fast device certificates come out of it,
 * beside how often the token signs at all.
 *
 *	bench_issue MODULE TOKEN PIN_ENV THREADS DIR [DEVICES]
 *
 * PIN_ENV: the variable with the PIN.
 * Makes the keys bench-ca and bench-server in the token, where they are not
 * there yet. Leaves in DIR: ca.pem and server.pem; own.pem and own.key (DER),
 * another server's with its key in a file; devices.txt, a line for each of
 * DEVICES: endpoint, certificate and private key, both in hex. Then it signs
 * and it issues, both from THREADS threads, and prints
 * "sign_per_s=N issue_per_s=N", of the pair of rounds whose ratio is the median.
 */
#include "base/event.h"
#include "base/text.h"
#include "hsm/cert_issue.h"
#include "hsm/device_key.h"
#include "hsm/pem.h"
#include "hsm/speed.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ROUNDS = 7, /* odd */
	ROUND_MS = 600,
	DEVICES_MAX = 100000,
	PATH_CAP = 512,
	TEXT_CAP = 8192,
};

static const struct hsm_ec_ref CA = {.label = "bench-ca"};
static const struct hsm_ec_ref SERVER = {.label = "bench-server"};

static struct hsm *token;
static struct cert ca;

static void
die(const char *what, const struct hsm_error *err)
{
	fprintf(stderr, "bench_issue: %s%s%s\n", what, err ? ": " : "",
	    err ? err->text : "");
	exit(1);
}

/* --- certificates --------------------------------------------------------- */

static void
named(struct cert_profile *p, enum cert_kind kind, const char *cn)
{
	cert_profile_init(p, kind);
	p->subject[0] = (struct cert_rdn){CERT_CN, span_str(cn)};
	p->subject_count = 1;
}

static enum rc
make(struct hsm_session *s, const struct cert_profile *p, struct span spki,
    struct writer *out)
{
	struct cert_draft d;

	cert_draft_init(
	    &d, p, p->kind == CERT_ROOT ? NULL : &ca, spki, time(NULL));
	return cert_issue(s, &CA, &d, out, NULL);
}

/* As the profile device-p256 has it. */
static enum rc
make_device(struct hsm_session *s, const char *endpoint, struct span spki,
    struct writer *out)
{
	struct cert_profile p;

	named(&p, CERT_DEVICE, endpoint);
	p.san[0] = (struct cert_name){CERT_NAME_URI, span_str(endpoint)};
	p.san_count = 1;
	p.clip = true;
	return make(s, &p, spki, out);
}

/* --- what is left in DIR -------------------------------------------------- */

static FILE *
create(const char *dir, const char *name)
{
	char path[PATH_CAP];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wx");
	if (!f)
		die(path, NULL);
	return f;
}

static void
put_file(const char *dir, const char *name, struct span bytes)
{
	FILE *f = create(dir, name);

	if (fwrite(bytes.p, 1, bytes.len, f) != bytes.len || fclose(f) != 0)
		die(name, NULL);
}

static void
put_pem(const char *dir, const char *name, struct span der)
{
	uint8_t text[TEXT_CAP];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	pem_write(&w, "CERTIFICATE", der);
	put_file(dir, name, writer_span(&w));
}

static void
key_in_token(
    struct hsm_session *s, const struct hsm_ec_ref *ref, struct hsm_ec_key *key)
{
	enum rc rc = hsm_ec_describe(s, ref, key);

	if (rc == RC_NOT_FOUND)
		rc = hsm_ec_generate(s, ref, key);
	if (rc != RC_OK)
		die(ref->label, hsm_session_error(s));
}

static void
make_pki(struct hsm_session *s, const char *dir)
{
	static uint8_t ca_der[CERT_DER_MAX];
	uint8_t der[CERT_DER_MAX];
	struct hsm_ec_key ca_key, server_key;
	struct device_key own = {0};
	struct cert_profile p;
	struct der_fault fault;
	struct writer w;

	key_in_token(s, &CA, &ca_key);
	key_in_token(s, &SERVER, &server_key);
	named(&p, CERT_ROOT, "Bench Device CA");
	writer_init(&w, ca_der, sizeof(ca_der));
	if (make(s, &p, span_of(ca_key.spki, P256_SPKI_LEN), &w) != RC_OK)
		die("the CA", hsm_session_error(s));
	if (cert_parse(writer_span(&w), &ca, &fault) != RC_OK)
		die("the CA cannot be read", NULL);
	put_pem(dir, "ca.pem", ca.der);

	named(&p, CERT_SERVER, "bench.lwm2m.example");
	p.san[0] =
	    (struct cert_name){CERT_NAME_DNS, SPAN_LIT("bench.lwm2m.example")};
	p.san_count = 1;
	writer_init(&w, der, sizeof(der));
	if (make(s, &p, span_of(server_key.spki, P256_SPKI_LEN), &w) != RC_OK)
		die("the server", hsm_session_error(s));
	put_pem(dir, "server.pem", writer_span(&w));

	writer_init(&w, der, sizeof(der));
	if (device_key_make(s, &own) != RC_OK ||
	    make(s, &p, span_of(own.spki, P256_SPKI_LEN), &w) != RC_OK)
		die("the other server", hsm_session_error(s));
	put_pem(dir, "own.pem", writer_span(&w));
	put_file(dir, "own.key", secret_expose(&own.private_key));
	device_key_fini(&own);
}

static void
put_device(struct hsm_session *s, FILE *f, unsigned i)
{
	uint8_t der[CERT_DER_MAX], text[TEXT_CAP];
	struct device_key key = {0};
	struct writer w, line;
	char endpoint[64];

	snprintf(
	    endpoint, sizeof(endpoint), "urn:dev:ops:0057F2-BENCH-%06u", i);
	writer_init(&w, der, sizeof(der));
	if (device_key_make(s, &key) != RC_OK ||
	    make_device(s, endpoint, span_of(key.spki, P256_SPKI_LEN), &w) !=
		RC_OK)
		die("a device", hsm_session_error(s));
	writer_init(&line, text, sizeof(text));
	writer_fmt(&line, "%s ", endpoint);
	text_hex(&line, writer_span(&w));
	writer_str(&line, " ");
	text_hex(&line, secret_expose(&key.private_key));
	writer_str(&line, "\n");
	if (line.full || fwrite(text, 1, line.len, f) != line.len)
		die("devices.txt", NULL);
	secret_wipe(text, sizeof(text));
	device_key_fini(&key);
}

/* --- how fast ------------------------------------------------------------- */

struct round {
	/* One that has been found good already, as any has that was made, or
	 * came in a request, a moment ago. */
	uint8_t spki[P256_SPKI_LEN];
	_Atomic uint64_t done;
	atomic_bool over;
};

/* As a thread of the keeper: with a session of its own. */
static void *
issue(void *arg)
{
	struct round *r = arg;
	struct hsm_session *s;
	struct hsm_error err;
	uint8_t der[CERT_DER_MAX];
	struct writer w;

	if (hsm_session_take(token, &s, &err) != RC_OK)
		die("a session", &err);
	while (!r->over) {
		writer_init(&w, der, sizeof(der));
		if (make_device(s, "urn:dev:ops:0057F2-BENCH-999999",
			span_of(r->spki, P256_SPKI_LEN), &w) != RC_OK)
			die("a device", hsm_session_error(s));
		r->done++;
	}
	hsm_session_give(s);
	return NULL;
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
issue_round(struct round *r, unsigned threads)
{
	pthread_t ids[SPEED_THREADS_MAX];
	double begin = now_s();

	r->done = 0;
	r->over = false;
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, issue, r) != 0)
			die("no thread", NULL);
	nanosleep(&(struct timespec){0, ROUND_MS * 1000000L}, NULL);
	r->over = true;
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return (double)r->done / (now_s() - begin);
}

struct pair {
	double sign, issue;
};

static int
by_ratio(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	double left = x->issue * y->sign, right = y->issue * x->sign;

	return (left > right) - (left < right);
}

/* In turns, so that both meet the same machine. */
static void
measure(struct round *r, unsigned threads)
{
	const struct speed_keys keys = {.signer = CA};
	struct pair pairs[ROUNDS];
	struct hsm_error err;

	(void)issue_round(r, threads); /* to warm up */
	for (int i = 0; i < ROUNDS; i++) {
		if (speed_measure(token, &keys, SPEED_SIGN, threads, ROUND_MS,
			&pairs[i].sign, &err) != RC_OK)
			die("signing", &err);
		pairs[i].issue = issue_round(r, threads);
	}
	qsort(pairs, ROUNDS, sizeof(pairs[0]), by_ratio);
	printf("sign_per_s=%.0f issue_per_s=%.0f\n", pairs[ROUNDS / 2].sign,
	    pairs[ROUNDS / 2].issue);
}

int
main(int argc, char **argv)
{
	struct hsm_config config = {.pin_kind = HSM_PIN_ENV};
	struct device_key key = {0};
	uint64_t threads = 0, devices = 0;
	struct round r = {.done = 0};
	struct hsm_session *s = NULL;
	struct hsm_error err;
	FILE *f;

	if (argc < 6 || argc > 7 ||
	    !span_decimal(span_str(argv[4]), SPEED_THREADS_MAX, &threads) ||
	    threads == 0 ||
	    (argc == 7 &&
		!span_decimal(span_str(argv[6]), DEVICES_MAX, &devices))) {
		fputs("usage: bench_issue MODULE TOKEN PIN_ENV THREADS DIR "
		      "[DEVICES]\n",
		    stderr);
		return 64;
	}
	secret_harden_process();
	config.module = argv[1];
	config.token = argv[2];
	config.pin = argv[3];
	config.sessions = (unsigned)threads;
	if (hsm_open(&config, &token, &err) != RC_OK ||
	    hsm_session_take(token, &s, &err) != RC_OK)
		die("the token", &err);
	make_pki(s, argv[5]);
	f = create(argv[5], "devices.txt");
	for (unsigned i = 0; i < devices; i++)
		put_device(s, f, i);
	if (fclose(f) != 0)
		die("devices.txt", NULL);
	if (device_key_make(s, &key) != RC_OK)
		die("a key", hsm_session_error(s));
	memcpy(r.spki, key.spki, sizeof(r.spki));
	device_key_fini(&key);
	hsm_session_give(s);
	measure(&r, (unsigned)threads);
	hsm_close(token);
	return 0;
}
