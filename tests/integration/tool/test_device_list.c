/* Lists of devices: in the forms that lines send them, whole and in pieces. */
#include "device_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** All that is said of a list, "line:endpoint|serial|model|lot|name " or
 *  "line!" for a fault. */
static void
said(const void *bytes, size_t len, char *out, size_t cap)
{
	struct device_list *l = malloc(sizeof(*l));
	struct device_record r;
	enum device_next next;
	size_t n = 0;
	int ends[2];

	assert_non_null(l);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes, len), len);
	close(ends[1]);
	device_list_begin(l, ends[0]);
	out[0] = '\0';
	while ((next = device_list_next(l, -1, &r)) == DEVICE_RECORD) {
		n += (size_t)snprintf(
		    out + n, cap - n, "%d%c", (int)r.line, r.fault ? '!' : ':');
		for (size_t i = 0; !r.fault && i < DEVICE_COLUMNS; i++)
			n += (size_t)snprintf(out + n, cap - n, "%s%.*s",
			    i ? "|" : "", (int)r.cells[i].len,
			    r.cells[i].len ? (const char *)r.cells[i].p : "");
		n += (size_t)snprintf(out + n, cap - n, " ");
	}
	if (next == DEVICE_UNUSABLE)
		snprintf(out + n, cap - n, "%d!!%s", (int)r.line, r.fault);
	else
		assert_int_equal(next, DEVICE_END);
	close(ends[0]);
	free(l);
}

static void
forms(void **state)
{
	static const struct {
		const char *list, *said;
	} all[] = {
	    {"", ""},
	    {"a\nb\r\n\n  \nc", "1:||||a 2:||||b 5:||||c "},
	    {"endpoint\na\n", "2:a|||| "},
	    {"\xef\xbb\xbf"
	     "EP;Serial Number;x;Lot;Model\r\n"
	     "a;1;q;l;m\r\n\"b;c\";2;;;\r\n",
		"2:a|1|m|l| 3:b;c|2||| "},
	    {"serial,model\n1,\"two\nlines\"\n2,x\n", "2! 4:|2|x|| "},
	    {"{\"endpoint\":\"a\",\"n\":[1]}\n{\"serial\":2}\n{\n"
	     "{\"ep\":\"b\",\"urn\":\"c\"}",
		"1:a|||| 2! 3! 4! "},
	    {"endpoint,model\na\nb,c,d\n\"e,f\ng\"x,h\n,\n", "2! 3! 4! 6! "},
	    {"a\n b\nc \n\xe9\nd\x01\n", "1:||||a 2! 3! 4! 5! "},
	};
	char out[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		said(all[i].list, strlen(all[i].list), out, sizeof(out));
		assert_string_equal(out, all[i].said);
	}
}

static void
unusable(void **state)
{
	static const struct {
		const char *list;
		size_t len;
		const char *word;
	} all[] = {
	    {"\xff\xfe"
	     "e\0",
		4, "UTF-16"},
	    {"\xfe\xff\0e", 4, "UTF-16"},
	    {"e\0p\0", 4, "UTF-16"},
	    {"\xff\xfe\0\0e\0\0\0", 8, "UTF-32"},
	    {"name,colour\na,b\n", 16, "no column"},
	    {"ep,endpoint\na,b\n", 16, "two columns"},
	};
	char out[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		said(all[i].list, all[i].len, out, sizeof(out));
		assert_non_null(strstr(out, "1!!"));
		assert_non_null(strstr(out, all[i].word));
	}
}

/** What is too long is one finding, and what is behind it is read. */
static void
long_lines(void **state)
{
	enum { LEN = 20000 };
	char *list = malloc(LEN + 16), out[2000];

	(void)state;
	assert_non_null(list);
	memset(list, 'x', LEN);
	memcpy(list, "a\n", 2);
	memcpy(list + LEN, "\nb\n", 4);
	said(list, LEN + 3, out, sizeof(out));
	assert_string_equal(out, "1:||||a 2! 3:||||b ");
	free(list);
}

/** A line that feeds them byte by byte; a pause is none of the end. */
static void
pieces(void **state)
{
	static const char list[] = "endpoint,model\r\n\"a\"\"\",b\r\n";
	struct device_list *l = malloc(sizeof(*l));
	struct device_record r;
	int ends[2];

	(void)state;
	assert_non_null(l);
	assert_int_equal(pipe(ends), 0);
	device_list_begin(l, ends[0]);
	assert_int_equal(device_list_next(l, 0, &r), DEVICE_PAUSE);
	for (size_t i = 0; i + 1 < sizeof(list); i++) {
		assert_int_equal(device_list_next(l, 0, &r), DEVICE_PAUSE);
		assert_int_equal(write(ends[1], &list[i], 1), 1);
	}
	assert_int_equal(device_list_next(l, 0, &r), DEVICE_RECORD);
	assert_null(r.fault);
	assert_true(span_is(r.cells[DEVICE_ENDPOINT], "a\""));
	assert_int_equal(device_list_next(l, 0, &r), DEVICE_PAUSE);
	close(ends[1]);
	assert_int_equal(device_list_next(l, 0, &r), DEVICE_END);
	close(ends[0]);
	free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forms),
	    cmocka_unit_test(unusable),
	    cmocka_unit_test(long_lines),
	    cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
