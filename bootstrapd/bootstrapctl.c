/* bootstrapctl: look at and steer a running bootstrapd. See bootstrapctl(8). */
#include "build_config.h"
#include "ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_FAULT = 70 };

static const char usage[] =
    "usage: bootstrapctl [-c FILE] [--format FORMAT] VERB\n"
    "\n"
    "  status                what the daemon is doing, and how it is\n"
    "  reload                load the policies again, whole or not at all\n"
    "  rollout VERB          a change of the policies, to a share of devices "
    "first\n"
    "  stop                  end the daemon; sessions that run may end first\n"
    "  supersede ENDPOINT    end the bootstrap of that endpoint\n"
    "  release ENDPOINT      let a device in once more\n"
    "  push ENDPOINT...      have devices bootstrapped now\n"
    "  devices               the devices that the ledger knows\n"
    "  device ENDPOINT       the history of one device, and why it is so\n"
    "  events [--follow]     the ledger's rows, or those of one ENDPOINT\n"
    "\n";

static const char options[] =
    "  -c, --config FILE     the daemon's configuration (default " SYSCONF_DIR
    "/bootstrapd.yaml)\n"
    "      --format FORMAT   text (the default), json or csv\n"
    "      --version         print the version\n"
    "  -h, --help            print this, or with a verb more about it\n";

static const char push_help[] =
    "Have devices bootstrapped now: over a session that still stands, at\n"
    "an address that a nosec identity admits, or by a server's trigger.\n"
    "\n"
    "      --policy NAME     those that were bootstrapped by that policy "
    "last\n"
    "      --group GLOB      those whose endpoints fit\n"
    "      --group @FILE     those of a list, one a line (@-: of stdin)\n"
    "      --rollout         those of the stage of a rollout, now\n"
    "      --via WAY         session, address or trigger, and no other "
    "way\n"
    "      --to coap://ADDRESS:PORT\n"
    "                        where the device waits for commands\n"
    "      --rate N/s        devices a second, /m, /h (default 10/s)\n"
    "      --wait            until each has ended\n"
    "      --resume PUSH     go on with one that was broken off\n"
    "\n"
    "Exits 0, 1 if any failed, 75 if not all were sent.\n";

static const char rollout_help[] =
    "Put what is in the policies folder into force for a share of the\n"
    "devices first, and on while they end well.\n"
    "\n"
    "  start    load it as the candidate, and begin with the first stage\n"
    "  status   stage, share, how devices have ended, what it waits for\n"
    "  halt     no further device gets the candidate\n"
    "  resume   go on with the stage, with a fresh window\n"
    "  next     go on to the next stage now\n"
    "  revert   all devices get what was in force before\n"
    "  finish   all devices get the candidate now\n"
    "\n"
    "      --stages LIST     shares, 1%,10%,50%,100% if nothing else is "
    "configured\n"
    "      --success SHARE   of the devices that have ended, to go on (98%)\n"
    "      --window TIME     that a stage takes at least (1h)\n"
    "      --minimum N       devices that have to have ended (20)\n"
    "      --group GLOB      only devices whose endpoints fit\n"
    "      --policy NAME     only devices that this policy matches\n"
    "      --id HEX          number of the rollout, which decides who is "
    "first\n"
    "      --why TEXT        goes into the ledger with a movement\n";

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

static int
do_release(const struct ctl *ctl)
{
	return ctl_ask(ctl, "release");
}

/** What a verb takes besides the options of all. */
enum takes {
	TAKES_NOTHING,
	TAKES_ENDPOINT,
	TAKES_FOLLOW, /**< an endpoint or none, --follow */
	TAKES_PUSH, /**< endpoints, and the options of push */
	TAKES_ROLLOUT, /**< a verb, and the options of rollout */
};

static const struct verb {
	const char *name;
	int (*run)(const struct ctl *ctl);
	enum takes takes;
	const char *help; /* lines */
} verbs[] = {
    {"status", do_status, TAKES_NOTHING,
	"What the daemon is doing, and how it is: a key and a value a line,\n"
	"one object in JSON.\n"},
    {"reload", do_reload, TAKES_NOTHING,
	"Load the policies again, whole or not at all: when they have errors\n"
	"the first one is printed and the set in force stays. The\n"
	"configuration file is not read again.\n"},
    {"stop", do_stop, TAKES_NOTHING,
	"End the daemon as SIGTERM does: bootstraps that run may end first.\n"},
    {"supersede", do_supersede, TAKES_ENDPOINT,
	"End the bootstrap of that endpoint that is running, with the reason\n"
	"`cancelled`. The device may ask again.\n"},
    {"release", do_release, TAKES_ENDPOINT,
	"Let a device in once more whose policy says `reprovision: never`: "
	"until\n"
	"its next bootstrap that ends ok. The row that says so stands in the\n"
	"ledger, and nothing else is done.\n"},
    {"push", ctl_push, TAKES_PUSH, push_help},
    {"rollout", ctl_rollout, TAKES_ROLLOUT, rollout_help},
    {"devices", ctl_devices, TAKES_NOTHING,
	"A line for each device that was minted for or has proved who it is.\n"
	"Needs the ledger and no daemon.\n"},
    {"device", ctl_device, TAKES_ENDPOINT,
	"What the ledger knows of one device: images, attempts, credentials;\n"
	"then the last attempt explained by the policies of that time, and\n"
	"what those in force would give it. Needs the ledger and no daemon.\n"},
    {"events", ctl_rows, TAKES_FOLLOW,
	"Every row of the ledger, oldest first, or those about one device;\n"
	"with --follow stay, and print new ones as they are written. Needs\n"
	"the ledger and no daemon.\n"},
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
	static const char *const shapes[] = {
	    [TAKES_NOTHING] = "",
	    [TAKES_ENDPOINT] = " ENDPOINT",
	    [TAKES_FOLLOW] = " [ENDPOINT] [--follow]",
	    [TAKES_PUSH] = (" ENDPOINT... | --policy NAME | --group GLOB | "
			    "--rollout"),
	    [TAKES_ROLLOUT] = (" start [OPTION...] | status | halt | resume | "
			       "next | revert | finish"),
	};

	if (v)
		printf("usage: bootstrapctl [-c FILE] [--format FORMAT] "
		       "%s%s\n\n%s\n",
		    v->name, shapes[v->takes], v->help);
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
	if ((*verb)->takes == TAKES_PUSH || (*verb)->takes == TAKES_ROLLOUT) {
		ctl->words[ctl->word_count++] = word;
		return NULL;
	}
	if (((*verb)->takes != TAKES_ENDPOINT &&
		(*verb)->takes != TAKES_FOLLOW) ||
	    ctl->argument)
		return "too many words";
	ctl->argument = word;
	return NULL;
}

