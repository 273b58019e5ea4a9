/*
 * virtual-device - boots a virtual LwM2M device from its factory image, or with
 * credentials from files: one bootstrap over a real socket, each request and
 * response on a line as it happens, and in the end what the device holds.
 */
#include "describe.h"
#include "device/handshake.h"
#include "device/uri.h"
#include "device/wire.h"
#include "file.h"
#include "image.h"
#include "options.h"
#include "rebind.h"
#include "report.h"
#include "socket.h"

#include "base/address.h"
#include "base/digest.h"
#include "base/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

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
print_suite(void *ctx, const char *version, const char *suite)
{
	(void)ctx;
	printf("     %s %s\n", version, suite);
}

static void
print_events(struct device *d)
{
	struct device_event ev;

	while (device_event(d, &ev))
		printf("%s\n", ev.text);
	fflush(stdout);
}

/** The socket of a device, and where it goes. */
struct way {
	int fd;
	struct span uri;
	bool secure;
	struct rebinding rebinding;
};

static bool
rebind(struct way *way)
{
	int fd;

	if (socket_to(way->uri, way->secure, &fd) != RC_OK)
		return false;
	/* not closed sooner: it would get the same port again */
	close(way->fd);
	way->fd = fd;
	printf("     -- another source port\n");
	return true;
}

static bool
send_all(struct device_wire *w, struct way *way)
{
	uint8_t buf[DEVICE_DATAGRAM_MAX];
	struct writer out;

	for (;;) {
		writer_init(&out, buf, sizeof(buf));
		if (device_wire_output(w, &out) != RC_OK)
			return true;
		if (rebind_due(&way->rebinding, w) && !rebind(way))
			return false;
		if (send(way->fd, out.buf, out.len, MSG_NOSIGNAL) < 0 &&
		    errno != ECONNREFUSED)
			return false;
	}
}

static bool
receive_all(struct device_wire *w, int fd)
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
		if (n == 0 && w->frames) {
			device_wire_ended(w);
			return true;
		}
		device_wire_receive(w, span_of(buf, (size_t)n), clock_now_ms());
		secret_wipe(buf, (size_t)n);
	}
}

static int
wait_ms(const struct device_wire *w, uint64_t end_ms, uint64_t now_ms)
{
	uint64_t at = device_wire_deadline(w);

	if (at > end_ms)
		at = end_ms;
	return at <= now_ms ? 0 : (int)(at - now_ms);
}

static bool
is_over(const struct device_wire *w, uint64_t times)
{
	enum device_state s = device_state(w->device);

	if (w->broken || s == DEVICE_DEAD)
		return true;
	if (s == DEVICE_BOOTSTRAPPED && device_finished(w->device) < times)
		return false;
	/* an answer of its own may still have to be sent, or sent again */
	return (s == DEVICE_BOOTSTRAPPED || s == DEVICE_FAILED) &&
	    device_deadline(w->device) == TIME_NEVER;
}

/** One bootstrap. True: the device is content. */
static bool
boot(struct device_wire *w, struct way *way, const struct options *o)
{
	uint64_t now = clock_now_ms(), end = now + o->timeout_ms;
	struct pollfd p = {.events = POLLIN};
	bool good = true;

	device_wire_start(w, now);
	while (good && send_all(w, way)) {
		print_events(w->device);
		now = clock_now_ms();
		if (is_over(w, o->times) || now >= end)
			break;
		p.fd = way->fd;
		if (poll(&p, 1, wait_ms(w, end, now)) < 0 && errno != EINTR)
			break;
		good = receive_all(w, way->fd);
		device_wire_tick(w, clock_now_ms());
	}
	return device_state(w->device) == DEVICE_BOOTSTRAPPED &&
	    device_finished(w->device) >= o->times;
}

/** Where it can be reached: for those that have to be told. */
static void
print_address(int fd)
{
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	uint8_t text[ADDRESS_TEXT_MAX];
	struct address at;
	struct writer w;

	writer_init(&w, text, sizeof(text));
	if (getsockname(fd, (struct sockaddr *)&own, &len) != 0 ||
	    address_from((struct sockaddr *)&own, len, &at) != RC_OK)
		return;
	address_print(&w, &at);
	printf("WAITS at=%.*s\n", SPAN_FMT(writer_span(&w)));
	fflush(stdout);
}

static enum rc
equip_account(struct device *d, const struct account *a)
{
	const struct lwm2m_entry entries[] = {
	    {LWM2M_RESOURCE(OBJECT_SECURITY, a->instance, SECURITY_URI),
		LWM2M_VALUE_STRING(a->uri)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, a->instance, SECURITY_BOOTSTRAP),
		LWM2M_VALUE_BOOLEAN(true)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, a->instance, SECURITY_MODE),
		LWM2M_VALUE_INTEGER(a->mode)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, a->instance, SECURITY_IDENTITY),
		LWM2M_VALUE_OPAQUE(a->identity)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, a->instance, SECURITY_SERVER_KEY),
		LWM2M_VALUE_OPAQUE(a->server_key)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, a->instance, SECURITY_SECRET_KEY),
		LWM2M_VALUE_OPAQUE(a->key)},
	    {LWM2M_RESOURCE(
		 OBJECT_SECURITY, a->instance, SECURITY_CERTIFICATE_USAGE),
		LWM2M_VALUE_UNSIGNED(a->usage)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, a->instance, SECURITY_SNI),
		LWM2M_VALUE_STRING(a->sni)},
	};
	size_t count = a->sni.len ? 8 : 7;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < count; i++)
		rc = device_equip(d, &entries[i]);
	return rc;
}

