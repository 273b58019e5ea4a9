/* image: what a factory line is told of an image. */
#include "policy/imaging.h"

#include "policy/regex.h"

static struct policy_at
at(const struct yaml_ctx *c, const struct yaml_node *n)
{
	return (struct policy_at){yaml_file(c, n), n->line, n->column};
}

/* --- settings ------------------------------------------------------------- */

/* One value by the row of its key; NULL: there is a finding. */
static const char *
read_value(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct yaml_key *row)
{
	const char *text;
	unsigned choice;
	int64_t number;
	bool flag;
	enum rc rc;

	if (strcmp(row->name, "nvs-keys") == 0)
		return load_path(l, c, n);
	if (row->takes & TAKES_WORD)
		rc = yaml_choice(c, n, row->words, &choice);
	else if (row->takes & TAKES_NUMBER)
		rc = yaml_number(c, n, row->min, row->max, &number);
	else if (row->takes & TAKES_BOOL)
		rc = yaml_bool(c, n, &flag);
	else
		rc = RC_OK;
	if (rc != RC_OK || yaml_text(c, n, &text) != RC_OK)
		return NULL;
	if (n->text.len > IMAGING_VALUE_MAX ||
	    memchr(n->text.p, '\n', n->text.len)) {
		yaml_error(c, n, "policy-image-value",
		    "one line of at most %d bytes is expected",
		    IMAGING_VALUE_MAX);
		return NULL;
	}
	return load_keep(l, text);
}

static bool
read_setting(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct yaml_key *row, struct policy_setting *out)
{
	struct yaml_node *item = n;
	const char **values;
	size_t count = 1;

	n->used = true;
	if (row->takes & TAKES_LIST)
		item = yaml_items(n, &count);
	if (count == 0 || (row->most > 0 && count > row->most)) {
		yaml_error(c, n, "policy-limit",
		    "%zu values; 1 to %u are expected", count, row->most);
		return false;
	}
	values = load_alloc(l, count, sizeof(*values));
	if (!values)
		return false;
	for (size_t i = 0; i < count; i++, item = item->next) {
		values[i] = read_value(l, c, item, row);
		if (!values[i])
			return false;
	}
	*out = (struct policy_setting){
	    .name = row->name,
	    .values = values,
	    .value_count = count,
	    .at = at(c, n),
	};
	return true;
}

static void
read_settings(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct yaml_keys *keys, const struct policy_setting **out,
    size_t *out_count)
{
	struct policy_setting *settings;

	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	settings = load_alloc(l, n->count, sizeof(*settings));
	if (!settings)
		return;
	for (struct yaml_node *k = n->children; k; k = k->next) {
		const struct yaml_key *row = yaml_key_find(keys, k->key->text);

		if (row && !k->refused &&
		    read_setting(l, c, k, row, &settings[*out_count]))
			(*out_count)++;
	}
	*out = settings;
	yaml_rest(c, n, keys);
}

/* --- serial --------------------------------------------------------------- */

static const char *
word_pattern(struct span text)
{
	return text.len == 0 || text.len > REGEX_TEXT_MAX
	    ? "an expression has 1 to 1000 bytes"
	    : NULL;
}

static void
read_pattern(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_image *out)
{
	struct regex_fault fault;
	enum rc rc;

	if (!load_word(l, c, n, "policy-regex", word_pattern, &out->pattern))
		return;
	rc = regex_compile(l->arena, n->text, &out->serial, &fault);
	if (rc == RC_MEMORY)
		l->no_memory = true;
	else if (rc != RC_OK)
		yaml_error(c, n, "policy-regex", "%s: at byte %zu: %s",
		    YAML_SHOW(n->text), fault.at + 1, fault.why);
}

/* A template of endpoint names: {serial} once, and no other brace. */
static const char *
word_serial_template(struct span text)
{
	static const char once[] =
	    "{serial} has to stand in it, once: no two devices have one name";
	char sample[POLICY_ENDPOINT_MAX + 1];
	struct span front, back;

	if (!imaging_template(text, &front, &back))
		return once;
	if (memchr(front.p, '{', front.len) ||
	    memchr(front.p, '}', front.len) || memchr(back.p, '{', back.len) ||
	    memchr(back.p, '}', back.len))
		return "{serial} is the only placeholder, and stands in it "
		       "once";
	if (front.len + back.len >= POLICY_ENDPOINT_MAX)
		return "an endpoint name has at most 252 bytes, with the "
		       "serial number";
	memcpy(sample, front.p, front.len);
	sample[front.len] = '0';
	memcpy(sample + front.len + 1, back.p, back.len);
	return word_endpoint(span_of(sample, front.len + 1 + back.len));
}

