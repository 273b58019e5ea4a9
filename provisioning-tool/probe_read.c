#include "probe_read.h"

#include "base/text.h"
#include "lwm2m/link.h"

enum {
	READ_ENTRIES_MAX = 64,
	READ_SCRATCH_MAX = 2 * BENCH_BODY_MAX,
};

/* --- worth a try ------------------------------------------------------------- */

static bool
takes(const struct probe *p, int format)
{
	for (size_t i = 0; i < p->facts.format_count; i++)
		if (p->facts.formats[i] == format)
			return true;
	return false;
}

PROBE_WANTED(wanted_named)
{
	const struct format *f = format_by_number(p->bench.first.pct);

	if (asked->method == 0)
		return p->bench.first.pct >= 0;
	return p->bench.first.pct >= 0 && f && f->encode &&
	    f->holds >= FORMAT_HOLDS_OBJECT && p->bench.first.pct != FORMAT_TLV;
}

PROBE_WANTED(wanted_until_written)
{
	return p->facts.works < 0 &&
	    (asked->format != FORMAT_NAMED || wanted_named(p, asked));
}

PROBE_WANTED(wanted_written)
{
	(void)asked;
	return p->facts.works >= 0;
}

PROBE_WANTED(wanted_format)
{
	/* an instance that cannot be made says nothing of formats */
	if (p->facts.works < 0 && asked->format != FORMAT_TLV)
		return true;
	return !takes(p, asked->format) &&
	    (asked->format == FORMAT_TLV ||
		asked->format != p->bench.first.pct);
}

PROBE_WANTED(wanted_legacy)
{
	(void)asked;
	return !takes(p, FORMAT_TLV);
}

PROBE_WANTED(wanted_message)
{
	return wanted_written(p, asked) && !p->facts.message_end;
}

PROBE_WANTED(wanted_finish_keys)
{
	return wanted_written(p, asked) &&
	    p->facts.needs_empty_keys != PROBE_NO;
}

PROBE_WANTED(wanted_finish_zero)
{
	(void)asked;
	return p->facts.finishes == PROBE_YES && p->facts.newer_11 != PROBE_NO;
}

PROBE_WANTED(wanted_ending)
{
	return wanted_written(p, asked) && p->in_session;
}

/* --- Discover ------------------------------------------------------------------ */

struct shown {
	unsigned links, accounts, nameless, skipped;
	int account; /* the /0 instance that has no ssid; the last */
	uint8_t version[16];
	size_t version_len;
};

static bool
is_links(const struct bench_answer *a)
{
	return probe_good(a) && a->content_format == FORMAT_LINK;
}

static void
read_links(const struct bench_answer *a, struct shown *s)
{
	struct link_reader r;
	struct lwm2m_link link;

	*s = (struct shown){.account = -1};
	link_reader_init(&r, span_of(a->body, a->body_len));
	while (link_next(&r, &link)) {
		unsigned depth = path_depth(link.path);

		s->links++;
		if (depth == 0 && link.version.len <= sizeof(s->version)) {
			s->version_len = link.version.len;
			if (link.version.len)
				memcpy(s->version, link.version.p,
				    link.version.len);
		}
		if (depth != 2 || link.path.object != OBJECT_SECURITY)
			continue;
		s->accounts++;
		if (link.has_ssid)
			continue;
		s->nameless++;
		s->account = link.path.instance;
	}
	s->skipped = r.skipped;
}

/* What is written is no instance that is there. */
static void
keep_away(struct probe *p, const struct bench_answer *a)
{
	struct link_reader r;
	struct lwm2m_link link;

	link_reader_init(&r, span_of(a->body, a->body_len));
	while (link_next(&r, &link)) {
		if (path_compare(link.path, probe_path(p, AT_SERVER_OURS)) == 0)
			p->facts.server++;
		if (path_compare(link.path, probe_path(p, AT_SECURITY_OURS)) ==
		    0)
			p->facts.security++;
	}
}

/* One instance of /0 without ssid, or one alone. */
static void
note_account(struct probe *p, const struct shown *s, struct writer *w)
{
	if (s->nameless != 1) {
		writer_fmt(w,
		    "; %u instances of /0 without ssid, so its own "
		    "account is not known",
		    s->nameless);
		return;
	}
	p->facts.account = s->account;
	writer_fmt(w, "; its own account is /0/%d", s->account);
}