/** What the factory has put into it. */
static enum rc
equip(struct device *d, const struct image *image, const struct account *a)
{
	enum rc rc = device_equip_self(d);

	for (size_t i = 0; rc == RC_OK && i < image->count; i++)
		rc = device_equip(d, &image->entries[i]);
	return rc == RC_OK && image->count == 0 ? equip_account(d, a) : rc;
}

static bool
save(const char *path, struct span endpoint, const struct held *s)
{
	struct secret text = {0};
	struct writer w;
	enum rc rc = secret_reserve(&text, SECRET_MAX);

	if (rc == RC_OK) {
		writer_init(&w, text.bytes, text.cap);
		rc = image_print(&w, endpoint, s);
		text.len = w.len;
	}
	if (rc == RC_OK)
		rc = file_write(path, secret_expose(&text));
	secret_fini(&text);
	if (rc != RC_OK)
		fprintf(stderr, "virtual-device: %s: %s\n", path,
		    rc == RC_IO ? strerror(errno) : rc_name(rc));
	return rc == RC_OK;
}

static bool
on_stream(const struct account *a)
{
	struct uri uri;

	return uri_read(a->uri, &uri) && uri.stream;
}

static int
run(const struct options *o, const struct image *image,
    const struct account *account, struct span endpoint)
{
	struct device_config config = {
	    .endpoint = endpoint, .behaviour = o->behaviour};
	struct device *d = NULL;
	struct handshake h = {0};
	struct device_wire w = {0};
	struct way way = {.fd = -1, .rebinding.before = o->rebind};
	uint8_t cid[DTLS_CLIENT_CID_MAX];
	uint64_t start = clock_now_ms();
	bool good = false;
	enum rc rc;

	random_bytes(&config.seed, sizeof(config.seed));
	rc = handshake_init(&h, account);
	h.config.stream = on_stream(account);
	/* then its credential names it */
	if (h.secure && endpoint.len == 0)
		config.behaviour.omit_endpoint = true;
	h.config.version = o->version;
	h.config.suites = o->suites;
	random_bytes(cid, sizeof(cid));
	h.config.offer_cid = o->offer_cid;
	h.config.cid = span_of(cid, (size_t)o->cid_len);
	way.uri = account->uri;
	way.secure = h.secure;
	if (rc == RC_OK)
		d = device_new(&config);
	if (rc == RC_OK)
		rc = d ? equip(d, image, account) : RC_MEMORY;
	if (rc == RC_OK)
		rc = device_wire_open(&w, d, h.secure ? &h.config : NULL);
	if (rc == RC_OK && on_stream(account))
		rc = device_wire_stream(&w);
	if (rc == RC_OK)
		rc = socket_to(way.uri, way.secure, &way.fd);
	if (rc != RC_OK) {
		fprintf(stderr, "virtual-device: cannot start: %s\n",
		    h.why ? h.why : rc_name(rc));
		goto out;
	}
	if (o->verbose) {
		w.tap = print_message;
		w.secured = print_suite;
	}
	if (o->behaviour.hold_off)
		print_address(way.fd);
	good = boot(&w, &way, o);
	device_wire_close(&w);
	(void)send_all(&w, &way);
	report_ending(stdout, &w, good, clock_now_ms() - start);
	if (good)
		report_accounts(stdout, device_store(d), o->show_keys);
	if (good && o->accounts)
		good = save(o->accounts, endpoint, device_store(d));
out:
	if (way.fd >= 0)
		close(way.fd);
	device_wire_fini(&w);
	handshake_fini(&h);
	device_free(d);
	return good ? 0 : 1;
}

/** The account out of image, files and options; 0, or an exit code. */
static int
prepare(const struct options *o, struct image *image, struct files *files,
    struct account *account)
{
	const char *at = o->image;
	enum rc rc = RC_OK;

	*account = (struct account){.instance = o->behaviour.account};
	if (o->image)
		rc = image_load(o->image, image);
	if (rc == RC_OK && o->image)
		rc = image_account(image, account);
	if (rc == RC_OK && o->files.key) {
		rc = files_read(files, &o->files, account);
		at = files->fault;
	} else if (o->files.sni) {
		account->sni = span_str(o->files.sni);
	}
	if (rc != RC_OK) {
		fprintf(stderr, "virtual-device: %s: %s\n", at,
		    rc == RC_IO ? strerror(errno) : rc_name(rc));
		return rc == RC_IO ? EX_NOINPUT : EX_DATAERR;
	}
	if (o->uri)
		account->uri = span_str(o->uri);
	if (o->endpoint)
		account->endpoint = span_str(o->endpoint);
	return 0;
}

int
main(int argc, char **argv)
{
	struct account account;
	struct files files = {0};
	struct image *image;
	struct options o;
	int code = options_read(argc, argv, &o);

	if (code >= 0)
		return code;
	secret_harden_process();
	image = calloc(1, sizeof(*image));
	if (!image)
		return EX_OSERR;
	code = prepare(&o, image, &files, &account);
	if (code == 0)
		code = run(&o, image, &account, account.endpoint);
	files_fini(&files);
	image_fini(image);
	free(image);
	return code;
}
