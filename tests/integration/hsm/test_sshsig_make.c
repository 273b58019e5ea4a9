/* Signatures of OpenSSH by a key in the token: read by this project, and by
 * ssh-keygen where it is installed. */
#include "fixture.h"

#include "base/text.h"
#include "hsm/sshsig.h"
#include "hsm/sshsig_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct hsm *h;
static struct hsm_session *s;

static const struct hsm_ec_ref SIGNER = {.label = "line-signer"};

static void
hash_of(const char *message, uint8_t hash[static DIGEST512_LEN])
{
	struct digest512 d;

	digest512_init(&d);
	/* in two pieces, as it streams past */
	digest512_put(&d, span_of(message, 1));
	digest512_put(&d, span_str(message + 1));
	digest512_final(&d, hash);
}

static struct span
make(const char *message, const char *space, uint8_t room[SSHSIG_MADE_MAX])
{
	uint8_t hash[DIGEST512_LEN];
	struct writer w;

	hash_of(message, hash);
	writer_init(&w, room, SSHSIG_MADE_MAX);
	if (sshsig_make(s, &SIGNER, space, hash, &w))
		fail_msg("%s", hsm_session_error(s)->text);
	return writer_span(&w);
}

/* Numbers are of 31 to 33 bytes, as chance has it: all of them are read. */
static void
test_we_read_it(void **state)
{
	uint8_t key[SSHKEY_P256_BLOB_LEN], spki[P256_SPKI_LEN];

	(void)state;
	assert_int_equal(hsm_ec_public(s, &SIGNER, spki), RC_OK);
	sshkey_p256_blob(spki, key);
	for (unsigned i = 0; i < 300; i++) {
		uint8_t text[SSHSIG_MADE_MAX], blob[SSHSIG_MADE_MAX];
		char message[32];
		struct writer w;
		struct sshsig sig;
		const char *why;

		snprintf(message, sizeof(message), "manifest %u\n", i);
		writer_init(&w, blob, sizeof(blob));
		assert_int_equal(
		    sshsig_unarmor(make(message, "bootstrapd-image", text), &w),
		    RC_OK);
		assert_int_equal(
		    sshsig_read(writer_span(&w), &sig, &why), RC_OK);
		assert_int_equal(sig.key.kind, SSHKEY_ECDSA_P256);
		assert_true(
		    span_equal(sig.key.blob, span_of(key, sizeof(key))));
		assert_true(span_is(sig.space, "bootstrapd-image"));
		assert_true(span_is(sig.hash, "sha512"));
		assert_int_equal(
		    sshsig_verify(&sig, span_str(message), &why), RC_OK);
		message[0] = 'M';
		assert_int_equal(
		    sshsig_verify(&sig, span_str(message), &why), RC_DENIED);
	}
}

static void
write_file(const char *name, struct span bytes)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
}

static void
test_ssh_keygen_reads_it(void **state)
{
	static const char verify[] =
	    "ssh-keygen -q -Y verify -f signers -I line -n %s -s m.sig <m "
	    ">out 2>&1";
	uint8_t text[SSHSIG_MADE_MAX], line[400], spki[P256_SPKI_LEN];
	char command[256], home[256];
	struct writer w;

	(void)state;
	if (system("command -v ssh-keygen >/dev/null"))
		skip();
	assert_non_null(getcwd(home, sizeof(home)));
	assert_int_equal(chdir(fixture.dir), 0);
	write_file("m", SPAN_LIT("a manifest\n"));
	write_file("m.sig", make("a manifest\n", "bootstrapd-image", text));
	assert_int_equal(hsm_ec_public(s, &SIGNER, spki), RC_OK);
	writer_init(&w, line, sizeof(line));
	writer_str(&w, "line namespaces=\"bootstrapd-image\" ");
	sshkey_p256_print(spki, &w);
	writer_str(&w, " line-signer\n");
	write_file("signers", writer_span(&w));
	snprintf(command, sizeof(command), verify, "bootstrapd-image");
	assert_int_equal(system(command), 0);
	assert_int_equal(
	    system("ssh-keygen -q -Y check-novalidate -n bootstrapd-image "
		   "-s m.sig <m >out 2>&1"),
	    0);
	snprintf(command, sizeof(command), verify, "bootstrapd-order");
	assert_int_not_equal(system(command), 0);
	write_file("m", SPAN_LIT("another manifest\n"));
	snprintf(command, sizeof(command), verify, "bootstrapd-image");
	assert_int_not_equal(system(command), 0);
	assert_int_equal(system("rm -f m m.sig signers out"), 0);
	assert_int_equal(chdir(home), 0);
}

static void
test_what_is_refused(void **state)
{
	const struct hsm_ec_ref nobody = {.label = "nobody"};
	uint8_t text[SSHSIG_MADE_MAX], hash[DIGEST512_LEN] = {0};
	char space[SSHSIG_SPACE_MAX + 2];
	struct writer w;

	(void)state;
	memset(space, 'n', sizeof(space));
	space[SSHSIG_SPACE_MAX + 1] = '\0';
	writer_init(&w, text, sizeof(text));
	assert_int_equal(sshsig_make(s, &SIGNER, "", hash, &w), RC_MALFORMED);
	assert_int_equal(
	    sshsig_make(s, &SIGNER, space, hash, &w), RC_MALFORMED);
	assert_int_equal(sshsig_make(s, &nobody, "n", hash, &w), RC_NOT_FOUND);
	assert_int_equal(w.len, 0);
	writer_init(&w, text, 100);
	assert_int_equal(sshsig_make(s, &SIGNER, "n", hash, &w), RC_TOO_LARGE);
	space[SSHSIG_SPACE_MAX] = '\0';
	writer_init(&w, text, sizeof(text));
	assert_int_equal(sshsig_make(s, &SIGNER, space, hash, &w), RC_OK);
}

static int
setup(void **state)
{
	struct hsm_ec_key made;

	(void)state;
	h = open_token();
	s = take(h);
	return hsm_ec_generate(s, &SIGNER, &made) ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_session_give(s);
	hsm_close(h);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_we_read_it),
	    cmocka_unit_test(test_ssh_keygen_reads_it),
	    cmocka_unit_test(test_what_is_refused),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
