#include "buffer_station.h"

#include "base/text.h"
#include "record.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
not_read(const char *path, const char *why)
{
	struct quoted q;

	return tool_error(
	    EX_NOINPUT, why, "buffer %s cannot be read", quote_str(&q, path));
}

static int
no_buffer(const char *path, const char *why)
{
	struct quoted q;

	return tool_error(EX_DATAERR,
	    "copy it once more from where it was filled", "%s %s",
	    quote_str(&q, path), why);
}

static int
read_file(int fd, struct buffer *b, size_t *len)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return not_read(b->path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > BUFFER_FILE_MAX)
		return no_buffer(b->path, "is not a buffer");
	b->bytes = malloc((size_t)st.st_size + 1);
	if (!b->bytes)
		return tool_fault(RC_MEMORY, "buffer");
	for (*len = 0; *len < (size_t)st.st_size; *len += (size_t)n) {
		n = read(fd, b->bytes + *len, (size_t)st.st_size - *len);
		if (n < 0)
			return not_read(b->path, strerror(errno));
		if (n == 0)
			break;
	}
	return EX_OK;
}

static int
compare(const void *a, const void *b)
{
	const struct buffer_entry *x = a, *y = b;
	size_t shorter = x->endpoint.len < y->endpoint.len ? x->endpoint.len
							   : y->endpoint.len;
	int order = memcmp(x->endpoint.p, y->endpoint.p, shorter);

	if (order != 0 || x->endpoint.len == y->endpoint.len)
		return order;
	return x->endpoint.len < y->endpoint.len ? -1 : 1;
}

static int
sort_entries(struct buffer *b)
{
	struct span rest = b->file.entries;
	struct buffer_entry e = {0};
	size_t n = 0, count = b->file.head.count;

	b->entries = calloc(count, sizeof(*b->entries));
	if (!b->entries)
		return tool_fault(RC_MEMORY, "buffer");
	while (n < count && buffer_next(&rest, &e))
		b->entries[n++] = e;
	qsort(b->entries, count, sizeof(*b->entries), compare);
	for (size_t i = 1; i < count; i++)
		if (compare(&b->entries[i - 1], &b->entries[i]) == 0)
			return no_buffer(b->path, "has an endpoint twice");
	return EX_OK;
}

int
buffer_load(const char *path, struct buffer *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code;
	size_t len = 0;
	enum rc rc;

	*b = (struct buffer){.path = path};
	if (fd < 0)
		return not_read(path, strerror(errno));
	code = read_file(fd, b, &len);
	close(fd);
	if (code != EX_OK)
		return code;
	rc = buffer_read(span_of(b->bytes, len), &b->file);
	if (rc == RC_UNSUPPORTED)
		return no_buffer(
		    path, "is a buffer of a newer version of this program");
	if (rc != RC_OK)
		return no_buffer(path, "is not a buffer, or not all of one");
	buffer_id_text(b->file.head.id, b->id);
	return sort_entries(b);
}

void
buffer_free(struct buffer *b)
{
	secret_fini(&b->key);
	free(b->entries);
	free(b->bytes);
	*b = (struct buffer){0};
}

const struct buffer_entry *
buffer_find(const struct buffer *b, struct span endpoint)
{
	const struct buffer_entry key = {.endpoint = endpoint};

	return bsearch(
	    &key, b->entries, b->file.head.count, sizeof(*b->entries), compare);
}

int
buffer_unseal(struct buffer *b, const struct token *t)
{
	const struct buffer_head *h = &b->file.head;
	const struct seal_place place =
	    buffer_key_place(h->master, b->file.head_digest);
	struct quoted q, master;
	enum rc rc;

	rc = seal_open(t->session, &place, b->file.sealed_key, &b->key);
	if (rc == RC_DENIED || rc == RC_MALFORMED)
		return tool_error(EX_DATAERR,
		    "it was changed, or sealed for another station's token",
		    "buffer %s does not open under key %s of this token",
		    quote_str(&q, b->path), quote_str(&master, h->master));
	if (rc != RC_OK)
		return token_fault(t, rc);
	rc = buffer_check(&b->file, &b->key);
	if (rc == RC_OK)
		return EX_OK;
	secret_fini(&b->key);
	if (rc != RC_DENIED)
		return tool_fault(rc, "buffer");
	return no_buffer(
	    b->path, "is not what was written: it was changed since");
}

