/* Files that documents name. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/digest.h"
#include "base/text.h"

#define REST \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"

static void
test_relative_to_the_folder_of_the_document(void **state)
{
	struct policy_set *s = loaded_files("identity: a\n"
					    "certificate:\n"
					    "  trust: ./ca.pem\n" REST);
	const struct policy_file *f = &identity_at(s, 0)->trust;

	(void)state;
	assert_string_equal(f->name, "./ca.pem");
	assert_true(span_is(f->bytes, "the CA"));
	assert_int_equal(f->place.line, 3);
	assert_string_equal(f->path + strlen(f->path) - 8, "./ca.pem");
	policy_set_unref(s);
}

static void
put_identity(const struct folder *f, const char *trust)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "identity: a\n"
	    "certificate: {trust: %s}\n" REST,
	    trust);
	folder_put(f, "t.yaml", span_str(text));
}

static void
test_absolute_and_in_the_folder_where_we_are(void **state)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct policy_set *s;
	struct folder f;

	(void)state;
	assert_true(here >= 0 && folder_init(&f));
	folder_put(&f, "ca.pem", SPAN_LIT("x"));
	put_identity(&f, folder_path(&f, "ca.pem"));
	s = expect_folder(&f, "t.yaml", "");
	assert_true(span_is(identity_at(s, 0)->trust.bytes, "x"));
	policy_set_unref(s);
	put_identity(&f, "ca.pem");
	assert_int_equal(chdir(f.path), 0);
	assert_int_equal(policy_load("t.yaml", NULL, &s), RC_OK);
	assert_string_equal(identity_at(s, 0)->trust.path, "ca.pem");
	policy_set_unref(s);
	assert_int_equal(fchdir(here), 0);
	close(here);
	folder_fini(&f);
}

static void
test_documents_from_memory_name_none(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"certificate: {trust: /dev/null}\n"
			"---\n"
			"identity: b\n"
			"rpk: {table: t.csv}\n" REST,
	    "2:22: error: certificate.trust: \"/dev/null\" cannot be found: "
	    "these documents come from no folder\n"
	    "5:14: error: rpk.table: \"t.csv\" cannot be found: these "
	    "documents come from no folder\n");
}

static void
test_what_cannot_be_read(void **state)
{
	struct folder f;

	(void)state;
	assert_true(folder_init(&f));
	assert_int_equal(mkdir(folder_path(&f, "dir"), 0700), 0);
	assert_int_equal(mkfifo(folder_path(&f, "fifo"), 0600), 0);
	folder_put(&f, "empty", SPAN_LIT(""));
	folder_put(&f, "t.yaml",
	    SPAN_LIT("identity: a\n"
		     "certificate: {trust: none}\n"
		     "---\n"
		     "identity: b\n"
		     "certificate: {trust: dir}\n"
		     "---\n"
		     "identity: c\n"
		     "certificate: {endpoint: {table: fifo}}\n"
		     "---\n"
		     "identity: d\n"
		     "certificate: {trust: empty}\n"
		     "---\n"
		     "identity: e\n"
		     "certificate: {trust: \"a\\nb\"}\n"
		     "---\n"
		     "identity: f\n"
		     "certificate: {trust: \"\"}\n"
		     "---\n"
		     "identity: g\n"
		     "certificate: {trust: none}\n" REST));
	assert_null(expect_folder(&f, "t.yaml",
	    "2:22: error: certificate.trust: \"none\" cannot be read: No such "
	    "file or directory\n"
	    "5:22: error: certificate.trust: \"dir\" cannot be read: not a "
	    "regular file\n"
	    "8:33: error: certificate.endpoint.table: \"fifo\" cannot be read: "
	    "not a regular file\n"
	    "11:22: error: certificate.trust: \"empty\" is empty\n"
	    "14:22: error: certificate.trust: \"a\\nb\": the name of a file is "
	    "1 to 1023 bytes, relative to the folder of this one or absolute\n"
	    "17:22: error: certificate.trust: \"\": the name of a file is 1 to "
	    "1023 bytes, relative to the folder of this one or absolute\n"
	    "20:22: error: certificate.trust: \"none\" cannot be read: No such "
	    "file or directory\n"));
	folder_fini(&f);
}

static void
put_long(const struct folder *f, const char *name, off_t len)
{
	folder_put(f, name, SPAN_LIT(""));
	assert_int_equal(truncate(folder_path(f, name), len), 0);
}

static void
test_what_is_too_large(void **state)
{
	struct folder f;

	(void)state;
	assert_true(folder_init(&f));
	put_long(&f, "most.pem", POLICY_CERTIFICATES_MAX);
	put_identity(&f, "most.pem");
	policy_set_unref(expect_folder(&f, "t.yaml", ""));
	put_long(&f, "more.pem", POLICY_CERTIFICATES_MAX + 1);
	put_identity(&f, "more.pem");
	assert_null(expect_folder(&f, "t.yaml",
	    "2:22: error: certificate.trust: \"more.pem\" has more than 64 "
	    "KiB\n"));
	/* sparse: nothing of it is read */
	put_long(&f, "more.csv", (off_t)POLICY_FILE_MAX + 1);
	folder_put(&f, "t.yaml",
	    SPAN_LIT("identity: a\n"
		     "rpk: {table: more.csv}\n" REST));
	assert_null(expect_folder(&f, "t.yaml",
	    "2:14: error: rpk.table: \"more.csv\" has more than 256 MiB\n"));
	folder_fini(&f);
}

