/* Why the device was given what it was given the last time: the decision once
 * more, by the set that the ledger keeps, and by the one that is in force. */
#include "ctl_device.h"

#include "base/text.h"
#include "issue/kept.h"
#include "issue/tell.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINES_MAX = 60, /* of a document that are shown */
	DIFF_MAX = 1024, /* lines of a plan that are compared */
};

/* --- sets ----------------------------------------------------------------- */

static bool
read_digest(const struct ledger_row *row, const char *name,
    uint8_t out[static DIGEST_LEN])
{
	uint8_t hex[2 * DIGEST_LEN];
	struct writer w, bytes;

	writer_init(&w, hex, sizeof(hex));
	writer_init(&bytes, out, DIGEST_LEN);
	return ledger_field(row, name, &w) && !w.full &&
	    text_unhex(&bytes, writer_span(&w)) == RC_OK &&
	    bytes.len == DIGEST_LEN;
}

static enum rc
note_now(void *ctx, const struct ledger_row *row)
{
	struct device_past *p = ctx;

	p->has_now = read_digest(row, "policy_set", p->now_digest);
	return RC_OK;
}

/** One that is not kept, or cannot be read any more, is none. */
static enum rc
load(struct ledger *l, const uint8_t digest[static DIGEST_LEN],
    struct policy_set **set, struct issue_rules **rules)
{
	struct diag *d = diag_new();
	enum rc rc = d ? issue_set_kept(l, digest, d, set) : RC_MEMORY;

	if (rc == RC_OK)
		rc = issue_rules_new(*set, NULL, d, rules);
	diag_free(d);
	if (rc == RC_OK || rc == RC_DB || rc == RC_MEMORY)
		return rc;
	policy_set_unref(*set);
	*set = NULL;
	return RC_OK;
}

static bool
same_plan(const struct issue_replay *r, const struct issue_decision *d)
{
	return d->granted && r->has_plan &&
	    memcmp(r->plan, d->plan_digest, DIGEST_LEN) == 0;
}

static void
decide(const struct device_rows *rows, const struct issue_rules *rules,
    struct issue_replay *r, struct policy_decided *decided,
    struct issue_decision *out)
{
	const struct issue_replay_config config = {0};
	const struct issuer issuer = {
	    .rules = rules,
	    .store = rows->ledger,
	    .now_s = rows->rows[rows->count - 1].row.time_ms / 1000,
	};

	issue_replay(&issuer, &config, r, decided, out);
}

static enum rc
decide_now(const struct device_rows *d, struct device_past *p)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("policies_loaded"),
	    .newest_first = true,
	    .limit = 1,
	};
	enum rc rc = ledger_read(d->ledger, &q, note_now, p);

	if (rc != RC_OK || !p->has_now ||
	    (p->has_set &&
		memcmp(p->now_digest, p->set_digest, DIGEST_LEN) == 0))
		return rc;
	rc = load(d->ledger, p->now_digest, &p->now_set, &p->now_rules);
	if (rc != RC_OK || !p->now_set ||
	    issue_replay_read(&p->attempt->row, &p->now_replay) != RC_OK)
		return rc;
	decide(
	    d, p->now_rules, &p->now_replay, &p->now_decided, &p->now_decision);
	p->now_same = same_plan(&p->now_replay, &p->now_decision);
	return RC_OK;
}

enum rc
device_past_new(const struct device_rows *d, struct device_past **out)
{
	const struct device_row *last = device_last(d);
	struct device_past *p;
	enum rc rc = RC_OK;

	*out = NULL;
	if (!last)
		return RC_NOT_FOUND;
	p = calloc(1, sizeof(*p));
	if (!p)
		return RC_MEMORY;
	p->attempt = last;
	p->has_set = read_digest(&last->row, "policy_set", p->set_digest);
	if (p->has_set)
		rc = load(d->ledger, p->set_digest, &p->set, &p->rules);
	if (rc == RC_OK && p->set &&
	    issue_replay_read(&last->row, &p->replay) == RC_OK) {
		decide(d, p->rules, &p->replay, &p->decided, &p->decision);
		p->same_plan = same_plan(&p->replay, &p->decision);
		p->decided_again = true;
	}
	if (rc == RC_OK)
		rc = decide_now(d, p);
	if (rc == RC_OK)
		*out = p;
	else
		device_past_free(p);
	return rc;
}