/** A row of the ledger, as much as is asked of it. */
struct seen {
	bool any;
	uint64_t seq;
	int64_t time_ms;
	uint8_t hash[DIGEST_LEN];
};

static enum rc
see(void *ctx, const struct ledger_row *row)
{
	struct seen *s = ctx;

	s->any = true;
	s->seq = row->seq;
	s->time_ms = row->time_ms;
	memcpy(s->hash, row->hash, DIGEST_LEN);
	return RC_AGAIN; /* enough */
}

static enum rc
see_end(struct ledger *l, bool newest, struct seen *out)
{
	const struct ledger_query q = {.newest_first = newest, .limit = 1};
	enum rc rc = ledger_read(l, &q, see, out);

	return rc == RC_AGAIN ? RC_OK : rc;
}

static int
check_time(const struct buffer *b, const struct seen *last, int64_t now_s)
{
	const struct buffer_head *h = &b->file.head;
	char then[25], now[25];
	struct quoted q;

	quote_str(&q, b->path);
	ledger_time(now_s * 1000, now);
	if (last->any && last->time_ms / 1000 > now_s + BUFFER_CLOCK_SLACK_S) {
		ledger_time(last->time_ms, then);
		return tool_error(EX_NOPERM, "set the clock",
		    "it is %s here, but row %llu of the ledger is of %s: the "
		    "clock was set back",
		    now, (unsigned long long)last->seq, then);
	}
	if (h->created_s > now_s + BUFFER_CLOCK_SLACK_S) {
		ledger_time(h->created_s * 1000, then);
		return tool_error(EX_NOPERM, "set the clock",
		    "it is %s here, but buffer %s was filled %s", now, q.text,
		    then);
	}
	if (now_s >= h->expires_s) {
		ledger_time(h->expires_s * 1000, then);
		return tool_error(EX_NOPERM, "have another one filled",
		    "buffer %s was good until %s", q.text, then);
	}
	return EX_OK;
}

static int
check_ledger(const struct buffer *b, const struct seen *first)
{
	static const uint8_t any[DIGEST_LEN];
	const struct buffer_head *h = &b->file.head;
	struct quoted q;

	if (memcmp(h->ledger, any, DIGEST_LEN) == 0 ||
	    (first->any && memcmp(h->ledger, first->hash, DIGEST_LEN) == 0))
		return EX_OK;
	return tool_error(EX_NOPERM,
	    "what was used of it stands in the ledger that it was filled for: "
	    "give that one",
	    "buffer %s was filled for another ledger of station %s",
	    quote_str(&q, b->path), h->station);
}

static int
check_documents(const struct buffer *b, const struct image_recipe *r)
{
	const struct buffer_head *h = &b->file.head;
	struct quoted q, was, is;
	const char *what = NULL, *a = NULL, *c = NULL;

	if (strcmp(h->identity, r->identity->name) != 0) {
		what = "identity";
		a = h->identity;
		c = r->identity->name;
	} else if (strcmp(h->image, r->document ? r->document : "") != 0) {
		what = "image";
		a = h->image;
		c = r->document ? r->document : "";
	} else if (strcmp(h->uri, r->account.uri) != 0) {
		what = "uri";
		a = h->uri;
		c = r->account.uri;
	}
	quote_str(&q, b->path);
	/* their keys would be asked of the station's token */
	if (r->servers)
		return tool_error(EX_DATAERR,
		    "name an image document without: the bootstrap gives "
		    "servers",
		    "the image document has `servers:`, whose keys are not in "
		    "buffer %s",
		    q.text);
	if (what)
		return tool_error(EX_DATAERR, "mint as it was filled",
		    "buffer %s was filled with --%s %s, not %s", q.text, what,
		    quote_str(&was, a), quote_str(&is, c));
	if (h->instance != r->account.instance ||
	    h->hold_off_s != r->account.hold_off_s)
		return tool_error(EX_DATAERR, "mint as it was filled",
		    "buffer %s was filled with --instance %u and --hold-off "
		    "%llds",
		    q.text, h->instance, (long long)h->hold_off_s);
	if (memcmp(h->policy_set, r->set->digest, DIGEST_LEN) != 0)
		fprintf(stderr,
		    "note: the policies have changed since buffer %s was "
		    "filled; its accounts are as they were then\n",
		    q.text);
	return EX_OK;
}

