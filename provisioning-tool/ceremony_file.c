/* A ceremony's file: what stands at its top, and its tokens. */
#include "ceremony_reader.h"

#include "hsm/ec.h"

#include <stdarg.h>
#include <stdio.h>

enum { ARENA_MAX = 16 << 20 };

bool
creader_note(struct creader *r, enum rc rc)
{
	if (r->rc == RC_OK)
		r->rc = rc;
	return rc == RC_OK;
}

void
creader_error(struct creader *r, const struct yaml_node *at, const char *code,
    const char *fmt, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	yaml_error(&r->yaml, at, code, "%s", text);
	creader_note(r, RC_CONFIG);
}

const char *
creader_text(
    struct creader *r, struct yaml_node *map, const char *key, bool need)
{
	struct yaml_node *n =
	    need ? yaml_need(&r->yaml, map, key) : yaml_get(map, key);
	const char *text = NULL;

	if (!n) {
		creader_note(r, need ? RC_CONFIG : RC_OK);
		return NULL;
	}
	if (!creader_note(r, yaml_text(&r->yaml, n, &text)))
		return NULL;
	if (text[0])
		return text;
	creader_error(r, n, "ceremony-empty", "a value is missing");
	return NULL;
}

/** From the ceremony's folder. */
static const char *
resolve(struct creader *r, const char *path)
{
	size_t folder = strlen(r->c->folder), len = strlen(path);
	char *out;

	if (path[0] == '/' || folder == 0)
		return path;
	out = arena_alloc(r->c->arena, folder + len + 1);
	if (!out) {
		creader_note(r, RC_MEMORY);
		return path;
	}
	memcpy(out, r->c->folder, folder);
	memcpy(out + folder, path, len + 1);
	return out;
}

const char *
creader_path(
    struct creader *r, struct yaml_node *map, const char *key, bool need)
{
	const char *text = creader_text(r, map, key, need);

	return text ? resolve(r, text) : NULL;
}

void
creader_on_missing(struct creader *r, struct yaml_node *map, bool *out)
{
	static const char *const names[] = {"fail", "generate", NULL};
	struct yaml_node *n = yaml_get(map, "on_missing");
	unsigned which;

	if (n && creader_note(r, yaml_choice(&r->yaml, n, names, &which)))
		*out = which == 1;
}

/** The value is not repeated: it may be a PIN. */
static void
literal_pin(struct creader *r, const struct yaml_node *at)
{
	creader_error(r, at, "ceremony-pin",
	    "a PIN never stands in this file; write {file: PATH}, "
	    "{credential: NAME} or {env: NAME}");
}

