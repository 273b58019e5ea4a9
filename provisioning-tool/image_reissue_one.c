/* One device: its new image, and what of the old ones is taken back. */
#include "image_reissue.h"

#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/** What is wrong with one device; the others of a list go on. */
PRINTF_LIKE(4, 5)
static int
fault(struct reissue *r, int code, const char *remedy, const char *fmt, ...)
{
	struct image_fault *f = &r->mint.fault;
	va_list ap;

	f->code = code;
	f->stops = false;
	snprintf(f->remedy, sizeof(f->remedy), "%s", remedy ? remedy : "");
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return code;
}

static int
ledger_failed(struct reissue *r, enum rc rc)
{
	(void)fault(r, rc == RC_MEMORY ? EX_SOFTWARE : EX_IOERR,
	    rc == RC_FULL ? "make room on its disk and try again"
			  : "see that the file and its folder can be written",
	    "the ledger took no row (%s): nothing was reissued or revoked",
	    rc_name(rc));
	r->mint.fault.stops = true;
	return r->mint.fault.code;
}

/** The smallest epoch that is accepted now and above `above`; 0: none. */
static uint32_t
next_epoch(const struct identity *id, uint32_t above, int64_t now_s)
{
	uint32_t next = 0;

	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] > above && id->epoch_until_s[i] > now_s &&
		    (next == 0 || id->epochs[i] < next))
			next = id->epochs[i];
	return next;
}

static int
choose_epoch(struct reissue *r, struct span endpoint)
{
	const struct identity *id = r->recipe->identity;
	const uint32_t last = r->past.epoch;
	uint32_t epoch = r->epoch;
	char remedy[1800];
	struct quoted ep, name;

	r->recipe->account.epoch = 0;
	if (id->kind != IDENTITY_PSK)
		return EX_OK;
	if (epoch != 0 && epoch <= last)
		return fault(r, EX_DATAERR,
		    "give a higher one, or none, in --epoch or the image "
		    "document",
		    "%s was minted of epoch %u already: epoch %u is no new key",
		    quote(&ep, endpoint), (unsigned)last, (unsigned)epoch);
	if (epoch == 0)
		epoch = next_epoch(id, last, time(NULL));
	r->recipe->account.epoch = epoch;
	if (epoch != 0)
		return EX_OK;
	snprintf(remedy, sizeof(remedy), "add epoch %llu to %s:%u",
	    (unsigned long long)last + 1, id->place.file, id->place.line);
	return fault(r, EX_DATAERR, remedy,
	    "%s was minted of epoch %u, and identity %s accepts none above it",
	    quote(&ep, endpoint), (unsigned)last, quote_str(&name, id->name));
}

/** Is there anything to be reissued? */
static int
check_past(struct reissue *r, struct span endpoint)
{
	const struct identity *id = r->recipe->identity;
	struct quoted ep;

	if (id->kind == IDENTITY_NOSEC)
		return fault(r, EX_DATAERR, "image build makes it once more",
		    "an image of a device without security has no key that "
		    "could be replaced");
	if (r->past.newest.seq == 0)
		return fault(r, EX_DATAERR, "use image build",
		    "the ledger has no image of %s: it was never minted",
		    quote(&ep, endpoint));
	return EX_OK;
}

/** Has the image that the ledger knows as the newest those bytes, and is it a
 *  reissue? */
static bool
is_newest(const struct reissue *r, struct span bytes)
{
	uint8_t sha256[DIGEST_LEN];
	char hex[HEX_TEXT_MAX];

	if (bytes.len == 0 || r->past.newest.replaces == 0)
		return false;
	digest_of(bytes, sha256);
	return strcmp(hex_text(hex, span_of(sha256, sizeof(sha256))),
		   r->past.newest.sha256) == 0;
}

/** Is it in the file `path` already? What is there instead is a fault, unless it
 *  is to be replaced. */
static int
check_place(struct reissue *r, const char *path, bool *there)
{
	struct secret bytes = {0};
	struct quoted q;
	struct stat st;
	int fd;

	*there = false;
	if (lstat(path, &st) != 0)
		return errno == ENOENT
		    ? EX_OK
		    : fault(r, EX_CANTCREAT, NULL, "%s: %s",
			  quote_str(&q, path), strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault(r, EX_CANTCREAT, "name a file in a folder",
		    "%s is there and no regular file", quote_str(&q, path));
	if (st.st_size > 0 && st.st_size <= IMAGE_BYTES_MAX &&
	    secret_reserve_large(&bytes, (size_t)st.st_size) == RC_OK) {
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && read(fd, bytes.bytes, bytes.cap) == st.st_size) {
			bytes.len = (size_t)st.st_size;
			*there = is_newest(r, secret_expose(&bytes));
		}
		if (fd >= 0)
			close(fd);
	}
	secret_fini(&bytes);
	if (*there || r->force)
		return EX_OK;
	return fault(r, EX_CANTCREAT,
	    "choose another name, or replace it by --force", "%s exists",
	    quote_str(&q, path));
}

