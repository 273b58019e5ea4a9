#include "policy/cover.h"

#include "policy/match.h"

/* --- globs ---------------------------------------------------------------- */

enum { ANY_ONE = 256, ANY_RUN, SYMBOLS_MAX = POLICY_ENDPOINT_MAX + 1 };

/* A glob, or a prefix, as what it is made of. */
struct symbols {
	uint16_t at[SYMBOLS_MAX];
	size_t count;
};

static bool
put(struct symbols *s, uint16_t symbol)
{
	if (s->count == SYMBOLS_MAX)
		return false;
	s->at[s->count++] = symbol;
	return true;
}

static bool
take_glob(struct symbols *s, const char *glob)
{
	s->count = 0;
	for (; *glob; glob++) {
		bool run = *glob == '*';

		/* two in a row are one */
		if (run && s->count && s->at[s->count - 1] == ANY_RUN)
			continue;
		if (!put(s,
			run                ? ANY_RUN
			    : *glob == '?' ? ANY_ONE
					   : (uint8_t)*glob))
			return false;
	}
	return true;
}

static bool
take_prefix(struct symbols *s, const char *prefix)
{
	s->count = 0;
	for (; *prefix; prefix++)
		if (!put(s, (uint8_t)*prefix))
			return false;
	return put(s, ANY_RUN);
}

/* Both go from the end of the two: row[k] is the answer for what is left of `a`
 * and of `b` from k on. */
static bool
covers(const struct symbols *a, const struct symbols *b)
{
	bool row[SYMBOLS_MAX + 1] = {0};

	row[b->count] = true;
	for (size_t i = a->count; i-- > 0;) {
		bool diagonal = row[b->count]; /* what was at k + 1 */

		if (a->at[i] != ANY_RUN)
			row[b->count] = false;
		for (size_t k = b->count; k-- > 0;) {
			const bool was = row[k];
			const uint16_t y = b->at[k];

			if (a->at[i] == ANY_RUN)
				row[k] = was || row[k + 1];
			else
				row[k] = y != ANY_RUN && diagonal &&
				    (a->at[i] == ANY_ONE || a->at[i] == y);
			diagonal = was;
		}
	}
	return row[0];
}

static bool
meets(const struct symbols *a, const struct symbols *b)
{
	bool row[SYMBOLS_MAX + 1] = {0};

	row[b->count] = true;
	for (size_t k = b->count; k-- > 0;)
		row[k] = row[k + 1] && b->at[k] == ANY_RUN;
	for (size_t i = a->count; i-- > 0;) {
		const uint16_t x = a->at[i];
		bool diagonal = row[b->count];

		if (x != ANY_RUN)
			row[b->count] = false;
		for (size_t k = b->count; k-- > 0;) {
			const bool was = row[k];
			const uint16_t y = b->at[k];

			if (x == ANY_RUN || y == ANY_RUN)
				/* a run is empty, or takes one of the other */
				row[k] = was || row[k + 1];
			else
				row[k] = diagonal &&
				    (x == ANY_ONE || y == ANY_ONE || x == y);
			diagonal = was;
		}
	}
	return row[0];
}

bool
glob_covers(const char *a, const char *b)
{
	struct symbols x, y;

	return take_glob(&x, a) && take_glob(&y, b) && covers(&x, &y);
}

bool
glob_meets(const char *a, const char *b)
{
	struct symbols x, y;

	return take_glob(&x, a) && take_glob(&y, b) && meets(&x, &y);
}

/* --- patterns ------------------------------------------------------------- */

static bool
is_any(const struct policy_pattern *p)
{
	return (p->kind == PATTERN_GLOB && p->text[0] &&
		   p->text[strspn(p->text, "*")] == '\0') ||
	    (p->kind == PATTERN_PREFIX && !p->text[0]);
}

/* False: it is no run of symbols. */
static bool
take(struct symbols *s, const struct policy_pattern *p)
{
	if (p->kind == PATTERN_GLOB)
		return take_glob(s, p->text);
	return p->kind == PATTERN_PREFIX && take_prefix(s, p->text);
}

static bool
is_literal(const struct policy_pattern *p)
{
	return p->kind == PATTERN_GLOB && !strpbrk(p->text, "*?");
}

bool
pattern_covers(const struct policy_pattern *a, const struct policy_pattern *b)
{
	struct symbols x, y;

	if (is_any(a))
		return true;
	if (b->kind == PATTERN_LIST) {
		for (size_t i = 0; i < b->name_count; i++)
			if (!pattern_fits(a, b->names[i]))
				return false;
		return b->name_count > 0;
	}
	if (is_literal(b))
		return pattern_fits(a, span_str(b->text));
	if (a->kind == PATTERN_REGEX && b->kind == PATTERN_REGEX)
		return strcmp(a->text, b->text) == 0;
	return take(&x, a) && take(&y, b) && covers(&x, &y);
}

static bool
list_meets(const struct policy_pattern *list, const struct policy_pattern *p)
{
	for (size_t i = 0; i < list->name_count; i++)
		if (pattern_fits(p, list->names[i]))
			return true;
	return false;
}

