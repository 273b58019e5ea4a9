#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool
folder_init(struct folder *f)
{
	const char *tmp = getenv("TMPDIR");

	if (!tmp || strlen(tmp) > 40)
		tmp = "/tmp";
	snprintf(f->path, sizeof(f->path), "%s/policy-XXXXXX", tmp);
	return mkdtemp(f->path) != NULL;
}

const char *
folder_path(const struct folder *f, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	return path;
}

void
folder_fini(struct folder *f)
{
	DIR *dir = opendir(f->path);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove(folder_path(f, e->d_name));
	if (dir)
		closedir(dir);
	rmdir(f->path);
}

void
folder_put(const struct folder *f, const char *name, struct span content)
{
	FILE *out = fopen(folder_path(f, name), "w");

	assert_non_null(out);
	assert_int_equal(fwrite(content.p, 1, content.len, out), content.len);
	assert_int_equal(fclose(out), 0);
}
