/**
 * expect.h - documents as a test writes them, and what is found in them.
 */
#ifndef TEST_POLICY_EXPECT_H
#define TEST_POLICY_EXPECT_H

#include "policy/set.h"

#include "folder.h"

/** All findings as diag_print shows them; freed by the caller. */
char *printed(const struct diag *d);

/** Many documents of tests are about something else and say `servers: []`. Take
 *  the lines that say that nothing is given out of `text`, in place; not where
 *  `want` has one. */
void drop_nothing(char *text, const char *want);

/**
 * Load `text` as the file "t.yaml" and compare all findings, as printed and
 * with "t.yaml:" left out of each line. There is a set exactly when none of
 * them is an error.
 */
void expect_findings(const char *text, const char *want);

/** The same where the codes are wanted: "3:5 policy-uri\n". */
void expect_codes(const char *text, const char *want);

/** Load `text`, which has no errors (warnings are let pass). Unref it. */
struct policy_set *loaded(const char *text);

/**
 * The same for documents that name files: `text` is the file "t.yaml" of a
 * folder that has ca.pem, server.pem, key.pem and table.csv, in which endpoints
 * "a" and "b" have the fingerprints 00.. and ff... Paths of the folder are
 * left out of findings.
 */
void expect_files(const char *text, const char *want);
struct policy_set *loaded_files(const char *text);

/** Load `path` of a folder, "." for all of it, and compare as expect_files.
 *  The set, if there are no errors. */
struct policy_set *expect_folder(
    const struct folder *f, const char *path, const char *want);

/** The one policy that is written behind a fixed identity `here`. */
struct policy_set *loaded_policy(const char *text);

/** Is there such an identity, policy, server? Fails the test if not. */
const struct identity *identity_at(const struct policy_set *s, size_t i);
const struct policy *policy_at(const struct policy_set *s, size_t i);
const struct policy_server *server_at(const struct policy *p, size_t i);

#endif
