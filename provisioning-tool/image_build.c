/*
 * image build: one device's Bootstrap-Server Account, minted by its identity
 * document, in the form that its firmware loads. The row of the ledger is
 * durable before anybody can have the image.
 */
#include "base/loop.h"
#include "buffer_station.h"
#include "image_credential.h"
#include "image_device.h"
#include "image_row.h"
#include "order.h"
#include "output.h"
#include "record.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/** All that one run holds. */
struct build {
	const struct options *o;
	struct settings settings;
	struct image_recipe recipe;
	struct token token;
	struct buffer buffer; /* of a station that mints without the HSM */
	struct buffer_source source;
	struct image_mint mint;
	struct output output;
	struct ledger *ledger;
	struct span endpoint;
	char endpoint_room[POLICY_ENDPOINT_MAX + 1];
	struct order *order; /* NULL: none */
	bool again; /* the same bytes were minted before */
	uint64_t seq;
};

/** What can be known to be wrong before anything is opened. */
static int
check_options(const struct build *b)
{
	const struct options *o = b->o;
	int code = image_device_given(o);

	if (code != EX_OK)
		return code;
	if (isatty(STDOUT_FILENO) && !o->output)
		return tool_error(EX_USAGE, "give -o FILE",
		    "an image is a secret and does not go to a terminal");
	return EX_OK;
}

/** Which device it is, and whether its image may be shown. */
static int
check_recipe(struct build *b)
{
	const struct options *o = b->o;

	if (isatty(STDOUT_FILENO) && strcmp(o->output, "-") == 0 &&
	    !b->recipe.format->text)
		return tool_error(EX_USAGE, "give -o FILE",
		    "%s is binary and does not go to a terminal",
		    b->recipe.format->name);
	return image_device_endpoint(
	    o, &b->recipe, b->endpoint_room, &b->endpoint);
}

static int
ledger_failed(enum rc rc)
{
	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk and try again"
			  : "see that the file and its folder can be written",
	    "the ledger took no row (%s); the image was not handed out",
	    rc_name(rc));
}

/** Is there an image of this device already? RC_DENIED: `mint.fault`. */
static enum rc
ask_ledger(struct build *b)
{
	struct image_live live = {0};
	enum rc rc = image_row_admit(b->ledger, &b->recipe, b->endpoint,
	    b->o->again, &live, &b->mint.fault);

	b->again = live.same;
	return rc;
}

static int
check_known(struct build *b)
{
	enum rc rc;

	if (!b->ledger)
		return EX_OK;
	rc = ask_ledger(b);
	if (rc == RC_DENIED)
		return image_fault_say(&b->mint.fault);
	return rc == RC_OK ? EX_OK : ledger_failed(rc);
}

static int
mint(struct build *b)
{
	b->mint.recipe = &b->recipe;
	b->mint.session = b->token.session;
	b->mint.store = b->ledger;
	if (b->o->buffer) {
		b->source.buffer = &b->buffer;
		b->source.mint = &b->mint;
		b->mint.account = buffer_account;
		b->mint.account_ctx = &b->source;
	}
	if (mint_one(&b->mint, b->endpoint) == EX_OK)
		return EX_OK;
	return image_fault_say(&b->mint.fault);
}

/** Under which work order, if under one? */
static int
begin_order(struct build *b)
{
	const struct order_use use = {
	    .identity = b->recipe.identity,
	    .image = b->recipe.document,
	};

	return order_begin(b->o, &use, b->ledger, time(NULL), &b->order);
}

/** In the open group: may it be one more of the order? */
static enum rc
claim(struct build *b, struct order_refusal *why)
{
	return b->order
	    ? order_claim(b->order, b->ledger, b->endpoint, time(NULL), why)
	    : RC_OK;
}

static int
record(struct build *b)
{
	struct order_refusal why;
	struct image_row row = {
	    .recipe = &b->recipe,
	    .endpoint = b->endpoint,
	    .credential = &b->mint.credential,
	    .servers = b->mint.servers,
	    .sha256 = b->mint.sha256,
	    .unit = span_str(b->o->unit_serial ? b->o->unit_serial : ""),
	};
	enum rc rc;

