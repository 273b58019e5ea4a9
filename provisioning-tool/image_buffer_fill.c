/*
 * image buffer fill: accounts for a station that will mint without the HSM. Two
 * tokens are opened, one after the other: the station's, which seals a data key
 * that was made for this buffer, and the central one, which mints. All of it or
 * nothing: what cannot be minted is named, and no endpoint is reserved.
 */
#include "base/loop.h"
#include "base/progress.h"
#include "buffer_list.h"
#include "buffer_row.h"
#include "image_row.h"
#include "output.h"
#include "record.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

/** All that one run holds. */
struct fill {
	const struct options *o;
	struct options recipe_options; /**< `o` as one that makes an image */
	struct settings settings;
	struct image_recipe recipe;
	struct buffer_list list;
	struct buffer_head head;
	uint8_t head_digest[DIGEST_LEN];
	struct secret key;
	uint8_t *room; /**< owned: the file */
	struct writer file;
	size_t room_len;
	uint8_t sha256[DIGEST_LEN];
	struct token token;
	struct ledger *ledger;
	struct image_mint mint;
	struct issue_credential *credentials; /**< owned; one a device */
	struct output output;
	uint64_t seq;
};

/* --- the station's token -------------------------------------------------- */

static enum rc
keep_hash(void *ctx, const struct ledger_row *row)
{
	memcpy(ctx, row->hash, DIGEST_LEN);
	return RC_AGAIN; /* enough */
}

/** The first row of the station's ledger, which no other one has. */
static int
bind_ledger(struct fill *f)
{
	static const uint8_t none[DIGEST_LEN];
	struct ledger *l;
	struct quoted q;
	enum rc rc;
	int code;

	if (!f->o->station_ledger)
		return EX_OK;
	code = record_open(f->o->station_ledger, LEDGER_READ, &l);
	if (code != EX_OK)
		return code;
	rc = ledger_read(
	    l, &(struct ledger_query){.limit = 1}, keep_hash, f->head.ledger);
	ledger_close(l);
	if (rc != RC_OK && rc != RC_AGAIN)
		return tool_fault(rc, "the station's ledger");
	if (memcmp(f->head.ledger, none, DIGEST_LEN) == 0)
		return tool_error(EX_DATAERR,
		    "its first row is what tells it from others: let hsm keys "
		    "make --ledger write one",
		    "ledger %s is empty", quote_str(&q, f->o->station_ledger));
	return EX_OK;
}

static enum rc
begin_file(struct fill *f)
{
	const struct seal_place place =
	    buffer_key_place(f->head.master, f->head_digest);
	struct writer *w = &f->file;
	enum rc rc;

	rc = hsm_random(f->token.session, f->head.id, BUFFER_ID_LEN);
	if (rc == RC_OK)
		rc = secret_reserve(&f->key, SEAL_DATA_KEY_LEN);
	if (rc == RC_OK)
		rc = hsm_random(
		    f->token.session, f->key.bytes, SEAL_DATA_KEY_LEN);
	f->key.len = SEAL_DATA_KEY_LEN;
	if (rc == RC_OK)
		rc = buffer_put_head(w, &f->head);
	if (rc != RC_OK)
		return rc;
	digest_of(writer_span(w), f->head_digest);
	return seal_close(f->token.session, &place, &f->key, w);
}

static int
ask_station(struct fill *f)
{
	const struct hsm_config config = {
	    .module = f->o->station_module,
	    .token = f->o->station_token,
	    .pin_kind = HSM_PIN_FILE,
	    .pin = f->o->station_pin_file,
	    .sessions = 1,
	};
	int64_t now = clock_wall_ms() / 1000;
	struct quoted q;
	enum rc rc;
	int code;

	f->head.station = f->o->station;
	f->head.identity = f->recipe.identity->name;
	f->head.image = f->recipe.document ? f->recipe.document : "";
	f->head.uri = f->recipe.account.uri;
	memcpy(f->head.policy_set, f->recipe.set->digest, DIGEST_LEN);
	f->head.instance = f->recipe.account.instance;
	f->head.hold_off_s = f->recipe.account.hold_off_s;
	f->head.created_s = now;
	f->head.expires_s = now + f->o->validity_s;
	f->head.count = (uint32_t)f->list.count;
	f->head.master = f->o->seal;
	if (!ledger_station_valid(span_str(f->o->station)))
		return tool_error(EX_USAGE,
		    "a station's name is of letters, digits, '.', '_' and '-'",
		    "--station %s is no name of a station",
		    quote_str(&q, f->o->station));
	code = token_open_config(&config, &f->token);
	if (code != EX_OK)
		return code;
	f->room_len = BUFFER_HEAD_MAX + 16 + BUFFER_KEY_LEN;
	f->room = malloc(f->room_len);
	writer_init(&f->file, f->room, f->room ? f->room_len : 0);
	rc = f->room ? begin_file(f) : RC_MEMORY;
	code = rc == RC_OK || rc == RC_TOO_LARGE || rc == RC_MEMORY
	    ? EX_OK
	    : token_fault(&f->token, rc);
	token_close(&f->token);
	if (code == EX_OK && rc != RC_OK)
		code = rc == RC_TOO_LARGE
		    ? tool_error(EX_DATAERR, "shorten them",
			  "the names in the buffer's head are too long")
		    : tool_fault(rc, "buffer");
	return code;
}

