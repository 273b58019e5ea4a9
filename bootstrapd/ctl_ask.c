/* What is happening: asked of the keeper by its control socket. */
#include "control.h"
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

/** `value` is JSON: a number, or a text in its quotes. */
static void
show_pair(enum format format, const char *key, const char *value, bool first)
{
	switch (format) {
	case FORMAT_JSON:
		printf("%s\"%s\":%s", first ? "{" : ",", key, value);
		break;
	case FORMAT_CSV:
		printf("%s%s,", first ? "key,value\r\n" : "", key);
		if (value[0] == '"')
			ctl_put_csv_quoted(span_str(value));
		else
			fputs(value, stdout);
		fputs("\r\n", stdout);
		break;
	case FORMAT_TEXT:
		printf("%-28s %s\n", key, value);
		break;
	}
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
	show_pair(ctl->format, line, value, *first);
	*first = false;
	return -1;
}

/** Read the answer to its end. Returns the exit code, -1 without one. */
static int
show_answer(const struct ctl *ctl, FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	bool first = true;
	int code = -1;

	while (getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		code = show_line(ctl, line, &first);
	}
	if (ctl->format == FORMAT_JSON && !first)
		printf("}\n");
	free(line);
	return code;
}

int
ctl_connect(const struct ctl *ctl, int *code)
{
	const char *path = ctl->config->control;
	int fd;

	if (!path) {
		fprintf(stderr, "bootstrapctl: %s names no `control:` socket\n",
		    ctl->config->file);
		*code = EXIT_CONFIGURATION;
		return -1;
	}
	fd = connect_daemon(path);
	if (fd >= 0)
		return fd;
	if (errno == EACCES) {
		*code = ctl_denied(path);
		return -1;
	}
	fprintf(stderr,
	    "bootstrapctl: no daemon at %s: %s\n"
	    "  remedy: start bootstrapd\n",
	    path, strerror(errno));
	*code = EXIT_AWAY;
	return -1;
}

int
ctl_ask(const struct ctl *ctl, const char *verb)
{
	char request[CONTROL_LINE_MAX];
	int fd, code = EXIT_AWAY;
	int len = snprintf(request, sizeof(request), "%s%s%s\n", verb,
	    ctl->argument ? " " : "", ctl->argument ? ctl->argument : "");
	FILE *f;

	if (len >= (int)sizeof(request)) {
		fprintf(stderr, "bootstrapctl: no endpoint is so long\n");
		return EXIT_USAGE;
	}
	fd = ctl_connect(ctl, &code);
	if (fd < 0)
		return code;
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return EXIT_AWAY;
	}
	/* one that has hung up already has its reason to be read below */
	(void)!send(fd, request, (size_t)len, MSG_NOSIGNAL);
	code = show_answer(ctl, f);
	fclose(f);
	if (code >= 0)
		return code;
	fprintf(stderr,
	    "bootstrapctl: the daemon broke off: it is ending, or busy with "
	    "others\n"
	    "  remedy: try again\n");
	return EXIT_AWAY;
}