void
device_past_free(struct device_past *p)
{
	if (!p)
		return;
	issue_decision_fini(&p->decision);
	issue_decision_fini(&p->now_decision);
	issue_rules_unref(p->rules);
	issue_rules_unref(p->now_rules);
	policy_set_unref(p->set);
	policy_set_unref(p->now_set);
	free(p);
}

/* --- the document's own lines --------------------------------------------- */

/** The file of the set that a place is in; NULL. */
static const struct policy_set_file *
file_of(const struct policy_set *s, struct policy_place at)
{
	struct span path = span_str(at.file);

	for (size_t i = 0; i < s->file_count; i++) {
		struct span name = span_str(s->files[i].name);
		struct span end;

		if (!s->files[i].bytes.p || path.len < name.len)
			continue;
		end = span_from(path, path.len - name.len);
		if (span_equal(end, name) &&
		    (path.len == name.len || end.p[-1] == '/'))
			return &s->files[i];
	}
	return NULL;
}

static struct span
take_line(struct span *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rest->len);
	struct span line =
	    span_of(rest->p, end ? (size_t)(end - rest->p) : rest->len);

	*rest = span_from(*rest, line.len + (end != NULL));
	return line;
}

/** From the place on, to the end of the document. Calls `each` with it. */
static void
each_line(const struct policy_set *s, struct policy_place at,
    void (*each)(void *ctx, struct span line), void *ctx)
{
	const struct policy_set_file *f = file_of(s, at);
	struct span rest = f ? f->bytes : span_of(NULL, 0);
	size_t shown = 0;

	for (unsigned n = 1; rest.len > 0; n++) {
		struct span line = take_line(&rest);

		if (n < at.line)
			continue;
		if ((n > at.line && span_starts(line, SPAN_LIT("---"))) ||
		    shown++ == LINES_MAX)
			return;
		each(ctx, line);
	}
}

/** As it stands, where a terminal shows it as it stands. */
static void
tell_line(void *ctx, struct span line)
{
	FILE *f = ctx;

	fputs("            | ", f);
	if (text_printable(line))
		(void)fwrite(line.p, 1, line.len, f);
	else
		put_quoted(f, line);
	putc('\n', f);
}

static void
line_json(void *ctx, struct span line)
{
	jout_text(ctx, NULL, line);
}

/* --- plans, line by line -------------------------------------------------- */

/** A plan as text, in lines. */
struct plan_lines {
	char *text; /* owned */
	size_t len;
	struct span lines[DIFF_MAX];
	size_t count;
};

static enum rc
plan_lines(const struct issue_decision *d, struct plan_lines *out)
{
	struct secret copy = {0};
	struct plan plan = {0};
	FILE *f = open_memstream(&out->text, &out->len);
	enum rc rc = f ? RC_OK : RC_MEMORY;
	struct span rest;

	if (rc == RC_OK && d->granted)
		rc = secret_set(&copy, secret_expose(&d->plan));
	if (rc == RC_OK && d->granted)
		rc = plan_decode(&copy, &plan);
	if (rc == RC_OK && d->granted)
		tell_plan(f, &plan);
	plan_fini(&plan);
	secret_fini(&copy);
	if (f && fclose(f) != 0)
		rc = RC_MEMORY;
	rest = span_of(out->text, out->len);
	while (rc == RC_OK && rest.len > 0 && out->count < DIFF_MAX)
		out->lines[out->count++] = take_line(&rest);
	return rc;
}

/** Without the number of the step: one more in front changes them all. */
static struct span
content(struct span line)
{
	size_t i = 0;

	while (i < line.len &&
	    (line.p[i] == ' ' ||
		(i < 5 && line.p[i] >= '0' && line.p[i] <= '9')))
		i++;
	return span_from(line, i);
}

typedef void (*diff_fn)(void *ctx, char sign, struct span line);

/** The longest that both have, in order; what is besides. Errors: RC_MEMORY. */
static enum rc
diff(const struct plan_lines *a, const struct plan_lines *b, diff_fn each,
    void *ctx)
{
	size_t width = b->count + 1, i = 0, k = 0;
	uint16_t *longest = calloc((a->count + 1) * width, sizeof(*longest));

	if (!longest)
		return RC_MEMORY;
	for (size_t x = a->count; x-- > 0;)
		for (size_t y = b->count; y-- > 0;) {
			uint16_t down = longest[(x + 1) * width + y];
			uint16_t right = longest[x * width + y + 1];

			if (span_equal(
				content(a->lines[x]), content(b->lines[y])))
				longest[x * width + y] =
				    (uint16_t)(longest[(x + 1) * width + y +
						   1] +
					1);
			else
				longest[x * width + y] =
				    down > right ? down : right;
		}
	while (i < a->count || k < b->count) {
		if (i < a->count && k < b->count &&
		    span_equal(content(a->lines[i]), content(b->lines[k]))) {
			i++;
			k++;
		} else if (k == b->count ||
		    (i < a->count &&
			longest[(i + 1) * width + k] >=
			    longest[i * width + k + 1])) {
			each(ctx, '-', a->lines[i++]);
		} else {
			each(ctx, '+', b->lines[k++]);
		}
	}
	free(longest);
	return RC_OK;
}

