/* Whatever is wrong with what a device shows: it learns nothing from how it is
 * refused, and who comes after it meets a server that has forgotten it. */
#include "dtls/internal.h"
#include "mint.h"
#include "pki.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARTS_MAX = 12, SAID_MAX = 4096 };

static struct world *w;

/* Who is there. "Root" alone is trusted. */
enum who {
	NOBODY,
	ROOT,
	OTHER, /* another root */
	ISSUING, /* by Root */
	STALE, /* likewise, out of date */
	EARLY, /* likewise, not valid yet */
	TIGHT, /* likewise, path length 0 */
	BELOW_TIGHT, /* an authority by it */
	TORN, /* by Root, the signature damaged */
	STRAY, /* an authority by Other */
	METER, /* by Root */
	ISSUED, /* by Issuing, as the others by whom they are named for */
	UNDER_STALE,
	UNDER_EARLY,
	UNDER_TIGHT,
	UNDER_TORN,
	UNDER_STRAY,
	UNDER_METER, /* which is no authority */
	STRANGER, /* by Other */
	EXPIRED, /* by Root, as are the next */
	UNRIPE,
	TORN_METER,
	SELF, /* by itself */
	CAST,
	JUNK, /* an object that is no certificate */
};

static struct mint cast[CAST];

enum { HOUR_S = 3600 };

static const struct {
	const char *name;
	enum who by;
	struct mint_wish wish;
} born[CAST] = {
    [ROOT] = {"root", NOBODY, {.authority = true}},
    [OTHER] = {"other", NOBODY, {.authority = true}},
    [ISSUING] = {"issuing", ROOT, {.authority = true}},
    [STALE] = {"stale", ROOT,
	{.authority = true, .from_s = -2 * HOUR_S, .until_s = -HOUR_S}},
    [EARLY] = {"early", ROOT,
	{.authority = true, .from_s = HOUR_S, .until_s = 2 * HOUR_S}},
    [TIGHT] = {"tight", ROOT, {.authority = true, .path_len = "0"}},
    [BELOW_TIGHT] = {"below tight", TIGHT, {.authority = true}},
    [TORN] = {"torn", ROOT, {.authority = true, .damaged = true}},
    [STRAY] = {"stray", OTHER, {.authority = true}},
    [METER] = {"meter", ROOT, {0}},
    [ISSUED] = {"issued", ISSUING, {0}},
    [UNDER_STALE] = {"under stale", STALE, {0}},
    [UNDER_EARLY] = {"under early", EARLY, {0}},
    [UNDER_TIGHT] = {"under tight", BELOW_TIGHT, {0}},
    [UNDER_TORN] = {"under torn", TORN, {0}},
    [UNDER_STRAY] = {"under stray", STRAY, {0}},
    [UNDER_METER] = {"under meter", METER, {0}},
    [STRANGER] = {"stranger", OTHER, {0}},
    [EXPIRED] = {"expired", ROOT,
	{.from_s = -2 * HOUR_S, .until_s = -HOUR_S}},
    [UNRIPE] = {"unripe", ROOT, {.from_s = HOUR_S, .until_s = 2 * HOUR_S}},
    [TORN_METER] = {"torn meter", ROOT, {.damaged = true}},
    [SELF] = {"self", NOBODY, {0}},
};

static int
mint_all(void **state)
{
	(void)state;
	for (size_t i = 1; i < CAST; i++)
		mint_make(&cast[i], born[i].name,
		    born[i].by ? &cast[born[i].by] : NULL, &born[i].wish);
	return 0;
}

static void
serve(void)
{
	struct dtls_server_credential shown = {
	    .chain = pki_file("server", "pem")};
	struct span trust = mint_der(&cast[ROOT]);
	struct dtls_credentials c = {.servers = &shown,
	    .server_count = 1,
	    .trust = &trust,
	    .trust_count = 1};

	assert_int_equal(dtls_set_credentials(w->server, &c, &w->fault), RC_OK);
}

static int
start(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, NULL);
	serve();
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	world_stop(w);
	free(w);
	pki_forget();
	return 0;
}

static const enum dtls_client_version versions[] = {
    DTLS_CLIENT_12, DTLS_CLIENT_13};

static struct span
part(enum who who)
{
	return who == JUNK ? SPAN_LIT("\x30\x05\x02\x03\x01\x02\x03")
			   : mint_der(&cast[who]);
}

/* A device with that chain, and the key of `keeper`, says all it has. */
static void
show_with(enum dtls_client_version version, const enum who *parts,
    enum who keeper)
{
	uint8_t bytes[PARTS_MAX * MINT_DER_MAX];
	struct secret key = {0};
	struct writer chain;

