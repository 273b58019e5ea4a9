/**
 * verbs.h - what the program can do: one table. A verb is one to three words
 * ("image build"), a line of summary, its options and a function.
 */
#ifndef TOOL_VERBS_H
#define TOOL_VERBS_H

#include "options.h"

struct verb {
	const char *name; /**< words parted by one space; the first: group */
	const char *summary; /**< one line for lists of verbs */
	struct option_table options;
	/** What it does; returns the exit code. */
	int (*run)(const struct options *o);
};

struct verb_group {
	const char *name;
	const char *summary;
};

/** Both end with an entry whose name is NULL. */
extern const struct verb verbs[];
extern const struct verb_group verb_groups[];

/**
 * The verb that `argv` (without the program's name) begins with, the longest
 * that fits; *used receives how many words that took. NULL: none.
 */
const struct verb *verb_find(const char *const *argv, size_t *used);

/** Do the words of `name` begin with those of `prefix`? */
bool verb_within(const char *name, const char *prefix);

/** Find the verb and run it, or say what is wrong. Returns the exit code. */
int verb_dispatch(const char *const *argv);

/* The verbs, each in a file of that name. */
int hsm_doctor_verb(const struct options *o);
int hsm_keys(const struct options *o);
int hsm_keys_make(const struct options *o);
int hsm_speed_verb(const struct options *o);
int image_batch(const struct options *o);
int image_buffer_fill(const struct options *o);
int image_buffer_release(const struct options *o);
int image_buffer_show(const struct options *o);
int image_build(const struct options *o);
int image_formats(const struct options *o);
int image_inspect(const struct options *o);
int image_verify(const struct options *o);
int image_keys(const struct options *o);
int image_label(const struct options *o);
int image_reissue(const struct options *o);
int image_rehearse(const struct options *o);
int order_flashed(const struct options *o);
int order_scrapped(const struct options *o);
int order_show(const struct options *o);
int order_sign(const struct options *o);
int pki_ceremony(const struct options *o);
int pki_crl(const struct options *o);
int pki_issue(const struct options *o);
int pki_revoke(const struct options *o);
int pki_show(const struct options *o);
int psk_import(const struct options *o);
int psk_list(const struct options *o);
int policy_check(const struct options *o);
int policy_codes(const struct options *o);
int policy_explain(const struct options *o);
int policy_format(const struct options *o);
int policy_manifest_verb(const struct options *o);
int policy_plan(const struct options *o);
int probe(const struct options *o);
int audit_list(const struct options *o);
int audit_merge(const struct options *o);
int audit_reconcile(const struct options *o);
int audit_show(const struct options *o);
int audit_verify(const struct options *o);
int completion(const struct options *o);

#endif
