#include "pki_credentials.h"

#include <stdio.h>
#include <stdlib.h>

/** A short text of a row; "" when it is absent or too long. */
static void
take(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	if (!ledger_field(row, name, &w) || w.full)
		w.len = 0;
	out[w.len] = '\0';
}

/** Without zero bytes in front, whoever wrote it. */
static void
take_serial(
    const struct ledger_row *row, char out[static CREDENTIAL_SERIAL_MAX + 1])
{
	char text[CREDENTIAL_SERIAL_MAX + 3];
	size_t from = 0, len;

	take(row, "serial", text, sizeof(text));
	while (text[from] == '0' && text[from + 1] == '0')
		from += 2;
	len = strlen(text + from);
	if (len > CREDENTIAL_SERIAL_MAX)
		len = 0;
	memcpy(out, text + from, len);
	out[len] = '\0';
}

static void
take_names(const struct ledger_row *row, struct credential *c)
{
	take_serial(row, c->serial);
	take(row, "fingerprint", c->fingerprint, sizeof(c->fingerprint));
	take(row, "issuer_key", c->issuer_key, sizeof(c->issuer_key));
}

static bool
wanted(const struct credentials *cs, const struct credential *c)
{
	if (!c->fingerprint[0] && !c->serial[0])
		return false; /* one without security */
	if (cs->serial[0] && strcmp(cs->serial, c->serial) != 0)
		return false;
	if (cs->fingerprint[0] && strcmp(cs->fingerprint, c->fingerprint) != 0)
		return false;
	return true;
}

/** What one is known by, for as long as the run lasts. */
struct name {
	struct table_item item; /* first */
	uint8_t digest[DIGEST_LEN];
};

static enum rc
note_name(struct credentials *cs, const struct credential *c, bool *is_new)
{
	char text[CREDENTIAL_SERIAL_MAX + CREDENTIAL_HEX_MAX + 2];
	uint8_t digest[DIGEST_LEN];
	struct name *name;
	struct writer w;

	if (!cs->seen.slots && table_init(&cs->seen) != RC_OK)
		return RC_MEMORY;
	writer_init(&w, text, sizeof(text));
	writer_fmt(&w, "%s %s", c->serial, c->fingerprint);
	digest_of(writer_span(&w), digest);
	*is_new = !table_get(&cs->seen, span_of(digest, sizeof(digest)));
	if (!*is_new)
		return RC_OK; /* given out again */
	name = malloc(sizeof(*name));
	if (!name)
		return RC_MEMORY;
	memcpy(name->digest, digest, sizeof(digest));
	name->item.key = span_of(name->digest, sizeof(name->digest));
	table_put(&cs->seen, &name->item);
	return RC_OK;
}

static enum rc
grow(struct credentials *cs)
{
	size_t cap = cs->cap ? 2 * cs->cap : 16;
	struct credential *list;

	if (cs->count < cs->cap)
		return RC_OK;
	list = realloc(cs->list, cap * sizeof(*list));
	if (!list)
		return RC_MEMORY;
	cs->list = list;
	cs->cap = cap;
	return RC_OK;
}

static enum rc
append(struct credentials *cs, const struct credential *c, struct span endpoint)
{
	struct credential copy = *c;
	bool is_new;
	enum rc rc = note_name(cs, c, &is_new);

	if (rc == RC_OK && is_new)
		rc = grow(cs);
	if (rc != RC_OK || !is_new)
		return rc;
	copy.endpoint = malloc(endpoint.len + 1);
	if (!copy.endpoint)
		return RC_MEMORY;
	copy.endpoint_len = endpoint.len;
	if (endpoint.len > 0)
		memcpy(copy.endpoint, endpoint.p, endpoint.len);
	cs->list[cs->count++] = copy;
	cs->total++;
	return RC_OK;
}

static enum rc
collect(void *ctx, const struct ledger_row *row)
{
	struct credentials *cs = ctx;
	struct credential c = {.seq = row->seq};

	take_names(row, &c);
	return wanted(cs, &c) ? append(cs, &c, row->endpoint) : RC_OK;
}

/** RC_AGAIN: that is a group. */
static enum rc
collect_group(void *ctx, const struct ledger_row *row)
{
	enum { LOOK_AT = 16 * CREDENTIALS_GROUP };
	struct credentials *cs = ctx;
	enum rc rc = collect(cs, row);

	cs->after[cs->kind] = row->seq;
	cs->looked++;
	if (rc == RC_OK &&
	    (cs->count >= CREDENTIALS_GROUP || cs->looked >= LOOK_AT))
		rc = RC_AGAIN;
	return rc;
}

static enum rc
compare_endpoint(void *ctx, const struct ledger_row *row)
{
	struct credentials *cs = ctx;
	unsigned edits;

	if (cs->edits <= 1 || row->endpoint.len == 0)
		return RC_OK; /* none, or none that is nearer */
	edits = nearest_distance(
	    span_str(cs->endpoint), row->endpoint, cs->edits - 1);
	if (edits > 0 && edits < cs->edits) {
		cs->edits = edits;
		memcpy(cs->nearest, row->endpoint.p, row->endpoint.len);
		cs->nearest[row->endpoint.len] = '\0';
	}
	return RC_OK;
}

