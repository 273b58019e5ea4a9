#include "openssl.h"

#include "hsm/pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

bool
openssl_there(void)
{
	return shell(NULL, 0, "openssl version") == 0;
}

static void
write_file(const char *name, struct span bytes, const char *mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fixture.dir, name);
	f = fopen(path, mode);
	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
}

void
put_file(const char *name, struct span bytes)
{
	write_file(name, bytes, "we");
}

void
put_pem(const char *name, const char *label, struct span der, bool append)
{
	static char text[65536];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	pem_write(&w, label, der);
	assert_false(w.full);
	write_file(name, writer_span(&w), append ? "ae" : "we");
}

int
shell(char *out, size_t cap, const char *line)
{
	char command[512], sink[4096];
	size_t got, len = 0;
	int status;
	FILE *f;

	snprintf(command, sizeof(command), "cd '%s' && { %s; } 2>&1",
	    fixture.dir, line);
	f = popen(command, "re");
	assert_non_null(f);
	while ((got = fread(sink, 1, sizeof(sink), f)) > 0) {
		size_t n = cap && got < cap - 1 - len ? got
		    : cap                             ? cap - 1 - len
						      : 0;

		if (n)
			memcpy(out + len, sink, n);
		len += n;
	}
	if (cap)
		out[len] = '\0';
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
