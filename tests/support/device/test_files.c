/* Credentials from files, as a command line names them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file.h"
#include "files.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define X509(name) VECTORS_DIR "/x509/" name

static char folder[] = "/tmp/device-files-XXXXXX";

static void
expect(enum rc expected, const struct file_names *names, const char *fault)
{
	struct account a = {0};
	struct files f;

	assert_int_equal(files_read(&f, names, &a), expected);
	if (fault)
		assert_string_equal(f.fault, fault);
	else
		assert_null(f.fault);
	files_fini(&f);
}

static void
with_certificate(void **state)
{
	const struct file_names names = {.certificate = X509("chained.pem"),
	    .key = X509("chained.key"),
	    .ca = X509("server-ca.pem"),
	    .sni = "bs.example",
	    .usage = USAGE_TRUST_ANCHOR};
	struct x509_certificate c;
	struct account a = {0};
	struct files f;

	(void)state;
	assert_int_equal(files_read(&f, &names, &a), RC_OK);
	assert_int_equal(a.mode, MODE_CERTIFICATE);
	assert_int_equal(account_certificate(a.identity, &c), RC_OK);
	assert_true(span_is(c.common_name, "b-meter"));
	assert_true(span_is(a.endpoint, "b-meter"));
	assert_int_equal(account_certificate(a.server_key, &c), RC_OK);
	assert_true(span_is(c.common_name, "Server Root"));
	assert_true(span_is(a.sni, "bs.example"));
	assert_int_equal(a.usage, USAGE_TRUST_ANCHOR);
	assert_int_equal(a.matching, MATCHING_EXACT);
	files_fini(&f);
}

/* The public half is computed; the server's is a key or in a certificate. */
static void
with_raw_key(void **state)
{
	static const char *const servers[] = {
	    X509("server.spki"), X509("server.pem")};
	struct secret own, server;

	(void)state;
	assert_int_equal(file_read(X509("device.spki"), 91, &own), RC_OK);
	assert_int_equal(file_read(X509("server.spki"), 91, &server), RC_OK);
	for (size_t i = 0; i < 2; i++) {
		const struct file_names names = {.key = X509("device.key"),
		    .ca = servers[i],
		    .raw = true,
		    .usage = USAGE_TRUST_ANCHOR};
		struct account a = {0};
		struct files f;

		assert_int_equal(files_read(&f, &names, &a), RC_OK);
		assert_int_equal(a.mode, MODE_RPK);
		assert_true(span_equal(a.identity, secret_expose(&own)));
		assert_true(span_equal(a.server_key, secret_expose(&server)));
		assert_int_equal(a.endpoint.len, 0);
		files_fini(&f);
	}
	secret_fini(&own);
	secret_fini(&server);
}

/* As `openssl pkey -pubout` and `openssl ecparam -genkey` write them. */
static void
in_pem(void **state)
{
	static const char *const labels[] = {"PUBLIC KEY", "EC PRIVATE KEY"};
	static const char *const names[] = {
	    X509("server.spki"), X509("device.key")};
	char paths[2][64];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct secret der;
		uint8_t pem[512];
		struct writer w;

		assert_int_equal(file_read(names[i], 200, &der), RC_OK);
		writer_init(&w, pem, sizeof(pem));
		writer_fmt(&w, "-----BEGIN %s-----\n", labels[i]);
		text_base64(&w, secret_expose(&der));
		writer_fmt(&w, "\n-----END %s-----\n", labels[i]);
		assert_false(w.full);
		(void)snprintf(
		    paths[i], sizeof(paths[i]), "%s/%zu.pem", folder, i);
		assert_int_equal(file_write(paths[i], writer_span(&w)), RC_OK);
		secret_fini(&der);
	}
	expect(RC_OK,
	    &(struct file_names){.key = paths[1], .ca = paths[0], .raw = true},
	    NULL);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(unlink(paths[i]), 0);
}

static void
refused(void **state)
{
	struct file_names good = {.certificate = X509("device.pem"),
	    .key = X509("device.key"),
	    .ca = X509("server-ca.pem"),
	    .usage = USAGE_TRUST_ANCHOR};
	struct file_names names = good;

	(void)state;
	expect(RC_OK, &names, NULL);
	names.key = X509("nobody.key");
	expect(RC_IO, &names, names.key);
	names.key = X509("device.pem");
	expect(RC_MALFORMED, &names, names.key);
	names.key = X509("device.spki");
	expect(RC_MALFORMED, &names, names.key);
	names = good;
	names.certificate = X509("device.key");
	expect(RC_MALFORMED, &names, names.certificate);
	names.certificate = X509("device-ca.crl");
	expect(RC_MALFORMED, &names, names.certificate);
	names = good;
	names.ca = X509("make");
	expect(RC_MALFORMED, &names, names.ca);
	names.ca = "/dev/null";
	expect(RC_MALFORMED, &names, names.ca);
	names.ca = "/dev/zero";
	expect(RC_TOO_LARGE, &names, names.ca);
	names.raw = true;
	names.ca = X509("server.key");
	expect(RC_MALFORMED, &names, names.ca);
}

/* What was there is replaced whole, and nobody else may read it. */
static void
written(void **state)
{
	struct secret back;
	struct stat st;
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/accounts", folder);
	assert_int_equal(file_write(path, SPAN_LIT("longer")), RC_OK);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(file_write(path, SPAN_LIT("short")), RC_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_read(path, 5, &back), RC_OK);
	assert_true(span_is(secret_expose(&back), "short"));
	secret_fini(&back);
	assert_int_equal(file_read(path, 4, &back), RC_TOO_LARGE);
	secret_fini(&back);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/none/accounts", folder);
	assert_int_equal(file_write(path, SPAN_LIT("x")), RC_IO);
	assert_int_equal(errno, ENOENT);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(with_certificate),
	    cmocka_unit_test(with_raw_key),
	    cmocka_unit_test(in_pem),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(written),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