static bool
is_number(const char *text)
{
	return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static void
read_pin(struct creader *r, struct yaml_node *map, struct hsm_config *h)
{
	static const char *const keys[] = {
	    [HSM_PIN_FILE] = "file",
	    [HSM_PIN_CREDENTIAL] = "credential",
	    [HSM_PIN_ENV] = "env",
	    NULL,
	};
	struct yaml_node *pin = yaml_get(map, "pin"), *n;
	unsigned found = 0;

	if (!pin)
		return; /* a token with keys to press on itself */
	if (pin->kind != YAML_MAP) {
		literal_pin(r, pin);
		return;
	}
	for (unsigned i = 0; keys[i]; i++) {
		n = yaml_get(pin, keys[i]);
		if (!n)
			continue;
		found++;
		h->pin_kind = (enum hsm_pin_kind)i;
		if (!creader_note(r, yaml_text(&r->yaml, n, &h->pin)))
			continue;
		if (is_number(h->pin))
			literal_pin(r, n);
		else if (h->pin_kind == HSM_PIN_FILE)
			h->pin = resolve(r, h->pin);
	}
	yaml_leftover(&r->yaml, pin, keys);
	if (found != 1)
		creader_error(r, pin, "ceremony-pin",
		    "exactly one of file, credential and env");
}

static void
read_token(struct creader *r, struct yaml_node *map, const char *name)
{
	static const char *const known[] = {
	    "module", "token", "pin", "init_args", NULL};
	struct ceremony_token *t;

	if (!creader_note(r, yaml_expect(&r->yaml, map, YAML_MAP)))
		return;
	if (r->c->token_count == CEREMONY_TOKENS_MAX) {
		creader_error(r, map, "ceremony-limit", "more than %d tokens",
		    CEREMONY_TOKENS_MAX);
		return;
	}
	t = &r->c->tokens[r->c->token_count++];
	t->name = name;
	t->hsm.sessions = 1;
	t->hsm.module = creader_text(r, map, "module", true);
	if (t->hsm.module && t->hsm.module[0] != '/')
		creader_error(r, yaml_get(map, "module"), "ceremony-module",
		    "an absolute path is expected");
	t->hsm.token = creader_text(r, map, "token", true);
	t->hsm.init_args = creader_text(r, map, "init_args", false);
	read_pin(r, map, &t->hsm);
	yaml_leftover(&r->yaml, map, known);
}

void
creader_tokens(struct creader *r, struct yaml_node *root)
{
	struct yaml_node *one = yaml_get(root, "token");
	struct yaml_node *many = yaml_get(root, "tokens");

	if (!one == !many) {
		creader_error(r, one ? one : root, "ceremony-token",
		    "either `token:` or `tokens:`, a map of them by name, is "
		    "expected");
		return;
	}
	if (one) {
		read_token(r, one, NULL);
		return;
	}
	if (!creader_note(r, yaml_expect(&r->yaml, many, YAML_MAP)))
		return;
	for (struct yaml_node *n = many->children; n; n = n->next) {
		n->used = true;
		read_token(r, n, (const char *)n->key->text.p);
	}
	if (many->count == 0)
		creader_error(r, many, "ceremony-token", "no token is named");
}

void
creader_token_name(struct creader *r, struct yaml_node *map, size_t *index)
{
	const char *name = creader_text(r, map, "token", false);
	const char *names[CEREMONY_TOKENS_MAX + 1] = {NULL};
	unsigned which = 0;

	*index = 0;
	if (r->c->token_count == 0)
		return; /* has its finding */
	if (r->c->tokens[0].name == NULL) {
		if (name)
			creader_error(r, yaml_get(map, "token"),
			    "ceremony-token",
			    "this file has one token, without a name");
		return;
	}
	for (size_t i = 0; i < r->c->token_count; i++)
		names[i] = r->c->tokens[i].name;
	if (!name)
		creader_error(r, map, "ceremony-token",
		    "in which token? (`token: %s`)", names[0]);
	else if (creader_note(r,
		     yaml_choice(
			 &r->yaml, yaml_get(map, "token"), names, &which)))
		*index = which;
}

/** Two steps that make the same key, or write the same file. */
static void
check_twice(struct creader *r, const struct yaml_node *steps)
{
	struct ceremony *c = r->c;

	for (size_t i = 0; i < c->step_count; i++) {
		const struct ceremony_step *a = &c->steps[i];

		if (a->out && c->transcript && !strcmp(a->out, c->transcript))
			creader_error(r, steps, "ceremony-twice",
			    "step %u writes the transcript's file", a->number);
		for (size_t k = 0; k < i; k++) {
			const struct ceremony_step *b = &c->steps[k];

			if (a->out && b->out && strcmp(a->out, b->out) == 0)
				creader_error(r, steps, "ceremony-twice",
				    "steps %u and %u write one file", b->number,
				    a->number);
			if (ceremony_step_has_key(a) &&
			    ceremony_step_has_key(b) &&
			    a->key.token == b->key.token &&
			    strcmp(a->key.ref.label, b->key.ref.label) == 0)
				creader_error(r, steps, "ceremony-twice",
				    "steps %u and %u have a key of one label: "
				    "one key, one role",
				    b->number, a->number);
		}
	}
}

static void
read_root(struct creader *r, struct yaml_node *root)
{
	static const char *const known[] = {"ceremony", "on_missing", "token",
	    "tokens", "ledger", "transcript", "steps", NULL};
	struct ceremony *c = r->c;
	struct yaml_node *steps;
	size_t count;

	c->name = creader_text(r, root, "ceremony", true);
	creader_on_missing(r, root, &c->generate);
	creader_tokens(r, root);
	c->ledger = creader_path(r, root, "ledger", true);
	c->transcript = creader_path(r, root, "transcript", true);
	steps = yaml_need(&r->yaml, root, "steps");
	if (!steps) {
		creader_note(r, RC_CONFIG);
	} else if (creader_note(r, yaml_expect(&r->yaml, steps, YAML_LIST))) {
		struct yaml_node *n = yaml_items(steps, &count);

		if (count == 0)
			creader_error(r, steps, "ceremony-empty", "no step");
		if (count > CEREMONY_STEPS_MAX)
			creader_error(r, steps, "ceremony-limit",
			    "more than %d steps", CEREMONY_STEPS_MAX);
		for (size_t i = 0; i < count && i < CEREMONY_STEPS_MAX; i++) {
			creader_step(r, n);
			n = n->next;
		}
		check_twice(r, steps);
	}
	yaml_leftover(&r->yaml, root, known);
}

/** Its own folder, or what the user gave, with a slash at its end. */
static const char *
find_folder(struct arena *a, const char *file, const char *directory)
{
	const char *slash = strrchr(file, '/');
	size_t len = directory ? strlen(directory)
	    : slash            ? (size_t)(slash - file) + 1
			       : 0;
	const char *from = directory ? directory : file;
	char *out = arena_alloc(a, len + 2);

	if (!out)
		return NULL;
	memcpy(out, from, len);
	if (len > 0 && out[len - 1] != '/')
		out[len] = '/';
	return out;
}

enum rc
ceremony_load(const char *file, const char *directory, struct diag *d,
    struct ceremony *out)
{
	struct creader r = {.yaml = {d, file}, .c = out};
	struct yaml_doc *docs = NULL;
	struct span content;
	enum rc rc;

	*out = (struct ceremony){.file = file};
	out->arena = arena_new(ARENA_MAX);
	if (!out->arena)
		return RC_MEMORY;
	out->folder = find_folder(out->arena, file, directory);
	if (!out->folder)
		return RC_MEMORY;
	rc = yaml_load(out->arena, d, file, &content, &docs);
	creader_note(&r, rc == RC_IO ? RC_CONFIG : rc);
	if (r.rc == RC_OK)
		digest_of(content, out->sha256);
	if (r.rc == RC_OK && (!docs || docs->next)) {
		diag_add(d, DIAG_ERROR, file, 0, 0, "ceremony-documents",
		    "one document is expected: a ceremony");
		creader_note(&r, RC_CONFIG);
	} else if (docs &&
	    creader_note(&r, yaml_expect(&r.yaml, docs->root, YAML_MAP))) {
		read_root(&r, docs->root);
	}
	/* also what was left over, and nobody has noted */
	if (r.rc == RC_OK && diag_count(d, DIAG_ERROR) > 0)
		r.rc = RC_CONFIG;
	return r.rc;
}

void
ceremony_fini(struct ceremony *c)
{
	arena_free(c->arena);
	*c = (struct ceremony){0};
}
