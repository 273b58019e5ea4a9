/* authority: a CA whose key is in the token. */
#include "policy/load.h"

/* RFC 7512: letters, digits and "._-" of a name stand for themselves. */
static const char *
default_key(struct load *l, const char *name)
{
	static const char scheme[] = "pkcs11:object=";
	size_t len = strlen(name) + 1;
	char *key = load_alloc(l, sizeof(scheme) - 1 + len, 1);

	if (!key)
		return "";
	memcpy(key, scheme, sizeof(scheme) - 1);
	memcpy(key + sizeof(scheme) - 1, name, len);
	return key;
}

void
load_authority(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct read_authority *doc = arena_alloc(l->scratch, sizeof(*doc));
	struct policy_authority *a;

	if (!doc) {
		l->no_memory = true;
		return;
	}
	doc->ctx = *c;
	doc->root = root;
	a = &doc->value;
	a->name = "";
	a->place = (struct policy_place){c->file, root->line};
	load_word(l, c, yaml_get(root, "authority"), "policy-name", word_name,
	    &a->name);
	load_file(l, c, yaml_need(c, root, "certificate"), &a->certificate);
	if (!load_word(l, c, yaml_get(root, "key"), "policy-key-uri",
		word_key_uri, &a->key))
		a->key = default_key(l, a->name);
	yaml_rest(c, root, &grammar_authority);
	*l->authority_tail = doc;
	l->authority_tail = &doc->next;
	l->authority_count++;
}
