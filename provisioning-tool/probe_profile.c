#include "base/text.h"
#include "lwm2m/link.h"
#include "policy/profile.h"
#include "probe.h"

enum { COLUMNS = 80 };

/* --- comments ------------------------------------------------------------------ */

/* In lines of a comment, broken between words. */
static void
put_comment(struct writer *w, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len >= COLUMNS) {
			writer_str(w, "\n");
			column = 0;
		}
		if (column == 0) {
			writer_str(w, "#");
			column = 1;
		}
		writer_str(w, " ");
		writer_put(w, span_of(text, len));
		column += 1 + len;
		text += len;
		text += strspn(text, " ");
	}
	writer_str(w, "\n");
}

static void
put_finding(struct writer *w, const struct probe_finding *f)
{
	char text[PROBE_TEXT_MAX * 3 + 64];

	snprintf(text, sizeof(text), "%s%s%s -> %s%s%s", f->name,
	    f->sent[0] ? ": " : "", f->sent, f->answer, f->means[0] ? ": " : "",
	    f->means);
	put_comment(w, text);
}

/* What was seen of a key, or of none. */
static void
put_evidence(const struct probe *p, const char *key, struct writer *w)
{
	writer_str(w, "\n");
	for (size_t i = 0; i < p->finding_count; i++) {
		const struct probe_finding *f = &p->findings[i];

		if (key ? f->key && strcmp(f->key, key) == 0 : !f->key)
			put_finding(w, f);
	}
}

static void
put_open(struct writer *w, const char *key)
{
	writer_fmt(w, "# %s: not found out\n", key);
}

/* --- keys ------------------------------------------------------------------------ */

static unsigned
version(const struct probe *p)
{
	const struct probe_facts *f = &p->facts;
	bool senml = p->bench.first.pct >= 0, newest = p->bench.first.pack;
	unsigned v = 10;

	for (size_t i = 0; i < f->format_count; i++) {
		senml |= f->formats[i] == FORMAT_SENML_CBOR ||
		    f->formats[i] == FORMAT_SENML_JSON;
		newest |= f->formats[i] == FORMAT_LWM2M_CBOR;
	}
	if (senml)
		v = 11;
	if (newest)
		v = 12;
	/* what it does not take is not to be written */
	if (v > 11 && f->newer_12 == PROBE_NO)
		v = 11;
	if (v > 10 && f->newer_11 == PROBE_NO)
		v = 10;
	return v;
}

static void
put_version(const struct probe *p, struct writer *w)
{
	unsigned v = version(p);

	put_evidence(p, "version", w);
	writer_fmt(w, "version: %u.%u\n", v / 10, v % 10);
}

static void
put_formats(const struct probe *p, struct writer *w)
{
	const struct probe_facts *f = &p->facts;

	put_evidence(p, "formats", w);
	if (f->format_count == 0) {
		put_open(w, "formats");
		return;
	}
	writer_str(w, "formats: [");
	for (size_t i = 0; i < f->format_count; i++) {
		const char *name = profile_format_name((unsigned)f->formats[i]);

		writer_str(w, i ? ", " : "");
		if (name)
			writer_str(w, name);
		else
			writer_fmt(w, "%d", f->formats[i]);
	}
	writer_str(w, "]\n");
}

static void
put_levels(const struct probe *p, struct writer *w)
{
	static const struct {
		unsigned depth;
		const char *name;
	} levels[] = {{2, "instance"}, {1, "object"}, {3, "resource"}};
	bool any = false;

	put_evidence(p, "levels", w);
	if (!p->facts.levels_tried || p->facts.levels == 0) {
		put_open(w, "levels");
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		if (!(p->facts.levels & 1u << levels[i].depth))
			continue;
		if (!any)
			writer_fmt(w, "level: %s\nlevels: [", levels[i].name);
		writer_fmt(w, "%s%s", any ? ", " : "", levels[i].name);
		any = true;
	}
	writer_str(w, "]\n");
}

/* `key: yes`, `key: no`, in the key's own words. */
static void
put_word(const struct probe *p, const char *key, enum probe_known known,
    const char *yes, const char *no, struct writer *w)
{
	put_evidence(p, key, w);
	if (known == PROBE_OPEN)
		put_open(w, key);
	else
		writer_fmt(w, "%s: %s\n", key, known == PROBE_YES ? yes : no);
}

/* As it is read again: links alone, in plain text. */
static bool
can_be_kept(struct span reply)
{
	struct link_reader r;
	struct lwm2m_link link;

	for (size_t i = 0; i < reply.len; i++)
		if (reply.p[i] < ' ' || reply.p[i] > '~' || reply.p[i] == '\'')
			return false;
	link_reader_init(&r, reply);
	while (link_next(&r, &link))
		;
	return r.skipped == 0;
}

static void
put_discover(const struct probe *p, struct writer *w)
{
	struct span reply = span_of(p->facts.reply, p->facts.reply_len);

	put_word(p, "discover", p->facts.discover, "true", "false", w);
	if (reply.len == 0 || p->facts.discover != PROBE_YES ||
	    !can_be_kept(reply))
		return;
	writer_str(w, "discover_reply: '");
	writer_put(w, reply);
	writer_str(w, "'\n");
}

static void
put_sizes(const struct probe *p, struct writer *w)
{
	const struct probe_facts *f = &p->facts;

	put_evidence(p, "max_message", w);
	if (f->message_max == 0)
		put_open(w, "max_message");
	else
		writer_fmt(w, "max_message: %zuB\n", f->message_max);
	put_evidence(p, "block_size", w);
	if (!f->blocks_tried)
		put_open(w, "block_size");
	else if (f->block == 0)
		writer_str(w, "block_size: none\n");
	else
		writer_fmt(w, "block_size: %zuB\n", f->block);
}

static void
put_account(const struct probe *p, struct writer *w)
{
	put_evidence(p, "account_instance", w);
	if (p->facts.account < 0)
		writer_str(w, "account_instance: unknown\n");
	else
		writer_fmt(w, "account_instance: %d\n", p->facts.account);
}

enum rc
probe_profile(const struct probe *p, const char *name, struct writer *w)
{
	const struct probe_facts *f = &p->facts;

	put_comment(w,
	    "Written by `provisioning-tool probe`: each key below "
	    "what was sent for its sake and answered. What was not found out "
	    "is as in the profile `default`.");
	writer_str(w, "profile: ");
	text_quote(w, span_str(name));
	writer_str(w, "\nbased_on: default\n");
	put_version(p, w);
	put_formats(p, w);
	put_levels(p, w);
	put_discover(p, w);
	put_word(p, "read", f->read, "true", "false", w);
	put_word(p, "empty_keys", f->needs_empty_keys, "true", "false", w);
	put_word(
	    p, "unknown_resources", f->ignores_unknown, "ignore", "refuse", w);
	put_word(p, "zero_retries", f->refuses_zero, "refuse", "accept", w);
	put_sizes(p, w);
	put_account(p, w);
	writer_str(w, "\n# What decides no key.");
	put_evidence(p, NULL, w);
	return w->full ? RC_TOO_LARGE : RC_OK;
}
