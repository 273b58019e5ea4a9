/* From the bytes of an image to a device that holds what is in it. */
#include "account_rules.h"
#include "base/text.h"
#include "device/device.h"
#include "dtls/keypair.h"
#include "rehearse.h"
#include "tool.h"

#include <stdio.h>

enum {
	HOLD_OFF_LONG_S = 600,
	ENDPOINT_MAX = 252, /* bytes: Uri-Query has room for no more */
};

void
rehearse_reader_fini(struct rehearse_reader *r)
{
	secret_wipe(r->entries, sizeof(r->entries));
	secret_fini(&r->scratch);
}

/* --- reading ---------------------------------------------------------------- */

static void
tell_unread(const struct image_reading *r, enum rc rc, size_t len,
    struct rehearse_result *result)
{
	const char *format = r->depth > 0 ? r->nested[r->depth - 1]->name : "?";

	if (rc == RC_NOT_FOUND)
		rehearse_find(result, false, "image-unknown",
		    "flash what image build has written; is it another file, "
		    "or was it cut?",
		    "no format of images looks like these %zu bytes", len);
	else if (rc == RC_MALFORMED || rc == RC_UNSUPPORTED)
		rehearse_find(result, false, "image-unreadable",
		    "build the image again; if its partition was cut, give "
		    "image build the size that it has",
		    "%s: %s at byte %zu: a loader refuses it", format,
		    r->fault ? r->fault : rc_name(rc), r->fault_at);
	else
		rehearse_find(result, false, "image-unreadable", "", "%s: %s",
		    format, rc_name(rc));
}

static bool
read_image(struct rehearse_reader *r, struct span bytes,
    struct image_reading *reading, struct rehearse_result *result)
{
	enum rc rc;

	if (r->partition_len && bytes.len > r->partition_len) {
		rehearse_find(result, false, "image-too-large",
		    "give the partition more room, or choose a format that is "
		    "shorter",
		    "%zu bytes do not fit a partition of %zu: what is flashed "
		    "is cut",
		    bytes.len, r->partition_len);
		return false;
	}
	*reading = (struct image_reading){
	    .entries = r->entries,
	    .entry_cap = IMAGE_ENTRIES_MAX,
	    .geometry = image_geometry_any(),
	};
	reading->geometry.nvs_key = r->nvs_key;
	if (r->scratch.cap < IMAGE_READ_SCRATCH(bytes.len) &&
	    secret_reserve_large(&r->scratch, IMAGE_READ_SCRATCH(bytes.len)) !=
		RC_OK) {
		rehearse_find(result, false, "memory", "raise RLIMIT_MEMLOCK",
		    "no memory that can be locked");
		return false;
	}
	writer_init(&reading->scratch, r->scratch.bytes, r->scratch.cap);
	rc = image_read(bytes, NULL, reading);
	if (rc != RC_OK)
		tell_unread(reading, rc, bytes.len, result);
	return rc == RC_OK;
}

/* --- what loaders refuse ----------------------------------------------------- */

/* Findings of account_rules.c, under their own codes. */
static void
check_rules(const struct image_reading *reading, struct rehearse_result *result)
{
	struct diag *d = diag_new();
	bool credentials = false;

	for (size_t i = 0; i < reading->depth; i++)
		credentials |= reading->nested[i]->credentials_only;
	account_rules_check(&reading->image, credentials, "", d);
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);

		rehearse_find(
		    result, f->level != DIAG_ERROR, f->code, "", "%s", f->text);
	}
	if (!d)
		rehearse_find(result, false, "memory", "", "out of memory");
	diag_free(d);
}

/* A name that was read from a file with its last line end, or as a C string
 * with its NUL: no document knows it. */
static void
check_identity(const struct account *a, struct rehearse_result *result)
{
	struct span s = a->identity;
	struct quoted q;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] >= ' ' && s.p[i] != 0x7f)
			continue;
		rehearse_find(result, false, "identity-control",
		    "mint it from a list whose line ends are taken away, and "
		    "store it without the NUL of a C string",
		    "the PSK identity %s has a control character%s: no "
		    "identity document has such a name",
		    quote(&q, text_cut(s, 80, 160)),
		    i + 1 == s.len ? " at its end" : "");
		return;
	}
}

