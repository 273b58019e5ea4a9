#include "../bootstrapd/config.h"
#include "base/loop.h"
#include "build_config.h"
#include "policies.h"
#include "record.h"
#include "rehearse_staging_internal.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	READY_MS = 30000,
	POLL_MS = 20,
	END_MS = 10000, /* until it is killed */
	LOG_MAX = 65536, /* bytes of its log that are looked at */
	LOG_SHOWN = 600,
};

/* --- its folder ------------------------------------------------------------------------ */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)!remove(path);
	return 0;
}

static int
make_folder(struct staging *s)
{
	const char *base = getenv("TMPDIR");

	snprintf(s->dir, sizeof(s->dir), "%s/bootstrapd-rehearsal-XXXXXX",
	    base && base[0] == '/' ? base : "/tmp");
	if (!mkdtemp(s->dir)) {
		struct quoted q;
		int code = tool_error(EX_OSERR, "set TMPDIR",
		    "no folder %s: %s", quote_str(&q, s->dir), strerror(errno));

		s->dir[0] = '\0';
		return code;
	}
	snprintf(s->log, sizeof(s->log), "%s/log", s->dir);
	snprintf(
	    s->ledger_path, sizeof(s->ledger_path), "%s/ledger.db", s->dir);
	snprintf(s->config, sizeof(s->config), "%s/bootstrapd.yaml", s->dir);
	return EX_OK;
}

/* Revocations and imported keys are in the ledger: they count here, too. */
static int
copy_ledger(struct staging *s)
{
	const char *from = s->settings.config->ledger;
	struct ledger *l = NULL;
	struct quoted q;
	uint8_t head[DIGEST_LEN];
	enum rc rc;
	int code;

	if (access(from, F_OK) != 0)
		return EX_OK;
	code = record_open(from, LEDGER_READ, &l);
	if (code != EX_OK)
		return code;
	rc = ledger_copy(l, s->ledger_path);
	ledger_close(l);
	if (rc != RC_OK)
		return tool_error(EX_OSERR,
		    "set TMPDIR to where there is as much room as it takes",
		    "%s cannot be copied: %s", quote_str(&q, from),
		    rc_name(rc));
	s->copied = true;
	/* where its own rows begin; and of this version from here on */
	code = record_open(s->ledger_path, LEDGER_WRITE, &l);
	if (code == EX_OK && ledger_head(l, &s->since, head) != RC_OK)
		code = tool_error(
		    EX_OSERR, NULL, "the copy of the ledger cannot be read");
	ledger_close(l);
	return code;
}

/* As root its keeper becomes another: then the folder is that one's. */
static int
give_folder(const struct staging *s)
{
	const struct user_config *u = &s->settings.config->user_keeper;
	char path[PATH_MAX + 32];

	if (geteuid() != 0 || !u->set)
		return EX_OK;
	for (size_t i = 0; i < 4; i++) {
		static const char *const names[] = {
		    "", "/ledger.db", "/ledger.db-wal", "/ledger.db-shm"};

		snprintf(path, sizeof(path), "%s%s", s->dir, names[i]);
		if (lchown(path, u->uid, u->gid) != 0 && errno != ENOENT)
			return tool_error(
			    EX_OSERR, NULL, "%s: %s", path, strerror(errno));
	}
	return EX_OK;
}

/* --- the process ------------------------------------------------------------------------ */

static bool
try_binary(struct staging *s, const char *dir, const char *rest)
{
	snprintf(s->binary, sizeof(s->binary), "%s%s", dir, rest);
	return access(s->binary, X_OK) == 0;
}

/* That of the same installation, or of the same tree of a build. */
static int
find_binary(struct staging *s)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct quoted q;
	char *slash;

	if (s->options.daemon) {
		if (try_binary(s, s->options.daemon, ""))
			return EX_OK;
		return tool_error(EX_UNAVAILABLE, NULL, "%s: %s",
		    quote_str(&q, s->options.daemon), strerror(errno));
	}
	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	if (slash &&
	    (try_binary(s, self, "/../sbin/bootstrapd") ||
		try_binary(s, self, "/../bootstrapd/bootstrapd") ||
		try_binary(s, self, "/bootstrapd")))
		return EX_OK;
	return tool_error(EX_UNAVAILABLE, "name it: --daemon FILE",
	    "no bootstrapd beside this program");
}

static void
become_daemon(const struct staging *s, pid_t parent)
{
	int log = open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 ||
	    dup2(log, 2) < 0)
		_exit(EX_OSERR);
	/* a ^C is for whoever rehearses, who then ends this in good order */
	setpgid(0, 0);
	unsetenv("NOTIFY_SOCKET");
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(EX_OSERR);
	execl(s->binary, s->binary, "-c", s->config, (char *)NULL);
	_exit(EX_UNAVAILABLE);
}