/* --- the central token ---------------------------------------------------- */

static int
ledger_failed(enum rc rc)
{
	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk and try again"
			  : "see that the file and its folder can be written",
	    "the ledger took no row (%s); the buffer was not handed out",
	    rc_name(rc));
}

static int
not_admitted(const struct fill *f, size_t i, enum rc rc)
{
	struct quoted q;

	if (rc != RC_DENIED)
		return ledger_failed(rc);
	return tool_error(f->mint.fault.code, f->mint.fault.remedy,
	    "%s:%llu: %s", quote_str(&q, f->o->operands[0]),
	    (unsigned long long)f->list.wanted[i].line, f->mint.fault.text);
}

/** Has none of them an image, or a place in another buffer? */
static int
admit(struct fill *f)
{
	struct image_live live;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < f->list.count; i++) {
		rc = image_row_admit(f->ledger, &f->recipe,
		    span_str(f->list.wanted[i].endpoint), false, &live,
		    &f->mint.fault);
		if (rc != RC_OK)
			return not_admitted(f, i, rc);
	}
	return EX_OK;
}

static bool
make_room(struct fill *f, size_t more)
{
	size_t len = f->room_len;
	uint8_t *room;

	while (len - f->file.len < more)
		len *= 2;
	if (len == f->room_len)
		return true;
	room = realloc(f->room, len);
	if (!room)
		return false;
	f->room = room;
	f->room_len = len;
	f->file.buf = room;
	f->file.cap = len;
	return true;
}

static int
mint_entry(struct fill *f, size_t i)
{
	struct buffer_entry e = {
	    .number = (uint32_t)(i + 1),
	    .endpoint = span_str(f->list.wanted[i].endpoint),
	};
	struct secret plan = {0};
	struct quoted q;
	enum rc rc;
	int code = mint_account(&f->mint, e.endpoint, &plan);

	if (code != EX_OK)
		return tool_error(code, f->mint.fault.remedy, "%s:%llu: %s",
		    quote_str(&q, f->o->operands[0]),
		    (unsigned long long)f->list.wanted[i].line,
		    f->mint.fault.text);
	f->credentials[i] = e.credential = f->mint.credential;
	rc = make_room(f, 8 + BUFFER_FACTS_MAX + plan.len + SEAL_DATA_OVERHEAD)
	    ? buffer_put_entry(&f->file, &f->key, f->head_digest, &e, &plan)
	    : RC_MEMORY;
	secret_fini(&plan);
	return rc == RC_OK ? EX_OK : tool_fault(rc, "buffer");
}

static int
mint_all(struct fill *f)
{
	uint8_t all[DIGEST_LEN];
	struct progress p;
	int code = EX_OK;
	enum rc rc;

	f->credentials = calloc(f->list.count, sizeof(*f->credentials));
	if (!f->credentials)
		return tool_fault(RC_MEMORY, "buffer");
	f->mint.recipe = &f->recipe;
	f->mint.session = f->token.session;
	f->mint.store = f->ledger;
	progress_begin(&p, "minting accounts");
	for (size_t i = 0; code == EX_OK && i < f->list.count; i++) {
		code = mint_entry(f, i);
		progress_at(&p, i + 1, f->list.count);
	}
	progress_end(&p);
	if (code != EX_OK)
		return code;
	if (!make_room(f, BUFFER_END_LEN))
		return tool_fault(RC_MEMORY, "buffer");
	digest_of(writer_span(&f->file), all);
	rc = buffer_put_end(&f->file, &f->key, all);
	if (rc == RC_OK && f->file.len > BUFFER_FILE_MAX)
		rc = RC_TOO_LARGE;
	digest_of(writer_span(&f->file), f->sha256);
	return rc == RC_OK ? EX_OK : tool_fault(rc, "buffer");
}

