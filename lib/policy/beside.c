#include "policy/beside.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *
beside_folder(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash + 1 - path) : 0;
	struct stat st;
	char *folder;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		len = strlen(path);
	folder = arena_alloc(a, len + 2);
	if (!folder)
		return NULL;
	memcpy(folder, path, len);
	if (len > 0 && folder[len - 1] != '/')
		folder[len] = '/';
	return folder;
}

static bool
fits(const char *name, struct span front, struct span end)
{
	struct span s = span_str(name);

	return span_starts(s, front) && s.len >= end.len &&
	    span_equal(span_from(s, s.len - end.len), end);
}

static int
compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

enum rc
beside_list(struct arena *a, const char *folder, const char *front,
    const char *end, const char ***out, size_t *count)
{
	struct dirent **entries = NULL;
	int n = scandir(folder[0] ? folder : ".", &entries, NULL, compare);
	enum rc rc = RC_OK;

	*count = 0;
	*out = arena_array(a, n > 0 ? (size_t)n : 1, sizeof(**out));
	if (!*out)
		rc = RC_MEMORY;
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (rc == RC_OK && fits(name, span_str(front), span_str(end))) {
			(*out)[*count] = arena_str(a, name);
			rc = (*out)[*count] ? RC_OK : RC_MEMORY;
			++*count;
		}
		free(entries[i]);
	}
	free(entries);
	return rc;
}