	if (!b->ledger)
		return EX_OK;
	if (b->o->buffer) {
		row.station = span_str(b->buffer.file.head.station);
		row.buffer = span_str(b->buffer.id);
		row.entry = buffer_find(&b->buffer, row.endpoint)->number;
	}
	if (b->order) {
		row.order = span_str(b->order->name);
		row.station = span_str(b->order->station->name);
	}
	rc = ledger_begin(b->ledger);
	if (rc == RC_OK) {
		/* somebody else may have minted it meanwhile */
		rc = ask_ledger(b);
		row.again = b->again;
		if (rc == RC_DENIED) {
			ledger_rollback(b->ledger);
			return image_fault_say(&b->mint.fault);
		}
		if (rc == RC_OK)
			rc = claim(b, &why);
		if (rc == RC_OK)
			rc = image_row_append(b->ledger, &row, &b->seq);
		if (rc == RC_OK)
			rc = ledger_commit(b->ledger);
		else
			ledger_rollback(b->ledger);
	}
	if (rc == RC_DENIED)
		return tool_error(EX_NOPERM, why.remedy, "%s", why.text);
	return rc == RC_OK ? EX_OK : ledger_failed(rc);
}

static void
report(const struct build *b)
{
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	fprintf(stderr, "image        %s\n",
	    b->output.path ? quote_str(&q, b->output.path) : "standard output");
	fprintf(stderr, "endpoint     %s\n", quote(&q, b->endpoint));
	fprintf(stderr, "bytes        %zu\n", b->mint.image.len);
	fprintf(stderr, "sha256       %s\n",
	    hex_text(hex, span_of(b->mint.sha256, DIGEST_LEN)));
	image_credential_report(b->recipe.identity, &b->mint.credential);
	if (b->ledger)
		fprintf(stderr, "ledger       %s row %llu\n",
		    quote_str(&q, b->settings.ledger),
		    (unsigned long long)b->seq);
	else
		fprintf(stderr, "ledger       none (--ledger, -c)\n");
}

/** The station's own token opens the buffer, and no other one is asked. */
static int
open_buffer(struct build *b)
{
	int code = token_open(&b->settings, &b->token);

	if (code == EX_OK)
		code = buffer_unseal(&b->buffer, &b->token);
	if (code == EX_OK)
		code = buffer_admit(&b->buffer, b->ledger, &b->recipe,
		    b->o->station, clock_wall_ms() / 1000);
	return code;
}

static int
open_token(struct build *b)
{
	int code;

	if (b->o->buffer)
		return open_buffer(b);
	if (!image_recipe_needs_token(&b->recipe))
		return EX_OK;
	code = token_open(&b->settings, &b->token);
	return code == EX_OK
	    ? image_recipe_keys(&b->recipe, b->ledger, &b->token)
	    : code;
}

static int
build(struct build *b)
{
	int code = check_options(b);

	if (code == EX_OK)
		code = settings_load(b->o, SETTINGS_POLICIES, &b->settings);
	if (code == EX_OK)
		code =
		    image_recipe_load(b->o, b->settings.policies, &b->recipe);
	if (code == EX_OK)
		code = check_recipe(b);
	/* a device without security needs no token */
	if (code == EX_OK && image_recipe_needs_token(&b->recipe))
		code = settings_need(&b->settings, SETTINGS_TOKEN);
	if (code == EX_OK && b->o->buffer)
		/* where it stands what was used of it */
		code = settings_need(
		    &b->settings, SETTINGS_TOKEN | SETTINGS_LEDGER);
	if (code == EX_OK && b->o->buffer)
		code = buffer_load(b->o->buffer, &b->buffer);
	if (code == EX_OK && b->o->buffer)
		b->recipe.buffer = b->buffer.id;
	if (code == EX_OK)
		code = output_begin(&b->output, b->o->output, b->o->force);
	if (code == EX_OK && b->settings.ledger)
		code =
		    record_open(b->settings.ledger, LEDGER_WRITE, &b->ledger);
	if (code == EX_OK)
		code = begin_order(b);
	if (code == EX_OK)
		code = check_known(b);
	if (code == EX_OK)
		code = open_token(b);
	if (code == EX_OK)
		code = mint(b);
	if (code == EX_OK)
		code = output_write(&b->output, secret_expose(&b->mint.image));
	if (code == EX_OK)
		code = record(b);
	if (code == EX_OK)
		code = output_commit(&b->output, secret_expose(&b->mint.image));
	if (code == EX_OK)
		report(b);
	return code;
}

int
image_build(const struct options *o)
{
	struct build b = {
	    .o = o,
	    .output = {.fd = -1},
	};
	int code = build(&b);

	output_end(&b.output);
	mint_end(&b.mint);
	token_close(&b.token);
	buffer_free(&b.buffer);
	order_free(b.order);
	ledger_close(b.ledger);
	image_recipe_fini(&b.recipe);
	settings_fini(&b.settings);
	return code;
}