static void
tell_change(void *ctx, char sign, struct span line)
{
	fprintf(ctx, "          %c %.*s\n", sign, SPAN_FMT(line));
}

static void
change_json(void *ctx, char sign, struct span line)
{
	struct json_out *j = ctx;

	jout_begin(j, NULL, '{');
	jout_str(j, "change", sign == '+' ? "more" : "less");
	jout_text(j, "line", line);
	jout_end(j, '}');
}

static enum rc
each_change(const struct device_past *p, diff_fn each, void *ctx)
{
	struct plan_lines *both = calloc(2, sizeof(*both));
	enum rc rc = both ? RC_OK : RC_MEMORY;

	if (rc == RC_OK)
		rc = plan_lines(&p->decision, &both[0]);
	if (rc == RC_OK)
		rc = plan_lines(&p->now_decision, &both[1]);
	if (rc == RC_OK)
		rc = diff(&both[0], &both[1], each, ctx);
	for (size_t i = 0; both && i < 2; i++)
		free(both[i].text);
	free(both);
	return rc;
}

/* --- for people ----------------------------------------------------------- */

static void
put_digest(const uint8_t digest[static DIGEST_LEN])
{
	for (size_t i = 0; i < 6; i++)
		printf("%02x", digest[i]);
	fputs("..", stdout);
}

static struct identity_facts
shown_by(const struct issue_replay *r)
{
	static const enum policy_credential kinds[] = {
	    [PROOF_NONE] = POLICY_NOSEC,
	    [PROOF_PSK] = POLICY_PSK,
	    [PROOF_CERTIFICATE] = POLICY_CERTIFICATE,
	    [PROOF_RAW_KEY] = POLICY_RPK,
	};

	return (struct identity_facts){
	    .kind = kinds[r->rq.proof],
	    .endpoint = r->rq.endpoint,
	    .psk_identity = r->rq.credential,
	    .from = &r->rq.address,
	};
}

static bool
asked_policies(const struct issue_decision *d)
{
	return d->peer.identity &&
	    (d->granted || d->policy || d->reason == REASON_NO_POLICY);
}

static enum rc
tell_then(const struct device_past *p)
{
	const struct issue_decision *d = &p->decision;
	struct identity_facts shows = shown_by(&p->replay);
	struct policy_facts facts;

	if (d->peer.identity) {
		fputs("identity    ", stdout);
		tell_place(
		    stdout, d->peer.identity->name, d->peer.identity->place);
	} else {
		puts("identity    none");
		return tell_identities(stdout, p->set, &shows, NULL, NULL);
	}
	if (asked_policies(d))
		tell_policy(stdout, d->policy);
	if (d->policy) {
		puts("            which says:");
		each_line(p->set, d->policy->place, tell_line, stdout);
	}
	if (asked_policies(d)) {
		facts = issue_replay_facts(&p->replay, &d->peer);
		tell_policies(stdout, p->set, &facts, d->policy);
	}
	if (d->granted)
		tell_choices(stdout, &p->decided);
	return RC_OK;
}

static void
tell_result(const struct device_past *p)
{
	const struct issue_decision *d = &p->decision;

	if (!d->granted) {
		printf("refused     %s\n", reason_code(d->reason));
		return;
	}
	fputs("plan        digest ", stdout);
	put_digest(d->plan_digest);
	if (p->same_plan)
		puts(", as it was given");
	else if (p->replay.has_plan)
		puts(", and not what its row has: it hung on what is known no "
		     "more (revocations, room at servers)");
	else
		puts(", by what is known now");
}

