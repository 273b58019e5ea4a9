/* A set that was put into force, from the ledger alone. */
#include "issue/issue.h"
#include "issue/kept.h"
#include "policy/manifest.h"

#include "../ledger/support.h"
#include "../policy/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOCUMENTS "set/policies.d"

/* Documents, and beside and below their folder what they name. */
static const struct {
	const char *name, *text;
} files[] = {
    {"set/ca.pem", "not read as a certificate here\n"},
    {DOCUMENTS "/lists/pilot.csv", "endpoint\nurn:x:7\nurn:x:8\n"},
    {DOCUMENTS "/table.csv",
	"0000000000000000000000000000000000000000000000000000000000000001,"
	"urn:x:9\n"},
    {DOCUMENTS "/a.yaml",
	"identity: cert\n"
	"certificate: {trust: ../ca.pem, endpoint: {table: table.csv}}\n"
	"---\n"
	"identity: psk\n"
	"psk: {derive: master, identity: '{endpoint}'}\n"},
    {DOCUMENTS "/b.yaml",
	"policy: pilot\n"
	"order: 1\n"
	"match: {endpoint: {list: lists/pilot.csv}}\n"
	"deny: Of the pilot\n"
	"---\n"
	"policy: rest\n"
	"order: 2\n"
	"servers: []\n"},
};

enum { FILES = sizeof(files) / sizeof(files[0]) };

static const char *const folders[] = {"set", DOCUMENTS, DOCUMENTS "/lists"};

struct world {
	struct desk *desk;
	struct folder folder;
	char documents[128];
	struct policy_set *set;
};

static void
put_set(struct world *w)
{
	assert_true(folder_init(&w->folder));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    mkdir(folder_path(&w->folder, folders[i]), 0700), 0);
	for (size_t i = 0; i < FILES; i++)
		folder_put(&w->folder, files[i].name, span_str(files[i].text));
	snprintf(w->documents, sizeof(w->documents), "%s",
	    folder_path(&w->folder, DOCUMENTS));
}

static void
remove_set(struct world *w)
{
	for (size_t i = 0; i < FILES; i++)
		unlink(folder_path(&w->folder, files[i].name));
	for (size_t i = 3; i > 0; i--)
		assert_int_equal(
		    rmdir(folder_path(&w->folder, folders[i - 1])), 0);
	folder_fini(&w->folder);
}

static void
keep(struct world *w, const char *source)
{
	bool kept = false;

	assert_int_equal(ledger_begin(w->desk->ledger), RC_OK);
	assert_int_equal(issue_set_keep(w->desk->ledger, w->set, &kept), RC_OK);
	assert_true(kept);
	PUT(w->desk->ledger, "policies_loaded", 0, "",
	    F_BYTES("policy_set", span_of(w->set->digest, DIGEST_LEN)),
	    F_TEXT("source", span_str(source)), F_BOOL("kept", true));
	assert_int_equal(ledger_commit(w->desk->ledger), RC_OK);
}

static int
setup(void **state)
{
	static struct world w;

	w = (struct world){0};
	if (desk_setup(state) != 0)
		return -1;
	w.desk = *state;
	*state = &w;
	put_set(&w);
	return policy_load(w.documents, NULL, &w.set) == RC_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	policy_set_unref(w->set);
	*state = w->desk;
	return desk_teardown(state);
}

/* What each of them says of the same devices. */
static void
expect_same(const struct policy_set *a, const struct policy_set *b)
{
	char endpoint[] = "urn:x:0";

	assert_memory_equal(a->digest, b->digest, DIGEST_LEN);
	for (char c = '0'; c <= '9'; c++) {
		const struct identity *ia, *ib;
		const struct policy *pa, *pb;
		struct span ea, eb;

		endpoint[6] = c;
		ia = identity_for_psk(a, span_str(endpoint), &ea);
		ib = identity_for_psk(b, span_str(endpoint), &eb);
		assert_non_null(ia);
		assert_non_null(ib);
		pa = policy_for(
		    a, &(struct policy_facts){.identity = ia, .endpoint = ea});
		pb = policy_for(
		    b, &(struct policy_facts){.identity = ib, .endpoint = eb});
		assert_string_equal(pa->name, pb->name);
		assert_string_equal(pa->place.file, pb->place.file);
		assert_int_equal(pa->place.line, pb->place.line);
		assert_string_equal(
		    pa->name, c == '7' || c == '8' ? "pilot" : "rest");
	}
	assert_int_equal(a->identities[0].table_count, 1);
	assert_int_equal(b->identities[0].table_count, 1);
	assert_memory_equal(&a->identities[0].table[0].sha256,
	    &b->identities[0].table[0].sha256, DIGEST_LEN);
	assert_true(span_equal(
	    a->identities[0].trust.bytes, b->identities[0].trust.bytes));
}

