/**
 * ctl_http.h - the requests by which bootstrapctl has LwM2M servers trigger
 * their devices, a few at a time. The one file that knows libcurl.
 *
 * What a server is trusted with is its own answer's status, and nothing else:
 *
 * - certificates are verified, always; http:// is for who has no secret to
 *   send, so an Authorization goes there to the machine itself only;
 * - no redirect is followed, no cookie kept, no proxy of the environment and no
 *   .netrc used, no protocol but HTTP spoken;
 * - a request takes 10 s in all; of an answer's body 64 KiB are read and
 *   thrown away;
 * - the Authorization is read from a file that only its owner, and the
 *   owner's group, may read, at the time of the request; it stands in no
 *   argument, row, log or error text.
 */
#ifndef BOOTSTRAPD_CTL_HTTP_H
#define BOOTSTRAPD_CTL_HTTP_H

#include "base/rc.h"
#include "base/span.h"
#include "policy/set.h"

enum {
	HTTP_PARALLEL = 16, /**< requests at a time */
	HTTP_DETAIL_MAX = 200, /**< bytes with NUL */
};

/** Strings are borrowed until http_start returns. */
struct http_request {
	const char *method, *url;
	const char *headers[POLICY_HEADERS_MAX]; /**< "Name: value" */
	size_t header_count;
	const char *body; /**< NULL: none */
	const char *authorization_file; /**< NULL: none */
	const char *ca_file; /**< NULL: the system's */
};

struct http_result {
	void *owner; /**< as given to http_start */
	unsigned status; /**< 0: no answer */
	char detail[HTTP_DETAIL_MAX]; /**< in words; "" when taken */
};

struct http;

/** Errors: RC_MEMORY. */
MUST_CHECK enum rc http_new(struct http **out);
void http_free(struct http *h);

/** How many are under way. */
size_t http_running(const struct http *h);

/**
 * Begin a request. What cannot even be begun has its result at once, by
 * http_next. Errors: RC_FULL (HTTP_PARALLEL are under way), RC_MEMORY.
 */
MUST_CHECK enum rc http_start(
    struct http *h, const struct http_request *rq, void *owner);

/** A request that has ended. False: none. */
bool http_next(struct http *h, struct http_result *out);

/** Wait until a request or the descriptor `fd` (-1: none) has something, or so
 *  long. True: it is `fd`. */
bool http_wait(struct http *h, int fd, unsigned timeout_ms);

#endif
