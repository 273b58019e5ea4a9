/**
 * keys.h - what a map of a document may have, as data.
 *
 * Whoever reads a map hands its table to yaml_rest, which refuses every other
 * key: also one that somebody reads and no table has. So the tables are all
 * that can be written, and tests/schema compares them with schema/ key by key.
 *
 * A key is added in three places: a row in the table of its map
 * (policy/grammar.c; bootstrapd/config_keys.c), its reader, and schema/
 * (policy.schema.json, bootstrapd.schema.json) with a description for editors.
 * The order of rows is the order in which people write the keys.
 */
#ifndef POLICY_KEYS_H
#define POLICY_KEYS_H

#include "policy/yaml.h"

/** What stands behind a key; one or more of these. */
enum yaml_takes {
	TAKES_TEXT = 1, /**< a scalar with a check of its own */
	TAKES_WORD = 2, /**< one of `words` */
	TAKES_BOOL = 4,
	TAKES_NUMBER = 8, /**< `min` to `max` */
	TAKES_DURATION = 16, /**< `min` to `max`, ms */
	TAKES_SIZE = 32, /**< `min` to `max`, bytes */
	TAKES_MAP = 64, /**< with the keys of one of `maps` */
	TAKES_OPEN = 128, /**< a map whose keys are no words of the grammar */
	TAKES_VALUE =
	    256, /**< a value of /1/x/`resource`, typed by its table */
	TAKES_LIST = 512, /**< a list of the above, at most `most` */
	TAKES_ALONE = 1024, /**< with TAKES_LIST: or one of them alone */
};

struct yaml_keys;

struct yaml_key {
	const char *name;
	unsigned takes; /**< enum yaml_takes */
	int64_t min, max;
	const char *const *words; /**< NULL-ended */
	const struct yaml_keys *maps[2]; /**< NULL: no more */
	uint16_t resource;
	unsigned most; /**< items; 0: as many as the file has */
};

/** The keys of one map; it ends with a row without a name. */
struct yaml_keys {
	const char *name; /**< of the map, for people */
	const struct yaml_key *rows;
};

/** The row of that name, or NULL. */
const struct yaml_key *yaml_key_find(
    const struct yaml_keys *keys, struct span name);

/** A finding for every child that is no key of the table, with the nearest
 *  that is; who has read it does not matter. */
void yaml_rest(const struct yaml_ctx *c, struct yaml_node *map,
    const struct yaml_keys *keys);

#endif