/* A table may be too long for what else it is named as. */
static void
test_one_file_for_two_uses(void **state)
{
	struct folder f;
	struct policy_set *s;
	const struct identity *a, *b, *c;
	char line[70000];

	(void)state;
	memset(line, '#', sizeof(line));
	assert_true(folder_init(&f));
	folder_put(&f, "t.csv", SPAN_LIT("# nobody\n"));
	folder_put(&f, "long.csv", span_of(line, sizeof(line)));
	folder_put(&f, "t.yaml",
	    SPAN_LIT("identity: a\n"
		     "certificate: {endpoint: {table: t.csv}, trust: t.csv}\n"
		     "---\n"
		     "identity: b\n"
		     "certificate: {trust: t.csv}\n"
		     "---\n"
		     "identity: c\n"
		     "certificate: {endpoint: {table: t.csv}}\n" REST));
	s = expect_folder(&f, "t.yaml", NULL);
	a = identity_at(s, 0);
	b = identity_at(s, 1);
	c = identity_at(s, 2);
	/* read once, whoever names it */
	assert_true(span_is(a->trust.bytes, "# nobody\n"));
	assert_ptr_equal(a->trust.bytes.p, b->trust.bytes.p);
	assert_ptr_equal(a->table, c->table);
	policy_set_unref(s);
	folder_put(&f, "t.yaml",
	    SPAN_LIT("identity: a\n"
		     "rpk: {table: long.csv}\n"
		     "---\n"
		     "identity: b\n"
		     "certificate: {trust: long.csv}\n" REST));
	assert_null(expect_folder(&f, "t.yaml",
	    "2:14: warning: rpk.table: \"long.csv\" names no device: nobody "
	    "gets in by it\n"
	    "5:22: error: certificate.trust: \"long.csv\" has more than 64 "
	    "KiB\n"));
	folder_fini(&f);
}

/* "-----BEGIN" and "KEY-----" apart: this file has no key in it. */
static void
test_private_keys_are_refused(void **state)
{
	static const char *const labels[] = {"", "EC ", "RSA ", "ENCRYPTED "};
	struct folder f;

	(void)state;
	assert_true(folder_init(&f));
	put_identity(&f, "ca.pem");
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
		    "-----BEGIN CERTIFICATE-----\n"
		    "AAAA\n"
		    "-----END CERTIFICATE-----\n"
		    "-----BEGIN %s%s-----\n"
		    "AAAA\n",
		    labels[i], "PRIVATE KEY");
		folder_put(&f, "ca.pem", span_str(text));
		assert_null(expect_folder(&f, "t.yaml",
		    "2:22: error: certificate.trust: \"ca.pem\" holds a "
		    "private key; move it into the token, and leave "
		    "certificates and public keys alone in the file\n"));
	}
	folder_put(&f, "ca.pem",
	    SPAN_LIT("PRIVATE KEY-----BEGIN \nPRIVATE KEY\n"
		     "-----BEGIN PUBLIC KEY-----\n"));
	policy_set_unref(expect_folder(&f, "t.yaml", ""));
	folder_fini(&f);
}

/* A line as sha256sum prints it. */
static void
put_line(struct writer *w, const char *name, const char *text)
{
	uint8_t sha256[DIGEST_LEN];

	digest_of(span_str(text), sha256);
	text_hex(w, span_of(sha256, sizeof(sha256)));
	writer_fmt(w, "  %s\n", name);
}

/* Documents and what they name, sorted by name, each once. */
static void
test_the_digest_has_names_and_bytes(void **state)
{
	static const char text[] = "identity: a\n"
				   "certificate: {trust: z.pem, endpoint: "
				   "{table: a.csv}}\n"
				   "---\n"
				   "identity: b\n"
				   "certificate: {trust: ./x/../z.pem}\n" REST;
	uint8_t want[DIGEST_LEN];
	struct policy_set *s;
	struct writer w;
	struct folder f;
	char lines[512];

	(void)state;
	assert_true(folder_init(&f));
	folder_put(&f, "t.yaml", span_str(text));
	folder_put(&f, "z.pem", SPAN_LIT("z"));
	folder_put(&f, "a.csv", SPAN_LIT("# a\n"));
	writer_init(&w, lines, sizeof(lines));
	put_line(&w, "a.csv", "# a\n");
	put_line(&w, "t.yaml", text);
	put_line(&w, "z.pem", "z");
	digest_of(writer_span(&w), want);
	s = expect_folder(&f, ".", NULL);
	assert_memory_equal(s->digest, want, DIGEST_LEN);
	policy_set_unref(s);
	/* a replaced file is another set */
	folder_put(&f, "z.pem", SPAN_LIT("y"));
	s = expect_folder(&f, ".", NULL);
	assert_memory_not_equal(s->digest, want, DIGEST_LEN);
	policy_set_unref(s);
	folder_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_relative_to_the_folder_of_the_document),
	    cmocka_unit_test(test_absolute_and_in_the_folder_where_we_are),
	    cmocka_unit_test(test_documents_from_memory_name_none),
	    cmocka_unit_test(test_what_cannot_be_read),
	    cmocka_unit_test(test_what_is_too_large),
	    cmocka_unit_test(test_one_file_for_two_uses),
	    cmocka_unit_test(test_private_keys_are_refused),
	    cmocka_unit_test(test_the_digest_has_names_and_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
