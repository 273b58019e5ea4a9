/* A work order's file. */
#include "order.h"

#include "policy/instant.h"
#include "policy/word.h"

#include <string.h>

static const char *const scrapped_words[] = {"counted", "replaced", NULL};

#define TEXT(key) \
	{ \
		.name = (key), .takes = TAKES_TEXT \
	}

static const struct yaml_key rows[] = {
    TEXT("order"),
    {.name = "revision", .takes = TAKES_NUMBER, .min = 1, .max = UINT32_MAX},
    TEXT("description"),
    TEXT("customer"),
    TEXT("batch"),
    TEXT("image"),
    TEXT("identity"),
    TEXT("endpoint"),
    {.name = "stations", .takes = TAKES_OPEN},
    {.name = "quota", .takes = TAKES_NUMBER, .min = 1, .max = ORDER_UNITS_MAX},
    {.name = "scrapped", .takes = TAKES_WORD, .words = scrapped_words},
    TEXT("not_before"),
    TEXT("not_after"),
    {.name = NULL},
};

const struct yaml_keys order_keys = {"a work order", rows};

struct oreader {
	struct yaml_ctx yaml;
	struct order *o;
	bool faulty;
};

static const char *
keep(struct oreader *r, const char *text)
{
	const char *kept = arena_str(r->o->arena, text);

	r->faulty |= !kept;
	return kept;
}

/* A text that `check` has nothing against; NULL: not there, or a finding. */
static const char *
text_of(
    struct oreader *r, struct yaml_node *n, const char *code, word_check check)
{
	const char *text, *why;

	if (!n)
		return NULL;
	if (yaml_text(&r->yaml, n, &text) != RC_OK) {
		r->faulty = true;
		return NULL;
	}
	why = check(n->text);
	if (why) {
		yaml_error(
		    &r->yaml, n, code, "%s: %s", YAML_SHOW(n->text), why);
		r->faulty = true;
		return NULL;
	}
	return keep(r, text);
}

static const char *
name_of(struct oreader *r, struct yaml_node *n)
{
	return text_of(r, n, "order-name", word_name);
}

static const char *
line_of(struct oreader *r, struct yaml_node *n)
{
	return text_of(r, n, "order-text", word_description);
}

static void
read_station(struct oreader *r, struct yaml_node *n)
{
	struct order *o = r->o;
	const char *why = word_name(n->key->text);
	int64_t quota;

	n->used = true;
	if (why)
		yaml_error(&r->yaml, n->key, "order-name", "%s: %s",
		    YAML_SHOW(n->key->text), why);
	if (yaml_number(&r->yaml, n, 1, ORDER_UNITS_MAX, &quota) != RC_OK ||
	    why) {
		r->faulty = true;
		return;
	}
	o->stations[o->station_count++] = (struct order_station){
	    .name = keep(r, (const char *)n->key->text.p),
	    .quota = (uint64_t)quota,
	};
}

static void
read_stations(struct oreader *r, struct yaml_node *root)
{
	struct yaml_node *map = yaml_need(&r->yaml, root, "stations");

	if (!map || yaml_expect(&r->yaml, map, YAML_MAP) != RC_OK) {
		r->faulty = true;
		return;
	}
	if (map->count == 0 || map->count > ORDER_STATIONS_MAX) {
		yaml_error(&r->yaml, map, "order-stations",
		    "%zu stations; 1 to %d are expected, each with the units "
		    "that it may mint",
		    map->count, ORDER_STATIONS_MAX);
		r->faulty = true;
		return;
	}
	for (struct yaml_node *n = map->children; n; n = n->next)
		read_station(r, n);
}

static void
read_quota(struct oreader *r, struct yaml_node *root)
{
	struct yaml_node *n = yaml_get(root, "quota");
	struct order *o = r->o;
	uint64_t sum = 0;
	int64_t quota;

	for (size_t i = 0; i < o->station_count; i++)
		sum += o->stations[i].quota;
	o->quota = sum;
	if (!n)
		return;
	if (yaml_number(&r->yaml, n, 1, ORDER_UNITS_MAX, &quota) != RC_OK) {
		r->faulty = true;
		return;
	}
	/* what no station can reach is a slip of the pen on one side */
	if (!r->faulty && (uint64_t)quota > sum) {
		yaml_error(&r->yaml, n, "order-quota",
		    "%lld is above %llu, the sum over the stations",
		    (long long)quota, (unsigned long long)sum);
		r->faulty = true;
	}
	o->quota = (uint64_t)quota;
}