static void
test_it_decides_the_same_when_the_folder_is_gone(void **state)
{
	struct world *w = *state;
	struct policy_set *again;

	keep(w, w->documents);
	remove_set(w);
	assert_int_equal(access(w->documents, F_OK), -1);
	desk_close(w->desk);
	desk_open(w->desk);
	assert_int_equal(
	    issue_set_kept(w->desk->ledger, w->set->digest, NULL, &again),
	    RC_OK);
	expect_same(w->set, again);
	policy_set_unref(again);
	/* once more into force: nothing new but the row */
	keep(w, w->documents);
	assert_int_equal(verified_rows(w->desk->ledger), 2);
	assert_string_equal(
	    raw_text(w->desk->path, "SELECT count(*) FROM blob"), "6");
}

/* Where one file was all the documents, others beside it are none. */
static void
test_one_file_of_documents(void **state)
{
	struct world *w = *state;
	struct policy_set *again;
	char path[160];

	policy_set_unref(w->set);
	snprintf(path, sizeof(path), "%s/a.yaml", w->documents);
	assert_int_equal(policy_load(path, NULL, &w->set), RC_OK);
	assert_int_equal(w->set->file_count, 3);
	keep(w, path);
	remove_set(w);
	assert_int_equal(
	    issue_set_kept(w->desk->ledger, w->set->digest, NULL, &again),
	    RC_OK);
	assert_int_equal(again->identity_count, 2);
	assert_string_equal(again->identities[0].place.file, path);
	policy_set_unref(again);
}

static void
expect_altered(struct world *w, const char *want)
{
	struct diag *d = diag_new();
	struct policy_set *again;
	char *text;

	assert_int_equal(
	    issue_set_kept(w->desk->ledger, w->set->digest, d, &again),
	    RC_MALFORMED);
	assert_null(again);
	text = printed(d);
	if (!strstr(text, want))
		fail_msg("%s", text);
	free(text);
	diag_free(d);
}

/* By somebody with the file of the ledger. */
static void
test_what_was_altered_is_not_loaded(void **state)
{
	static const char pilot[] = "lists/pilot.csv of this set in the ledger";
	struct world *w = *state;
	const uint8_t other[DIGEST_LEN] = {1};
	struct policy_set *again;

	keep(w, w->documents);
	remove_set(w);
	assert_int_equal(
	    issue_set_kept(w->desk->ledger, other, NULL, &again), RC_NOT_FOUND);
	raw(w->desk->path,
	    "DROP TRIGGER blob_keeps_values; DROP TRIGGER blob_keeps_rows;"
	    "UPDATE blob SET bytes = CAST('endpoint' || char(10) || 'urn:x:1' "
	    "AS BLOB) WHERE CAST(bytes AS TEXT) LIKE 'endpoint%'");
	expect_altered(w, pilot);
	raw(w->desk->path,
	    "DELETE FROM blob WHERE CAST(bytes AS TEXT) LIKE 'endpoint%'");
	expect_altered(w, pilot);
	raw(w->desk->path,
	    "UPDATE blob SET bytes = x'00' "
	    "WHERE CAST(bytes AS TEXT) LIKE '%pilot.csv' || char(10) || '%'");
	expect_altered(w, "the manifest of this set");
}

/* 64 MiB and some: into force, and not into the ledger. */
static void
test_a_very_great_one_is_not_kept(void **state)
{
	struct world *w = *state;
	const char *path = folder_path(&w->folder, DOCUMENTS "/table.csv");
	FILE *f = fopen(path, "a");
	struct policy_set *again;
	char line[1024];
	bool kept = true;

	assert_non_null(f);
	memset(line, '#', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (size_t i = 0; i < POLICY_KEPT_MAX / sizeof(line) + 1; i++)
		assert_int_equal(fwrite(line, 1, sizeof(line), f), 1024);
	assert_int_equal(fclose(f), 0);
	policy_set_unref(w->set);
	assert_int_equal(policy_load(w->documents, NULL, &w->set), RC_OK);
	assert_null(w->set->files[0].bytes.p);
	assert_int_equal(w->set->identities[0].table_count, 1);
	assert_int_equal(
	    w->set->identities[0].trust.bytes.len, strlen(files[0].text));
	assert_int_equal(ledger_begin(w->desk->ledger), RC_OK);
	assert_int_equal(issue_set_keep(w->desk->ledger, w->set, &kept), RC_OK);
	assert_false(kept);
	assert_int_equal(ledger_commit(w->desk->ledger), RC_OK);
	assert_int_equal(
	    issue_set_kept(w->desk->ledger, w->set->digest, NULL, &again),
	    RC_NOT_FOUND);
	remove_set(w);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_it_decides_the_same_when_the_folder_is_gone),
	    EACH(test_one_file_of_documents),
	    EACH(test_what_was_altered_is_not_loaded),
	    EACH(test_a_very_great_one_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
