/* bootstrapctl: look at and steer a running bootstrapd. See bootstrapctl(8). */
#include "build_config.h"
#include "ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: bootstrapctl [-c FILE] [--format FORMAT] VERB\n"
    "\n"
    "  status                what the daemon is doing, and how it is\n"
    "  reload                load the policies again, whole or not at all\n"
    "  stop                  end the daemon; sessions that run may end first\n"
    "  supersede ENDPOINT    end the bootstrap of that endpoint\n"
    "  devices               the devices that the ledger knows\n"
    "  device ENDPOINT       the history of one device\n"
    "  events [--follow]     the ledger's rows, and then new ones\n"
    "\n";

static const char options[] =
    "  -c, --config FILE     the daemon's configuration (default " SYSCONF_DIR
    "/bootstrapd.yaml)\n"
    "      --format FORMAT   text (the default), json or csv\n"
    "      --version         print the version\n"
    "  -h, --help            print this, or with a verb more about it\n";

static int
do_status(const struct ctl *ctl)
{
	return ctl_ask(ctl, "status");
}

static int
do_reload(const struct ctl *ctl)
{
	return ctl_ask(ctl, "reload");
}

static int
do_stop(const struct ctl *ctl)
{
	return ctl_ask(ctl, "stop");
}

static int
do_supersede(const struct ctl *ctl)
{
	return ctl_ask(ctl, "supersede");
}

static const struct verb {
	const char *name;
	int (*run)(const struct ctl *ctl);
	bool argument, follow;
	const char *help; /* lines */
} verbs[] = {
    {"status", do_status, false, false,
	"What the daemon is doing, and how it is: a key and a value a line,\n"
	"one object in JSON.\n"},
    {"reload", do_reload, false, false,
	"Load the policies again, whole or not at all: when they have errors\n"
	"the first one is printed and the set in force stays. The\n"
	"configuration file is not read again.\n"},
    {"stop", do_stop, false, false,
	"End the daemon as SIGTERM does: bootstraps that run may end first.\n"},
    {"supersede", do_supersede, true, false,
	"End the bootstrap of that endpoint that is running, with the reason\n"
	"`cancelled`. The device may ask again.\n"},
    {"devices", ctl_devices, false, false,
	"A line for each device that was minted for or has proved who it is.\n"
	"Needs the ledger and no daemon.\n"},
    {"device", ctl_rows, true, false,
	"Every row of the ledger about one device, oldest first. Needs the\n"
	"ledger and no daemon.\n"},
    {"events", ctl_rows, false, true,
	"Every row of the ledger, oldest first; with --follow stay, and print\n"
	"new ones as they are written. Needs the ledger and no daemon.\n"},
};

static int
misuse(const char *what)
{
	fprintf(stderr, "bootstrapctl: %s\n\n%s%s", what, usage, options);
	return EXIT_USAGE;
}

static int
help(const struct verb *v)
{
	if (v)
		printf("usage: bootstrapctl [-c FILE] [--format FORMAT] "
		       "%s%s%s\n\n%s\n",
		    v->name, v->argument ? " ENDPOINT" : "",
		    v->follow ? " [--follow]" : "", v->help);
	else
		fputs(usage, stdout);
	fputs(options, stdout);
	return EXIT_SUCCESS;
}

static const struct verb *
find_verb(const char *name)
{
	for (size_t n = 0; n < sizeof(verbs) / sizeof(verbs[0]); n++)
		if (strcmp(name, verbs[n].name) == 0)
			return &verbs[n];
	return NULL;
}

static bool
read_format(const char *word, enum format *out)
{
	static const char *const words[] = {
	    [FORMAT_TEXT] = "text",
	    [FORMAT_JSON] = "json",
	    [FORMAT_CSV] = "csv",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			*out = (enum format)i;
			return true;
		}
	}
	return false;
}

/** The value of option `name` at argv[*i], which stands behind an equals sign
 *  or is the next word; NULL: another option, "": the value is missing. */
static const char *
value_of(const char *name, char **argv, int *i)
{
	size_t len = strlen(name);

	if (strncmp(argv[*i], name, len) != 0)
		return NULL;
	if (argv[*i][len] == '=' && len > 2)
		return argv[*i] + len + 1;
	if (argv[*i][len] != '\0')
		return NULL;
	return argv[*i + 1] ? argv[++*i] : "";
}

/** A verb, then its argument. Returns what is wrong with it, or NULL. */
static const char *
take_word(const char *word, const struct verb **verb, struct ctl *ctl)
{
	if (!*verb) {
		*verb = find_verb(word);
		return *verb ? NULL : "no such verb";
	}
	if (!(*verb)->argument || ctl->argument)
		return "too many words";
	ctl->argument = word;
	return NULL;
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
	const char *file = SYSCONF_DIR "/bootstrapd.yaml", *value;
	const struct verb *verb = NULL;
	bool wants_help = false, ended = false;
	struct ctl ctl = {0};

	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (ended || a[0] != '-') {
			const char *fault = take_word(a, &verb, &ctl);

			if (fault)
				return misuse(fault);
		} else if (strcmp(a, "--") == 0) {
			ended = true;
		} else if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
			wants_help = true;
		} else if (strcmp(a, "--version") == 0) {
			printf("bootstrapctl %s\n", PROJECT_VERSION);
			return EXIT_SUCCESS;
		} else if ((value = value_of("-c", argv, &i)) ||
		    (value = value_of("--config", argv, &i))) {
			if (!*value)
				return misuse("-c needs a file");
			file = value;
		} else if ((value = value_of("--format", argv, &i))) {
			if (!read_format(value, &ctl.format))
				return misuse("--format is text, json or csv");
		} else if (strcmp(a, "--follow") == 0) {
			ctl.follow = true;
		} else {
			return misuse("no such option");
		}
	}
	if (wants_help)
		return help(verb);
	if (!verb)
		return misuse("a verb is missing");
	if (verb->argument && !ctl.argument)
		return misuse("which endpoint?");
	if (ctl.follow && !verb->follow)
		return misuse("--follow goes with events");
	return run_verb(file, verb, &ctl);
}
