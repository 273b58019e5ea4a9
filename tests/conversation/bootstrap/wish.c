#include "wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "lwm2m/object.h"

enum { SSID_FIRST = 101, MAX_MESSAGE = 500, BLOCK_SIZE = 1024 };

const struct wish wish_usual = {
    .discover = true,
    .clean = {{OBJECT_SECURITY, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
	{OBJECT_SERVER, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE}},
    .clean_count = 2,
    .servers = 1,
    .max_message = MAX_MESSAGE,
};

const struct wish wish_short = {
    .servers = 1,
    .max_message = MAX_MESSAGE,
};

void
wish_key(unsigned server, uint8_t out[static WISH_KEY_LEN])
{
	for (unsigned i = 0; i < WISH_KEY_LEN; i++)
		out[i] = (uint8_t)(0xa0 + server * 16 + i);
}

static void
put(struct plan_builder *b, struct lwm2m_path at, uint16_t resource,
    struct lwm2m_value v)
{
	struct lwm2m_entry e = {
	    LWM2M_RESOURCE(at.object, at.instance, resource), v};

	plan_put(b, &e);
}

static void
put_security(struct plan_builder *b, const struct wish *w, struct lwm2m_path at,
    unsigned server)
{
	struct secret key = {0};
	uint8_t bytes[WISH_KEY_LEN];
	char text[64], identity[16];

	snprintf(text, sizeof(text), "coap%s://eu%u.lwm2m.example:5684",
	    w->nosec ? "" : "s", server);
	snprintf(identity, sizeof(identity), "dev-1-%u", server);
	put(b, at, SECURITY_URI, LWM2M_VALUE_STRING(span_str(text)));
	put(b, at, SECURITY_BOOTSTRAP, LWM2M_VALUE_BOOLEAN(false));
	put(b, at, SECURITY_MODE,
	    LWM2M_VALUE_INTEGER(w->nosec ? MODE_NOSEC : MODE_PSK));
	if (!w->nosec || w->empty_keys)
		put(b, at, SECURITY_IDENTITY,
		    LWM2M_VALUE_OPAQUE(span_str(w->nosec ? "" : identity)));
	if (w->empty_keys)
		put(b, at, SECURITY_SERVER_KEY,
		    LWM2M_VALUE_OPAQUE(SPAN_LIT("")));
	if (!w->nosec) {
		wish_key(server, bytes);
		assert_int_equal(
		    secret_set(&key, span_of(bytes, sizeof(bytes))), RC_OK);
		plan_put_secret(b,
		    LWM2M_RESOURCE(at.object, at.instance, SECURITY_SECRET_KEY),
		    &key, "psk of a conversation");
		secret_fini(&key);
	} else if (w->empty_keys) {
		put(b, at, SECURITY_SECRET_KEY,
		    LWM2M_VALUE_OPAQUE(SPAN_LIT("")));
	}
	put(b, at, SECURITY_SSID,
	    LWM2M_VALUE_INTEGER(SSID_FIRST + (int)server - 1));
}

static void
put_server(struct plan_builder *b, const struct wish *w, unsigned server)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SERVER, 0);

	put(b, at, SERVER_SSID,
	    LWM2M_VALUE_INTEGER(SSID_FIRST + (int)server - 1));
	if (!w->without_lifetime)
		put(b, at, SERVER_LIFETIME, LWM2M_VALUE_INTEGER(86400));
	put(b, at, SERVER_STORING, LWM2M_VALUE_BOOLEAN(false));
	put(b, at, SERVER_BINDING, LWM2M_VALUE_STRING(SPAN_LIT("U")));
}

/** Where the n-th account goes, in a Write that is open, or of its own. */
static void
open_account(struct plan_builder *b, const struct wish *w, unsigned account,
    uint16_t object)
{
	if (w->level == WISH_OBJECT)
		plan_account(b, account);
	else
		plan_step(b, PLAN_WRITE, 0, account, LWM2M_INSTANCE(object, 0));
}

