/* image reissue: a device that is to be flashed again gets a new key, and its
 * old one is taken back. */
#include "image_reissue.h"

#include "image_credential.h"
#include "image_device.h"
#include "record.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <time.h>

struct run {
	const struct options *o;
	struct settings settings;
	struct image_recipe recipe;
	struct token token;
	struct reissue r;
	struct span endpoint;
	char room[POLICY_ENDPOINT_MAX + 1];
};

static int
check_options(const struct options *o)
{
	bool list = o->devices != NULL;

	if (list && (o->endpoint || o->unit_serial || o->output))
		return tool_error(EX_USAGE, "give one of the two",
		    "--devices FILE goes with --directory, and --endpoint or "
		    "--serial with -o FILE");
	if (list != (o->directory != NULL))
		return tool_error(EX_USAGE,
		    "the images of a list are files of a folder",
		    "--devices FILE and --directory DIR go together");
	if (list)
		return EX_OK;
	if (!o->output || strcmp(o->output, "-") == 0)
		return tool_error(EX_USAGE, "give -o FILE",
		    "a reissued image goes into a file: a run that was killed "
		    "can be completed there");
	return image_device_given(o);
}

static void
report(const struct run *b, const struct reissued *done)
{
	static const char *const outcomes[] = {
	    [REISSUE_MADE] = "made",
	    [REISSUE_COMPLETED] = "made by an earlier run, and named now",
	    [REISSUE_THERE] = "there already, nothing was done",
	};
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	fprintf(stderr, "image        %s, %s\n", quote_str(&q, b->o->output),
	    outcomes[done->outcome]);
	fprintf(stderr, "endpoint     %s\n", quote(&q, b->endpoint));
	if (done->outcome == REISSUE_MADE) {
		fprintf(stderr, "bytes        %zu\n", b->r.mint.image.len);
		fprintf(stderr, "sha256       %s\n",
		    hex_text(hex, span_of(b->r.mint.sha256, DIGEST_LEN)));
		image_credential_report(
		    b->recipe.identity, &b->r.mint.credential);
		fprintf(stderr, "revoked      %zu credential%s, %s\n",
		    done->revoked, done->revoked == 1 ? "" : "s", b->o->reason);
	}
	fprintf(stderr, "ledger       %s row %llu\n",
	    quote_str(&q, b->settings.ledger), (unsigned long long)done->seq);
}

static int
one(struct run *b)
{
	struct reissued done;
	int code;

	b->r.unit = span_str(b->o->unit_serial);
	code = reissue_one(&b->r, b->endpoint, b->o->output, &done);
	if (code != EX_OK && b->r.mint.fault.code != EX_OK)
		return image_fault_say(&b->r.mint.fault);
	if (code == EX_OK)
		report(b, &done);
	return code;
}

static int
many(struct run *b)
{
	struct reissue_tally t = {0};
	int code = reissue_list(&b->r, b->o->devices, b->o->directory, &t);

	if (t.findings > REISSUE_FINDINGS_MAX)
		fprintf(stderr, "...and %llu more\n",
		    (unsigned long long)(t.findings - REISSUE_FINDINGS_MAX));
	fprintf(stderr, "devices      %llu\n", (unsigned long long)t.devices);
	fprintf(stderr, "reissued     %llu, and %llu of an earlier run\n",
	    (unsigned long long)t.outcomes[REISSUE_MADE],
	    (unsigned long long)(t.outcomes[REISSUE_COMPLETED] +
		t.outcomes[REISSUE_THERE]));
	fprintf(stderr, "revoked      %llu credentials\n",
	    (unsigned long long)t.revoked);
	if (t.findings)
		fprintf(stderr, "left out     %llu\n",
		    (unsigned long long)t.findings);
	if (code == EX_OK && t.findings)
		return EX_DATAERR;
	return code;
}

/** Under which work order, if under one? */
static int
begin_order(struct run *b)
{
	const struct order_use use = {
	    .identity = b->recipe.identity,
	    .image = b->recipe.document,
	};

	return order_begin(b->o, &use, b->r.ledger, time(NULL), &b->r.order);
}

/** All that is opened before the first device. */
static int
begin(struct run *b)
{
	const struct options *o = b->o;
	int code =
	    settings_load(o, SETTINGS_POLICIES | SETTINGS_LEDGER, &b->settings);

	if (code == EX_OK)
		code = image_recipe_load(o, b->settings.policies, &b->recipe);
	if (code == EX_OK)
		code =
		    image_device_endpoint(o, &b->recipe, b->room, &b->endpoint);
	if (code == EX_OK && image_recipe_needs_token(&b->recipe))
		code = settings_need(&b->settings, SETTINGS_TOKEN);
	if (code == EX_OK)
		code =
		    record_open(b->settings.ledger, LEDGER_WRITE, &b->r.ledger);
	if (code == EX_OK)
		code = begin_order(b);
	if (code == EX_OK && image_recipe_needs_token(&b->recipe))
		code = token_open(&b->settings, &b->token);
	if (code == EX_OK)
		code = image_recipe_keys(&b->recipe, b->r.ledger, &b->token);
	b->r.recipe = &b->recipe;
	b->r.reason = o->reason;
	b->r.epoch = b->recipe.account.epoch;
	b->r.force = o->force;
	b->r.mint.recipe = &b->recipe;
	b->r.mint.session = b->token.session;
	b->r.mint.store = b->r.ledger;
	return code;
}

int
image_reissue(const struct options *o)
{
	struct run b = {.o = o};
	int code = check_options(o);

	if (code == EX_OK)
		code = begin(&b);
	if (code == EX_OK)
		code = o->devices ? many(&b) : one(&b);
	reissue_fini(&b.r);
	token_close(&b.token);
	order_free(b.r.order);
	ledger_close(b.r.ledger);
	image_recipe_fini(&b.recipe);
	settings_fini(&b.settings);
	return code;
}
