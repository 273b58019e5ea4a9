#include "hsm/hsm_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/hsm-pin.XXXXXX";
static char path[64];

static void
write_pin(const void *bytes, size_t len, mode_t mode)
{
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static enum rc
read_pin(struct secret *pin, struct hsm_error *err)
{
	hsm_error_clear(err);
	return hsm_pin_read(HSM_PIN_FILE, path, pin, err);
}

static void
test_one_newline_is_not_the_pin(void **state)
{
	static const struct {
		const char *file;
		const char *pin; /* NULL: refused */
	} cases[] = {
	    {"1234", "1234"},
	    {"1234\n", "1234"},
	    {" user:pass word \n", " user:pass word "},
	    {"z\xc3\xa4hler\n", "z\xc3\xa4hler"},
	    {"1234\n\n", NULL},
	    {"1234\r\n", NULL},
	    {"12\t34", NULL},
	    {"12\x7f", NULL},
	    {"\n", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct secret pin = {0};
		struct hsm_error err;
		enum rc rc;

		write_pin(cases[i].file, strlen(cases[i].file), 0600);
		rc = read_pin(&pin, &err);
		if (!cases[i].pin) {
			assert_int_equal(rc, RC_CONFIG);
			assert_true(err.text[0] && err.remedy[0]);
			assert_null(pin.bytes);
			continue;
		}
		assert_int_equal(rc, RC_OK);
		assert_true(span_is(secret_expose(&pin), cases[i].pin));
		assert_int_equal(pin.bytes[pin.len], 0); /* for libp11 */
		secret_fini(&pin);
	}
}

static void
test_nul_in_the_pin(void **state)
{
	struct secret pin = {0};
	struct hsm_error err;

	(void)state;
	write_pin("12\0"
		  "34",
	    5, 0600);
	assert_int_equal(read_pin(&pin, &err), RC_CONFIG);
}

static void
test_only_the_owner_may_read(void **state)
{
	static const struct {
		mode_t mode;
		bool good, good_credential;
	} cases[] = {
	    {0600, true, true},
	    {0400, true, true},
	    {0440, false, true}, /* an access list of systemd's */
	    {0640, false, false},
	    {0604, false, false},
	    {0444, false, false},
	    {0644, false, false},
	    {0700, false, false},
	    {0620, false, false},
	    {04600, false, false},
	};

	(void)state;
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct secret pin = {0};
		struct hsm_error err = {0};
		enum rc rc;

		write_pin("1234\n", 5, cases[i].mode);
		rc = read_pin(&pin, &err);
		assert_int_equal(rc, cases[i].good ? RC_OK : RC_CONFIG);
		if (rc)
			assert_non_null(strstr(err.text, path));
		secret_fini(&pin);
		rc = hsm_pin_read(HSM_PIN_CREDENTIAL, "pin", &pin, &err);
		assert_int_equal(
		    rc, cases[i].good_credential ? RC_OK : RC_CONFIG);
		secret_fini(&pin);
	}
}

static void
test_of_another_user(void **state)
{
	struct secret pin = {0};
	struct hsm_error err;

	(void)state;
	if (geteuid() != 0)
		skip();
	write_pin("1234\n", 5, 0600);
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(read_pin(&pin, &err), RC_CONFIG);
	assert_non_null(strstr(err.text, "belongs"));
}

static void
test_not_a_plain_file(void **state)
{
	struct secret pin = {0};
	struct hsm_error err;
	char target[80];

	(void)state;
	write_pin("1234\n", 5, 0600);
	snprintf(target, sizeof(target), "%s.target", path);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(read_pin(&pin, &err), RC_CONFIG);
	assert_non_null(strstr(err.remedy, "symbolic link"));
	unlink(path);
	unlink(target);

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(read_pin(&pin, &err), RC_CONFIG);
	assert_non_null(strstr(err.text, "not a regular file"));
	unlink(path);

	assert_int_equal(read_pin(&pin, &err), RC_CONFIG);
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(
	    hsm_pin_read(HSM_PIN_FILE, dir, &pin, &err), RC_CONFIG);
}

static void
test_too_long(void **state)
{
	char text[HSM_PIN_MAX + 1];
	struct secret pin = {0};
	struct hsm_error err;

	(void)state;
	memset(text, '7', sizeof(text));
	write_pin(text, HSM_PIN_MAX, 0600);
	assert_int_equal(read_pin(&pin, &err), RC_OK);
	assert_int_equal(pin.len, HSM_PIN_MAX);
	assert_int_equal(pin.bytes[HSM_PIN_MAX], 0);
	secret_fini(&pin);
	write_pin(text, sizeof(text), 0600);
	assert_int_equal(read_pin(&pin, &err), RC_CONFIG);
	assert_non_null(strstr(err.text, "too long"));
}

static void
test_credential_stays_in_its_directory(void **state)
{
	static const char *const names[] = {
	    "../pin",
	    "..",
	    ".",
	    "",
	    "a/b",
	    "/etc/passwd",
	    ".hidden",
	    "new\nline",
	};
	struct secret pin = {0};
	struct hsm_error err;

	(void)state;
	write_pin("1234\n", 5, 0400);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(
		    hsm_pin_read(HSM_PIN_CREDENTIAL, names[i], &pin, &err),
		    RC_CONFIG);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "relative", 1), 0);
	assert_int_equal(
	    hsm_pin_read(HSM_PIN_CREDENTIAL, "pin", &pin, &err), RC_CONFIG);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(
	    hsm_pin_read(HSM_PIN_CREDENTIAL, "pin", &pin, &err), RC_CONFIG);
	assert_non_null(strstr(err.remedy, "LoadCredential=pin"));
}

