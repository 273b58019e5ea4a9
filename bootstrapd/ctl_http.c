#include "ctl_http.h"

#include "build_config.h"
#include "ctl_secret.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	REQUEST_MS = 10000,
	CONNECT_MS = 5000,
	ANSWER_MOST = 65536, /**< bytes of a body that are waited for */
	STATUS_FIRST = 200, /**< below it is not the answer yet */
	STATUS_LAST = 599,
};

struct transfer {
	CURL *easy; /**< NULL: free */
	struct curl_slist *headers;
	void *owner;
	char *body; /**< a copy */
	size_t received;
	bool ended; /**< waits for http_next */
	unsigned status;
	char detail[HTTP_DETAIL_MAX];
	char error[CURL_ERROR_SIZE];
};

struct http {
	CURLM *multi;
	struct transfer transfers[HTTP_PARALLEL];
};

enum rc
http_new(struct http **out)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return RC_MEMORY;
	h = calloc(1, sizeof(*h));
	if (h)
		h->multi = curl_multi_init();
	if (!h || !h->multi) {
		free(h);
		curl_global_cleanup();
		return RC_MEMORY;
	}
	*out = h;
	return RC_OK;
}

static void
transfer_end(struct http *h, struct transfer *t)
{
	if (t->easy) {
		curl_multi_remove_handle(h->multi, t->easy);
		curl_easy_cleanup(t->easy);
	}
	curl_slist_free_all(t->headers);
	free(t->body);
	*t = (struct transfer){0};
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < HTTP_PARALLEL; i++)
		transfer_end(h, &h->transfers[i]);
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

size_t
http_running(const struct http *h)
{
	size_t n = 0;

	for (size_t i = 0; i < HTTP_PARALLEL; i++)
		n += h->transfers[i].easy != NULL;
	return n;
}

/** The body is thrown away, and what is too much of it not even received. */
static size_t
on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;

	(void)bytes;
	t->received += size * count;
	return t->received <= ANSWER_MOST ? size * count : 0;
}

/** Has the answer's head come whole? That of "100 Continue" is none. */
static size_t
on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (count > 0 && (line[0] == '\r' || line[0] == '\n') &&
	    status >= STATUS_FIRST && status <= STATUS_LAST)
		t->status = (unsigned)status;
	return size * count;
}

static bool
add_header(struct transfer *t, const char *line)
{
	struct curl_slist *list = curl_slist_append(t->headers, line);

	if (list)
		t->headers = list;
	return list != NULL;
}

/** Is it this machine? What leaves it unencrypted, others read. */
static bool
is_here(const char *url)
{
	static const char *const hosts[] = {
	    "http://127.0.0.1", "http://[::1]", "http://localhost"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t len = strlen(hosts[i]);

		if (strncmp(url, hosts[i], len) == 0 &&
		    (url[len] == '\0' || strchr(":/?#", url[len])))
			return true;
	}
	return false;
}

/** NULL, or why not: static. */
static const char *
authorize(struct transfer *t, const struct http_request *rq)
{
	char line[CTL_SECRET_MAX + sizeof("Authorization: ")];
	struct secret value = {0};
	const char *why;
	bool added;
	int len;

	if (strncmp(rq->url, "https://", 8) != 0 && !is_here(rq->url))
		return "an Authorization is not sent over plain http to "
		       "another machine";
	why = ctl_secret_read(rq->authorization_file, &value);
	if (why)
		return why;
	len = snprintf(line, sizeof(line), "Authorization: %.*s",
	    SPAN_FMT(secret_expose(&value)));
	secret_fini(&value);
	added = len > 0 && (size_t)len < sizeof(line) && add_header(t, line);
	secret_wipe(line, sizeof(line));
	return added ? NULL : "out of memory";
}

/** A type of its own would be made up for a body, and for none. */
static bool
add_headers(struct transfer *t, const struct http_request *rq)
{
	bool typed = false, good;

	/* no "100 Continue" is waited for */
	good = add_header(t, "Expect:");
	for (size_t i = 0; good && i < rq->header_count; i++) {
		typed |= strncasecmp(rq->headers[i], "Content-Type:", 13) == 0;
		good = add_header(t, rq->headers[i]);
	}
	if (good && !typed)
		good = add_header(t,
		    rq->body && rq->body[0] ? "Content-Type: application/json"
					    : "Content-Type:");
	return good;
}

