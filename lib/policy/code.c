#include "policy/code.h"

struct group {
	const struct code *codes;
	const size_t *count;
};

static const struct group groups[] = {
    {codes_yaml, &codes_yaml_count},
    {codes_policy, &codes_policy_count},
    {codes_issue, &codes_issue_count},
    {codes_program, &codes_program_count},
    {codes_image, &codes_image_count},
};

enum { GROUP_COUNT = CODE_COUNT(groups) };

const struct code *
code_at(size_t i)
{
	for (size_t g = 0; g < GROUP_COUNT; g++) {
		if (i < *groups[g].count)
			return &groups[g].codes[i];
		i -= *groups[g].count;
	}
	return NULL;
}

static const struct code *
find_in(const struct group *g, struct span name)
{
	size_t low = 0, high = *g->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = span_compare(name, span_str(g->codes[middle].name));

		if (c == 0)
			return &g->codes[middle];
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct code *
code_find(struct span name)
{
	const struct code *found = NULL;

	for (size_t g = 0; g < GROUP_COUNT && !found; g++)
		found = find_in(&groups[g], name);
	return found;
}

const char *
code_level_name(enum code_level level)
{
	static const char *const names[] = {
	    [CODE_ERROR] = "error",
	    [CODE_WARNING] = "warning",
	    [CODE_EITHER] = "error or warning",
	};

	return names[level];
}