PROBE_READ(read_discover)
{
	struct probe_facts *f = &p->facts;
	struct shown s;

	(void)asked;
	f->discover = PROBE_NO;
	if (!is_links(a)) {
		writer_str(w, "no links: it is not asked");
		return;
	}
	read_links(a, &s);
	if (s.links == 0) {
		writer_str(w, "nothing in it that makes sense");
		return;
	}
	f->discover = PROBE_YES;
	writer_fmt(w, "%u links", s.links);
	if (s.version_len) {
		writer_str(w, ", calls itself ");
		text_quote(w, span_of(s.version, s.version_len));
	}
	if (s.skipped)
		writer_fmt(w, ", %u without sense", s.skipped);
	if (a->body_len <= sizeof(f->reply)) {
		memcpy(f->reply, a->body, a->body_len);
		f->reply_len = a->body_len;
	}
	keep_away(p, a);
	note_account(p, &s, w);
}

PROBE_READ(read_discover_object)
{
	struct shown s = {0};

	(void)asked;
	p->facts.discover_object = PROBE_NO;
	if (is_links(a))
		read_links(a, &s);
	if (s.accounts == 0) {
		writer_str(w, "shows no instances of /0");
		return;
	}
	p->facts.discover_object = PROBE_YES;
	writer_fmt(w, "%u instances of /0", s.accounts);
	note_account(p, &s, w);
}

PROBE_READ(read_delete_security)
{
	struct shown s = {0};
	int account = p->facts.account;

	(void)asked;
	if (is_links(a))
		read_links(a, &s);
	if (account < 0 || p->facts.discover_object != PROBE_YES) {
		writer_str(w,
		    "whether its own account is still there is not "
		    "known");
		return;
	}
	p->facts.account_gone = s.accounts == 0;
	writer_str(w,
	    s.accounts ? "its own account is still there"
		       : "its own account is gone: it needs a new "
			 "image");
}

/* --- Read ------------------------------------------------------------------------ */

/* Is what was written before in it? */
static bool
holds_lifetime(const struct probe *p, const struct bench_answer *a)
{
	struct lwm2m_entry entries[READ_ENTRIES_MAX];
	uint8_t scratch[READ_SCRATCH_MAX];
	struct writer w;
	size_t count = 0;

	writer_init(&w, scratch, sizeof(scratch));
	if (lwm2m_decode(a->content_format, LWM2M_OBJECT(OBJECT_SERVER),
		span_of(a->body, a->body_len), &w, entries, READ_ENTRIES_MAX,
		&count) != RC_OK)
		return false;
	for (size_t i = 0; i < count; i++)
		if (path_compare(entries[i].path,
			probe_path(p, AT_SERVER_LIFETIME)) == 0)
			return true;
	return false;
}

PROBE_READ(read_read)
{
	bool good = a->kind == BENCH_ANSWERED && a->code == COAP_CONTENT;
	bool there = good && holds_lifetime(p, a);

	(void)asked;
	p->facts.read = there ? PROBE_YES : PROBE_NO;
	if (there)
		writer_str(w, "what was written is read back");
	else
		writer_str(w,
		    good ? "what was written is not in it"
			 : "what was written cannot be read back");
}

PROBE_READ(read_read_other)
{
	bool good = a->kind == BENCH_ANSWERED && a->code == COAP_CONTENT;

	(void)p;
	if (asked->at != AT_ACCESS_CONTROL)
		writer_str(w,
		    good ? "answered, though it should not be"
			 : "refused, as it should be");
	else
		writer_str(w, good ? "read" : "not read");
}

/* --- Write ------------------------------------------------------------------------- */

PROBE_READ(read_format)
{
	struct probe_facts *f = &p->facts;
	int format = probe_format(p, asked);

	writer_fmt(w, "%s is ", format_name(format));
	if (!probe_good(a)) {
		writer_str(w, "not taken");
		return;
	}
	if (p->not_there) {
		writer_str(w, "not taken: what was written is not there");
		return;
	}
	writer_str(w, "taken");
	if (f->format_count < PROBE_FORMATS_MAX && !takes(p, format))
		f->formats[f->format_count++] = format;
	if (f->works < 0)
		f->works = format;
	f->levels |= 1u << 2;
}

PROBE_READ(read_foreign)
{
	(void)p;
	(void)asked;
	if (a->kind == BENCH_ANSWERED && a->code == COAP_UNSUPPORTED_FORMAT)
		writer_str(w,
		    "says that it does not have the format: another "
		    "is tried");
	else if (probe_good(a))
		writer_str(w, "takes what it cannot know");
	else
		writer_str(w, "does not say that it is the format");
}