/** A key is new, or it would be taken back with the old ones. */
static int
check_new(struct reissue *r, struct span endpoint)
{
	const struct issue_credential *c = &r->mint.credential;
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	if (r->recipe->identity->kind != IDENTITY_PSK)
		return EX_OK;
	hex_text(hex, span_of(c->fingerprint, HSM_FINGERPRINT_LEN));
	for (size_t i = 0; i < r->past.live_count; i++)
		if (strcmp(r->past.live[i].fingerprint, hex) == 0)
			return fault(r, EX_DATAERR,
			    "mint by an epoch that it has never had",
			    "%s has that key already, by identity %s, epoch "
			    "%lld",
			    quote(&q, endpoint), r->past.live[i].identity,
			    (long long)r->past.live[i].epoch);
	return EX_OK;
}

/** In the open group: may it be made, and then its row and theirs. */
static int
append(
    struct reissue *r, struct span endpoint, enum rc *rc, struct reissued *out)
{
	struct image_row row = {
	    .recipe = r->recipe,
	    .endpoint = endpoint,
	    .credential = &r->mint.credential,
	    .servers = r->mint.servers,
	    .sha256 = r->mint.sha256,
	    .unit = r->unit,
	    .replaces = r->past.newest.seq,
	};
	struct order_refusal why;

	*rc = RC_OK;
	if (r->order) {
		row.order = span_str(r->order->name);
		row.station = span_str(r->order->station->name);
		*rc = order_claim(
		    r->order, r->ledger, endpoint, time(NULL), &why);
	}
	if (*rc == RC_DENIED) {
		*rc = RC_OK;
		(void)fault(r, EX_NOPERM, why.remedy, "%s", why.text);
		r->mint.fault.stops = why.stops;
		return EX_NOPERM;
	}
	for (size_t i = 0; i < r->past.live_count && *rc == RC_OK; i++)
		*rc = image_row_revoke(
		    r->ledger, endpoint, &r->past.live[i], r->reason);
	out->revoked = r->past.live_count;
	if (*rc == RC_OK)
		*rc = image_row_append(r->ledger, &row, &out->seq);
	return EX_OK;
}

/** Row and revocations in one group. Whoever has minted the device since it was
 *  looked at comes first. */
static int
record(struct reissue *r, struct span endpoint, struct reissued *out)
{
	const uint64_t seen = r->past.newest.seq;
	enum rc rc = ledger_begin(r->ledger);
	int code = EX_OK;

	if (rc != RC_OK)
		return ledger_failed(r, rc);
	rc = image_past_read(
	    r->ledger, endpoint, r->recipe->identity->name, &r->past);
	if (rc == RC_OK && r->past.newest.seq != seen)
		code = fault(r, EX_TEMPFAIL, "run it again",
		    "another run has minted it meanwhile, in row %llu",
		    (unsigned long long)r->past.newest.seq);
	if (rc == RC_OK && code == EX_OK)
		code = check_new(r, endpoint);
	if (rc == RC_OK && code == EX_OK)
		code = append(r, endpoint, &rc, out);
	if (rc == RC_OK && code == EX_OK)
		rc = ledger_commit(r->ledger);
	else
		ledger_rollback(r->ledger);
	return rc == RC_OK ? code : ledger_failed(r, rc);
}

/** Make it, unless an earlier run had come so far. */
static int
make(struct reissue *r, struct pending *p, struct span endpoint,
    struct reissued *out)
{
	int code;

	if (is_newest(r, secret_expose(&r->found))) {
		out->outcome = REISSUE_COMPLETED;
		out->seq = r->past.newest.seq;
		return EX_OK;
	}
	code = choose_epoch(r, endpoint);
	if (code == EX_OK)
		code = mint_one(&r->mint, endpoint);
	if (code == EX_OK) {
		code = pending_write(p, secret_expose(&r->mint.image));
		if (code == EX_OK)
			code = record(r, endpoint, out);
	}
	return code;
}

int
reissue_one(struct reissue *r, struct span endpoint, const char *path,
    struct reissued *out)
{
	struct pending p;
	bool there = false;
	enum rc rc;
	int code;

	*out = (struct reissued){0};
	r->mint.fault = (struct image_fault){0};
	code = pending_open(&p, path, &r->found);
	if (code != EX_OK)
		return code;
	rc = image_past_read(
	    r->ledger, endpoint, r->recipe->identity->name, &r->past);
	if (rc != RC_OK)
		code = ledger_failed(r, rc);
	if (code == EX_OK)
		code = check_past(r, endpoint);
	if (code == EX_OK)
		code = check_place(r, path, &there);
	if (code == EX_OK && there) {
		out->outcome = REISSUE_THERE;
		out->seq = r->past.newest.seq;
	} else if (code == EX_OK) {
		code = make(r, &p, endpoint, out);
		if (code == EX_OK) {
			/* what the ledger has stays pending until it is named */
			code = pending_commit(&p, r->force);
			pending_end(&p);
			return code;
		}
	}
	pending_drop(&p);
	return code;
}

void
reissue_fini(struct reissue *r)
{
	mint_end(&r->mint);
	image_past_fini(&r->past);
	secret_fini(&r->found);
}
