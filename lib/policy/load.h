/**
 * load.h - what the readers of documents share while a policy set is made.
 * For the files of this module.
 *
 * Readers return nothing: what is wrong becomes a finding, and a set with an
 * error among its findings is not handed out. So they read on after a fault
 * and find the next one in the same run.
 */
#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

#include "base/table.h"
#include "lwm2m/object.h"
#include "policy/grammar.h"
#include "policy/placeholder.h"
#include "policy/set.h"
#include "policy/source.h"
#include "policy/word.h"
#include "policy/yaml.h"

/** The profile that is there without a document. */
#define POLICY_BUILT_IN "device-p256"

/** An identity document, with its tree for findings about the whole set. */
struct read_identity {
	struct identity value;
	struct yaml_ctx ctx;
	struct yaml_node *root;
	struct read_identity *next;
};

/** A policy document, likewise. */
struct read_policy {
	struct policy value;
	struct yaml_ctx ctx;
	struct yaml_node *root;
	struct yaml_node *match_identity; /**< NULL: not said */
	struct yaml_node *match_model; /**< likewise */
	struct yaml_node *match_batch; /**< likewise */
	struct yaml_node *device; /**< NULL: not said; profile_set.c */
	struct policy_correction *correction; /**< as in `value` */
	struct yaml_node *correction_device; /**< NULL: not said */
	struct yaml_node **server_nodes; /**< by place of the server */
	struct yaml_node *account; /**< `bootstrap_account:`, or NULL */
	struct yaml_node *account_identity; /**< the name there, or NULL */
	size_t sequence; /**< of all documents, by file and place */
	bool unreached; /**< has its finding; check.c */
	struct read_policy *next;
};

/** An authority, and a profile of certificates, likewise. */
struct read_authority {
	struct policy_authority value;
	struct yaml_ctx ctx;
	struct yaml_node *root;
	struct read_authority *next;
};

struct read_certificate {
	struct policy_certificate value;
	struct yaml_ctx ctx;
	struct yaml_node *root; /**< NULL: built in */
	struct read_certificate *next;
};

/** An `issue:`, whose names are looked up when all documents are there. */
struct read_issue {
	struct policy_issue *value;
	struct yaml_ctx ctx;
	struct yaml_node *ca;
	struct yaml_node *profile; /**< NULL: not said */
	struct read_issue *next;
};

/** A file that documents name, once. */
struct read_file {
	struct table_item item; /**< by its name in `source` */
	const char *name; /**< as it was first written */
	const char *path;
	struct span bytes; /**< as long as the load lasts */
	struct span kept; /**< the same in the set, once it is needed there */
	bool is_table; /**< `table` is taken from it */
	bool faulty; /**< some of its lines are not there */
	const struct policy_fingerprint *table;
	size_t table_count;
	bool is_list; /**< `names` are taken from it */
	const struct span *names; /**< sorted, each once */
	size_t name_count;
};

/** Lines of a file behind `devices:`. */
struct read_devices {
	const char *path;
	struct device_row *rows;
	size_t count;
	struct read_devices *next;
};

struct device_row {
	struct policy_device value;
	const char *path; /**< where it stands */
	unsigned line;
};

struct read_profile;
struct read_override;
struct read_image;
struct read_fragment;
struct read_document;
struct entry;

struct load {
	struct arena *arena; /**< of the set */
	struct arena *scratch; /**< ends with the load */
	struct diag *diag;
	int64_t now_s; /**< UTC */
	struct source source; /**< of all files */
	bool no_memory; /**< sticky */
	bool shipped; /**< what is read is part of the program */
	struct entry *entry_room; /**< entry.c: for one instance at a time */
	struct read_profile *profiles, **profile_tail;
	size_t profile_count;
	struct table files; /**< struct read_file */
	struct read_authority *authorities, **authority_tail;
	size_t authority_count;
	struct read_certificate *certificates, **certificate_tail;
	size_t certificate_count;
	struct read_issue *issues, **issue_tail;
	struct read_identity *identities, **identity_tail;
	size_t identity_count;
	struct read_policy *policies, **policy_tail;
	size_t policy_count;
	size_t server_count; /**< as in the set */
	struct read_devices *devices;
	struct table taken; /**< include.c: files of documents, by name */
	struct read_document *documents, **document_tail; /**< to be read */
	unsigned depth; /**< of includes */
	struct table fragments; /**< fragment.c */
	struct read_fragment *fragment_list;
	size_t fragment_count;
	struct read_override *overrides, **override_tail;
	size_t override_count;
	struct read_image *images, **image_tail;
	size_t image_count;
	size_t trial_nodes; /**< that trials of overrides have made */
	size_t copies; /**< nodes that fragments have made */
};

/** Allocate in the set; NULL sets no_memory. */
void *load_alloc(struct load *l, size_t count, size_t size);

/** Copy text into the set; never NULL (then no_memory is set). */
const char *load_keep(struct load *l, const char *text);

/**
 * The text of `n` (NULL: nothing happens), checked and copied into the set.
 * A finding with `code` where `check` objects. True: `*out` is set.
 */
