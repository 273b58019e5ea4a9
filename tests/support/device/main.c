/*
 * virtual-device - boots a virtual LwM2M device from its factory image: one
 * bootstrap over a real socket, each request and response on a line as it
 * happens, and in the end what the device holds.
 */
#include "describe.h"
#include "image.h"
#include "report.h"
#include "socket.h"
#include "wire.h"

#include "base/digest.h"
#include "base/loop.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

enum { TIMEOUT_S = 120, TIMEOUT_MAX_S = 3600 };

struct options {
	const char *image;
	const char *endpoint;
	const char *behaviour;
	const char *pct;
	uint64_t timeout_ms;
	bool verbose, show_keys;
};

static const char usage[] =
    "usage: virtual-device --image FILE [--endpoint NAME] [--pct N|off]\n"
    "                      [--behaviour NAME[,NAME...]] [--timeout SECONDS]\n"
    "                      [--show-keys] [-v]\n"
    "\n"
    "Boots a device from a factory image (SenML CBOR, or the JSON of\n"
    "`provisioning-tool image build --format json`) and exits 0 when Finish\n"
    "was answered 2.04, 1 otherwise.\n"
    "\n"
    "Behaviours: a family replaces, a fault adds.\n";

static int
print_help(FILE *out)
{
	uint8_t text[4096];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	behaviour_list(&w);
	fputs(usage, out);
	fwrite(w.buf, 1, w.len, out);
	return out == stdout ? 0 : EX_USAGE;
}

/** -1: go on. Else the exit code. */
static int
parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
	    {"image", required_argument, NULL, 'i'},
	    {"endpoint", required_argument, NULL, 'e'},
	    {"pct", required_argument, NULL, 'p'},
	    {"behaviour", required_argument, NULL, 'b'},
	    {"timeout", required_argument, NULL, 't'},
	    {"show-keys", no_argument, NULL, 'k'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	uint64_t n;
	int c;

	*o = (struct options){.timeout_ms = TIMEOUT_S * 1000};
	while ((c = getopt_long(argc, argv, "hv", names, NULL)) != -1) {
		switch (c) {
		case 'i':
			o->image = optarg;
			break;
		case 'e':
			o->endpoint = optarg;
			break;
		case 'p':
			o->pct = optarg;
			break;
		case 'b':
			o->behaviour = optarg;
			break;
		case 't':
			if (!span_decimal(
				span_str(optarg), TIMEOUT_MAX_S, &n) ||
			    n == 0)
				return print_help(stderr);
			o->timeout_ms = n * 1000;
			break;
		case 'k':
			o->show_keys = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'h':
			return print_help(stdout);
		default:
			return print_help(stderr);
		}
	}
	if (!o->image || optind != argc)
		return print_help(stderr);
	return -1;
}

static bool
set_behaviour(const struct options *o, struct device_behaviour *b)
{
	uint64_t pct;

	*b = behaviour_conforming;
	if (o->behaviour &&
	    behaviour_apply(b, span_str(o->behaviour)) != RC_OK) {
		fprintf(stderr, "virtual-device: no such behaviour: %s\n",
		    o->behaviour);
		return false;
	}
	if (!o->pct)
		return true;
	if (strcmp(o->pct, "off") == 0) {
		b->pct = BEHAVIOUR_PCT_OFF;
	} else if (span_decimal(span_str(o->pct), 0xffff, &pct)) {
		b->pct = (int)pct;
	} else {
		fprintf(stderr, "virtual-device: --pct: a number, or off\n");
		return false;
	}
	return true;
}

static void
print_message(void *ctx, bool sent, struct span message)
{
	uint8_t text[1024];
	struct writer w;

	(void)ctx;
	writer_init(&w, text, sizeof(text));
	describe_datagram(&w, message, true);
	if (message.len >= 4)
		printf("     %s %02x%02x %.*s\n", sent ? "->" : "<-",
		    message.p[2], message.p[3], SPAN_FMT(writer_span(&w)));
}

static void
print_suite(void *ctx, const char *suite)
{
	(void)ctx;
	printf("     DTLS 1.2 %s\n", suite);
}

static void
print_events(struct device *d)
{
	struct device_event ev;

	while (device_event(d, &ev))
		printf("%s\n", ev.text);
	fflush(stdout);
}

static bool
send_all(struct wire *w, int fd)
{
	uint8_t buf[WIRE_DATAGRAM_MAX];
	struct writer out;

	for (;;) {
		writer_init(&out, buf, sizeof(buf));
		if (wire_output(w, &out) != RC_OK)
			return true;
		if (send(fd, out.buf, out.len, 0) < 0 && errno != ECONNREFUSED)
			return false;
	}
}

