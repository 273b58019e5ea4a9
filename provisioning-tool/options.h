/**
 * options.h - the command line as a value, read by a small and strict parser
 * from tables: `--name VALUE` or `--name=VALUE`, whole names only, each once,
 * `--` ends them. A few have a letter, `-c FILE`.
 *
 * The same tables make --help and the shells' completion, and a test holds the
 * man page against them.
 */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** All that any verb can be given. A verb's tables say which are its own. */
struct options {
	bool help;
	/* configuration and token */
	const char *config;
	const char *module, *init_args, *token;
	const char *pin_file, *pin_env, *pin_credential;
	const char *ledger;
	/* images */
	const char *policies, *identity, *endpoint, *uri, *output;
	const char *image, *unit_serial;
	int64_t epoch, instance;
	int64_t hold_off_s;
	bool force, again;
	/* many of them */
	const char *sign_key, *report;
	int64_t group, sessions, flush_s;
	bool resume, container;
	/* where they lie */
	const char *partition, *offset, *flash_address, *sector;
	const char *carry, *payload, *family, *name_space, *nvs_keys;
	const char *card_version;
	int64_t generation, write_block, value_max, nvs_version, security_tag;
	bool data_crc, base_names;
	/* images that are there */
	const char *as_format, *order_name;
	bool show_secrets;
	/* labels */
	const char *label_payload, *label_level, *label_dpi, *label_size;
	const char *label_module, *label_text;
	/* policies */
	const char *credential, *address, *psk_identity, *raw_key, *rpk;
	bool nosec, wire;
	const char *max_change, *devices, *before;
	int64_t examples;
	const char *costs, *server_certificate, *device_certificate;
	const char *trust;
	int64_t threshold, manifest_serial;
	bool next;
	bool strict, diff;
	/* the token's speed */
	const char *master, *key;
	int64_t seconds;
	/* the ledger */
	const char *kind;
	int64_t since, limit;
	/* certificates */
	const char *directory, *serial, *reason, *issuer, *encoding;
	const char *certificate, *fingerprint;
	const char *ca, *authority, *profile, *csr, *key_out, *signer;
	int64_t from, to, validity_s;
	bool dry_run, chain;
	/* lists of keys */
	const char *collection, *seal, *input_format, *key_encoding;
	int64_t max_findings;
	bool check;
	/* a device on the bench */
	const char *psk_file, *key_hex_file, *name;
	int64_t wait_s, patience_s;
	bool dangerous;
	/* a rehearsal */
	const char *against, *daemon;
	int64_t at_a_time, every, sample;
	bool staging;
	/* work orders, and what became of units */
	const char *order, *signers, *station, *from_file, *chip, *batch;
	int64_t window_s, idle_s, prefix4, prefix6;
	/* stations */
	const char *buffer, *station_ledger;
	const char *station_module, *station_token, *station_pin_file;
	int64_t max_count;
	/* output */
	const char *format;
	/* the rest of the line */
	const char *const *operands;
	size_t operand_count;
};

enum option_kind {
	OPTION_FLAG, /**< bool */
	OPTION_TEXT, /**< const char *, not empty */
	OPTION_FILE, /**< as TEXT; shells complete it with file names */
	OPTION_CHOICE, /**< as TEXT, one of `choices` */
	OPTION_NUMBER, /**< int64_t, min..max */
	OPTION_SECONDS, /**< int64_t of seconds, min..max, "10s", "1d", "1y" */
};

struct option_spec {
	const char *name; /**< without dashes */
	char letter; /**< 0: none */
	enum option_kind kind;
	const char *value; /**< placeholder in help, "FILE"; NULL: FLAG */
	const char *help; /**< what it does, in a few words */
	size_t offset; /**< in struct options */
	bool required;
	const char *const *choices; /**< CHOICE: NULL-ended */
	int64_t min, max; /**< NUMBER, SECONDS */
	const char *preset; /**< value when it is not given; NULL: none */
	int64_t absent; /**< NUMBER, SECONDS: the same where that is no value */
};

/** A heading in help and the options under it. */
struct option_group {
	const char *title; /**< "Token options" */
	const struct option_spec *specs;
	size_t count;
};

/** `title` and an array of specs as a group. */
#define OPTION_GROUP(heading, array) \
	{ \
		(heading), (array), sizeof(array) / sizeof((array)[0]) \
	}

enum { OPTION_GROUPS_MAX = 6 };

/** What stands behind the verb. */
struct option_table {
	const struct option_group *groups[OPTION_GROUPS_MAX]; /**< NULL-ended */
	const char *operands; /**< "LABEL..." for help; NULL: none allowed */
	size_t operand_min, operand_max;
};

/**
 * Read `argv` (of the verb's own arguments, NULL-ended) into `out`. Whatever is
 * wrong is said on stderr, by `verb`'s name. Everything is borrowed from argv.
 * After `--help` nothing else is asked for.
 * Errors: RC_USAGE, RC_MEMORY.
 */
MUST_CHECK enum rc options_parse(const struct option_table *t, const char *verb,
    const char *const *argv, struct options *out);
void options_fini(struct options *o);

/** The i-th option over all groups; NULL past the last. */
const struct option_spec *option_at(const struct option_table *t, size_t i);

#endif