/** An option with a value that push or rollout takes at argv[*i]. Returns what
 *  is wrong with it, "" when it is none, NULL when it was taken. */
static const char *
take_value_option(char **argv, int *i, struct ctl *ctl)
{
	struct ctl_push *push = &ctl->push;
	struct ctl_rollout *rollout = &ctl->rollout;
	const struct {
		const char *name, **value;
	} options_of[] = {
	    {"--policy", &push->policy},
	    {"--group", &push->group},
	    {"--rate", &push->rate},
	    {"--resume", &push->resume},
	    {"--to", &push->to},
	    {"--via", &push->via},
	    {"--stages", &rollout->stages},
	    {"--success", &rollout->success},
	    {"--window", &rollout->window},
	    {"--minimum", &rollout->minimum},
	    {"--id", &rollout->id},
	    {"--why", &rollout->why},
	};

	if (strcmp(argv[*i], "--rollout") == 0) {
		push->rollout = true;
		return NULL;
	}
	if (strcmp(argv[*i], "--wait") == 0) {
		push->wait = true;
		return NULL;
	}
	for (size_t n = 0; n < sizeof(options_of) / sizeof(options_of[0]);
	     n++) {
		const char *value = value_of(options_of[n].name, argv, i);

		if (!value)
			continue;
		if (!*value)
			return "that option needs a value";
		if (*options_of[n].value)
			return "an option stands there twice";
		*options_of[n].value = value;
		return NULL;
	}
	return "";
}

static bool
has_push_option(const struct ctl_push *o)
{
	return o->rate || o->resume || o->to || o->via || o->wait || o->rollout;
}

static bool
has_rollout_option(const struct ctl_rollout *o)
{
	return o->stages || o->success || o->window || o->minimum || o->id ||
	    o->why;
}

/** What is wrong with the command line as a whole; NULL: nothing. */
static const char *
check_line(const struct verb *verb, const struct ctl *ctl)
{
	if (!verb)
		return "a verb is missing";
	if (verb->takes == TAKES_ENDPOINT && !ctl->argument)
		return "which endpoint?";
	if (ctl->follow && verb->takes != TAKES_FOLLOW)
		return "--follow goes with events";
	if (has_push_option(&ctl->push) && verb->takes != TAKES_PUSH)
		return "that option goes with push";
	if (has_rollout_option(&ctl->rollout) && verb->takes != TAKES_ROLLOUT)
		return "that option goes with rollout";
	if ((ctl->push.policy || ctl->push.group) &&
	    verb->takes != TAKES_PUSH && verb->takes != TAKES_ROLLOUT)
		return "that option goes with push and rollout";
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

/** One word of the command line, argv[*i], and what belongs to it. Returns what
 *  is wrong with it, or NULL. */
static const char *
take_option(
    char **argv, int *i, const char **file, struct ctl *ctl, bool *wants_help)
{
	const char *a = argv[*i], *value;

	if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
		*wants_help = true;
	} else if ((value = value_of("-c", argv, i)) ||
	    (value = value_of("--config", argv, i))) {
		if (!*value)
			return "-c needs a file";
		*file = value;
	} else if ((value = value_of("--format", argv, i))) {
		if (!read_format(value, &ctl->format))
			return "--format is text, json or csv";
	} else if (strcmp(a, "--follow") == 0) {
		ctl->follow = true;
	} else {
		const char *fault = take_value_option(argv, i, ctl);

		return fault && !*fault ? "no such option" : fault;
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	const char *file = SYSCONF_DIR "/bootstrapd.yaml", *fault = NULL;
	const struct verb *verb = NULL;
	bool wants_help = false, ended = false;
	struct ctl ctl = {0};
	int code;

	ctl.words = calloc((size_t)argc + 1, sizeof(*ctl.words));
	if (!ctl.words)
		return EXIT_FAULT;
	for (int i = 1; i < argc && !fault; i++) {
		const char *a = argv[i];

		if (ended || a[0] != '-') {
			fault = take_word(a, &verb, &ctl);
		} else if (strcmp(a, "--") == 0) {
			ended = true;
		} else if (strcmp(a, "--version") == 0) {
			printf("bootstrapctl %s\n", PROJECT_VERSION);
			free(ctl.words);
			return EXIT_SUCCESS;
		} else {
			fault = take_option(argv, &i, &file, &ctl, &wants_help);
		}
	}
	if (!fault && !wants_help)
		fault = check_line(verb, &ctl);
	if (fault)
		code = misuse(fault);
	else
		code = wants_help ? help(verb) : run_verb(file, verb, &ctl);
	free(ctl.words);
	return code;
}
