/* bootstrapd: the LwM2M bootstrap server. See bootstrapd(8). */
#include "base/event.h"
#include "base/secret.h"
#include "build_config.h"
#include "check.h"
#include "dtls/dtls.h"
#include "supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_USAGE = 64, EXIT_CONFIGURATION = 78 };

static const char usage[] =
    "usage: bootstrapd [-v] [-c FILE]         run in the foreground\n"
    "       bootstrapd check [-c FILE]        look at everything, then exit\n"
    "       bootstrapd --version | --help\n"
    "\n"
    "  -c, --config FILE   the configuration (default " SYSCONF_DIR
    "/bootstrapd.yaml)\n"
    "  -v, --verbose       log every step of every bootstrap\n"
    "\n"
    "bootstrapd.yaml(5) describes the configuration; bootstrapctl(8) talks to\n"
    "a running daemon.\n";

static int
run(const char *file)
{
	struct config *config = NULL;
	struct diag *d = diag_new();
	enum rc rc;
	int code;

	if (!d)
		return rc_exit(RC_MEMORY);
	rc = config_load(file, d, &config);
	diag_print(d, stderr);
	diag_free(d);
	if (rc == RC_MEMORY) {
		fprintf(stderr, "%s: out of memory\n", file);
		return rc_exit(rc);
	}
	if (rc != RC_OK)
		return EXIT_CONFIGURATION;
	code = supervisor_run(config);
	config_free(config);
	return code;
}

static int
misuse(const char *what)
{
	fprintf(stderr, "bootstrapd: %s\n\n%s", what, usage);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	const char *file = SYSCONF_DIR "/bootstrapd.yaml";
	enum log_level level = LOG_INFO;
	bool check = false;

	secret_harden_process();
	umask(0077);
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		} else if (strcmp(a, "--version") == 0) {
			printf("bootstrapd %s, wolfSSL %s\n", PROJECT_VERSION,
			    dtls_features());
			return EXIT_SUCCESS;
		} else if (strcmp(a, "-c") == 0 || strcmp(a, "--config") == 0) {
			if (++i == argc)
				return misuse("-c needs a file");
			file = argv[i];
		} else if (strcmp(a, "-v") == 0 ||
		    strcmp(a, "--verbose") == 0) {
			level = LOG_DEBUG;
		} else if (strcmp(a, "check") == 0 && !check) {
			check = true;
		} else {
			return misuse("what is that?");
		}
	}
	log_setup("supervisor", level, 2);
	return check ? check_run(file) : run(file);
}