static void
put_accounts(struct plan_builder *b, const struct wish *w)
{
	bool objects = w->level == WISH_OBJECT && w->servers > 0;

	if (objects)
		plan_step(b, PLAN_WRITE, 0, 0, LWM2M_OBJECT(OBJECT_SECURITY));
	for (unsigned i = 1; i <= w->servers; i++) {
		open_account(b, w, i, OBJECT_SECURITY);
		put_security(b, w, LWM2M_INSTANCE(OBJECT_SECURITY, 0), i);
	}
	if (objects)
		plan_step(b, PLAN_WRITE, 0, 0, LWM2M_OBJECT(OBJECT_SERVER));
	for (unsigned i = 1; i <= w->servers; i++) {
		open_account(b, w, i, OBJECT_SERVER);
		put_server(b, w, i);
	}
}

/** The same server, another key. */
static void
put_own(struct plan_builder *b)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SECURITY, 0);
	uint8_t bytes[WISH_KEY_LEN];
	struct secret key = {0};

	plan_step(b, PLAN_WRITE, 0, PLAN_ACCOUNT_OURS, at);
	put(b, at, SECURITY_URI,
	    LWM2M_VALUE_STRING(SPAN_LIT("coaps://boot.example:5684")));
	put(b, at, SECURITY_BOOTSTRAP, LWM2M_VALUE_BOOLEAN(true));
	put(b, at, SECURITY_MODE, LWM2M_VALUE_INTEGER(MODE_PSK));
	put(b, at, SECURITY_IDENTITY, LWM2M_VALUE_OPAQUE(SPAN_LIT("dev-1")));
	wish_key(8, bytes);
	assert_int_equal(
	    secret_set(&key, span_of(bytes, sizeof(bytes))), RC_OK);
	plan_put_secret(
	    b, LWM2M_RESOURCE(0, 0, SECURITY_SECRET_KEY), &key, "psk of ours");
	secret_fini(&key);
}

static void
put_padding(struct plan_builder *b, size_t len)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_DEVICE, 0);
	char *text = malloc(len);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + i / 16 % 26);
	plan_step(b, PLAN_WRITE, 0, 0, at);
	put(b, at, 0, LWM2M_VALUE_STRING(span_of(text, len)));
	free(text);
}

void
wish_plan(const struct wish *w, struct secret *out)
{
	struct plan_head h = {
	    .flags = w->clean_on_failure ? PLAN_CLEAN_ON_FAILURE : 0,
	    .max_message = w->max_message,
	    .block_size = w->no_blocks ? 0 : BLOCK_SIZE,
	    .version = w->version ? w->version : 11,
	    .own = w->own_said ? w->own : LWM2M_ID_NONE,
	    .account_count = w->servers,
	};
	struct plan_builder b;

	assert_true(w->servers <= PLAN_ACCOUNTS_MAX);
	for (unsigned i = 0; i < w->servers; i++)
		h.ssids[i] = (uint16_t)(SSID_FIRST + i);
	while (h.format_count < PLAN_FORMATS_MAX && w->formats[h.format_count])
		h.format_count++;
	memcpy(h.formats, w->formats, sizeof(h.formats));
	plan_begin(&b, &h);
	if (w->discover)
		plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	for (size_t i = 0; i < w->clean_count; i++)
		plan_step(&b, PLAN_DELETE, w->strict ? PLAN_STRICT : 0, 0,
		    w->clean[i]);
	if (w->only_disable_timeout) {
		plan_step(
		    &b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(OBJECT_SERVER, 0));
		put(&b, LWM2M_INSTANCE(OBJECT_SERVER, 0),
		    SERVER_DISABLE_TIMEOUT, LWM2M_VALUE_INTEGER(86400));
	}
	put_accounts(&b, w);
	if (w->has_other) {
		plan_step(&b, PLAN_WRITE, 0, 0, w->other);
		put_security(&b, w, w->other, 9);
	}
	if (w->padding)
		put_padding(&b, w->padding);
	if (w->rotates)
		put_own(&b);
	if (w->read)
		plan_step(&b, PLAN_READ, 0, 0, LWM2M_OBJECT(OBJECT_SERVER));
	if (w->verify)
		plan_step(&b, PLAN_VERIFY, 0, 0, LWM2M_ROOT);
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	if (w->corrects) {
		put_accounts(&b, w);
		plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	}
	assert_int_equal(plan_end(&b, out, NULL), RC_OK);
}
