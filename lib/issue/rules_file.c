/* Files with certificates, taken apart. */
#include "hsm/pem.h"
#include "issue/rules_internal.h"

enum {
	DAY_S = 86400,
	SOON_S = 90 * DAY_S, /**< before its end a certificate is spoken of */
};

static enum rc
put_part(struct rules_parts *out, size_t cap, struct span der)
{
	if (out->count == cap)
		return RC_MALFORMED;
	out->der[out->count++] = der;
	return RC_OK;
}

/** DER values, end to end: PEM has none at its begin that is as long as it
 *  says. */
static bool
is_der(struct span bytes)
{
	struct der_fault fault;
	struct der_reader r;

	der_reader_init(&r, bytes, &fault);
	(void)der_take_whole(&r, DER_SEQUENCE);
	return der_ok(&r);
}

static enum rc
split_der(struct span bytes, struct rules_parts *out, size_t cap)
{
	struct der_fault fault;
	struct der_reader r;
	enum rc rc = RC_OK;

	der_reader_init(&r, bytes, &fault);
	while (rc == RC_OK && r.p < r.end) {
		struct span one = der_take_whole(&r, DER_SEQUENCE);

		rc = der_ok(&r) ? put_part(out, cap, one) : RC_MALFORMED;
	}
	return rc;
}

static enum rc
split_pem(struct arena *a, struct span bytes, const char *label,
    struct rules_parts *out, size_t cap)
{
	uint8_t *room = arena_alloc(a, bytes.len + 1);
	struct span rest = bytes;
	struct writer w;
	enum rc rc = RC_OK;

	if (!room)
		return RC_MEMORY;
	writer_init(&w, room, bytes.len + 1);
	while (rc == RC_OK) {
		size_t before = w.len;

		rc = pem_next(&rest, label, &w);
		if (rc == RC_OK)
			rc = put_part(
			    out, cap, span_of(room + before, w.len - before));
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc
rules_parts(struct arena *a, struct span bytes, const char *label,
    struct rules_parts *out)
{
	/* of certificates a file has few, and a list of millions is one part */
	enum { PARTS_MAX = 1024 };
	enum rc rc;

	*out = (struct rules_parts){0};
	out->der = arena_array(a, PARTS_MAX, sizeof(*out->der));
	if (!out->der)
		return RC_MEMORY;
	if (is_der(bytes))
		rc = split_der(bytes, out, PARTS_MAX);
	else
		rc = split_pem(a, bytes, label, out, PARTS_MAX);
	if (rc == RC_OK && out->count == 0)
		return RC_NOT_FOUND;
	return rc;
}

bool
rules_cert(struct rules_build *b, struct span der, struct policy_place place,
    const char *what, struct cert *out)
{
	struct der_fault fault;
	char text[200];
	struct writer w;
	enum rc rc = cert_parse(der, out, &fault);

	if (rc == RC_OK)
		return true;
	if (rc == RC_MEMORY) {
		b->rc = rc;
		return false;
	}
	writer_init(&w, text, sizeof(text) - 1);
	der_fault_print(&fault, &w);
	text[w.len] = '\0';
	rules_say(b, DIAG_ERROR, place, "issue-certificate",
	    "%s: no certificate that can be read: %s", what, text);
	return false;
}

bool
rules_dates(struct rules_build *b, const struct cert *c,
    struct policy_place place, const char *what)
{
	if (c->not_after_s < b->now_s) {
		rules_say(b, DIAG_WARNING, place, "issue-expired",
		    "%s: expired %s; nothing that depends on it works any "
		    "more: replace it",
		    what, rules_time(c->not_after_s).text);
		return false;
	}
	if (c->not_before_s > b->now_s) {
		rules_say(b, DIAG_WARNING, place, "issue-not-yet",
		    "%s: not valid before %s: look at the clock of this "
		    "machine, or at the file",
		    what, rules_time(c->not_before_s).text);
		return false;
	}
	if (c->not_after_s - b->now_s < SOON_S)
		rules_say(b, DIAG_WARNING, place, "issue-expires",
		    "%s: expires %s, in %lld days: replace it before", what,
		    rules_time(c->not_after_s).text,
		    (long long)((c->not_after_s - b->now_s) / DAY_S));
	return true;
}

struct rules_named
rules_named(const struct policy_file *f)
{
	return (struct rules_named){
	    f->bytes, f->place, rules_show(span_str(f->path))};
}

static struct rules_named
own_file(const struct issue_file *f)
{
	return (struct rules_named){
	    f->bytes, {f->path, 0}, rules_show(span_str(f->path))};
}

bool
rules_take_apart(struct rules_build *b, const struct rules_named *f,
    const char *label, struct rules_parts *parts)
{
	enum rc rc = rules_parts(b->rules->arena, f->bytes, label, parts);

	if (rc == RC_OK)
		return true;
	if (rc == RC_MEMORY)
		b->rc = rc;
	else
		rules_say(b, DIAG_ERROR, f->place, "issue-certificate",
		    "%s: %s; PEM with -----BEGIN %s-----, or DER is expected",
		    f->name.text,
		    rc == RC_NOT_FOUND ? "nothing of that kind stands in it"
				       : "cannot be taken apart",
		    label);
	return false;
}

struct rules_named
rules_keep(struct rules_build *b, const struct issue_file *file)
{
	struct rules_named f = own_file(file);

	f.place.file = arena_str(b->rules->arena, file->path);
	f.bytes = arena_copy(b->rules->arena, f.bytes);
	if (!f.place.file || !f.bytes.p)
		b->rc = RC_MEMORY;
	return f;
}
