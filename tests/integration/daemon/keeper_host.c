/*
 * keeper_host - the keeper alone, and whoever has this program's standard
 * input in place of its workers: what a worker could say that was taken over.
 *
 *   keeper_host CONFIG WORKERS
 *   keeper_host reasons            the numbers of reasons, and their names
 *
 * Commands, one a line:
 *
 *   say N HEX   that packet, from worker N
 *   reload      load the policies again
 *   kill        kill -9, and another keeper on the same links
 *   end         the keeper may end; this program ends with its exit code
 *
 * What the keeper says comes as lines `N HEX`; "ready" when one has started.
 */
#include "base/event.h"
#include "base/text.h"
#include "bootstrap/reason.h"
#include "jail.h"
#include "keeper.h"
#include "link.h"
#include "signals.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct config *config;
static unsigned workers;
static int ends[WORKERS_MAX][2]; /* ours, the keeper's */
static int notes[2];
static pid_t keeper;
static bool replaced;

static void
die(const char *what)
{
	perror(what);
	exit(70);
}

static void
start(void)
{
	struct keeper_args args = {
	    .config = config,
	    .instance = "00000000000000aa",
	    .first = !replaced,
	    .link_count = workers,
	    .control = -1,
	    .supervisor = notes[1],
	    .as_root = geteuid() == 0,
	};
	int keep[WORKERS_MAX + 1];

	keeper = fork();
	if (keeper < 0)
		die("fork");
	replaced = true;
	if (keeper != 0)
		return;
	for (unsigned n = 0; n < workers; n++)
		keep[n] = args.links[n] = ends[n][1];
	keep[workers] = notes[1];
	close(STDIN_FILENO);
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO)
		_exit(70);
	jail_close_others(keep, workers + 1);
	_exit(keeper_run(&args));
}

static int
gone(void)
{
	int status;

	if (waitpid(keeper, &status, 0) != keeper)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void
say(char *line)
{
	uint8_t packet[65536];
	struct writer w;
	char *hex;
	unsigned long n = strtoul(line, &hex, 10);

	writer_init(&w, packet, sizeof(packet));
	hex += strspn(hex, " ");
	if (n >= workers || text_unhex(&w, span_str(hex)) != RC_OK)
		die("say");
	/* a full link loses it, as it would a worker's */
	(void)!send(ends[n][0], w.buf, w.len, MSG_NOSIGNAL);
}

static void
obey(char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "say ", 4) == 0) {
		say(line + 4);
	} else if (strcmp(line, "reload") == 0) {
		kill(keeper, SIGNAL_RELOAD);
	} else if (strcmp(line, "kill") == 0) {
		kill(keeper, SIGKILL);
		(void)gone();
		start();
	} else if (strcmp(line, "end") == 0) {
		kill(keeper, SIGNAL_END);
		exit(gone());
	} else {
		die(line);
	}
}

static void
hear(unsigned n)
{
	uint8_t packet[65536], text[2 * sizeof(packet)];
	struct writer w;
	ssize_t len;

	while ((len = recv(ends[n][0], packet, sizeof(packet), MSG_DONTWAIT)) >
	    0) {
		writer_init(&w, text, sizeof(text));
		text_hex(&w, span_of(packet, (size_t)len));
		printf("%u %.*s\n", n, SPAN_FMT(writer_span(&w)));
	}
}

static void
hear_notes(void)
{
	char byte;

	while (read(notes[0], &byte, 1) == 1)
		if (byte == KEEPER_READY)
			puts("ready");
}

static int
print_reasons(void)
{
	for (unsigned n = REASON_NONE; n < REASON_COUNT; n++)
		if (reason_code((enum reason)n)[0])
			printf("%u %s\n", n, reason_code((enum reason)n));
	return ferror(stdout) || fflush(stdout) ? 70 : 0;
}

int
main(int argc, char **argv)
{
	struct pollfd fds[WORKERS_MAX + 2];
	struct diag *d = diag_new();
	char line[140000];
	sigset_t theirs;

	if (argc == 2 && strcmp(argv[1], "reasons") == 0) {
		diag_free(d);
		return print_reasons();
	}
	if (argc != 3 || !d || config_load(argv[1], d, &config) != RC_OK)
		return 64;
	diag_free(d);
	workers = (unsigned)atoi(argv[2]);
	if (workers < 1 || workers > WORKERS_MAX)
		return 64;
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	log_setup("keeper", LOG_DEBUG, 2);
	sigemptyset(&theirs);
	sigaddset(&theirs, SIGNAL_END);
	sigaddset(&theirs, SIGNAL_RELOAD);
	sigprocmask(SIG_BLOCK, &theirs, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (pipe2(notes, O_CLOEXEC | O_NONBLOCK) != 0)
		die("pipe");
	for (unsigned n = 0; n < workers; n++) {
		if (link_pair(ends[n]) != RC_OK)
			die("link");
		fds[n] = (struct pollfd){.fd = ends[n][0], .events = POLLIN};
	}
	fds[workers] = (struct pollfd){.fd = notes[0], .events = POLLIN};
	fds[workers + 1] =
	    (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	start();
	while (poll(fds, workers + 2, -1) > 0) {
		for (unsigned n = 0; n < workers; n++)
			if (fds[n].revents)
				hear(n);
		if (fds[workers].revents)
			hear_notes();
		if (!fds[workers + 1].revents)
			continue;
		if (!fgets(line, sizeof(line), stdin))
			break;
		obey(line);
	}
	kill(keeper, SIGKILL);
	return 70;
}
