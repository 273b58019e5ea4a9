#include "policy/keys.h"

enum { ROWS_MAX = 64 };

const struct yaml_key *
yaml_key_find(const struct yaml_keys *keys, struct span name)
{
	for (const struct yaml_key *k = keys->rows; k->name; k++)
		if (span_is(name, k->name))
			return k;
	return NULL;
}

void
yaml_rest(const struct yaml_ctx *c, struct yaml_node *map,
    const struct yaml_keys *keys)
{
	const char *names[ROWS_MAX + 1] = {0};

	if (map->kind != YAML_MAP)
		return;
	for (size_t i = 0; i < ROWS_MAX && keys->rows[i].name; i++)
		names[i] = keys->rows[i].name;
	/* What was read without a row is no key: schema/ does not have it. */
	for (struct yaml_node *n = map->children; n; n = n->next)
		n->used = n->used && yaml_key_find(keys, n->key->text);
	yaml_leftover(c, map, names);
}
