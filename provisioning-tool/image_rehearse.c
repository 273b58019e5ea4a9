/* image rehearse: a virtual device boots from each image. */
#include "esp_nvs.h"
#include "image_options.h"
#include "rehearse_limits.h"
#include "rehearse_run.h"
#include "tool.h"
#include "verbs.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

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
	return rehearse_run(h);
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
