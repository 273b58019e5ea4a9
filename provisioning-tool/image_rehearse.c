/* image rehearse: a virtual device boots from each image. */
#include "base/digest.h"
#include "base/progress.h"
#include "esp_nvs.h"
#include "image_options.h"
#include "rehearse_limits.h"
#include "rehearse_seat.h"
#include "tool.h"
#include "verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	AWAY_AFTER = 20, /* images that nobody has answered, and not one else */
	STEP_MS = 1000,
	VERDICT_MS = 5000, /* until the staging ledger has every ending */
	VERDICT_EVERY_MS = 50,
	URI_MAX = 300,
};

/* Places that were looked up: images of a batch go to the same one. */
struct target {
	char uri[URI_MAX];
	bool found;
	const char *why;
	struct rehearse_way way;
};

struct rehearsal {
	const struct options *o;
	struct rehearse_hall hall;
	struct rehearse_reader reader;
	struct staging *staging;
	struct image_files *files;
	struct rehearse_seat *seats;
	struct rehearse_result *result; /* of the image that is read */
	struct target target;
	struct secret nvs_keys;
	struct progress progress;
	bool json, single;
	/* sampling */
	uint64_t left, wanted; /* of all images; of those, to be rehearsed */
	uint64_t index; /* of the image that is read */
	/* what came of it */
	uint64_t running, rehearsed, ok, failed, unanswered, answered;
	uint64_t datagrams, bytes, began_ms;
	int signal_fd, signal;
	bool away; /* the server is */
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
	struct target *t = &h->target;
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
run(struct rehearsal *h)
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

/* --- around it ------------------------------------------------------------------------- */

static void
on_signal(void *ctx, uint32_t events)
{
	struct rehearsal *h = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(h->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		h->signal = (int)info.ssi_signo;
}

static int
catch_signals(struct rehearsal *h)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return tool_fault(RC_IO, "signals");
	h->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (h->signal_fd < 0 ||
	    loop_watch(h->hall.loop, h->signal_fd, EPOLLIN, on_signal, h) !=
		RC_OK)
		return tool_fault(RC_IO, "signals");
	return EX_OK;
}

/* A socket a device. */
static void
raise_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

static int
check_options(const struct options *o)
{
	if (o->against && o->staging)
		return tool_error(EX_USAGE, NULL,
		    "--against and --staging exclude each other");
	if (o->every && o->sample)
		return tool_error(
		    EX_USAGE, NULL, "--every and --sample exclude each other");
	if (o->daemon && !o->staging)
		return tool_error(EX_USAGE, NULL, "--daemon is for --staging");
	return EX_OK;
}

static int
read_partition(struct rehearsal *h)
{
	uint64_t n = 0;
	struct quoted q;

	if (!h->o->partition)
		return EX_OK;
	if (!image_size_parse(h->o->partition, IMAGE_BYTES_MAX, &n) || n == 0)
		return tool_error(EX_USAGE,
		    "write it as 0x3000, 12KiB or 12288B",
		    "--partition %s is none", quote_str(&q, h->o->partition));
	h->reader.partition_len = (size_t)n;
	return EX_OK;
}

/* The partition of NVS keys: a file of secrets like an image. */
static int
read_nvs_keys(struct rehearsal *h)
{
	struct image_files *files = NULL;
	struct image_file file;
	struct quoted q;
	int code;

	if (!h->o->nvs_keys)
		return EX_OK;
	code = image_files_open(h->o->nvs_keys, &files);
	if (code == EX_OK &&
	    (image_files_shape(files) != IMAGE_FILES_SINGLE ||
		!image_files_next(files, &file) ||
		file.fault != IMAGE_FILE_GOOD ||
		!esp_nvs_keys_read(file.bytes)))
		code = tool_error(EX_DATAERR,
		    "it is 4096 bytes: two keys that differ, their CRC, FF",
		    "%s is no partition of NVS keys",
		    quote_str(&q, h->o->nvs_keys));
	if (code == EX_OK && secret_set(&h->nvs_keys, file.bytes) != RC_OK)
		code = tool_fault(RC_MEMORY, "rehearsal");
	if (code == EX_OK)
		h->reader.nvs_key =
		    esp_nvs_keys_read(secret_expose(&h->nvs_keys));
	image_files_close(files);
	return code;
}

/* --sample draws from a number that it has to know. */
static int
count_images(struct rehearsal *h, const char *path)
{
	struct image_files *files = NULL;
	struct image_file file;
	int code;

	if (!h->o->sample)
		return EX_OK;
	code = image_files_open(path, &files);
	while (code == EX_OK && image_files_next(files, &file))
		h->left++;
	image_files_close(files);
	h->wanted = (uint64_t)h->o->sample;
	return code;
}

static int
prepare(struct rehearsal *h)
{
	const struct options *o = h->o;
	const char *path = o->operands[0];
	int code = check_options(o);

	if (code == EX_OK)
		code = read_partition(h);
	if (code == EX_OK)
		code = read_nvs_keys(h);
	if (code == EX_OK)
		code = count_images(h, path);
	if (code == EX_OK)
		code = image_files_open(path, &h->files);
	if (code != EX_OK)
		return code;
	h->json = strcmp(o->format, "json") == 0;
	h->single = image_files_shape(h->files) == IMAGE_FILES_SINGLE;
	h->reader.endpoint = o->endpoint;
	h->reader.firmware_uri = o->against;
	h->seats = calloc((size_t)o->at_a_time, sizeof(*h->seats));
	h->result = calloc(1, sizeof(*h->result));
	if (!h->seats || !h->result || loop_new(&h->hall.loop) != RC_OK)
		return tool_fault(RC_MEMORY, "rehearsal");
	h->hall.timeout_ms = (uint64_t)o->wait_s * 1000;
	h->hall.done = on_done;
	h->hall.ctx = h;
	for (int64_t i = 0; i < o->at_a_time; i++)
		h->seats[i] =
		    (struct rehearse_seat){.hall = &h->hall, .fd = -1};
	raise_files();
	code = catch_signals(h);
	if (code == EX_OK && o->staging)
		code = staging_start(o, &h->staging);
	h->hall.staging = h->staging;
	if (h->staging && !o->against)
		h->reader.firmware_uri =
		    (const char *)staging_uri(h->staging, SPAN_LIT("coaps:")).p;
	return code;
}

static int
rehearse(struct rehearsal *h)
{
	int code = prepare(h);

	if (code != EX_OK)
		return code;
	h->began_ms = clock_now_ms();
	progress_begin(&h->progress, "rehearsing");
	code = run(h);
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

int
image_rehearse(const struct options *o)
{
	struct rehearsal *h = calloc(1, sizeof(*h));
	int code, signal_number;

	if (!h)
		return tool_fault(RC_MEMORY, "rehearsal");
	h->o = o;
	h->signal_fd = -1;
	code = rehearse(h);
	for (int64_t i = 0; h->seats && i < o->at_a_time; i++)
		rehearse_leave(&h->seats[i]);
	staging_stop(h->staging);
	image_files_close(h->files);
	rehearse_reader_fini(&h->reader);
	secret_fini(&h->nvs_keys);
	if (h->signal_fd >= 0)
		close(h->signal_fd);
	loop_free(h->hall.loop);
	signal_number = h->signal;
	free(h->seats);
	free(h->result);
	free(h);
	if (signal_number) {
		sigset_t set;

		/* all is tidied up: now it is what it would have been */
		sigemptyset(&set);
		sigaddset(&set, signal_number);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		raise(signal_number);
	}
	return code;
}
