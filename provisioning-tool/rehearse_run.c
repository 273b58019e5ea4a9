#include "rehearse_run.h"

#include "base/digest.h"
#include "device/device.h"
#include "tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
	AWAY_AFTER = 20, /* images that nobody has answered, and not one else */
	STEP_MS = 1000,
	VERDICT_MS = 5000, /* until the staging ledger has every ending */
	VERDICT_EVERY_MS = 50,
};

/* --- one image ---------------------------------------------------------------------- */

static void
tell(struct rehearsal *h, const struct rehearse_result *r)
{
	h->rehearsed++;
	h->ok += r->ok;
	h->failed += !r->ok;
	h->answered += r->answered;
	h->unanswered += r->tried && !r->answered;
	if (r->ok) {
		h->datagrams += r->datagrams;
		h->bytes += r->bytes;
	}
	progress_end(&h->progress);
	if (h->json)
		rehearse_print_json(r);
	else
		rehearse_print_text(r, h->single);
}

static void
on_done(void *ctx, const struct rehearse_result *r)
{
	struct rehearsal *h = ctx;

	h->running--;
	tell(h, r);
}

/* Where a device of that account goes, by what the verb was told. */
static struct span
target_of(const struct rehearsal *h, struct span uri)
{
	if (h->o->against)
		return span_str(h->o->against);
	return h->staging ? staging_uri(h->staging, uri) : uri;
}

static const struct rehearse_way *
find_way(struct rehearsal *h, struct span uri, struct rehearse_result *r)
{
	struct rehearse_target *t = &h->target;
	struct quoted q;

	if (uri.len == 0 || uri.len >= sizeof(t->uri)) {
		rehearse_find(r, false, "uri-unusable", "",
		    "nothing to go to is left of its URI");
		return NULL;
	}
	if (strlen(t->uri) != uri.len || memcmp(t->uri, uri.p, uri.len) != 0) {
		memcpy(t->uri, uri.p, uri.len);
		t->uri[uri.len] = '\0';
		t->found = rehearse_way_find(uri, &t->way, &t->why) == RC_OK;
	}
	if (t->found)
		return &t->way;
	rehearse_find(r, false, "host-unknown",
	    "look at the URI, and at the name server; --against URI or "
	    "--staging go elsewhere",
	    "%s leads nowhere: %s", quote(&q, uri), t->why);
	return NULL;
}

/* --against has to be of the image's kind: what it shows is shown there. */
static bool
scheme_fits(struct span a, struct span b)
{
	const uint8_t *colon = a.len ? memchr(a.p, ':', a.len) : NULL;
	size_t len = colon ? (size_t)(colon - a.p) + 1 : 0;

	return len > 0 && b.len >= len && memcmp(a.p, b.p, len) == 0;
}

static void
check_scheme(const struct rehearsal *h, const struct account *account,
    struct rehearse_result *r)
{
	struct quoted q, given;

	if (!h->o->against ||
	    scheme_fits(account->uri, span_str(h->o->against)))
		return;
	rehearse_find(r, false, "scheme-other",
	    "give --against a URI of the same scheme",
	    "the image goes to %s, and --against is %s",
	    quote(&q, account->uri), quote_str(&given, h->o->against));
}

static struct rehearse_seat *
free_seat(struct rehearsal *h)
{
	for (int64_t i = 0; i < h->o->at_a_time; i++)
		if (!h->seats[i].taken)
			return &h->seats[i];
	return NULL;
}

/* Two at once with one name would end each other's bootstrap. */
static bool
is_here(const struct rehearsal *h, const char *endpoint)
{
	for (int64_t i = 0; i < h->o->at_a_time; i++)
		if (h->seats[i].taken && !h->seats[i].over &&
		    strcmp(h->seats[i].result.endpoint, endpoint) == 0)
			return true;
	return false;
}

static void
seat(struct rehearsal *h, const struct image_file *file)
{
	struct rehearse_result *r = h->result;
	const struct rehearse_way *way = NULL;
	struct account account;
	struct device *d = NULL;

	rehearse_begin(r, file->label);
	if (file->fault != IMAGE_FILE_GOOD)
		rehearse_find(r, false, "image-file", "", "cannot be read: %s",
		    file->why ? file->why : "?");
	else
		d = rehearse_load(&h->reader, file, &account, r);
	if (d) {
		check_scheme(h, &account, r);
		if (h->staging)
			staging_compare(h->staging, account.uri, r);
		way = find_way(h, target_of(h, account.uri), r);
	}
	while (d && way && !h->signal && is_here(h, r->endpoint) &&
	    loop_step(h->hall.loop, STEP_MS) == RC_OK)
		;
	if (!d || !way || rehearse_has_errors(r)) {
		device_free(d);
		tell(h, r);
		return;
	}
	h->running++;
	rehearse_sit(free_seat(h), d, &account, way, r);
}