bool load_word(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char *code, word_check check, const char **out);

/**
 * load_word for a text with placeholders: first a finding for each that does
 * not stand there (check_placeholder.c).
 */
bool load_template(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, const char *code, word_check check,
    enum placeholder_place place, const char **out);

/** check_placeholder.c: the findings alone; true: there are none. */
bool load_placeholders(const struct yaml_ctx *c, const struct yaml_node *n,
    enum placeholder_place place);

/** load_word for the label of a master key: a key itself is not shown. */
bool load_label(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char **out);

/** A duration in whole seconds; NULL: nothing happens. True: `*out` is set. */
bool load_seconds(const struct yaml_ctx *c, struct yaml_node *n, int64_t min_s,
    int64_t max_s, int64_t *out);

/** A key epoch, from 1. */
bool load_epoch(const struct yaml_ctx *c, struct yaml_node *n, uint32_t *out);

/** The finding for what the grammar knows and this version does not do. */
void load_unsupported(const struct yaml_ctx *c, const struct yaml_node *n);

/** Read one document into the lists of `l`; secret_lint comes first. */
void load_document(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);

/** The table of the documents of a kind; NULL: there are no more. */
const struct yaml_keys *load_kind(size_t i);

/** Findings for keys and PINs written in clear, anywhere in a document. */
void secret_lint(const struct yaml_ctx *c, struct yaml_node *root);

/** identity.c, policy.c, authority.c, certificate.c, profile_set.c: one
 *  document; a read one is appended to the list. */