static bool
receive_all(struct wire *w, int fd)
{
	uint8_t buf[4096];
	ssize_t n;

	for (;;) {
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return true;
		/* nobody is there yet, or not any more: time will tell */
		if (n < 0 && (errno == ECONNREFUSED || errno == EINTR))
			continue;
		if (n < 0)
			return false;
		wire_receive(w, span_of(buf, (size_t)n), clock_now_ms());
		secret_wipe(buf, (size_t)n);
	}
}

static int
wait_ms(const struct wire *w, uint64_t end_ms, uint64_t now_ms)
{
	uint64_t at = wire_deadline(w);

	if (at > end_ms)
		at = end_ms;
	return at <= now_ms ? 0 : (int)(at - now_ms);
}

static bool
is_over(const struct wire *w)
{
	enum device_state s = device_state(w->device);

	if (w->broken || s == DEVICE_DEAD)
		return true;
	/* an answer of its own may still have to be sent, or sent again */
	return (s == DEVICE_BOOTSTRAPPED || s == DEVICE_FAILED) &&
	    device_deadline(w->device) == TIME_NEVER;
}

/** One bootstrap. True: the device is content. */
static bool
boot(struct wire *w, int fd, uint64_t timeout_ms)
{
	uint64_t now = clock_now_ms(), end = now + timeout_ms;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool good = true;

	wire_start(w, now);
	while (good && send_all(w, fd)) {
		print_events(w->device);
		now = clock_now_ms();
		if (is_over(w) || now >= end)
			break;
		if (poll(&p, 1, wait_ms(w, end, now)) < 0 && errno != EINTR)
			break;
		good = receive_all(w, fd);
		wire_tick(w, clock_now_ms());
	}
	return device_state(w->device) == DEVICE_BOOTSTRAPPED;
}

static int
run(const struct options *o, const struct image *image,
    const struct image_account *account, const struct device_config *config)
{
	struct device *d = device_new(config);
	struct secret key = {0};
	struct wire w = {0};
	uint64_t start = clock_now_ms();
	bool psk = account->mode == MODE_PSK;
	bool good = false;
	int fd = -1;
	enum rc rc = d ? RC_OK : RC_MEMORY;

	if (rc == RC_OK)
		rc = device_equip_self(d);
	for (size_t i = 0; rc == RC_OK && i < image->count; i++)
		rc = device_equip(d, &image->entries[i]);
	if (rc == RC_OK && psk)
		rc = secret_set(&key, account->key);
	if (rc == RC_OK)
		rc = wire_init(
		    &w, d, psk ? account->identity : SPAN_LIT(""), &key, NULL);
	if (rc == RC_OK)
		rc = socket_to(account->uri, psk, &fd);
	if (rc != RC_OK) {
		fprintf(
		    stderr, "virtual-device: cannot start: %s\n", rc_name(rc));
		goto out;
	}
	if (o->verbose) {
		w.tap = print_message;
		w.secured = print_suite;
	}
	good = boot(&w, fd, o->timeout_ms);
	wire_close(&w);
	(void)send_all(&w, fd);
	report_ending(stdout, &w, good, clock_now_ms() - start);
	if (good)
		report_accounts(stdout, device_store(d), o->show_keys);
out:
	if (fd >= 0)
		close(fd);
	wire_fini(&w);
	secret_fini(&key);
	device_free(d);
	return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct image_account account;
	struct device_config config = {0};
	struct image *image;
	struct options o;
	enum rc rc;
	int code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	secret_harden_process();
	if (!set_behaviour(&o, &config.behaviour))
		return EX_USAGE;
	image = calloc(1, sizeof(*image));
	if (!image)
		return EX_OSERR;
	rc = image_load(o.image, image);
	if (rc == RC_OK)
		rc = image_account(image, &account);
	if (rc != RC_OK) {
		fprintf(stderr, "virtual-device: %s: %s\n", o.image,
		    rc == RC_IO ? strerror(errno) : rc_name(rc));
		code = rc == RC_IO ? EX_NOINPUT : EX_DATAERR;
	} else {
		config.endpoint =
		    o.endpoint ? span_str(o.endpoint) : account.endpoint;
		random_bytes(&config.seed, sizeof(config.seed));
		code = run(&o, image, &account, &config);
	}
	image_fini(image);
	free(image);
	return code;
}