/* 10 s as a loader of the other byte order takes it. */
static void
check_hold_off(
    const struct held *held, uint16_t instance, struct rehearse_result *result)
{
	int64_t s = 0;
	uint64_t turned;

	if (!held_integer(held,
		LWM2M_RESOURCE(OBJECT_SECURITY, instance, SECURITY_HOLD_OFF),
		&s) ||
	    s <= HOLD_OFF_LONG_S || s > UINT32_MAX)
		return;
	turned = s <= UINT16_MAX ? __builtin_bswap16((uint16_t)s)
				 : __builtin_bswap32((uint32_t)s);
	if (turned <= HOLD_OFF_LONG_S)
		rehearse_find(result, false, "number-turned",
		    "numbers of an image are big-endian, or as its format "
		    "says: build it again",
		    "Client Hold Off is %lld s, which is %llu s with its bytes "
		    "turned round: the device would wait that long",
		    (long long)s, (unsigned long long)turned);
	else
		rehearse_find(result, true, "hold-off-long",
		    "give image build a shorter --hold-off",
		    "the device waits %lld s before it asks", (long long)s);
}

/* --- the device --------------------------------------------------------------- */

static bool
find_account(const struct rehearse_reader *r,
    const struct image_reading *reading, const struct held *held,
    struct account *out, struct rehearse_result *result)
{
	uint16_t instance;

	if (!held_account(held, &instance)) {
		rehearse_find(result, false, "no-bootstrap-account",
		    "one instance of /0 has resource 1 true",
		    "no account in it is a bootstrap server's: the device "
		    "would never ask");
		return false;
	}
	account_read(held, instance, out);
	if (out->uri.len == 0 && r->firmware_uri)
		out->uri = span_str(r->firmware_uri);
	if (out->uri.len == 0) {
		rehearse_find(result, false, "no-uri",
		    "say what the firmware has built in: --against URI",
		    "the image does not say where the bootstrap server is");
		return false;
	}
	if (reading->image.endpoint.len)
		out->endpoint = reading->image.endpoint;
	else if (r->endpoint)
		out->endpoint = span_str(r->endpoint);
	if (out->endpoint.len > 0 && out->endpoint.len <= ENDPOINT_MAX)
		return true;
	rehearse_find(result, false, "no-endpoint",
	    "a device's firmware knows its own: --endpoint EP",
	    out->endpoint.len ? "the endpoint is longer than 252 bytes"
			      : "neither the image nor its credential names "
				"the endpoint");
	return false;
}

static void
note_endpoint(struct span endpoint, struct rehearse_result *result)
{
	struct writer w;

	writer_init(&w, result->endpoint, sizeof(result->endpoint) - 1);
	if (text_printable(endpoint))
		writer_put(&w, text_cut(endpoint, 252, 252));
	else
		text_quote(&w, text_cut(endpoint, 80, 80));
	result->endpoint[w.len] = '\0';
}

static struct device *
make(const struct account *account, const struct image_reading *reading)
{
	/* of a firmware that has it built in; else it is what it was */
	const struct lwm2m_entry uri = {
	    LWM2M_RESOURCE(OBJECT_SECURITY, account->instance, SECURITY_URI),
	    LWM2M_VALUE_STRING(account->uri)};
	struct device_config config = {
	    .endpoint = account->endpoint, .behaviour = behaviour_conforming};
	struct device *d;
	enum rc rc;

	random_bytes(&config.seed, sizeof(config.seed));
	d = device_new(&config);
	rc = d ? device_equip_self(d) : RC_MEMORY;
	for (size_t i = 0; rc == RC_OK && i < reading->image.entry_count; i++)
		rc = device_equip(d, &reading->image.entries[i]);
	if (rc == RC_OK)
		rc = device_equip(d, &uri);
	if (rc == RC_OK)
		return d;
	device_free(d);
	return NULL;
}

/* Into the device's own store, and from there: what a loader would have. */
static struct device *
load(struct rehearse_reader *r, const struct image_reading *reading,
    struct account *account, struct rehearse_result *result)
{
	struct held held = {0};
	struct device *d = NULL;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < reading->image.entry_count; i++)
		rc = held_put(&held, &reading->image.entries[i]);
	if (rc == RC_OK && find_account(r, reading, &held, account, result)) {
		note_endpoint(account->endpoint, result);
		if (account->mode == MODE_PSK)
			check_identity(account, result);
		check_hold_off(&held, account->instance, result);
		if (!rehearse_has_errors(result))
			d = make(account, reading);
	}
	held_fini(&held);
	if (rehearse_has_errors(result))
		return NULL;
	if (!d) {
		rehearse_find(result, false, "memory", "raise RLIMIT_MEMLOCK",
		    "no memory for a device");
		return NULL;
	}
	/* from here on borrowed from the device */
	account_read(device_store(d), account->instance, account);
	return d;
}

struct device *
rehearse_load(struct rehearse_reader *r, const struct image_file *file,
    struct account *account, struct rehearse_result *result)
{
	struct image_reading reading;
	struct device *d = NULL;

	if (!read_image(r, file->bytes, &reading, result))
		return NULL;
	check_rules(&reading, result);
	d = load(r, &reading, account, result);
	secret_wipe(r->scratch.bytes, r->scratch.cap);
	secret_wipe(r->entries, sizeof(r->entries));
	return d;
}