static void
test_variable_is_wiped(void **state)
{
	struct secret pin = {0};
	struct hsm_error err;
	const char *value;

	(void)state;
	assert_int_equal(setenv("TEST_PIN", "4711-env", 1), 0);
	value = getenv("TEST_PIN");
	assert_int_equal(
	    hsm_pin_read(HSM_PIN_ENV, "TEST_PIN", &pin, &err), RC_OK);
	assert_true(span_is(secret_expose(&pin), "4711-env"));
	for (size_t i = 0; i < strlen("4711-env"); i++)
		assert_int_equal(value[i], 0);
	assert_null(getenv("TEST_PIN"));
	secret_fini(&pin);
	assert_int_equal(
	    hsm_pin_read(HSM_PIN_ENV, "TEST_PIN", &pin, &err), RC_CONFIG);
}

/* Wiped and removed even if it is of no use. */
static void
test_bad_variable_is_wiped_too(void **state)
{
	struct secret pin = {0};
	struct hsm_error err;
	const char *value;

	(void)state;
	assert_int_equal(setenv("TEST_PIN", "4711\n4711\n", 1), 0);
	value = getenv("TEST_PIN");
	assert_int_equal(
	    hsm_pin_read(HSM_PIN_ENV, "TEST_PIN", &pin, &err), RC_CONFIG);
	assert_int_equal(value[0], 0);
	assert_null(getenv("TEST_PIN"));
	assert_null(strstr(err.text, "4711"));
}

static void
test_refused_pins_are_remembered(void **state)
{
	struct secret one = {0}, two = {0};

	(void)state;
	assert_int_equal(secret_set(&one, SPAN_LIT("1111")), RC_OK);
	assert_int_equal(secret_set(&two, SPAN_LIT("2222")), RC_OK);
	assert_false(hsm_pin_was_refused("a", &one));
	hsm_pin_remember_refused("a", &one);
	assert_true(hsm_pin_was_refused("a", &one));
	assert_false(hsm_pin_was_refused("a", &two));
	assert_false(hsm_pin_was_refused("b", &one));

	/* Who has seen too many wrong ones tries none any more. */
	for (int i = 0; i < 8; i++)
		hsm_pin_remember_refused("a", &one);
	assert_true(hsm_pin_was_refused("b", &two));
	secret_fini(&one);
	secret_fini(&two);
}

static int
setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/pin", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_newline_is_not_the_pin),
	    cmocka_unit_test(test_nul_in_the_pin),
	    cmocka_unit_test(test_only_the_owner_may_read),
	    cmocka_unit_test(test_of_another_user),
	    cmocka_unit_test(test_not_a_plain_file),
	    cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_credential_stays_in_its_directory),
	    cmocka_unit_test(test_variable_is_wiped),
	    cmocka_unit_test(test_bad_variable_is_wiped_too),
	    cmocka_unit_test(test_refused_pins_are_remembered),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