int
buffer_admit(const struct buffer *b, struct ledger *l,
    const struct image_recipe *r, const char *station, int64_t now_s)
{
	const struct buffer_head *h = &b->file.head;
	struct seen first = {0}, last = {0};
	struct quoted q, is;
	enum rc rc;
	int code;

	if (station && strcmp(station, h->station) != 0)
		return tool_error(EX_NOPERM, "each station has its own",
		    "buffer %s is of station %s, not %s",
		    quote_str(&q, b->path), h->station,
		    quote_str(&is, station));
	rc = see_end(l, false, &first);
	if (rc == RC_OK)
		rc = see_end(l, true, &last);
	if (rc != RC_OK)
		return tool_fault(rc, "the station's ledger");
	code = check_ledger(b, &first);
	if (code == EX_OK)
		code = check_time(b, &last, now_s);
	if (code == EX_OK)
		code = check_documents(b, r);
	return code;
}

static enum rc
is_revoked(struct ledger *l, const struct issue_credential *c, bool *out)
{
	bool psk = c->kind == CREDENTIAL_PSK;
	char hex[2 * DIGEST_LEN];
	struct ledger_query q = {
	    .kind = SPAN_LIT("credential_revoked"),
	    .limit = 1,
	};
	struct writer w;

	writer_init(&w, hex, sizeof(hex));
	text_hex(&w,
	    span_of(psk ? c->fingerprint : c->sha256,
		psk ? (size_t)HSM_FINGERPRINT_LEN : (size_t)DIGEST_LEN));
	q.fingerprint = writer_span(&w);
	return record_any(l, &q, out);
}

static enum rc
refuse(struct image_fault *f, int code, bool stops, const char *remedy)
{
	f->code = code;
	f->stops = stops;
	snprintf(f->remedy, sizeof(f->remedy), "%s", remedy);
	return RC_DENIED;
}

enum rc
buffer_account(void *ctx, const struct image_recipe *r,
    const struct issuer *issuer, struct span endpoint, struct secret *plan,
    struct issue_credential *credential, char *detail)
{
	const struct buffer_source *s = ctx;
	const struct buffer *b = s->buffer;
	const struct buffer_entry *e = buffer_find(b, endpoint);
	struct image_fault *f = &s->mint->fault;
	struct quoted q;
	bool revoked;
	enum rc rc;

	(void)r;
	(void)detail;
	if (issuer->now_s >= b->file.head.expires_s) {
		snprintf(f->text, sizeof(f->text),
		    "buffer %s has expired meanwhile", b->id);
		return refuse(f, EX_NOPERM, true, "have another one filled");
	}
	quote(&q, endpoint);
	if (!e) {
		snprintf(f->text, sizeof(f->text), "%s is not in buffer %s",
		    q.text, b->id);
		return refuse(f, EX_DATAERR, false,
		    "mint it while the HSM is there, or have a buffer filled "
		    "with it");
	}
	rc = issuer->store ? is_revoked(issuer->store, &e->credential, &revoked)
			   : RC_BUG;
	if (rc != RC_OK)
		return rc;
	if (revoked) {
		snprintf(f->text, sizeof(f->text),
		    "the credential of %s in buffer %s was taken back", q.text,
		    b->id);
		return refuse(f, EX_NOPERM, false,
		    "mint another one while the HSM is there");
	}
	rc = buffer_open_entry(&b->file, &b->key, e, plan);
	if (rc == RC_DENIED) {
		snprintf(f->text, sizeof(f->text),
		    "the account of %s in buffer %s does not open", q.text,
		    b->id);
		return refuse(f, EX_DATAERR, true, "copy the buffer once more");
	}
	if (rc == RC_OK)
		*credential = e->credential;
	return rc;
}