static bool
read_time(
    struct oreader *r, struct yaml_node *n, int64_t *begin_s, int64_t *end_s)
{
	const char *text;

	if (!n || yaml_text(&r->yaml, n, &text) != RC_OK) {
		r->faulty = true;
		return false;
	}
	if (instant_parse(text, begin_s, end_s))
		return true;
	yaml_error(&r->yaml, n, "order-time",
	    "%s is no time; one in UTC is expected, like 2027-03-31 or "
	    "2027-03-31T12:00:00Z",
	    YAML_SHOW(n->text));
	r->faulty = true;
	return false;
}

static void
read_times(struct oreader *r, struct yaml_node *root)
{
	struct yaml_node *before = yaml_get(root, "not_before");
	struct yaml_node *after = yaml_need(&r->yaml, root, "not_after");
	int64_t unused;

	r->o->not_before_s = INT64_MIN;
	if (before)
		read_time(r, before, &r->o->not_before_s, &unused);
	if (!read_time(r, after, &unused, &r->o->not_after_s) ||
	    r->o->not_before_s < r->o->not_after_s)
		return;
	yaml_error(&r->yaml, after, "order-time", "is before `not_before:`");
	r->faulty = true;
}

static void
read_root(struct oreader *r, struct yaml_node *root)
{
	struct yaml_node *n;
	struct order *o = r->o;
	unsigned word = 0;

	n = yaml_need(&r->yaml, root, "order");
	r->faulty |= !n;
	o->name = name_of(r, n);
	o->revision = 1;
	n = yaml_get(root, "revision");
	if (n)
		r->faulty |= yaml_number(&r->yaml, n, 1, UINT32_MAX,
				 &o->revision) != RC_OK;
	o->description = line_of(r, yaml_get(root, "description"));
	o->customer = line_of(r, yaml_get(root, "customer"));
	o->batch = name_of(r, yaml_get(root, "batch"));
	o->image = name_of(r, yaml_get(root, "image"));
	o->identity = name_of(r, yaml_get(root, "identity"));
	if (!yaml_get(root, "image") && !yaml_get(root, "identity")) {
		yaml_error(&r->yaml, root, "order-mints",
		    "neither `identity:` nor `image:` says what is minted");
		r->faulty = true;
	}
	o->endpoint =
	    text_of(r, yaml_get(root, "endpoint"), "order-endpoint", word_glob);
	read_stations(r, root);
	read_quota(r, root);
	n = yaml_get(root, "scrapped");
	if (n)
		r->faulty |=
		    yaml_choice(&r->yaml, n, scrapped_words, &word) != RC_OK;
	o->replaces = word == 1;
	read_times(r, root);
	yaml_rest(&r->yaml, root, &order_keys);
}

enum rc
order_parse(
    const char *file, struct span text, struct diag *d, struct order **out)
{
	struct arena *a = arena_new(4 << 20);
	struct oreader r = {.yaml = {d, file}};
	struct yaml_doc *docs = NULL;
	enum rc rc = RC_MEMORY;

	*out = NULL;
	r.o = a ? arena_alloc(a, sizeof(*r.o)) : NULL;
	if (r.o) {
		r.o->arena = a;
		r.o->file = arena_str(a, file);
		digest_of(text, r.o->sha256);
		rc =
		    r.o->file ? yaml_parse(a, d, file, text, &docs) : RC_MEMORY;
	}
	if (rc == RC_OK && (!docs || docs->next)) {
		diag_add(d, DIAG_ERROR, file, 0, 0, "order-document",
		    "one document is expected: a work order");
		rc = RC_CONFIG;
	}
	if (docs && rc == RC_OK) {
		rc = yaml_expect(&r.yaml, docs->root, YAML_MAP);
		if (rc == RC_OK)
			read_root(&r, docs->root);
	}
	/* also what was left over, and nobody has noted */
	if (rc == RC_OK && (r.faulty || diag_count(d, DIAG_ERROR) > 0))
		rc = diag_count(d, DIAG_ERROR) > 0 ? RC_CONFIG : RC_MEMORY;
	if (rc != RC_OK) {
		arena_free(a);
		return rc;
	}
	*out = r.o;
	return RC_OK;
}

void
order_free(struct order *o)
{
	if (o)
		arena_free(o->arena);
}
