#include "sockets.h"

#include "base/event.h"
#include "steer.h"
#include "tcp.h"
#include "udp.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONTROL_BACKLOG = 8 };

static void
say_listening(const struct listen_config *l, const struct address *bound)
{
	uint8_t text[ADDRESS_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	address_print(&w, bound);
	LOG(LOG_NOTICE, "listening", F_TEXT("scheme", listen_scheme(l->kind)),
	    F_TEXT("address", writer_span(&w)));
	if (!listen_is_secure(l->kind))
		LOG(LOG_WARNING, "nosec_listener",
		    F_TEXT("address", writer_span(&w)),
		    F_TEXT("note",
			"plain CoAP: answers only whom a `nosec` identity "
			"admits"));
}

static enum rc
open_one(enum listen_kind kind, const struct address *where, bool reuse_port,
    int *fd, struct address *bound)
{
	return listen_is_stream(kind) ? tcp_listen(where, reuse_port, fd, bound)
				      : udp_open(where, reuse_port, fd, bound);
}

/**
 * With SO_REUSEPORT a second daemon of the same user would bind the same port
 * and get some of the peers: whether the port is free is asked without it.
 */
static enum rc
is_free(enum listen_kind kind, const struct address *where)
{
	struct address bound;
	int fd;
	enum rc rc;

	if (where->port == 0)
		return RC_OK;
	rc = open_one(kind, where, false, &fd, &bound);
	if (rc == RC_OK)
		close(fd);
	return rc;
}

static void
cannot_listen(const struct config *c, const struct listen_config *l)
{
	LOG(LOG_ERROR, "listen", F_TEXT("file", c->file),
	    F_INT("line", l->line), F_TEXT("error", strerror(errno)),
	    F_TEXT("remedy",
		errno == EADDRINUSE
		    ? "another program has that port"
		    : "see that the address is one of this machine"));
}

/** One socket a worker on each listener; port 0 is settled by the first. */
enum rc
sockets_open(const struct config *c, int fds[][LISTENERS_MAX])
{
	for (size_t i = 0; i < c->listen_count; i++) {
		struct address where = c->listen[i].address, bound;
		const enum listen_kind kind = c->listen[i].kind;
		enum rc rc = is_free(kind, &where);

		for (unsigned n = 0; rc == RC_OK && n < c->workers; n++) {
			rc = open_one(
			    kind, &where, c->workers > 1, &fds[n][i], &bound);
			where = bound;
		}
		if (rc != RC_OK) {
			cannot_listen(c, &c->listen[i]);
			return rc;
		}
		say_listening(&c->listen[i], &bound);
	}
	return RC_OK;
}

void
sockets_steer(const struct config *c, int fds[][LISTENERS_MAX],
    const struct dtls_cid_key *key)
{
	for (size_t i = 0; c->workers > 1 && i < c->listen_count; i++) {
		if (c->listen[i].kind != LISTEN_COAPS ||
		    steer_attach(fds[0][i], key) == RC_OK)
			continue;
		LOG(LOG_WARNING, "no_steering",
		    F_TEXT("error", strerror(errno)),
		    F_TEXT("note",
			"this kernel does not take a filter for the workers' "
			"sockets: a device that changes its address has to "
			"begin anew"));
		return;
	}
}

/** A stale socket file of a daemon that was killed is in the way; one that
 *  answers is another daemon. */
static bool
is_stale(const struct sockaddr_un *sa)
{
	struct stat st;
	int fd;
	bool stale;

	/* what is no socket refuses connections too */
	if (lstat(sa->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	stale = fd >= 0 &&
	    connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0 &&
	    errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return stale;
}

enum rc
sockets_control(const struct config *c, bool as_root, int *out)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	const char *path = c->control;
	const struct user_config *keeper = &c->user_keeper;
	int fd;

	*out = -1;
	if (!path)
		return RC_OK;
	if (strlen(path) >= sizeof(sa.sun_path)) {
		LOG(LOG_ERROR, "control", F_TEXT("path", path),
		    F_TEXT("error", "longer than a socket's name can be"));
		return RC_CONFIG;
	}
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return RC_IO;
	if (is_stale(&sa))
		unlink(path);
	umask(0117);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    listen(fd, CONTROL_BACKLOG) != 0) {
		LOG(LOG_ERROR, "control", F_TEXT("path", path),
		    F_TEXT("error", strerror(errno)),
		    F_TEXT("remedy",
			errno == EADDRINUSE
			    ? "another bootstrapd uses it, or it is no socket"
			    : "see that its folder exists"));
		close(fd);
		return RC_IO;
	}
	umask(0077);
	/* its folder is the keeper's: what it put there is not followed */
	if (as_root && keeper->set &&
	    lchown(path, keeper->uid, keeper->gid) != 0)
		LOG(LOG_WARNING, "control", F_TEXT("path", path),
		    F_TEXT("error", strerror(errno)));
	*out = fd;
	return RC_OK;
}
