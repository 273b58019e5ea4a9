#include "base/event.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MAX_LEN = 2048, /* bytes with the line feed; below PIPE_BUF */
	WHO_CAP = 64, /* bytes with the NUL */
	/* Bytes of the line for the ellipsis, who (all escaped) and lost. */
	TAIL_MAX_LEN = 6 * WHO_CAP + 64,
};

enum sink { SINK_UNKNOWN, SINK_PLAIN, SINK_JOURNAL };

static char who[WHO_CAP];
static enum log_level least = LOG_INFO;
static int log_fd = STDERR_FILENO;
static _Atomic enum sink sink;
static atomic_uint lost_count;

static bool
stands_bare(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9'))
			continue;
		if (c == '\0' || !strchr("-_.:/+@,*%~", c))
			return false;
	}
	return s.len > 0;
}

static void
print_field(struct writer *w, const struct field *f)
{
	writer_fmt(w, "%s=", f->name);
	switch (f->kind) {
	case FIELD_TEXT:
		if (stands_bare(f->span))
			writer_put(w, f->span);
		else
			text_quote(w, f->span);
		break;
	case FIELD_INT:
		writer_fmt(w, "%" PRId64, f->number);
		break;
	case FIELD_BYTES:
		text_hex(w, f->span);
		break;
	case FIELD_BOOL:
		writer_str(w, f->number ? "true" : "false");
		break;
	}
}

void
event_print(struct writer *w, const struct field *fields, size_t field_count)
{
	for (size_t i = 0; i < field_count; i++) {
		if (i > 0)
			writer_str(w, " ");
		print_field(w, &fields[i]);
	}
}

/*
 * A child inherits JOURNAL_STREAM whatever its own descriptors are, so the
 * variable counts only where it names ours: systemd.exec(5).
 */
static enum sink
find_sink(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(fd, &st) < 0)
		return SINK_PLAIN;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0 ? SINK_JOURNAL : SINK_PLAIN;
}

void
log_setup(const char *name, enum log_level from, int fd)
{
	snprintf(who, sizeof(who), "%s", name);
	least = from;
	log_fd = fd;
	sink = find_sink(fd);
}

void
log_rename(const char *name)
{
	snprintf(who, sizeof(who), "%s", name);
}

static void
print_head(struct writer *w, enum log_level level)
{
	static const struct {
		int priority; /* of syslog(3) */
		const char *name;
	} levels[] = {
	    [LOG_DEBUG] = {7, "debug"},
	    [LOG_INFO] = {6, "info"},
	    [LOG_NOTICE] = {5, "notice"},
	    [LOG_WARNING] = {4, "warning"},
	    [LOG_ERROR] = {3, "error"},
	};
	struct timespec now;
	struct tm tm;

	if (sink == SINK_JOURNAL) {
		writer_fmt(w, "<%d>", levels[level].priority);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	writer_fmt(w, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, now.tv_nsec / 1000000, levels[level].name);
}

/* Whether a line that was cut ends inside a quoted string. */
static bool
in_quotes(struct span line)
{
	bool inside = false;

	for (size_t i = 0; i < line.len; i++) {
		if (line.p[i] == '\\')
			i++;
		else if (line.p[i] == '"')
			inside = !inside;
	}
	return inside;
}

/* False if the line would have to wait for a reader. */
static bool
write_line(struct span line)
{
	struct pollfd ready = {.fd = log_fd, .events = POLLOUT};
	ssize_t n;

	do {
		n = send(log_fd, line.p, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n >= 0 || errno != ENOTSOCK)
		return n >= 0;
	/*
	 * A pipe that polls writable takes PIPE_BUF bytes, unless another
	 * writer comes in between: then this waits for the reader.
	 */
	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return false;
	do {
		n = write(log_fd, line.p, line.len);
	} while (n < 0 && errno == EINTR);
	return n >= 0;
}

bool
log_writes(enum log_level level)
{
	return level >= least;
}

void
log_event(enum log_level level, const char *name, const struct field *fields,
    size_t field_count)
{
	int saved_errno = errno;
	char line[LINE_MAX_LEN];
	const char *us = who[0] ? who : program_invocation_short_name;
	struct field field;
	struct writer w;
	unsigned lost;

	if (!log_writes(level))
		return;
	if (sink == SINK_UNKNOWN)
		sink = find_sink(log_fd);
	writer_init(&w, line, sizeof(line) - TAIL_MAX_LEN);
	print_head(&w, level);
	writer_str(&w, name);
	if (field_count)
		writer_str(&w, " ");
	event_print(&w, fields, field_count);

	w.cap = sizeof(line);
	if (w.full) {
		w.full = false;
		writer_str(&w, in_quotes(writer_span(&w)) ? "…\"" : "…");
	}
	writer_str(&w, " ");
	field = F_TEXT("who", span_of(us, strnlen(us, WHO_CAP - 1)));
	event_print(&w, &field, 1);
	lost = atomic_exchange(&lost_count, 0);
	if (lost)
		writer_fmt(&w, " lost=%u", lost);
	writer_str(&w, "\n");
	if (!write_line(writer_span(&w)))
		atomic_fetch_add(&lost_count, lost + 1);
	errno = saved_errno;
}
