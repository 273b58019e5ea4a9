#include "psk_store.h"

#include "issue/vault.h"

#include <stdlib.h>

struct psk_pending {
	uint64_t line;
	size_t name_len, endpoint_len, sealed_len;
	uint8_t name[PSK_IDENTITY_MAX];
	uint8_t endpoint[PSK_ENDPOINT_MAX];
	uint8_t sealed[PSK_KEY_MAX + SEAL_OVERHEAD];
};

/* What compares a key with the one that is there. */
struct meeting {
	struct psk_store *store;
	struct span endpoint;
	const struct secret *key;
	bool there;
	const char *fault;
};

/* Is it the token that failed, and not what lies in the store? */
static bool
is_fatal(enum rc rc)
{
	return rc != RC_OK && rc != RC_DENIED && rc != RC_NOT_FOUND &&
	    rc != RC_MALFORMED;
}

static enum rc
meet(void *ctx, const struct ledger_secret *stored)
{
	struct meeting *m = ctx;
	struct secret key = {0};
	enum rc rc;

	m->there = true;
	if (!span_equal(stored->endpoint, m->endpoint)) {
		m->fault = "conflict: this identity is there for another "
			   "endpoint; give each device an identity of its own";
		return RC_OK;
	}
	rc = issue_vault_open(m->store->hsm, stored, &key);
	if (is_fatal(rc)) {
		m->store->token_failed = true;
		return rc;
	}
	if (rc != RC_OK)
		m->fault = "this identity is there under a key that does not "
			   "open here, so that nobody knows whether it is the "
			   "same; import with the token that sealed it";
	else if (!secret_equal(&key, m->key))
		m->fault = "conflict: this identity is there with another "
			   "key, which stays; a new key needs a new --epoch";
	secret_fini(&key);
	return RC_OK;
}

/* Look whether it is there; `m` says what was found. */
static enum rc
look(struct meeting *m, struct span name)
{
	const struct ledger_secret_query q = {
	    .collection = span_str(m->store->collection),
	    .name = name,
	    .epoch = m->store->epoch,
	    .limit = 1,
	};

	return ledger_secret_read(m->store->ledger, &q, meet, m);
}

static struct ledger_secret
as_secret(const struct psk_store *s, const struct psk_pending *p)
{
	return (struct ledger_secret){
	    .collection = span_str(s->collection),
	    .name = span_of(p->name, p->name_len),
	    .epoch = s->epoch,
	    .endpoint = span_of(p->endpoint, p->endpoint_len),
	    .master = span_str(s->master),
	    .sealed = span_of(p->sealed, p->sealed_len),
	};
}

static enum rc
seal(struct psk_store *s, const struct psk_row *row, struct psk_pending *p)
{
	const struct issue_vault_item item = {
	    .collection = span_str(s->collection),
	    .name = row->identity,
	    .endpoint = row->endpoint,
	    .epoch = s->epoch,
	    .master = s->master,
	};
	struct writer w;
	enum rc rc;

	writer_init(&w, p->sealed, sizeof(p->sealed));
	rc = issue_vault_seal(s->hsm, &item, &row->key, &w);
	if (rc != RC_OK) {
		s->token_failed = true;
		return rc;
	}
	p->sealed_len = w.len;
	p->name_len = row->identity.len;
	memcpy(p->name, row->identity.p, p->name_len);
	p->endpoint_len = row->endpoint.len;
	memcpy(p->endpoint, row->endpoint.p, p->endpoint_len);
	return RC_OK;
}

enum rc
psk_store_add(struct psk_store *s, uint64_t line, const struct psk_row *row)
{
	struct meeting m = {
	    .store = s,
	    .endpoint = row->endpoint,
	    .key = &row->key,
	};
	enum rc rc;

	if (!s->group)
		s->group = calloc(PSK_GROUP, sizeof(*s->group));
	if (!s->group)
		return RC_MEMORY;
	rc = look(&m, row->identity);
	if (rc != RC_OK)
		return rc;
	if (m.fault) {
		s->finding(s->ctx, line, m.fault);
		return RC_OK;
	}
	if (s->looked_at++ == 0)
		s->first_line = line;
	s->last_line = line;
	if (m.there) {
		s->there_count++;
		return RC_OK;
	}
	rc = seal(s, row, &s->group[s->count]);
	if (rc != RC_OK)
		return rc;
	s->group[s->count++].line = line;
	return s->count == PSK_GROUP ? psk_store_flush(s) : RC_OK;
}

/* Somebody was there first: a line above in this group, or another import. */
static enum rc
meet_late(struct psk_store *s, const struct psk_pending *p, uint64_t *there)
{
	const struct ledger_secret mine = as_secret(s, p);
	struct meeting m = {.store = s, .endpoint = mine.endpoint};
	struct secret key = {0};
	enum rc rc;

	rc = issue_vault_open(s->hsm, &mine, &key);
	if (rc != RC_OK) {
		s->token_failed = true;
		return rc;
	}
	m.key = &key;
	rc = look(&m, mine.name);
	secret_fini(&key);
	if (rc == RC_OK && m.fault)
		s->finding(s->ctx, p->line, m.fault);
	else if (rc == RC_OK)
		++*there;
	return rc;
}

static enum rc
put_all(struct psk_store *s, struct digest *d, uint64_t *added, uint64_t *there)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct ledger_secret secret = as_secret(s, &s->group[i]);
		enum rc rc = ledger_secret_put(s->ledger, &secret, NULL);

		if (rc == RC_OK) {
			digest_put(d, secret.sealed);
			++*added;
		} else if (rc == RC_CONFLICT) {
			rc = meet_late(s, &s->group[i], there);
		}
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
append_row(struct psk_store *s, struct digest *d, uint64_t added)
{
	uint8_t sha256[DIGEST_LEN];
	struct field f[9];
	size_t n = 0;

	digest_final(d, sha256);
	f[n++] = F_TEXT("collection", s->collection);
	f[n++] = F_TEXT("master", s->master);
	f[n++] = F_INT("epoch", s->epoch);
	f[n++] = F_TEXT("file", s->file);
	f[n++] = F_INT("rows", s->looked_at);
	f[n++] = F_INT("new", added);
	f[n++] = F_INT("first_line", s->first_line);
	f[n++] = F_INT("last_line", s->last_line);
	f[n++] = F_BYTES("sealed", span_of(sha256, sizeof(sha256)));
	return ledger_append(s->ledger,
	    &(struct ledger_event){
		.kind = "secrets_imported",
		.fields = f,
		.field_count = n,
	    },
	    NULL);
}

enum rc
psk_store_flush(struct psk_store *s)
{
	uint64_t added = 0, there = 0;
	struct digest d;
	enum rc rc;

	if (s->count == 0)
		return RC_OK;
	digest_init(&d);
	rc = ledger_begin(s->ledger);
	if (rc == RC_OK)
		rc = put_all(s, &d, &added, &there);
	if (rc == RC_OK && added > 0)
		rc = append_row(s, &d, added);
	if (rc == RC_OK && added > 0)
		rc = ledger_commit(s->ledger);
	else
		ledger_rollback(s->ledger);
	if (rc != RC_OK)
		return rc;
	s->new_count += added;
	s->there_count += there;
	s->count = 0;
	s->looked_at = 0;
	return RC_OK;
}

void
psk_store_fini(struct psk_store *s)
{
	free(s->group);
	s->group = NULL;
	s->count = 0;
}