	writer_init(&chain, bytes, sizeof(bytes));
	for (size_t i = 0; i < PARTS_MAX && parts[i]; i++)
		writer_put(&chain, part(parts[i]));
	assert_int_equal(secret_set(&key, mint_key(&cast[keeper])), RC_OK);
	world_open(w, 1,
	    &(struct dtls_client_config){.version = version,
		.chain = writer_span(&chain),
		.private_key = &key,
		.trust = pki_file("server-ca", "pem")});
	secret_fini(&key);
	w->devices[1].got_count = w->devices[1].sent_count = 0;
	w->trace[0] = w->events[0] = '\0';
	world_connect(w, 1);
}

static void
show(enum dtls_client_version version, const enum who *parts)
{
	show_with(version, parts, parts[0]);
}

/* Of all that the server has said what no chance is in: which records, how
 * long the last one is, and in the clear each byte of it. */
static void
said(char out[static SAID_MAX])
{
	const struct device *dev = &w->devices[1];
	size_t at = 0;

	assert_true(dev->got_count > 0);
	for (size_t i = 0; i < dev->got_count; i++) {
		char text[256];

		describe(world_got(w, 1, i), text, sizeof(text));
		at += (size_t)snprintf(out + at, SAID_MAX - at, "%s\n", text);
	}
	if (strstr(out, "sealed")) {
		(void)snprintf(out + at, SAID_MAX - at, "%zu bytes\n",
		    world_got(w, 1, dev->got_count - 1).len);
		return;
	}
	for (size_t i = 0; i < world_got(w, 1, dev->got_count - 1).len; i++)
		at += (size_t)snprintf(out + at, SAID_MAX - at, "%02x",
		    world_got(w, 1, dev->got_count - 1).p[i]);
}

static const struct {
	enum who parts[PARTS_MAX];
	const char *reason;
} bad[] = {
    {{STRANGER}, "untrusted-certificate (stranger)"},
    {{STRANGER, STRANGER}, "untrusted-certificate (stranger)"},
    {{STRANGER, OTHER}, "untrusted-certificate (stranger)"},
    {{STRANGER, ISSUING}, "untrusted-certificate (stranger)"},
    {{STRANGER, METER}, "untrusted-certificate (stranger)"},
    {{UNDER_STRAY, STRAY}, "untrusted-certificate (under stray)"},
    {{UNDER_STRAY, STRAY, OTHER}, "untrusted-certificate (under stray)"},
    {{SELF}, "untrusted-certificate (self)"},
    {{SELF, SELF}, "untrusted-certificate (self)"},
    {{ISSUED}, "untrusted-certificate (issued)"},
    {{ISSUED, STRAY}, "untrusted-certificate (issued)"},
    {{METER, STRANGER}, "untrusted-certificate (meter)"},
    {{EXPIRED}, "expired-certificate (expired)"},
    {{EXPIRED, EXPIRED}, "expired-certificate (expired)"},
    {{EXPIRED, ROOT}, "expired-certificate (expired)"},
    {{EXPIRED, OTHER}, "expired-certificate (expired)"},
    {{UNRIPE}, "expired-certificate (unripe)"},
    {{TORN_METER}, "untrusted-certificate (torn meter)"},
    {{TORN_METER, TORN_METER}, "untrusted-certificate (torn meter)"},
    {{UNDER_STALE, STALE}, "expired-certificate (under stale)"},
    {{UNDER_STALE, STALE, ROOT}, "expired-certificate (under stale)"},
    {{METER, STALE}, "expired-certificate (meter)"},
    {{UNDER_EARLY, EARLY}, "expired-certificate (under early)"},
    {{UNDER_TIGHT, BELOW_TIGHT, TIGHT},
	"untrusted-certificate (under tight)"},
    {{UNDER_TORN, TORN}, "untrusted-certificate (under torn)"},
    {{UNDER_METER, METER}, "untrusted-certificate (under meter)"},
    {{ROOT, METER}, "bad-certificate (root)"},
    {{ISSUING, ISSUED}, "untrusted-certificate (issuing)"},
    {{STRANGER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER},
	"untrusted-certificate (stranger)"},
    {{METER, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT},
	"bad-certificate"},
    {{METER, JUNK}, "bad-certificate"},
    {{STRANGER, JUNK}, "bad-certificate"},
};

static void
every_refusal_is_the_same(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		char first[SAID_MAX] = "";

		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			char now[SAID_MAX];
			printf("case %zu/%zu\n", v, i);
			show(versions[v], bad[i].parts);
			said(now);
			printf("%s %s alert %d\n", now, w->events, dtls_client_alert(w->devices[1].client));
			if (!first[0])
				memcpy(first, now, sizeof(first));
		}
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(every_refusal_is_the_same),
	};

	return cmocka_run_group_tests(tests, mint_all, NULL);
}