/** In one group: from then on nobody else mints them. */
static int
reserve(struct fill *f)
{
	enum rc rc = ledger_begin(f->ledger);
	int code = rc == RC_OK ? admit(f) : ledger_failed(rc);

	for (size_t i = 0; code == EX_OK && rc == RC_OK && i < f->list.count;
	     i++) {
		const struct buffer_entry e = {
		    .number = (uint32_t)(i + 1),
		    .endpoint = span_str(f->list.wanted[i].endpoint),
		    .credential = f->credentials[i],
		};

		rc = buffer_row_reserve(
		    f->ledger, f->recipe.identity, &f->head, &e);
	}
	if (code == EX_OK && rc == RC_OK)
		rc = buffer_row_filled(f->ledger, &f->head, f->sha256, &f->seq);
	if (code == EX_OK && rc == RC_OK)
		rc = ledger_commit(f->ledger);
	else
		ledger_rollback(f->ledger);
	return code == EX_OK && rc != RC_OK ? ledger_failed(rc) : code;
}

static void
report(const struct fill *f)
{
	char id[BUFFER_ID_TEXT], until[25];
	struct quoted q;

	buffer_id_text(f->head.id, id);
	ledger_time(f->head.expires_s * 1000, until);
	fprintf(stderr, "buffer       %s\n", quote_str(&q, f->o->output));
	fprintf(stderr, "id           %s\n", id);
	fprintf(stderr, "station      %s\n", f->head.station);
	fprintf(stderr, "accounts     %u until %s\n", (unsigned)f->head.count,
	    until);
	fprintf(stderr, "ledger       %s row %llu\n",
	    quote_str(&q, f->settings.ledger), (unsigned long long)f->seq);
}

static int
load(struct fill *f)
{
	int code = settings_load(f->o,
	    SETTINGS_POLICIES | SETTINGS_TOKEN | SETTINGS_LEDGER, &f->settings);

	/* an account is of no format; the recipe wants one that takes all */
	f->recipe_options = *f->o;
	if (!f->o->image)
		f->recipe_options.format = "json";
	if (code == EX_OK)
		code = image_recipe_load(
		    &f->recipe_options, f->settings.policies, &f->recipe);
	if (code == EX_OK && !image_recipe_needs_token(&f->recipe))
		code = tool_error(EX_DATAERR, "mint its images directly",
		    "devices without security need no token, and no buffer");
	if (code == EX_OK && f->recipe.servers)
		code = tool_error(EX_DATAERR,
		    "name one without: the bootstrap gives servers",
		    "the image document %s has `servers:`, whose keys a "
		    "buffer does not hold",
		    f->recipe.document);
	if (code == EX_OK)
		code = buffer_list_read(f->o, &f->recipe, &f->list);
	return code == EX_OK ? bind_ledger(f) : code;
}

static int
fill(struct fill *f)
{
	int code = load(f);
	struct span bytes;

	if (code == EX_OK)
		code = output_begin(&f->output, f->o->output, f->o->force);
	if (code == EX_OK)
		code = ask_station(f);
	if (code == EX_OK)
		code =
		    record_open(f->settings.ledger, LEDGER_WRITE, &f->ledger);
	if (code == EX_OK)
		code = admit(f);
	if (code == EX_OK)
		code = token_open(&f->settings, &f->token);
	if (code == EX_OK)
		code = image_recipe_keys(&f->recipe, f->ledger, &f->token);
	if (code == EX_OK)
		code = mint_all(f);
	bytes = writer_span(&f->file);
	if (code == EX_OK)
		code = output_write(&f->output, bytes);
	if (code == EX_OK)
		code = reserve(f);
	if (code == EX_OK)
		code = output_commit(&f->output, bytes);
	if (code == EX_OK)
		report(f);
	return code;
}

int
image_buffer_fill(const struct options *o)
{
	struct fill f = {.o = o, .output = {.fd = -1}};
	int code = fill(&f);

	output_end(&f.output);
	mint_end(&f.mint);
	secret_fini(&f.key);
	token_close(&f.token);
	ledger_close(f.ledger);
	image_recipe_fini(&f.recipe);
	settings_fini(&f.settings);
	buffer_list_free(&f.list);
	free(f.credentials);
	free(f.room);
	return code;
}