/** Options of one kind; the first failure is kept. */
#define SET(option, value) \
	do { \
		if (code == CURLE_OK) \
			code = curl_easy_setopt(t->easy, option, value); \
	} while (0)

static CURLcode
set_what(struct transfer *t, const struct http_request *rq)
{
	CURLcode code = CURLE_OK;

	SET(CURLOPT_URL, rq->url);
	SET(CURLOPT_HTTPHEADER, t->headers);
	if (strcmp(rq->method, "GET") == 0 && !t->body) {
		SET(CURLOPT_HTTPGET, 1L);
		return code;
	}
	SET(CURLOPT_POSTFIELDSIZE, (long)(t->body ? strlen(t->body) : 0));
	SET(CURLOPT_POSTFIELDS, t->body ? t->body : "");
	SET(CURLOPT_CUSTOMREQUEST, rq->method);
	return code;
}

static CURLcode
set_bounds(struct transfer *t, const struct http_request *rq)
{
	CURLcode code = CURLE_OK;

	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (rq->ca_file) {
		SET(CURLOPT_CAINFO, rq->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}
	SET(CURLOPT_TIMEOUT_MS, (long)REQUEST_MS);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "bootstrapctl/" PROJECT_VERSION);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_ERRORBUFFER, t->error);
	SET(CURLOPT_PRIVATE, t);
	return code;
}

static void
fail(struct transfer *t, const char *why)
{
	t->ended = true;
	t->status = 0;
	snprintf(t->detail, sizeof(t->detail), "%s", why);
}

enum rc
http_start(struct http *h, const struct http_request *rq, void *owner)
{
	struct transfer *t = h->transfers;
	const char *why = NULL;

	while (t < h->transfers + HTTP_PARALLEL && t->easy)
		t++;
	if (t == h->transfers + HTTP_PARALLEL)
		return RC_FULL;
	*t = (struct transfer){.owner = owner, .easy = curl_easy_init()};
	t->body = rq->body ? strdup(rq->body) : NULL;
	if (!t->easy || (rq->body && !t->body) || !add_headers(t, rq)) {
		transfer_end(h, t);
		return RC_MEMORY;
	}
	if (rq->authorization_file)
		why = authorize(t, rq);
	if (!why &&
	    (set_what(t, rq) != CURLE_OK || set_bounds(t, rq) != CURLE_OK ||
		curl_multi_add_handle(h->multi, t->easy) != CURLM_OK))
		why = "this libcurl cannot send the request";
	if (why)
		fail(t, why);
	return RC_OK;
}

/** What has come of it. The status is the answer, however the body ended. */
static void
judge(struct transfer *t, CURLcode code)
{
	t->ended = true;
	if (t->status >= 300 && t->status < 400)
		snprintf(t->detail, sizeof(t->detail),
		    "HTTP %u: redirects are not followed", t->status);
	else if (t->status >= 300)
		snprintf(t->detail, sizeof(t->detail), "HTTP %u", t->status);
	else if (t->status == 0)
		snprintf(t->detail, sizeof(t->detail), "%s",
		    t->error[0] ? t->error : curl_easy_strerror(code));
}

static void
gather(struct http *h)
{
	struct transfer *t;
	CURLMsg *m;
	int left;

	(void)curl_multi_perform(h->multi, &left);
	while ((m = curl_multi_info_read(h->multi, &left))) {
		char *private = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(
		    m->easy_handle, CURLINFO_PRIVATE, &private);
		t = (void *)private;
		if (t)
			judge(t, m->data.result);
	}
}

bool
http_next(struct http *h, struct http_result *out)
{
	gather(h);
	for (size_t i = 0; i < HTTP_PARALLEL; i++) {
		struct transfer *t = &h->transfers[i];

		if (!t->easy || !t->ended)
			continue;
		out->owner = t->owner;
		out->status = t->status;
		memcpy(out->detail, t->detail, sizeof(out->detail));
		transfer_end(h, t);
		return true;
	}
	return false;
}

bool
http_wait(struct http *h, int fd, unsigned timeout_ms)
{
	struct curl_waitfd w = {.fd = fd, .events = CURL_WAIT_POLLIN};
	int ready;

	(void)curl_multi_poll(h->multi, &w, fd >= 0, (int)timeout_ms, &ready);
	return w.revents != 0;
}
