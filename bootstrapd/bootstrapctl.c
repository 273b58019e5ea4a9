/* bootstrapctl: look at and steer a running bootstrapd. See bootstrapctl(8).
 *
 * What is happening comes from the keeper by its control socket; what has
 * happened is read from the ledger, which needs no daemon. */
#include "base/text.h"
#include "build_config.h"
#include "config.h"
#include "control.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 64,
	EXIT_AWAY = 69,
	EXIT_DENIED = 77,
	EXIT_CONFIGURATION = 78,
};

static const char usage[] =
    "usage: bootstrapctl [-c FILE] [--json] VERB\n"
    "\n"
    "  status                what the daemon is doing, and how it is\n"
    "  reload                load the policies again, whole or not at all\n"
    "  stop                  end the daemon; sessions that run may end first\n"
    "  supersede ENDPOINT    end the bootstrap of that endpoint\n"
    "  devices               the devices that the ledger knows\n"
    "  device ENDPOINT       the history of one device\n"
    "  events [--follow]     the ledger's rows, and then new ones\n"
    "\n"
    "  -c, --config FILE     the daemon's configuration (default " SYSCONF_DIR
    "/bootstrapd.yaml)\n"
    "      --json            one JSON object a line, for programs\n"
    "      --version, --help\n";

struct ctl {
	const struct config *config;
	bool json, follow;
	const char *argument;
};

/* --- the control socket --------------------------------------------------- */

static int
connect_daemon(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(sa.sun_path))
		return -1;
	strcpy(sa.sun_path, path);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/** Who may not is told that, and not to look for a daemon. */
static int
denied(const char *path)
{
	fprintf(stderr,
	    "bootstrapctl: %s: %s\n"
	    "  remedy: run as root, as the daemon's user, or in its group\n",
	    path, strerror(EACCES));
	return EXIT_DENIED;
}

/** One line of the answer, `key<TAB>value`. Returns the exit code that it
 *  carries, -1 for any other. */
static int
show_line(const struct ctl *ctl, char *line, bool *first)
{
	char *value = strchr(line, '\t');

	if (!value)
		return -1;
	*value++ = '\0';
	if (strcmp(line, "exit") == 0)
		return atoi(value);
	if (ctl->json)
		printf("%s\"%s\":%s", *first ? "{" : ",", line, value);
	else
		printf("%-28s %s\n", line, value);
	*first = false;
	return -1;
}

static int
ask(const struct ctl *ctl, const char *verb)
{
	char *line = NULL;
	size_t cap = 0;
	bool first = true;
	char request[CONTROL_LINE_MAX];
	int fd, code = -1;
	int len = snprintf(request, sizeof(request), "%s%s%s\n", verb,
	    ctl->argument ? " " : "", ctl->argument ? ctl->argument : "");
	FILE *f;

	if (len >= (int)sizeof(request)) {
		fprintf(stderr, "bootstrapctl: no endpoint is so long\n");
		return EXIT_USAGE;
	}
	if (!ctl->config->control) {
		fprintf(stderr, "bootstrapctl: %s names no `control:` socket\n",
		    ctl->config->file);
		return EXIT_CONFIGURATION;
	}
	fd = connect_daemon(ctl->config->control);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f && errno == EACCES)
		return denied(ctl->config->control);
	if (!f) {
		fprintf(stderr,
		    "bootstrapctl: no daemon at %s: %s\n"
		    "  remedy: start bootstrapd\n",
		    ctl->config->control, strerror(errno));
		return EXIT_AWAY;
	}
	/* one that has hung up already has its reason to be read below */
	(void)!send(fd, request, (size_t)len, MSG_NOSIGNAL);
	while (getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		code = show_line(ctl, line, &first);
	}
	if (ctl->json && !first)
		printf("}\n");
	free(line);
	fclose(f);
	if (code < 0)
		fprintf(stderr,
		    "bootstrapctl: the daemon broke off: it is ending, or "
		    "busy with others\n"
		    "  remedy: try again\n");
	return code < 0 ? EXIT_AWAY : code;
}

static int
do_status(struct ctl *ctl)
{
	return ask(ctl, "status");
}

static int
do_reload(struct ctl *ctl)
{
	return ask(ctl, "reload");
}

static int
do_stop(struct ctl *ctl)
{
	return ask(ctl, "stop");
}

static int
do_supersede(struct ctl *ctl)
{
	return ask(ctl, "supersede");
}

/* --- the ledger ----------------------------------------------------------- */

static int
open_ledger(const struct ctl *ctl, struct ledger **l)
{
	char why[256] = "";
	enum rc rc;

	if (access(ctl->config->ledger, R_OK) != 0 && errno == EACCES)
		return denied(ctl->config->ledger);
	rc = ledger_open(ctl->config->ledger, LEDGER_READ, l, why, sizeof(why));
	if (rc == RC_OK)
		return 0;
	fprintf(stderr, "bootstrapctl: %s: %s\n", ctl->config->ledger, why);
	return rc_exit(rc);
}

static void
print_quoted(struct span s)
{
	char buf[4096];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	text_quote(&w, s);
	fwrite(buf, 1, w.len, stdout);
}

struct show {
	const struct ctl *ctl;
	uint64_t last_seq;
};

