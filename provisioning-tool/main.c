/*
 * provisioning-tool - factory images, master keys, policies tried before
 * devices meet them, and the ledger read. The verbs are in verbs.c.
 */
#include "base/event.h"
#include "base/secret.h"
#include "tool.h"
#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int
main(int argc, char **argv)
{
	const char *const *args = (const char *const *)argv;
	int code;

	secret_harden_process();
	/* what a verb makes is for its owner; a reader that has gone (head)
	 * is an error of write(2), said at the end */
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	log_setup("provisioning-tool", LOG_WARNING, 2);

	code = verb_dispatch(args + (argc > 0));
	if (fflush(stdout) != 0 || ferror(stdout)) {
		/* the reader has all it wants */
		if (errno == EPIPE)
			return code;
		return tool_error(
		    EX_IOERR, NULL, "standard output: %s", strerror(errno));
	}
	return code;
}