void load_identity(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_policy(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_authority(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_certificate(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_profile(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_devices(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);

void load_fragment(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_include(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_override(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_image(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);

/** policy.c: read the map of a policy, whose fragments are put in, into `doc`,
 *  that is empty. From the finding `before` on they are about it. */
void read_policy(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *root, size_t before, struct read_policy *doc);

/**
 * include.c: the documents of the file `name`, as it is named in the file `from`
 * (NULL: in the folder), and of those that it includes, unless they were taken
 * before. `at` says where it is named, by `by`; NULL: nowhere. They wait for
 * load_waiting. Errors: RC_IO (the one file that was asked for), RC_MEMORY.
 */
MUST_CHECK enum rc load_documents(struct load *l, const char *from,
    const char *name, const struct yaml_ctx *by, const struct yaml_node *at);
/** Read all of them, now that every fragment is known. */
void load_waiting(struct load *l);

/** fragment.c: put what `use:` names into a policy. */
void fragments_expand(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
/** fragment.c: those that nobody uses. */
void check_fragments(struct load *l);

/** condition.c: what stands behind `match:`. */
void load_match(struct load *l, struct read_policy *doc, struct yaml_node *n);
/** Its keys, of which an override has some; the rest of the map is the
 *  caller's. */
void load_match_keys(
    struct load *l, struct read_policy *doc, struct yaml_node *n);
/** A word, or a list of them, NULL-ended; NULL: nothing was said. */
const char **load_words(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, const char *code, word_check check);

/** refusal.c: `deny:` and `quarantine:` of a policy. */
void load_refusal(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *root, struct policy_refusal *out);

/** pattern.c: what stands behind `match.endpoint`, one or a list of them. */
void load_patterns(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, struct policy *out);

/** networks.c: one network or a list; false: some of them have faults. */
bool load_networks(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, const struct network **out, size_t *out_count);

/** certificate.c: the profile that is there without a document. */
void load_built_in(struct load *l);

/** epoch.c: what stands behind an identity's `epoch:`. */
void load_epochs(const struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, struct identity *id);

/** named.c: the file of certificates or keys that `n` names (NULL: nothing
 *  happens), read into the set. */
void load_file(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_file *out);

/** named.c: the path of the file that `n` names, which is not read; NULL:
 *  there is a finding, or `n` is NULL. */
const char *load_path(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *n);

/** named.c: the file of fingerprints that `n` names (NULL: nothing happens),
 *  taken apart into the set. */
void load_table(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *out);

/** named.c: the file of endpoint names that `n` names, taken apart into the
 *  set; NULL: there is a finding, or `n` is NULL. */
const struct read_file *load_list(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *n);

/** list.c: the names of a file, sorted and each once, in the set. */
void load_names(
    struct load *l, const char *path, struct span text, struct read_file *out);

/** named.c: the file of devices that `n` names, which is not kept; NULL: there
 *  is a finding, or `n` is NULL. */
const struct read_file *load_device_file(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *n);

/**
 * fingerprint.c: the lines of a table, sorted and each once, in the set.
 * Findings are at the lines of `path`.
 */
void load_fingerprints(
    struct load *l, const char *path, struct span text, struct read_file *out);

/** credential.c: how long a certificate is valid, or `forever`; NULL: nothing
 *  happens. True: `*out` is set. */
bool load_validity(const struct yaml_ctx *c, struct yaml_node *n, int64_t *out);

/** credential.c: `issue:`, and what a device is to expect of a server, as
 *  certificate or as raw key (`raw`). NULL: nothing happens. */
void load_issue(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_issue *out);
void load_server_key(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, bool raw, struct policy_server_key *out);

/** What `issue:` and a server's key are where nothing is said. */
extern const struct policy_issue issue_none;
extern const struct policy_server_key server_key_none;

/** security.c: the map behind a server's `security:`; `uri` is NULL where it
 *  has a fault. Of `policy` the endpoint is known. */
void load_security(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, struct yaml_node *uri, const struct policy *policy,
    struct policy_server *out);

/** security.c: where a secret key comes from; NULL: nothing happens. */
void load_key(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_key *out);

/** oscore.c: the map behind `oscore:`; NULL: nothing happens. */
void load_oscore(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy *policy, struct policy_oscore *out);

/** server_entry.c: all other keys of the server `n` that become resources of
 *  /1, and the `resources:` of its security (NULL: nothing happens). */
void load_server_entries(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, struct policy_server *out);
void load_security_entries(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, struct policy_server *out);

/** trigger.c: the map behind `trigger:`; NULL: nothing happens. */
void load_trigger(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_trigger *out);

/** account.c: what stands behind `bootstrap_account:`; NULL: it is kept. */
void load_account(struct load *l, struct read_policy *doc, struct yaml_node *n);

/** budget.c: the map behind `budget:`; NULL: nothing happens. */
void load_budget(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_budget *out);

/** server.c: what a server has where nothing is said. */
extern const struct policy_server server_none;

/** server.c: one of them; keys of members of pools are left to pool.c. */
void load_server(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy *policy, struct policy_server *out);

/** pool.c: the list behind `servers:`. */
void load_servers(struct load *l, struct read_policy *doc, struct yaml_node *n);

/** object.c: the map behind `objects:`; the servers are in `policy`. */
void load_objects(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy *policy, const struct policy_object **out,
    size_t *out_count);

/** value.c: a value of the type and range of `r`; true: `*out` is set. */
bool load_value(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct lwm2m_resource *r, struct lwm2m_value *out);

/** A word of the set and the first document that has it. */
struct noted {
	struct table_item item;
	struct policy_place place;
	size_t index; /**< among the documents of its kind */
	bool named; /**< somebody refers to it */
	const struct policy *taken_by; /**< an identity: all its endpoints */
};

/** NULL: not noted, or no word. */
struct noted *noted_find(const struct table *t, const char *word);

/** Note `word`, that is not empty (then nothing happens). The first that had
 *  it, or NULL: it is new. */
const struct noted *noted_add(struct load *l, struct table *t, const char *word,
    const struct policy_place *place, size_t index);

/** noted_add for a document's name: a second one is a finding. */
void noted_name(struct load *l, struct table *t, const struct yaml_ctx *c,
    struct yaml_node *root, const char *kind, const char *word,
    const struct policy_place *place, size_t index);

enum {
	/** Comparisons for "did you mean": beyond, nobody reads them. */
	NOTED_NEAR_BUDGET = 100000,
};

/** Names for "did you mean", NULL-ended, as long as anybody reads that. */
struct noted_near {
	const char **names;
	size_t count;
	size_t budget; /**< comparisons left */
};

/** The finding for a name that no document of that kind has. */
void noted_unknown(struct noted_near *near, const struct yaml_ctx *c,
    const struct yaml_node *n, const char *code, const char *kind);

/** check.c: findings about the set as a whole. `tried` are all policies in
 *  the order they are tried. */
void check_set(struct load *l, struct read_policy *const *tried);

/** check_overlap.c: policies that take each other's devices. */
void check_overlaps(struct load *l, struct read_policy *const *tried);

/** check_way_in.c: identities, policies and lists that nobody comes by. */
void check_ways_in(struct load *l);

/** check_server.c: accounts as nobody wants them. */
void check_servers_usual(struct load *l);

/** check_issue.c: give every `issue:` its authority and profile, which are in
 *  the set already, and say what does not go together. */
void check_issues(struct load *l, const struct policy_authority *authorities,
    const struct policy_certificate *certificates);

/** check_account.c: whose credential a rotated account gets, and can it be
 *  made? `identities` are those of the set. */
void check_accounts(struct load *l, const struct identity *identities);

/** devices.c: all lines of `devices:` as one table of the set. */
void assemble_devices(struct load *l, struct policy_set *s);

/** devices.c: `match.model` and `match.batch` without such a table. */
void check_models(struct load *l, const struct policy_set *s);

/** check_link.c: is there what a link of an account leads to? */
void check_links(struct load *l);

/** check_placeholder.c: may what a placeholder stands for be unknown, or too
 *  long? */
void check_placeholders(struct load *l, const struct policy_set *s);

/** check_device.c: what does a policy ask that its device cannot do? */
void check_devices(struct load *l);

/** check_image.c: image documents as an array of the set, whose identities and
 *  policies are there, and what does not go together. */
void assemble_images(struct load *l, struct policy_set *s);

/** check_purpose.c: what keys of the token serve more than one purpose? */
void check_purposes(struct load *l);

#endif