/* --- all of them ---------------------------------------------------------------------- */

/* So many of what is left, each as likely as any other. */
static bool
drawn(struct rehearsal *h)
{
	uint64_t n;
	bool take;

	if (h->o->every)
		return h->index++ % (uint64_t)h->o->every == 0;
	if (!h->o->sample)
		return true;
	random_bytes(&n, sizeof(n));
	take = h->left > 0 && n % h->left < h->wanted;
	h->left -= h->left > 0;
	h->wanted -= take;
	return take;
}

static bool
next_image(struct rehearsal *h, struct image_file *out)
{
	while (image_files_next(h->files, out))
		if (drawn(h))
			return true;
	return false;
}

static void
show(struct rehearsal *h)
{
	uint64_t done, total;

	image_files_at(h->files, &done, &total);
	progress_at(&h->progress, done, total);
}

static int
go_on(struct rehearsal *h)
{
	struct image_file file;
	bool more = true;

	for (;;) {
		while (more && !h->signal && !h->away &&
		    h->running < (uint64_t)h->o->at_a_time) {
			more = next_image(h, &file);
			if (more)
				seat(h, &file);
			h->away =
			    h->answered == 0 && h->unanswered >= AWAY_AFTER;
		}
		if (h->running == 0 || h->signal)
			return EX_OK;
		show(h);
		if (loop_step(h->hall.loop, STEP_MS) != RC_OK)
			return tool_fault(RC_IO, "rehearsal");
		if (h->staging && !staging_alive(h->staging))
			return tool_error(EX_UNAVAILABLE, NULL,
			    "the staging daemon has ended");
	}
}

/* What the daemon says of the ends that the devices have seen. */
static int
compare_verdicts(struct rehearsal *h)
{
	uint64_t end = clock_now_ms() + VERDICT_MS, count = 0;

	while (staging_count_ok(h->staging, &count) && count < h->ok &&
	    clock_now_ms() < end)
		usleep(VERDICT_EVERY_MS * 1000);
	if (count >= h->ok)
		return EX_OK;
	return tool_error(EX_DATAERR,
	    "see how it verifies what it has written: verify: of the policy",
	    "%" PRIu64 " devices were bootstrapped, and the staging ledger "
	    "has %" PRIu64 " that ended ok",
	    h->ok, count);
}

static void
sum_up(const struct rehearsal *h)
{
	uint64_t ms = clock_now_ms() - h->began_ms;
	uint64_t ok = h->ok ? h->ok : 1;

	if (h->single || h->rehearsed == 0)
		return;
	fprintf(h->json ? stderr : stdout,
	    "%" PRIu64 " images rehearsed: %" PRIu64 " ok, %" PRIu64
	    " would not boot; each %" PRIu64 " datagrams, %" PRIu64
	    " bytes; %.2f ms an image\n",
	    h->rehearsed, h->ok, h->failed, h->datagrams / ok, h->bytes / ok,
	    (double)ms / (double)h->rehearsed);
}

int
rehearse_run(struct rehearsal *h)
{
	int code;

	h->hall.done = on_done;
	h->hall.ctx = h;
	h->began_ms = clock_now_ms();
	progress_begin(&h->progress, "rehearsing");
	code = go_on(h);
	progress_end(&h->progress);
	if (code == EX_OK && h->staging && !h->signal)
		code = compare_verdicts(h);
	sum_up(h);
	if (code != EX_OK)
		return code;
	if (h->away ||
	    (h->o->against && h->rehearsed > 0 &&
		h->unanswered == h->rehearsed))
		return tool_error(EX_UNAVAILABLE,
		    "see that it is up, and that its port can be reached",
		    "the server is away: nobody has answered");
	if (h->rehearsed == 0 && !h->signal)
		return tool_error(EX_DATAERR, NULL, "there is no image in it");
	return h->failed > 0 ? EX_DATAERR : EX_OK;
}
