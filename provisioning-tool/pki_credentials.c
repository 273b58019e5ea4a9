#include "pki_credentials.h"

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
	for (size_t i = 0; i < cs->count; i++)
		if (strcmp(cs->list[i].serial, c->serial) == 0 &&
		    strcmp(cs->list[i].fingerprint, c->fingerprint) == 0)
			return false; /* given out again */
	return true;
}

static enum rc
append(struct credentials *cs, const struct credential *c, struct span endpoint)
{
	struct credential *list, copy = *c;

	if (cs->count == CREDENTIALS_MAX)
		return RC_TOO_LARGE;
	list = realloc(cs->list, (cs->count + 1) * sizeof(*list));
	if (!list)
		return RC_MEMORY;
	cs->list = list;
	copy.endpoint = malloc(endpoint.len + 1);
	if (!copy.endpoint)
		return RC_MEMORY;
	copy.endpoint_len = endpoint.len;
	if (endpoint.len > 0)
		memcpy(copy.endpoint, endpoint.p, endpoint.len);
	list[cs->count++] = copy;
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

/** Rows of all kinds that know a credential, through `each`. */
static enum rc
each_known(struct credentials *cs, struct ledger *l, ledger_row_fn each)
{
	static const char *const kinds[] = {"certificate_signed",
	    "image_minted", "credential_issued", "bootstrap_begin"};
	bool all = each == compare_endpoint || !cs->endpoint;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < sizeof(kinds) / sizeof(kinds[0]);
	     i++) {
		struct ledger_query q = {.kind = span_str(kinds[i])};

		if (!all)
			q.endpoint = span_str(cs->endpoint);
		rc = ledger_read(l, &q, each, cs);
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

static enum rc
mark(void *ctx, const struct ledger_row *row)
{
	struct credentials *cs = ctx;
	struct credential taken = {0};

	take_names(row, &taken);
	for (size_t i = 0; i < cs->count; i++)
		if (takes_back(&taken, &cs->list[i]))
			cs->list[i].revoked = true;
	return RC_OK;
}

enum rc
credentials_mark(struct credentials *cs, struct ledger *l)
{
	const struct ledger_query revoked = {
	    .kind = SPAN_LIT("credential_revoked")};

	return ledger_read(l, &revoked, mark, cs);
}

enum rc
credentials_find(struct credentials *cs, struct ledger *l)
{
	enum rc rc = each_known(cs, l, collect);

	if (rc == RC_OK && cs->count > 0)
		return credentials_mark(cs, l);
	if (rc == RC_OK && cs->endpoint) {
		/* as in nearest_of: within a third of the word */
		cs->edits = (unsigned)strlen(cs->endpoint) / 3 + 1;
		rc = each_known(cs, l, compare_endpoint);
	}
	return rc;
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
	for (size_t i = 0; i < cs->count; i++)
		free(cs->list[i].endpoint);
	free(cs->list);
	cs->list = NULL;
	cs->count = 0;
}
