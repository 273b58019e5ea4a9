/*
 * image batch: images of a whole list of devices, into a folder. However it ends
 * it is gone on with by --resume: nothing is minted twice, nothing is missing.
 */
#include "batch_run.h"

#include "batch_summary.h"
#include "record.h"
#include "tool.h"
#include "verbs.h"

#include "base/loop.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void
interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

bool
batch_interrupted(void)
{
	return interrupted != 0;
}

/** No SA_RESTART: who waits for the list is to hear of it. */
static void
catch_signals(void)
{
	const struct sigaction act = {.sa_handler = interrupt};

	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	/* a full disk is told as one, and so is RLIMIT_FSIZE */
	(void)signal(SIGXFSZ, SIG_IGN);
}

/* --- the list ------------------------------------------------------------- */

/** Its path as it stands, where that is printable, or in quotes. */
static void
name_list(struct batch_run *b, const char *path)
{
	size_t len = strlen(path);
	struct quoted q;

	if (strcmp(path, "-") == 0)
		path = "standard input";
	else if (strlen(quote_str(&q, path)) != len + 2)
		path = q.text;
	snprintf(b->list_name, sizeof(b->list_name), "%s", path);
}

static int
open_list(struct batch_run *b)
{
	const struct options *o = b->o;
	const char *path = o->operand_count ? o->operands[0] : "-";
	struct stat st;

	name_list(b, path);
	if (strcmp(path, "-") == 0)
		b->list_fd = STDIN_FILENO;
	else
		b->list_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (b->list_fd < 0 || fstat(b->list_fd, &st) < 0)
		return tool_error(
		    EX_NOINPUT, NULL, "%s: %s", b->list_name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return tool_error(EX_NOINPUT, "name a file, or - for a pipe",
		    "%s is a folder", b->list_name);
	if (S_ISREG(st.st_mode))
		b->list_len = (uint64_t)st.st_size;
	device_list_begin(&b->list, b->list_fd);
	return EX_OK;
}

/** How long to wait for more: for ever where nothing waits to be minted. */
static int
wait_ms(const struct batch_run *b)
{
	const struct batch_group *g = &b->groups[b->filling];
	uint64_t open_ms = (uint64_t)b->o->flush_s * 1000, age_ms;

	/* what is being minted is committed when there is a moment */
	if (b->groups[1 - b->filling].count > 0)
		return 0;
	if (g->count == 0)
		return -1;
	age_ms = clock_now_ms() - g->begun_ms;
	return age_ms >= open_ms ? 0 : (int)(open_ms - age_ms);
}

static bool
is_due(const struct batch_run *b)
{
	const struct batch_group *g = &b->groups[b->filling];

	return g->count > 0 &&
	    clock_now_ms() - g->begun_ms >= (uint64_t)b->o->flush_s * 1000;
}

/** All of the list, or what there is until somebody wants the end. */
static int
take_list(struct batch_run *b)
{
	struct device_record r;
	int code = EX_OK;

	progress_begin(&b->progress, "minting");
	while (code == EX_OK && !interrupted) {
		switch (device_list_next(&b->list, wait_ms(b), &r)) {
		case DEVICE_RECORD:
			code = batch_take_device(b, &r);
			if (code == EX_OK && is_due(b))
				code = batch_turn(b);
			break;
		case DEVICE_PAUSE:
			/* the line waits for its images */
			if (b->groups[1 - b->filling].count > 0 || is_due(b))
				code = batch_turn(b);
			break;
		case DEVICE_UNUSABLE:
			batch_finding(b, r.line, "%s", r.fault);
			return batch_drain(b);
		case DEVICE_UNREADABLE:
			code = tool_error(EX_IOERR, NULL, "%s: %s",
			    b->list_name, strerror(errno));
			break;
		case DEVICE_END:
			return batch_drain(b);
		}
	}
	return code == EX_OK ? batch_drain(b) : code;
}

/* --- the run -------------------------------------------------------------- */

static unsigned
sessions_of(const struct options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (o->sessions)
		return (unsigned)o->sessions;
	return cpus < 1 ? 1 : (cpus > 16 ? 16 : (unsigned)cpus);
}

static int
open_order(struct batch_run *b)
{
	const struct order_use use = {
	    .identity = b->recipe.identity,
	    .image = b->recipe.document,
	    .batch = b->o->batch,
	};

	return order_begin(
	    b->o, &use, b->ledger, clock_wall_ms() / 1000, &b->order);
}

/** The station's own token opens the buffer, and no other one is asked. */
static int
open_buffer(struct batch_run *b)
{
	int code = buffer_unseal(&b->buffer, &b->token);

	return code == EX_OK ? buffer_admit(&b->buffer, b->ledger, &b->recipe,
				   b->o->station, clock_wall_ms() / 1000)
			     : code;
}

/** Whose name the images are made in. */
static const char *
station_of(const struct batch_run *b)
{
	if (b->o->buffer)
		return b->buffer.file.head.station;
	return b->order && b->order->station ? b->order->station->name : NULL;
}

static int
open_all(struct batch_run *b)
{
	const struct options *o = b->o;
	bool token;
	int code =
	    settings_load(o, SETTINGS_POLICIES | SETTINGS_LEDGER, &b->settings);

	if (code == EX_OK)
		code = image_recipe_load(o, b->settings.policies, &b->recipe);
	token = code == EX_OK &&
	    (image_recipe_needs_token(&b->recipe) || o->buffer || o->sign_key);
	if (token)
		code = settings_need(&b->settings, SETTINGS_TOKEN);
	if (code == EX_OK && o->buffer)
		code = buffer_load(o->buffer, &b->buffer);
	if (code == EX_OK && o->buffer)
		b->recipe.buffer = b->buffer.id;
	if (code == EX_OK)
		code = open_list(b);
	if (code == EX_OK)
		code =
		    record_open(b->settings.ledger, LEDGER_WRITE, &b->ledger);
	b->settings.hsm.sessions = sessions_of(o) + 1;
	if (code == EX_OK && token)
		code = token_open(&b->settings, &b->token);
	if (code == EX_OK)
		code = o->buffer
		    ? open_buffer(b)
		    : image_recipe_keys(&b->recipe, b->ledger, &b->token);
	if (code == EX_OK)
		code = open_order(b);
	if (code == EX_OK)
		code = batch_sign_begin(b);
	if (code != EX_OK)
		return code;
	ledger_expect_many(b->ledger);
	b->folder.order = b->order;
	b->folder.station = station_of(b);
	code = batch_folder_open(&b->folder, &b->recipe, o->output, o->batch,
	    o->container, o->resume);
	if (code == EX_OK)
		code = batch_groups_make(b);
	if (code == EX_OK)
		code = batch_pool_start(&b->recipe, &b->token,
		    o->buffer ? &b->buffer : NULL, b->settings.ledger,
		    sessions_of(o), &b->pool);
	return code;
}

static int
stopped(const struct batch_run *b)
{
	return tool_error(EX_TEMPFAIL,
	    "what was begun is committed; go on with --resume",
	    "a signal has stopped the batch at line %llu of %s",
	    (unsigned long long)b->list.line, b->list_name);
}

static int
run(struct batch_run *b)
{
	int code = batch_resume(b);

	b->kept_index = b->next_index - 1;
	if (code == EX_OK)
		code = take_list(b);
	progress_end(&b->progress);
	if (interrupted && (code == EX_OK || code == EX_TEMPFAIL))
		code = stopped(b);
	if (code == EX_OK && b->findings > 0)
		code = EX_DATAERR;
	if (code == EX_OK)
		code = batch_finish(b);
	batch_report_end(b, code);
	return code;
}

int
image_batch(const struct options *o)
{
	struct batch_run *b = calloc(1, sizeof(*b));
	int code;

	if (!b)
		return tool_fault(RC_MEMORY, "batch");
	b->o = o;
	b->list_fd = b->folder.dir = -1;
	b->folder.images = b->folder.open = -1;
	b->folder.summary.fd = b->folder.tar.fd = -1;
	b->json = strcmp(o->report, "json") == 0;
	b->began_ms = clock_now_ms();
	catch_signals();
	code = open_all(b);
	if (code == EX_OK)
		code = run(b);
	batch_pool_free(b->pool);
	batch_groups_free(b);
	batch_folder_close(&b->folder);
	free(b->seen.bits);
	free(b->held.bits);
	if (b->list_fd > STDIN_FILENO)
		close(b->list_fd);
	order_free(b->order);
	buffer_free(&b->buffer);
	token_close(&b->token);
	ledger_close(b->ledger);
	image_recipe_fini(&b->recipe);
	settings_fini(&b->settings);
	free(b);
	return code;
}