static enum rc
tell_now(const struct device_past *p)
{
	const struct issue_decision *d = &p->now_decision;

	if (!p->has_now)
		return RC_OK;
	fputs("in force    ", stdout);
	if (p->has_set &&
	    memcmp(p->now_digest, p->set_digest, DIGEST_LEN) == 0) {
		puts("the same set");
		return RC_OK;
	}
	fputs("set ", stdout);
	put_digest(p->now_digest);
	if (!p->now_set) {
		puts(", which is not kept in the ledger");
		return RC_OK;
	}
	if (p->now_same) {
		puts(" would give it the same plan");
		return RC_OK;
	}
	if (!d->granted) {
		printf(" would refuse it (%s)\n", reason_code(d->reason));
		return RC_OK;
	}
	fputs(" would give it another plan, by ", stdout);
	tell_place(stdout, d->policy->name, d->policy->place);
	return p->decision.granted ? each_change(p, tell_change, stdout)
				   : RC_OK;
}

enum rc
device_past_tell(const struct device_past *p)
{
	enum rc rc = RC_OK;

	printf("explained   as of row %llu, by set ",
	    (unsigned long long)p->attempt->row.seq);
	if (p->has_set)
		put_digest(p->set_digest);
	if (!p->has_set)
		puts("unknown: its row names none");
	else if (!p->set)
		puts(", which the ledger does not keep");
	else if (!p->decided_again)
		puts(", but its row does not say enough");
	else
		putchar('\n');
	if (p->decided_again && p->replay.assumed)
		puts("            (of what its row does not say the usual is "
		     "assumed)");
	if (p->decided_again)
		rc = tell_then(p);
	if (p->decided_again && rc == RC_OK)
		tell_result(p);
	return rc == RC_OK ? tell_now(p) : rc;
}

/* --- for machines --------------------------------------------------------- */

static enum rc
then_json(struct json_out *j, const struct device_past *p)
{
	const struct issue_decision *d = &p->decision;
	struct identity_facts shows = shown_by(&p->replay);
	struct policy_facts facts;
	enum rc rc = RC_OK;

	jout_bool(j, "assumed", p->replay.assumed);
	jout_str(
	    j, "identity", d->peer.identity ? d->peer.identity->name : NULL);
	if (!d->peer.identity)
		rc = tell_identities_json(j, p->set, &shows, NULL, NULL);
	if (asked_policies(d)) {
		facts = issue_replay_facts(&p->replay, &d->peer);
		tell_policies_json(j, p->set, &facts, d->policy);
	}
	if (d->policy) {
		jout_begin(j, "text", '[');
		each_line(p->set, d->policy->place, line_json, j);
		jout_end(j, ']');
	}
	jout_bool(j, "granted", d->granted);
	if (d->granted) {
		tell_choices_json(j, &p->decided);
		jout_hex(j, "plan", span_of(d->plan_digest, DIGEST_LEN));
		jout_bool(j, "as_given", p->same_plan);
	} else {
		jout_str(j, "reason", reason_code(d->reason));
	}
	return rc;
}

static enum rc
now_json(struct json_out *j, const struct device_past *p)
{
	const struct issue_decision *d = &p->now_decision;
	bool same_set =
	    p->has_set && memcmp(p->now_digest, p->set_digest, DIGEST_LEN) == 0;
	enum rc rc = RC_OK;

	jout_begin(j, "in_force", '{');
	jout_hex(j, "policy_set", span_of(p->now_digest, DIGEST_LEN));
	jout_bool(j, "same_set", same_set);
	if (p->now_set) {
		jout_bool(j, "granted", d->granted);
		jout_bool(j, "same_plan", p->now_same);
		if (d->policy)
			jout_str(j, "policy", d->policy->name);
		if (!d->granted)
			jout_str(j, "reason", reason_code(d->reason));
	}
	if (p->now_set && d->granted && p->decision.granted) {
		jout_begin(j, "changes", '[');
		rc = each_change(p, change_json, j);
		jout_end(j, ']');
	}
	jout_end(j, '}');
	return rc;
}

enum rc
device_past_json(struct json_out *j, const struct device_past *p)
{
	enum rc rc = RC_OK;

	jout_begin(j, "explained", '{');
	jout_int(j, "row", (int64_t)p->attempt->row.seq);
	if (p->has_set)
		jout_hex(j, "policy_set", span_of(p->set_digest, DIGEST_LEN));
	jout_bool(j, "kept", p->set != NULL);
	if (p->decided_again)
		rc = then_json(j, p);
	if (rc == RC_OK && p->has_now)
		rc = now_json(j, p);
	jout_end(j, '}');
	return rc;
}
