/**
 * settings.h - which token, policies and ledger a verb works with: from its
 * options first, and for what they leave open from bootstrapd.yaml.
 */
#ifndef TOOL_SETTINGS_H
#define TOOL_SETTINGS_H

#include "hsm/hsm.h"
#include "options.h"

/** What a verb cannot do without. */
enum settings_need {
	SETTINGS_TOKEN = 1,
	SETTINGS_LEDGER = 2,
	SETTINGS_POLICIES = 4,
	SETTINGS_AGAINST = 8, /**< the ledger, which is named by --against */
	SETTINGS_INTO = 16, /**< the ledger, which is named by --into */
};

struct config;

/** All borrowed from the options and `config`. NULL: not named anywhere. */
struct settings {
	const struct options *options;
	struct hsm_config hsm;
	const char *ledger;
	const char *policies;
	struct config *config; /**< owned; NULL: none was read */
};

/**
 * From the options and, if they name one, their `-c FILE`; then settings_need.
 * Says on stderr what is wrong or missing. `o` is borrowed until settings_fini.
 * Returns an exit code: EX_OK, EX_USAGE, EX_CONFIG, EX_SOFTWARE.
 */
MUST_CHECK int settings_load(
    const struct options *o, unsigned needs, struct settings *out);

/**
 * Is what `needs` asks for there? If not, the file where bootstrapd looks for
 * its configuration is read, if there is one. Returns as settings_load.
 */
MUST_CHECK int settings_need(struct settings *s, unsigned needs);

/** Harmless on zero settings, and twice. */
void settings_fini(struct settings *s);

#endif