PROBE_READ(read_level)
{
	static const char *const names[] = {
	    "", "an object", "an instance", "a resource"};
	unsigned depth = path_depth(probe_path(p, asked->at));

	p->facts.levels_tried = true;
	if (probe_good(a))
		p->facts.levels |= 1u << depth;
	writer_fmt(w, "%s of %s",
	    probe_good(a) ? "takes a Write" : "takes no Write", names[depth]);
}

PROBE_READ(read_unknown)
{
	(void)asked;
	p->facts.ignores_unknown = probe_good(a) ? PROBE_YES : PROBE_NO;
	writer_str(w,
	    probe_good(a) ? "it is ignored"
			  : "one unknown resource spoils the Write");
}

PROBE_READ(read_newer)
{
	enum probe_known known = probe_good(a) ? PROBE_YES : PROBE_NO;

	if (asked->body == BODY_SERVER_11)
		p->facts.newer_11 = known;
	else
		p->facts.newer_12 = known;
	writer_str(w, probe_good(a) ? "taken, or ignored" : "refused");
}

/* --- sizes -------------------------------------------------------------------------- */

PROBE_READ(read_message)
{
	struct probe_facts *f = &p->facts;

	if (probe_good(a) && a->seen.requests <= 1 && !a->seen.too_large) {
		f->message_max = asked->message;
		writer_fmt(
		    w, "taken in one message of %zu bytes", a->seen.largest);
		return;
	}
	f->message_end = true;
	if (probe_good(a) || a->seen.too_large)
		writer_str(w, "asked for in blocks: too large for one message");
	else
		writer_str(w, "too large");
}

PROBE_READ(read_block)
{
	p->facts.blocks_tried = true;
	if (!probe_good(a)) {
		writer_str(w, "not put together");
		return;
	}
	if (asked->block > p->facts.block)
		p->facts.block = asked->block;
	writer_fmt(w, "put together from %u messages", a->seen.requests);
}

/* --- Delete, Finish ------------------------------------------------------------------ */

PROBE_READ(read_delete)
{
	(void)p;
	(void)asked;
	if (!probe_good(a))
		writer_str(w, "an error, which is no failure of a bootstrap");
}

PROBE_READ(read_own_account)
{
	struct probe_facts *f = &p->facts;

	(void)asked;
	if (probe_good(a)) {
		writer_str(w, "answered as if it were deleted");
		return;
	}
	writer_str(w, "refused: the account is protected");
	/* an instance that is not there would be as absent as any other */
	if (f->account < 0 && a->kind == BENCH_ANSWERED &&
	    (a->code == COAP_METHOD_NOT_ALLOWED || a->code == COAP_BAD_REQUEST))
		f->account = 0;
}

static void
say_finish(const struct bench_answer *a, struct writer *w)
{
	if (a->kind != BENCH_ANSWERED)
		writer_str(w, "not answered");
	else
		writer_str(w, probe_good(a) ? "content" : "refused");
}

PROBE_READ(read_finish_nothing)
{
	(void)p;
	(void)asked;
	if (probe_good(a))
		writer_str(w, "content without any account: it checks nothing");
	else
		say_finish(a, w);
}

PROBE_READ(read_finish_bare)
{
	(void)asked;
	if (probe_good(a)) {
		p->facts.finishes = PROBE_YES;
		p->facts.needs_empty_keys = PROBE_NO;
		writer_str(w, "/0/x/3, 4 and 5 can be left out");
	} else {
		say_finish(a, w);
	}
}

PROBE_READ(read_finish_keys)
{
	(void)asked;
	if (probe_good(a)) {
		p->facts.finishes = PROBE_YES;
		p->facts.needs_empty_keys = PROBE_YES;
		writer_str(w, "/0/x/3, 4 and 5 must be there");
	} else {
		p->facts.finishes = PROBE_NO;
		say_finish(a, w);
		writer_str(w,
		    ": an account without security, or one that "
		    "leads nowhere, is nothing for it");
	}
}

PROBE_READ(read_finish_zero)
{
	(void)asked;
	if (a->kind != BENCH_ANSWERED) {
		say_finish(a, w);
		return;
	}
	p->facts.refuses_zero = probe_good(a) ? PROBE_NO : PROBE_YES;
	writer_str(w,
	    probe_good(a) ? "counts of zero are taken"
			  : "counts of zero are refused");
}

PROBE_READ(read_ending)
{
	(void)p;
	(void)asked;
	say_finish(a, w);
}