static void
read_serial(struct load *l, struct read_image *d, struct yaml_node *n)
{
	if (yaml_expect(&d->ctx, n, YAML_MAP) != RC_OK)
		return;
	d->pattern = yaml_need(&d->ctx, n, "pattern");
	d->endpoint = yaml_need(&d->ctx, n, "endpoint");
	read_pattern(l, &d->ctx, d->pattern, &d->value);
	load_word(l, &d->ctx, d->endpoint, "policy-image-endpoint",
	    word_serial_template, &d->value.endpoint);
	yaml_rest(&d->ctx, n, &grammar_image_serial);
}

/* --- all of it ------------------------------------------------------------ */

static void
read_account(struct load *l, struct read_image *d)
{
	const struct yaml_ctx *c = &d->ctx;
	struct policy_image *out = &d->value;
	struct yaml_node *n = yaml_get(d->root, "instance");
	int64_t v;

	d->uri = yaml_need(c, d->root, "uri");
	if (d->uri)
		out->uri_at = at(c, d->uri);
	if (!load_word(l, c, d->uri, "policy-uri", word_uri, &out->uri))
		out->uri = "";
	load_seconds(c, yaml_get(d->root, "hold_off"), 0,
	    GRAMMAR_IMAGE_HOLD_OFF_MAX_S, &out->hold_off_s);
	if (n && yaml_number(c, n, 0, GRAMMAR_INSTANCE_MAX, &v) == RC_OK)
		out->instance = (uint16_t)v;
	d->epoch = yaml_get(d->root, "epoch");
	load_epoch(c, d->epoch, &out->epoch);
}

static void
read_form(struct load *l, struct read_image *d)
{
	const struct yaml_ctx *c = &d->ctx;
	struct policy_image *out = &d->value;
	struct yaml_node *n = yaml_need(c, d->root, "format");
	unsigned i;

	if (n)
		out->format_at = at(c, n);
	if (n && yaml_choice(c, n, grammar_image_formats, &i) == RC_OK)
		out->format = grammar_image_formats[i];
	n = yaml_get(d->root, "options");
	if (n)
		read_settings(l, c, n, &grammar_image_options, &out->options,
		    &out->option_count);
	n = yaml_get(d->root, "label");
	out->has_label = n != NULL;
	if (n)
		read_settings(l, c, n, &grammar_image_label, &out->label,
		    &out->label_count);
}

static void
read_endpoint_max(const struct yaml_ctx *c, struct yaml_node *n, size_t *out)
{
	uint64_t v;

	if (n && yaml_size(c, n, 1, POLICY_ENDPOINT_MAX, &v) == RC_OK)
		*out = (size_t)v;
}

void
load_image(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct read_image *d = arena_alloc(l->scratch, sizeof(*d));
	struct yaml_node *n;
	const char *text;

	if (!d) {
		l->no_memory = true;
		return;
	}
	*d = (struct read_image){.ctx = *c, .root = root};
	d->value = (struct policy_image){
	    .name = "",
	    .place = {c->file, root->line},
	    .hold_off_s = IMAGE_HOLD_OFF_S,
	    .instance = IMAGE_INSTANCE,
	    .endpoint_max = POLICY_ENDPOINT_MAX,
	};
	load_word(l, c, yaml_get(root, "image"), "policy-name", word_name,
	    &d->value.name);
	n = yaml_need(c, root, "identity");
	if (n && load_word(l, c, n, "policy-name", word_name, &text))
		d->identity = n;
	n = yaml_get(root, "servers");
	if (n && load_word(l, c, n, "policy-name", word_name, &text)) {
		d->servers = n;
		d->value.servers_at = at(c, n);
	}
	read_account(l, d);
	read_form(l, d);
	d->max = yaml_get(root, "endpoint_max");
	read_endpoint_max(c, d->max, &d->value.endpoint_max);
	n = yaml_get(root, "serial");
	if (n)
		read_serial(l, d, n);
	yaml_rest(c, root, &grammar_image);
	*l->image_tail = d;
	l->image_tail = &d->next;
	l->image_count++;
}
