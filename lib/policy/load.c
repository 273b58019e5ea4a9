#include "policy/load.h"
#include "policy/nearest.h"

#include <string.h>

void *
load_alloc(struct load *l, size_t count, size_t size)
{
	void *p = arena_array(l->arena, count, size);

	if (!p)
		l->no_memory = true;
	return p;
}

const char *
load_keep(struct load *l, const char *text)
{
	const char *kept = arena_str(l->arena, text);

	if (!kept)
		l->no_memory = true;
	return kept ? kept : "";
}

bool
load_word(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char *code, word_check check, const char **out)
{
	const char *text, *wrong;

	if (!n || yaml_text(c, n, &text) != RC_OK)
		return false;
	wrong = check(n->text);
	if (wrong) {
		yaml_error(c, n, code, "%s: %s", YAML_SHOW(n->text), wrong);
		return false;
	}
	*out = load_keep(l, text);
	return true;
}

bool
load_label(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char **out)
{
	if (n && n->kind == YAML_SCALAR && word_is_hex_key(n->text)) {
		yaml_error(c, n, "policy-secret",
		    "this looks like a key; the label of a master key in the "
		    "token is expected (provisioning-tool hsm keys)");
		return false;
	}
	return load_word(l, c, n, "policy-label", word_label, out);
}

bool
load_seconds(const struct yaml_ctx *c, struct yaml_node *n, int64_t min_s,
    int64_t max_s, int64_t *out)
{
	uint64_t ms;

	if (!n ||
	    yaml_duration_ms(c, n, (uint64_t)min_s * 1000,
		(uint64_t)max_s * 1000, &ms) != RC_OK)
		return false;
	if (ms % 1000) {
		yaml_error(c, n, "yaml-range",
		    "%s is not a whole number of seconds, which is all that "
		    "LwM2M has",
		    YAML_SHOW(n->text));
		return false;
	}
	*out = (int64_t)(ms / 1000);
	return true;
}

bool
load_epoch(const struct yaml_ctx *c, struct yaml_node *n, uint32_t *out)
{
	int64_t v;

	if (!n || yaml_number(c, n, 1, UINT32_MAX, &v) != RC_OK)
		return false;
	*out = (uint32_t)v;
	return true;
}

void
load_unsupported(const struct yaml_ctx *c, const struct yaml_node *n)
{
	yaml_error(c, n, "policy-unsupported", "not supported by this version");
}

struct kind {
	/* The first key names the document and says what it is. */
	const struct yaml_keys *keys;
	const char *text;
	void (*load)(
	    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
};

static const struct kind kinds[] = {
    {&grammar_identity, "an identity", load_identity},
    {&grammar_policy, "a policy", load_policy},
    {&grammar_authority, "an authority", load_authority},
    {&grammar_certificate_profile, "a certificate profile", load_certificate},
    {&grammar_profile, "a profile", load_profile},
    {&grammar_devices, "a list of devices", load_devices},
    {&grammar_fragment, "a fragment", load_fragment},
    {&grammar_include, "an include", load_include},
    {&grammar_override, "an override", load_override},
    {&grammar_image, "an image", load_image},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static const char *
key_of(const struct kind *kind)
{
	return kind->keys->rows[0].name;
}

const struct yaml_keys *
load_kind(size_t i)
{
	return i < KIND_COUNT ? kinds[i].keys : NULL;
}

static void
no_kind(const struct yaml_ctx *c, struct yaml_node *root)
{
	const char *keys[KIND_COUNT + 1] = {0};
	struct yaml_node one = *root, first;

	for (size_t i = 0; i < KIND_COUNT; i++)
		keys[i] = key_of(&kinds[i]);
	yaml_error(c, root, "policy-no-kind",
	    "none of `identity:`, `policy:`, `authority:`, "
	    "`certificate_profile:`, `profile:`, `devices:`, `fragment:`, "
	    "`include:`, `override:` and `image:` is here, one of which says "
	    "what the document is");
	/* The kind is said first: is that its name, with a typing error? */
	if (root->kind != YAML_MAP || !root->children)
		return;
	first = *root->children;
	first.next = NULL;
	one.children = &first;
	if (root->count == 1 || nearest_of(first.key->text, keys))
		yaml_leftover(c, &one, keys);
}

/* The key that is there twice is told; that it begins a document is not. */
static void
second_kind(
    const struct yaml_ctx *c, struct yaml_node *n, const struct kind *kind)
{
	for (struct yaml_node *m = n->next; m; m = m->next) {
		struct yaml_node at = *m;

		if (!m->refused || !span_equal(m->key->text, n->key->text))
			continue;
		at.refused = false;
		yaml_error(c, &at, "policy-two-kinds",
		    "%s and another one in one document; separate the two by "
		    "a line `---`",
		    kind->text);
	}
}

/* Is what says one kind a key of the other? An image names its identity. */
static bool
is_key_of(const struct kind *of, const struct kind *kind)
{
	return yaml_key_find(of->keys, span_str(key_of(kind))) != NULL;
}

/*
 * A document is of one kind: people who keep what a device proves itself with
 * and what it gets in one place put keys into the wrong one.
 */
void
load_document(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	const struct kind *first = NULL;
	struct yaml_node *at = NULL;

	/* `---` with nothing behind it. */
	if (yaml_is_null(root))
		return;
	if (yaml_expect(c, root, YAML_MAP) != RC_OK)
		return;
	secret_lint(c, root);
	for (size_t i = 0; i < KIND_COUNT; i++) {
		struct yaml_node *n = yaml_get(root, key_of(&kinds[i]));

		if (!n || (first && is_key_of(first, &kinds[i])))
			continue;
		if (first && !is_key_of(&kinds[i], first)) {
			yaml_error(c, n, "policy-two-kinds",
			    "%s and %s in one document; separate the two by a "
			    "line `---`",
			    first->text, kinds[i].text);
			return;
		}
		first = &kinds[i];
		at = n;
	}
	if (first) {
		second_kind(c, at, first);
		first->load(l, c, root);
	} else {
		no_kind(c, root);
	}
}