bool
staging_alive(struct staging *s)
{
	int status;

	if (s->pid > 0 && waitpid(s->pid, &status, WNOHANG) == s->pid)
		s->pid = 0;
	return s->pid > 0;
}

/* What it has logged, NUL-ended; "" when there is nothing. */
static void
read_log(const struct staging *s, char *text, size_t cap)
{
	int fd = open(s->log, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, cap - 1) : 0;

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
}

/* "listening scheme=coaps address=127.0.0.1:40000" */
static void
find_addresses(struct staging *s, const char *log)
{
	for (size_t i = 0; i < STAGING_SCHEMES; i++) {
		char wanted[48];
		const char *at, *address;
		size_t len;

		snprintf(wanted, sizeof(wanted),
		    "listening scheme=%s address=", staging_schemes[i]);
		at = strstr(log, wanted);
		if (!at)
			continue;
		address = at + strlen(wanted);
		len = strcspn(address, " \n");
		snprintf(s->uris[i], sizeof(s->uris[i]), "%s://%.*s",
		    staging_schemes[i], (int)len, address);
	}
}

static int
not_ready(const struct staging *s, const char *log)
{
	size_t len = strlen(log);
	const char *tail = len > LOG_SHOWN ? log + len - LOG_SHOWN : log;
	struct span line = span_str(tail);

	for (size_t i = 0; i < line.len; i++) {
		size_t n = 0;

		while (i + n < line.len && line.p[i + n] != '\n')
			n++;
		if (n > 0) {
			struct quoted q;

			fprintf(stderr, "  %s\n",
			    quote(&q, span_of(line.p + i, n)));
		}
		i += n;
	}
	return tool_error(EX_UNAVAILABLE,
	    "bootstrapd check -c FILE says what it misses", "%s",
	    s->pid > 0 ? "the staging daemon is not ready after 30 s"
		       : "the staging daemon has ended at its start");
}

static int
wait_ready(struct staging *s)
{
	uint64_t end = clock_now_ms() + READY_MS;
	char *log = malloc(LOG_MAX);
	bool ready = false, up = true;
	int code = EX_OK;

	if (!log)
		return tool_fault(RC_MEMORY, "staging");
	while (!ready && up && clock_now_ms() < end) {
		usleep(POLL_MS * 1000);
		up = staging_alive(s);
		read_log(s, log, LOG_MAX);
		ready = strstr(log, " ready ") != NULL;
	}
	if (ready && up)
		find_addresses(s, log);
	else
		code = not_ready(s, log);
	free(log);
	return code;
}

static int
start_process(struct staging *s)
{
	pid_t parent = getpid();

	s->pid = fork();
	if (s->pid < 0) {
		s->pid = 0;
		return tool_error(EX_OSERR, NULL, "fork: %s", strerror(errno));
	}
	if (s->pid == 0)
		become_daemon(s, parent);
	return wait_ready(s);
}

void
staging_stop(struct staging *s)
{
	uint64_t end = clock_now_ms() + END_MS;

	if (!s)
		return;
	if (s->pid > 0)
		kill(s->pid, SIGTERM);
	while (staging_alive(s) && clock_now_ms() < end)
		usleep(POLL_MS * 1000);
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	ledger_close(s->ledger);
	if (s->dir[0])
		nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	issue_rules_unref(s->rules);
	policy_set_unref(s->set);
	settings_fini(&s->settings);
	free(s);
}

static int
load(struct staging *s)
{
	int code;

	if (!s->options.config)
		s->options.config = SYSCONF_DIR "/bootstrapd.yaml";
	code = settings_load(&s->options, 0, &s->settings);
	if (code == EX_OK)
		code = settings_need(
		    &s->settings, SETTINGS_TOKEN | SETTINGS_POLICIES);
	if (code == EX_OK)
		code = policies_load(
		    s->settings.config->policies, &s->set, &s->rules);
	return code;
}

int
staging_start(const struct options *o, struct staging **out)
{
	struct staging *s = calloc(1, sizeof(*s));
	int code;

	*out = NULL;
	if (!s)
		return tool_fault(RC_MEMORY, "staging");
	s->options = *o;
	code = load(s);
	if (code == EX_OK)
		code = find_binary(s);
	if (code == EX_OK)
		code = make_folder(s);
	if (code == EX_OK)
		code = copy_ledger(s);
	if (code == EX_OK)
		code = staging_config(s);
	if (code == EX_OK)
		code = give_folder(s);
	if (code == EX_OK)
		code = start_process(s);
	if (code == EX_OK)
		*out = s;
	else
		staging_stop(s);
	return code;
}

struct span
staging_uri(const struct staging *s, struct span uri)
{
	for (size_t i = 0; i < STAGING_SCHEMES; i++) {
		size_t len = strlen(staging_schemes[i]);

		if (span_starts(uri, span_str(staging_schemes[i])) &&
		    uri.len > len && uri.p[len] == ':')
			return span_str(s->uris[i]);
	}
	return (struct span){0};
}