bool
pattern_meets(const struct policy_pattern *a, const struct policy_pattern *b)
{
	struct symbols x, y;

	if (is_any(a) || is_any(b))
		return true;
	if (a->kind == PATTERN_LIST &&
	    (b->kind != PATTERN_LIST || a->name_count <= b->name_count))
		return list_meets(a, b);
	if (b->kind == PATTERN_LIST)
		return list_meets(b, a);
	if (is_literal(a))
		return pattern_fits(b, span_str(a->text));
	if (is_literal(b))
		return pattern_fits(a, span_str(b->text));
	if (a->kind == PATTERN_REGEX && b->kind == PATTERN_REGEX)
		return strcmp(a->text, b->text) == 0;
	return take(&x, a) && take(&y, b) && meets(&x, &y);
}

bool
pattern_meets_glob(const struct policy_pattern *p, const char *a)
{
	const struct policy_pattern glob = {.kind = PATTERN_GLOB, .text = a};

	/* that of a regular expression is not known: it may */
	return (p->kind == PATTERN_REGEX && !is_literal(&glob)) ||
	    pattern_meets(p, &glob);
}

/* --- what a policy matches ------------------------------------------------ */

/* Of lists of globs, NULL for any. */
static bool
globs_cover(const char **a, const char **b)
{
	if (!a)
		return true;
	if (!b)
		return false;
	for (; *b; b++) {
		const char **x = a;

		while (*x && !glob_covers(*x, *b))
			x++;
		if (!*x)
			return false;
	}
	return true;
}

static bool
globs_meet(const char **a, const char **b)
{
	if (!a || !b)
		return true;
	for (const char **y = b; *y; y++)
		for (const char **x = a; *x; x++)
			if (glob_meets(*x, *y))
				return true;
	return false;
}

static bool
network_covers(const struct network *a, const struct network *b)
{
	struct address first = {.family = b->family};

	memcpy(first.ip, b->ip, sizeof(first.ip));
	return a->prefix <= b->prefix && network_contains(a, &first);
}

static bool
same_issuer(const struct policy_issuer *a, const struct policy_issuer *b)
{
	if (a->cn || b->cn)
		return a->cn && b->cn && strcmp(a->cn, b->cn) == 0;
	return memcmp(a->key_sha256, b->key_sha256, DIGEST_LEN) == 0;
}

/* `all`: is each of `b` one of `a`? Else: is any? */
static bool
issuers(const struct policy_match *a, const struct policy_match *b, bool all)
{
	size_t found = 0;

	for (size_t k = 0; k < b->issuer_count; k++)
		for (size_t i = 0; i < a->issuer_count; i++)
			if (same_issuer(&a->issuers[i], &b->issuers[k])) {
				found++;
				break;
			}
	return all ? found == b->issuer_count && found > 0 : found > 0;
}

static bool
networks(const struct policy_match *a, const struct policy_match *b, bool all)
{
	size_t found = 0;

	for (size_t k = 0; k < b->network_count; k++)
		for (size_t i = 0; i < a->network_count; i++) {
			const struct network *x = &a->networks[i];
			const struct network *y = &b->networks[k];

			if (network_covers(x, y) ||
			    (!all && network_covers(y, x))) {
				found++;
				break;
			}
		}
	return all ? found == b->network_count && found > 0 : found > 0;
}

static bool
endpoints_cover(const struct policy_match *a, const struct policy *b)
{
	const struct policy_pattern any = {.kind = PATTERN_GLOB, .text = "*"};
	const struct policy_pattern *list =
	    b->match.endpoint_count ? b->match.endpoints : &any;
	size_t count = b->match.endpoint_count ? b->match.endpoint_count : 1;

	for (size_t k = 0; a->endpoint_count && k < count; k++) {
		size_t i = 0;

		while (i < a->endpoint_count &&
		    !pattern_covers(&a->endpoints[i], &list[k]))
			i++;
		if (i == a->endpoint_count)
			return false;
	}
	return true;
}

static bool
endpoints_meet(const struct policy_match *a, const struct policy_match *b)
{
	if (!a->endpoint_count || !b->endpoint_count)
		return true;
	for (size_t k = 0; k < b->endpoint_count; k++)
		for (size_t i = 0; i < a->endpoint_count; i++)
			if (pattern_meets(&a->endpoints[i], &b->endpoints[k]))
				return true;
	return false;
}

bool
match_covers(const struct policy *p, const struct policy *q)
{
	const struct policy_match *a = &p->match, *b = &q->match;

	return (a->credentials == 0 ||
		   (b->credentials && !(b->credentials & ~a->credentials))) &&
	    (a->issuer_count == 0 || issuers(a, b, true)) &&
	    (a->network_count == 0 || networks(a, b, true)) &&
	    globs_cover(a->sans, b->sans) &&
	    globs_cover(a->models, b->models) &&
	    globs_cover(a->batches, b->batches) && endpoints_cover(a, q);
}

bool
match_meets(const struct policy *p, const struct policy *q)
{
	const struct policy_match *a = &p->match, *b = &q->match;

	return (!a->credentials || !b->credentials ||
		   a->credentials & b->credentials) &&
	    (!a->issuer_count || !b->issuer_count || issuers(a, b, false)) &&
	    (!a->network_count || !b->network_count || networks(a, b, false)) &&
	    globs_meet(a->sans, b->sans) && globs_meet(a->models, b->models) &&
	    globs_meet(a->batches, b->batches) && endpoints_meet(a, b);
}

bool
match_meets_glob(const struct policy *p, const char *glob)
{
	const struct policy_match *m = &p->match;

	for (size_t i = 0; i < m->endpoint_count; i++)
		if (pattern_meets_glob(&m->endpoints[i], glob))
			return true;
	return m->endpoint_count == 0;
}