static enum rc
show_row(void *ctx, const struct ledger_row *row)
{
	struct show *show = ctx;
	char time[25], session[2 * LEDGER_SESSION_LEN + 1] = "";
	struct writer w;

	ledger_time(row->time_ms, time);
	writer_init(&w, session, sizeof(session) - 1);
	text_hex(&w, row->session);
	show->last_seq = row->seq;
	if (show->ctl->json) {
		printf("{\"seq\":%llu,\"time\":\"%s\",\"kind\":",
		    (unsigned long long)row->seq, time);
		print_quoted(row->kind);
		printf(",\"session\":\"%s\",\"endpoint\":", session);
		print_quoted(row->endpoint);
		printf(",\"data\":%.*s}\n", SPAN_FMT(row->data));
		return RC_OK;
	}
	printf("%6llu %s %-18.*s ", (unsigned long long)row->seq, time,
	    SPAN_FMT(row->kind));
	if (row->endpoint.len)
		print_quoted(row->endpoint);
	printf(" %.*s\n", SPAN_FMT(row->data));
	return RC_OK;
}

static int
read_rows(struct ctl *ctl, struct ledger_query *q)
{
	struct show show = {.ctl = ctl};
	struct ledger *l = NULL;
	enum rc rc;
	int code = open_ledger(ctl, &l);

	if (code)
		return code;
	do {
		rc = ledger_read(l, q, show_row, &show);
		if (show.last_seq)
			q->after_seq = show.last_seq;
		fflush(stdout);
		if (ctl->follow)
			usleep(500000);
	} while (rc == RC_OK && ctl->follow && !ferror(stdout));
	ledger_close(l);
	return rc == RC_OK ? 0 : rc_exit(rc);
}

static int
do_events(struct ctl *ctl)
{
	struct ledger_query q = {0};

	return read_rows(ctl, &q);
}

static int
do_device(struct ctl *ctl)
{
	struct ledger_query q = {.endpoint = span_str(ctl->argument)};

	return read_rows(ctl, &q);
}

static enum rc
show_cells(void *ctx, const struct ledger_cells *row)
{
	const struct ctl *ctl = ctx;

	if (ctl->json) {
		for (size_t i = 0; i < row->count; i++) {
			printf("%s\"%s\":", i ? "," : "{", row->names[i]);
			print_quoted(row->values[i]);
		}
		printf("}\n");
		return RC_OK;
	}
	for (size_t i = 0; i < row->count; i++) {
		if (row->values[i].len == 0)
			continue;
		if (i)
			printf(" %s=", row->names[i]);
		print_quoted(row->values[i]);
	}
	printf("\n");
	return RC_OK;
}

static int
do_devices(struct ctl *ctl)
{
	struct ledger *l = NULL;
	enum rc rc;
	int code = open_ledger(ctl, &l);

	if (code)
		return code;
	rc = ledger_view(l, "devices", show_cells, ctl);
	ledger_close(l);
	return rc == RC_OK ? 0 : rc_exit(rc);
}

/* --- verbs ---------------------------------------------------------------- */

static const struct verb {
	const char *name;
	int (*run)(struct ctl *ctl);
	bool argument, follow;
} verbs[] = {
    {"status", do_status, false, false},
    {"reload", do_reload, false, false},
    {"stop", do_stop, false, false},
    {"supersede", do_supersede, true, false},
    {"devices", do_devices, false, false},
    {"device", do_device, true, false},
    {"events", do_events, false, true},
};

static int
misuse(const char *what)
{
	fprintf(stderr, "bootstrapctl: %s\n\n%s", what, usage);
	return EXIT_USAGE;
}

static int
run_verb(const char *file, const struct verb *v, struct ctl *ctl)
{
	struct config *config = NULL;
	struct diag *d = diag_new();
	enum rc rc = d ? config_load(file, d, &config) : RC_MEMORY;
	int code = EXIT_CONFIGURATION;

	if (rc != RC_OK) {
		diag_print(d, stderr);
	} else {
		ctl->config = config;
		code = v->run(ctl);
		config_free(config);
	}
	diag_free(d);
	return code;
}

int
main(int argc, char **argv)
{
	const char *file = SYSCONF_DIR "/bootstrapd.yaml";
	const struct verb *verb = NULL;
	struct ctl ctl = {0};

	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		} else if (strcmp(a, "--version") == 0) {
			printf("bootstrapctl %s\n", PROJECT_VERSION);
			return EXIT_SUCCESS;
		} else if (strcmp(a, "-c") == 0 || strcmp(a, "--config") == 0) {
			if (++i == argc)
				return misuse("-c needs a file");
			file = argv[i];
		} else if (strcmp(a, "--json") == 0) {
			ctl.json = true;
		} else if (strcmp(a, "--follow") == 0) {
			ctl.follow = true;
		} else if (!verb) {
			for (size_t n = 0; n < sizeof(verbs) / sizeof(verbs[0]);
			     n++)
				if (strcmp(a, verbs[n].name) == 0)
					verb = &verbs[n];
			if (!verb)
				return misuse("no such verb");
		} else if (verb->argument && !ctl.argument) {
			ctl.argument = a;
		} else {
			return misuse("too many words");
		}
	}
	if (!verb)
		return misuse("a verb is missing");
	if (verb->argument && !ctl.argument)
		return misuse("which endpoint?");
	if (ctl.follow && !verb->follow)
		return misuse("--follow goes with events");
	return run_verb(file, verb, &ctl);
}
