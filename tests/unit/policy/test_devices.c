/* devices: which device is which. */
#include "policy/match.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

/* Two files of devices. `want` NULL: no error. */
static struct policy_set *
with(const char *one, const char *two, const char *want)
{
	struct policy_set *s;
	struct folder f;

	assert_true(folder_init(&f));
	folder_put(&f, "one.csv", span_str(one));
	folder_put(&f, "two.csv", span_str(two));
	folder_put(&f, "t.yaml",
	    SPAN_LIT("identity: i\npsk: {derive: b}\n---\n"
		     "policy: p\nservers: []\n---\n"
		     "devices: {file: one.csv}\n---\n"
		     "devices: {file: two.csv}\n"));
	s = expect_folder(&f, "t.yaml", want);
	folder_fini(&f);
	return s;
}

static void
test_all_files_are_one_table(void **state)
{
	struct policy_set *s = with("model,endpoint\nWM200,m-2\n\"a,b\",m-1\n",
	    "\xef\xbb\xbf"
	    "Endpoint,Batch,Model\r\nm-3,b1,WM200\r\n# m-4,,\r\nm-0,,",
	    "");
	const struct policy_device *d;

	(void)state;
	assert_int_equal(s->device_count, 4);
	d = policy_device_find(s, SPAN_LIT("m-1"));
	assert_string_equal(d->model, "a,b");
	assert_string_equal(d->batch, "");
	d = policy_device_find(s, SPAN_LIT("m-3"));
	assert_string_equal(d->model, "WM200");
	assert_string_equal(d->batch, "b1");
	assert_string_equal(policy_device_find(s, SPAN_LIT("m-0"))->model, "");
	assert_null(policy_device_find(s, SPAN_LIT("m-4")));
	assert_null(policy_device_find(s, SPAN_LIT("m-")));
	policy_set_unref(s);
}

static void
test_faults(void **state)
{
	static const char good[] = "endpoint,model\nx,X\n";
	static const struct {
		const char *one, *two, *want;
	} t[] = {
	    {good, "m-1,WM200\n",
		"two.csv:1: warning: the column \"m-1\" is not read: "
		"`endpoint`, `model` and `batch` are\n"
		"two.csv:1: warning: the column \"WM200\" is not read: "
		"`endpoint`, `model` and `batch` are\n"
		"two.csv:1: error: \"m-1,WM200\": the first line names the "
		"columns, like endpoint,model,batch\n"},
	    {good, "endpoint,model,model\n",
		"two.csv:1: error: \"model\": two columns of that name\n"},
	    {good, "endpoint,model\nm-1\nm-2,a,b\n\"m-3,b\n",
		"two.csv:2: error: \"m-1\": not as many fields as the first "
		"line has columns\n"
		"two.csv:3: error: \"m-2,a,b\": not as many fields as the "
		"first line has columns\n"
		"two.csv:4: error: \"\\\"m-3,b\": a quote is not closed on "
		"its line\n"},
	    {good, "endpoint,model\n,a\n",
		"two.csv:2: error: \"\": an endpoint name has 1 to 252 "
		"bytes\n"},
	    {good, "endpoint,model\nm-1,\x02\n",
		"two.csv:2: error: \"\\u0002\": a model or batch is at most "
		"128 bytes of text\n"},
	    /* twice is no fault, otherwise it is */
	    {good, good, ""},
	    {good, "endpoint,model\nx,Y\n",
		"two.csv:2: error: \"x\" is at one.csv:2 already, with "
		"another model or batch; leave one of the two out\n"},
	    {good, "# nothing\n",
		"9:10: warning: devices: \"two.csv\" names no device\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		policy_set_unref(with(t[i].one, t[i].two, t[i].want));
}

/* A thousand faults are said twenty times. */
static void
test_the_next_thousand_say_the_same(void **state)
{
	char *text = NULL;
	size_t len, lines = 0;
	FILE *f = open_memstream(&text, &len);
	struct policy_set *s;
	struct folder folder;
	struct diag *d = diag_new();

	(void)state;
	fputs("endpoint,model\n", f);
	for (unsigned i = 0; i < 1000; i++)
		fputs("m\n", f);
	fclose(f);
	assert_true(folder_init(&folder));
	folder_put(&folder, "one.csv", span_str(text));
	folder_put(&folder, "t.yaml", SPAN_LIT("devices: {file: one.csv}\n"));
	assert_int_equal(
	    policy_load(folder_path(&folder, "t.yaml"), d, &s), RC_CONFIG);
	lines = diag_count(d, DIAG_ERROR);
	assert_int_equal(lines, 21);
	folder_fini(&folder);
	diag_free(d);
	free(text);
}

static void
test_the_file_is_part_of_the_set(void **state)
{
	struct policy_set *a = with(
			      "endpoint\n", "endpoint,batch\nm,b1\n", NULL),
			  *b = with(
			      "endpoint\n", "endpoint,batch\nm,b2\n", NULL);

	(void)state;
	assert_memory_not_equal(a->digest, b->digest, DIGEST_LEN);
	policy_set_unref(a);
	policy_set_unref(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_files_are_one_table),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_the_next_thousand_say_the_same),
	    cmocka_unit_test(test_the_file_is_part_of_the_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