/** Rows of all kinds that know a credential, behind those that were looked at,
 *  through `each`. */
static enum rc
each_known(struct credentials *cs, struct ledger *l, ledger_row_fn each)
{
	static const char *const kinds[CREDENTIALS_KINDS] = {
	    "certificate_signed", "image_minted", "credential_issued",
	    "bootstrap_begin"};
	bool nearest = each == compare_endpoint;
	enum rc rc = RC_OK;

	for (cs->kind = 0; rc == RC_OK && cs->kind < CREDENTIALS_KINDS;
	     cs->kind++) {
		struct ledger_query q = {.kind = span_str(kinds[cs->kind])};

		if (!nearest)
			q.after_seq = cs->after[cs->kind];
		if (!nearest && cs->endpoint)
			q.endpoint = span_str(cs->endpoint);
		rc = ledger_read(l, &q, each, cs);
		/* under the lock: what comes, comes behind it */
		if (rc == RC_OK && !nearest)
			cs->after[cs->kind] = cs->now;
	}
	return rc;
}

/**
 * Does that row take this one back? A certificate is named by its fingerprint
 * where both know it; a number alone may be one of several CAs.
 */
static bool
takes_back(const struct credential *row, const struct credential *c)
{
	if (row->fingerprint[0] && c->fingerprint[0])
		return strcmp(row->fingerprint, c->fingerprint) == 0;
	if (!row->serial[0] || strcmp(row->serial, c->serial) != 0)
		return false;
	return !row->issuer_key[0] || !c->issuer_key[0] ||
	    strcmp(row->issuer_key, c->issuer_key) == 0;
}

/** One of the list, and rows that were there before the first group. */
struct marking {
	struct credential *one;
	uint64_t head;
};

static enum rc
mark(void *ctx, const struct ledger_row *row)
{
	struct marking *m = ctx;
	struct credential taken = {0};

	take_names(row, &taken);
	if (row->seq <= m->head && takes_back(&taken, m->one))
		m->one->revoked = true;
	return m->one->revoked ? RC_AGAIN : RC_OK;
}

/** By fingerprint or by serial number, whichever is given. */
static enum rc
mark_by(struct marking *m, struct ledger *l, const char *fingerprint,
    const char *serial)
{
	const struct ledger_query revoked = {
	    .kind = SPAN_LIT("credential_revoked"),
	    .fingerprint = span_str(fingerprint),
	    .serial = span_str(serial),
	};
	enum rc rc;

	if (m->one->revoked || (!fingerprint[0] && !serial[0]))
		return RC_OK;
	rc = ledger_read(l, &revoked, mark, m);
	return rc == RC_AGAIN ? RC_OK : rc;
}

static enum rc
mark_one(struct marking *m, struct ledger *l)
{
	char zero[CREDENTIAL_SERIAL_MAX + 3];
	const struct credential *c = m->one;
	enum rc rc = mark_by(m, l, c->fingerprint, "");

	if (rc == RC_OK)
		rc = mark_by(m, l, "", c->serial);
	if (rc == RC_OK && c->serial[0]) {
		/* as DER has it, whose numbers have a sign */
		snprintf(zero, sizeof(zero), "00%s", c->serial);
		rc = mark_by(m, l, "", zero);
	}
	return rc;
}

enum rc
credentials_mark(struct credentials *cs, struct ledger *l)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < cs->count; i++) {
		struct marking m = {&cs->list[i], cs->head};

		rc = mark_one(&m, l);
	}
	return rc;
}

static enum rc
find_nearest(struct credentials *cs, struct ledger *l)
{
	/* as in nearest_of: within a third of the word */
	cs->edits = (unsigned)strlen(cs->endpoint) / 3 + 1;
	return each_known(cs, l, compare_endpoint);
}

enum rc
credentials_find(struct credentials *cs, struct ledger *l)
{
	uint8_t hash[DIGEST_LEN];
	enum rc rc = ledger_head(l, &cs->now, hash);

	if (rc != RC_OK)
		return rc;
	if (!cs->begun)
		cs->head = cs->now;
	cs->begun = true;
	cs->looked = 0;
	rc = each_known(cs, l, collect_group);
	cs->more = rc == RC_AGAIN;
	if (cs->more)
		rc = RC_OK;
	if (rc == RC_OK)
		rc = credentials_mark(cs, l);
	if (rc == RC_OK && cs->total == 0 && !cs->more && cs->endpoint)
		rc = find_nearest(cs, l);
	return rc;
}

void
credentials_clear(struct credentials *cs)
{
	for (size_t i = 0; i < cs->count; i++)
		free(cs->list[i].endpoint);
	cs->count = 0;
}

enum rc
credentials_add(struct credentials *cs, const struct credential *one)
{
	return append(
	    cs, one, cs->endpoint ? span_str(cs->endpoint) : span_of(NULL, 0));
}

void
credentials_fini(struct credentials *cs)
{
	struct table_item *item;

	credentials_clear(cs);
	free(cs->list);
	cs->list = NULL;
	cs->cap = 0;
	if (!cs->seen.slots)
		return;
	while ((item = table_any(&cs->seen))) {
		table_remove(&cs->seen, item);
		free((struct name *)item);
	}
	table_fini(&cs->seen);
	cs->seen.slots = NULL;
}
