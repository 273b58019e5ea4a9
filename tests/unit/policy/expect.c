#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>

static const char file[] = "t.yaml";

char *
printed(const struct diag *d)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	diag_print(d, f);
	fclose(f);
	return text;
}

/* "t.yaml:3:5: error: ..." to "3:5: error: ...", line by line, in place. */
static void
drop_file(char *text)
{
	char *out = text, *line = text;

	while (*line) {
		char *end = strchrnul(line, '\n');
		size_t len = (size_t)(end - line) + (*end == '\n');
		size_t skip = 0;

		if (strncmp(line, file, strlen(file)) == 0)
			skip = strlen(file) + 1;
		if (skip && line[skip] == ' ')
			skip++;
		memmove(out, line + skip, len - skip);
		out += len - skip;
		line += len;
	}
	*out = '\0';
}

void
drop_nothing(char *text, const char *want)
{
	static const char words[] = "nothing is given";
	char *out = text;

	if (!want || strstr(want, words))
		return;
	for (char *line = text; *line;) {
		char *end = strchrnul(line, '\n');
		size_t len = (size_t)(end - line) + (*end == '\n');
		char *said = strstr(line, words);

		if (!said || said > end) {
			memmove(out, line, len);
			out += len;
		}
		line += len;
	}
	*out = '\0';
}

static struct diag *
findings(const char *text, struct policy_set **set)
{
	struct diag *d = diag_new();
	enum rc rc;

	assert_non_null(d);
	rc = policy_load_text(file, span_str(text), d, set);
	assert_int_equal(rc, *set ? RC_OK : RC_CONFIG);
	assert_int_equal(*set == NULL, diag_count(d, DIAG_ERROR) > 0);
	return d;
}

void
expect_findings(const char *text, const char *want)
{
	struct policy_set *set;
	struct diag *d = findings(text, &set);
	char *got = printed(d);

	drop_file(got);
	drop_nothing(got, want);
	assert_string_equal(got, want);
	free(got);
	diag_free(d);
	policy_set_unref(set);
}

void
expect_codes(const char *text, const char *want)
{
	struct policy_set *set;
	struct diag *d = findings(text, &set);
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	assert_non_null(f);
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *at = diag_get(d, i);

		if (strcmp(at->code, "policy-nothing") != 0 ||
		    strstr(want, at->code))
			fprintf(
			    f, "%u:%u %s\n", at->line, at->column, at->code);
	}
	fclose(f);
	assert_string_equal(got, want);
	free(got);
	diag_free(d);
	policy_set_unref(set);
}

struct policy_set *
loaded(const char *text)
{
	struct policy_set *set;
	struct diag *d = findings(text, &set);

	if (!set)
		diag_print(d, stderr);
	diag_free(d);
	assert_non_null(set);
	return set;
}

/* Take every "FOLDER/" out of `text`, in place. */
static void
drop_folder(char *text, const struct folder *f)
{
	char path[sizeof(f->path) + 1];
	char *at = text;

	snprintf(path, sizeof(path), "%s/", f->path);
	while ((at = strstr(at, path)))
		memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
}

struct policy_set *
expect_folder(const struct folder *f, const char *path, const char *want)
{
	struct policy_set *set;
	struct diag *d = diag_new();
	const char *all = folder_path(f, path);
	char *got;
	enum rc rc;

	assert_non_null(d);
	rc = policy_load(strcmp(path, ".") == 0 ? f->path : all, d, &set);
	assert_int_equal(rc, set ? RC_OK : RC_CONFIG);
	assert_int_equal(set == NULL, diag_count(d, DIAG_ERROR) > 0);
	got = printed(d);
	drop_folder(got, f);
	drop_file(got);
	drop_nothing(got, want);
	if (want)
		assert_string_equal(got, want);
	else if (!set)
		fail_msg("%s", got);
	free(got);
	diag_free(d);
	return set;
}

#define ZEROS "00000000000000000000000000000000"
#define ONES "ffffffffffffffffffffffffffffffff"

static struct policy_set *
files(const char *text, const char *want)
{
	struct policy_set *set;
	struct folder f;

	assert_true(folder_init(&f));
	folder_put(&f, "ca.pem", SPAN_LIT("the CA"));
	folder_put(&f, "server.pem", SPAN_LIT("the server"));
	folder_put(&f, "key.pem", SPAN_LIT("the key"));
	folder_put(
	    &f, "table.csv", SPAN_LIT(ONES ONES ",b\n" ZEROS ZEROS ",a\n"));
	folder_put(&f, file, span_str(text));
	set = expect_folder(&f, file, want);
	folder_fini(&f);
	return set;
}

void
expect_files(const char *text, const char *want)
{
	policy_set_unref(files(text, want));
}

struct policy_set *
loaded_files(const char *text)
{
	return files(text, NULL);
}

struct policy_set *
loaded_policy(const char *text)
{
	static const char here[] = "identity: here\n"
				   "psk: {derive: birth}\n"
				   "---\n";
	struct policy_set *set;
	char *both;

	assert_true(asprintf(&both, "%s%s", here, text) > 0);
	set = loaded(both);
	free(both);
	return set;
}

const struct identity *
identity_at(const struct policy_set *s, size_t i)
{
	assert_true(i < s->identity_count);
	return &s->identities[i];
}

const struct policy *
policy_at(const struct policy_set *s, size_t i)
{
	assert_true(i < s->policy_count);
	return &s->policies[i];
}

const struct policy_server *
server_at(const struct policy *p, size_t i)
{
	assert_true(i < p->server_count);
	return &p->servers[i];
}
