#include "base/event.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Both ends of whatever the log goes through; [1] is the log's. */
static int ends[2];

static int
teardown(void **state)
{
	(void)state;
	log_setup("test", LOG_INFO, STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static int
setup_pipe(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	if (pipe(ends) < 0)
		return -1;
	log_setup("test", LOG_INFO, ends[1]);
	return 0;
}

static int
setup_socket(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return -1;
	log_setup("test", LOG_INFO, ends[1]);
	return 0;
}

/* All that the log has sent, as a string; static. */
static const char *
logged(void)
{
	static char text[1 << 20];
	size_t len = 0;
	ssize_t n;

	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	while ((n = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

static void
expect_fields(const struct field *fields, size_t count, const char *want)
{
	char text[512];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	event_print(&w, fields, count);
	assert_false(w.full);
	assert_true(span_is(writer_span(&w), want));
}

static void
test_fields_print_by_their_kind(void **state)
{
	char endpoint[] = "urn:dev:ops:0057F2-WM200-1";
	const struct field fields[] = {
	    F_TEXT("endpoint", endpoint),
	    F_TEXT("uri", "coaps://[::1]:5684"),
	    F_TEXT("bare", SPAN_LIT("a_b-c.d/e+f@g,h*i%j~k")),
	    F_INT("low", INT64_MIN),
	    F_INT("ms", 12u),
	    F_BOOL("ok", true),
	    F_BOOL("late", false),
	    F_BYTES("digest", SPAN_LIT("\x00\xff\x10")),
	};

	(void)state;
	expect_fields(fields, sizeof(fields) / sizeof(fields[0]),
	    "endpoint=urn:dev:ops:0057F2-WM200-1 uri=\"coaps://[::1]:5684\" "
	    "bare=a_b-c.d/e+f@g,h*i%j~k low=-9223372036854775808 ms=12 "
	    "ok=true late=false digest=00ff10");
	expect_fields(fields, 0, "");
}

/* Nothing that a peer sends as its name begins a field or a line. */
static void
test_text_of_peers_is_quoted(void **state)
{
	const struct field fields[] = {
	    F_TEXT("a", ""),
	    F_TEXT("b", "x verdict=ok"),
	    F_TEXT("c", "x=y"),
	    F_TEXT("d", "x\n<3>forged"),
	    F_TEXT("e", "\" verdict=ok \""),
	    F_TEXT("f", SPAN_LIT("nul\0")),
	    F_TEXT("g", "\xff"),
	    F_TEXT("h", (const char *)NULL),
	};

	(void)state;
	expect_fields(fields, sizeof(fields) / sizeof(fields[0]),
	    "a=\"\" b=\"x verdict=ok\" c=\"x=y\" d=\"x\\n<3>forged\" "
	    "e=\"\\\" verdict=ok \\\"\" f=\"nul\\u0000\" g=\"\\u00ff\" h=\"\"");
}

static void
test_a_line_has_time_level_and_who(void **state)
{
	int year, month, day, hour, minute, second, ms, end = 0;
	const char *line;

	(void)state;
	log_setup("worker 0", LOG_INFO, ends[1]);
	errno = EXDEV;
	LOG(LOG_WARNING, "session-ended", F_TEXT("verdict", "ok"),
	    F_INT("steps", 4));
	assert_int_equal(errno, EXDEV);
	line = logged();
	assert_int_equal(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year,
			     &month, &day, &hour, &minute, &second, &ms, &end),
	    7);
	assert_int_equal(end, 25);
	assert_string_equal(line + end,
	    "warning session-ended verdict=ok steps=4 who=\"worker 0\"\n");
}

static void
test_levels_below_the_setting_are_silent(void **state)
{
	(void)state;
	log_event(LOG_DEBUG, "quiet", NULL, 0);
	log_event(LOG_INFO, "loud", NULL, 0);
	assert_null(strstr(logged(), "quiet"));
	log_setup("test", LOG_ERROR, ends[1]);
	log_event(LOG_WARNING, "quiet", NULL, 0);
	log_event(LOG_ERROR, "loud", NULL, 0);
	assert_non_null(strstr(logged(), " error loud who=test\n"));
}

/* systemd.exec(5): device and inode of the stream, in decimal. */
static void
test_the_journal_gets_priorities(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(ends[1], &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_setup("keeper", LOG_DEBUG, ends[1]);
	log_event(LOG_DEBUG, "d", NULL, 0);
	log_event(LOG_INFO, "i", NULL, 0);
	log_event(LOG_NOTICE, "n", NULL, 0);
	log_event(LOG_WARNING, "w", NULL, 0);
	LOG(LOG_ERROR, "e", F_INT("k", 1));
	assert_string_equal(logged(),
	    "<7>d who=keeper\n<6>i who=keeper\n<5>n who=keeper\n"
	    "<4>w who=keeper\n<3>e k=1 who=keeper\n");

	/* A variable that was inherited and means another descriptor. */
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_setup("keeper", LOG_DEBUG, ends[1]);
	log_event(LOG_INFO, "i", NULL, 0);
	assert_non_null(strstr(logged(), "Z info i who=keeper\n"));
}

static void
test_long_lines_are_cut_between_characters(void **state)
{
	char long_name[4000];

	(void)state;
	/* With each of a few lengths before it, the cut falls elsewhere. */
	for (int shift = 0; shift < 8; shift++) {
		const char *line;
		size_t len;

		for (size_t i = 0; i + 3 <= sizeof(long_name); i += 3)
			memcpy(long_name + i, "\"\xc3\xa9", 3);
		LOG(LOG_INFO, "peer",
		    F_TEXT("shift", span_of("xxxxxxxx", (size_t)shift)),
		    F_TEXT("name", span_of(long_name, 3999)),
		    F_INT("never", 1));
		line = logged();
		len = strlen(line);
		assert_true(len > 1500 && len <= 2048);
		assert_true(text_utf8_valid(span_str(line)));
		assert_non_null(strstr(line, "\xe2\x80\xa6\" who=test\n"));
		assert_null(strstr(line, "never"));
	}
	LOG(LOG_INFO, "peer", F_BYTES("bytes", span_of(long_name, 3999)));
	assert_non_null(strstr(logged(), "bytes=\xe2\x80\xa6 who=test\n"));
}

/* The longest name of a process, each byte of it escaped, still fits. */
static void
test_who_is_cut_and_quoted_too(void **state)
{
	char name[200];
	const char *line;

	(void)state;
	memset(name, '\1', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	log_setup(name, LOG_INFO, ends[1]);
	log_event(LOG_INFO, "x", NULL, 0);
	line = logged();
	assert_non_null(strstr(line, "\\u0001\"\n"));
	assert_true(strlen(line) < 6 * 64 + 64);
}

/* Fill the log's pipe or socket to the last byte that it takes. */
static void
fill(void)
{
	int flags = fcntl(ends[1], F_GETFL);
	char block[1024];

	memset(block, '.', sizeof(block));
	assert_int_equal(fcntl(ends[1], F_SETFL, flags | O_NONBLOCK), 0);
	for (size_t size = sizeof(block); size > 0; size /= 2)
		while (write(ends[1], block, size) > 0)
			continue;
	assert_int_equal(fcntl(ends[1], F_SETFL, flags), 0);
}

/*
 * With nobody reading, the process goes on (it would hang here otherwise), the
 * descriptor stays as blocking as its other users know it, and the log says
 * afterwards how much it lost.
 */
static void
test_a_full_log_loses_lines_and_says_so(void **state)
{
	int flags = fcntl(ends[1], F_GETFL);
	const char *text;

	(void)state;
	fill();
	log_event(LOG_INFO, "lost", NULL, 0);
	log_event(LOG_INFO, "lost", NULL, 0);
	assert_int_equal(fcntl(ends[1], F_GETFL), flags);
	(void)logged();
	log_event(LOG_INFO, "after", NULL, 0);
	log_event(LOG_INFO, "later", NULL, 0);
	text = logged();
	assert_non_null(strstr(text, "after who=test lost=2\n"));
	assert_non_null(strstr(text, "later who=test\n"));
}

/* A log whose reader is gone is lost lines as well: no signal, no end. */
static void
test_a_closed_log_is_survived(void **state)
{
	(void)state;
	close(ends[0]);
	log_event(LOG_INFO, "unheard", NULL, 0);
	teardown(state);
	assert_int_equal(setup_socket(state), 0);
	log_event(LOG_INFO, "heard", NULL, 0);
	assert_non_null(strstr(logged(), "heard who=test lost=1\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields_print_by_their_kind),
	    cmocka_unit_test(test_text_of_peers_is_quoted),
	    cmocka_unit_test_setup_teardown(
		test_a_line_has_time_level_and_who, setup_pipe, teardown),
	    cmocka_unit_test_setup_teardown(
		test_levels_below_the_setting_are_silent, setup_pipe, teardown),
	    cmocka_unit_test_setup_teardown(
		test_the_journal_gets_priorities, setup_socket, teardown),
	    cmocka_unit_test_setup_teardown(
		test_long_lines_are_cut_between_characters, setup_pipe,
		teardown),
	    cmocka_unit_test_setup_teardown(
		test_who_is_cut_and_quoted_too, setup_pipe, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_full_log_loses_lines_and_says_so, setup_pipe, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_full_log_loses_lines_and_says_so, setup_socket,
		teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_closed_log_is_survived, setup_socket, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
