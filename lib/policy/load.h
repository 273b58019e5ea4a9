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

#include "lwm2m/object.h"
#include "policy/set.h"
#include "policy/word.h"
#include "policy/yaml.h"

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
	size_t sequence; /**< of all documents, by file and place */
	struct read_policy *next;
};

struct load {
	struct arena *arena; /**< of the set */
	struct diag *diag;
	bool no_memory; /**< sticky */
	struct read_identity *identities, **identity_tail;
	size_t identity_count;
	struct read_policy *policies, **policy_tail;
	size_t policy_count;
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

/** Findings for keys and PINs written in clear, anywhere in a document. */
void secret_lint(const struct yaml_ctx *c, struct yaml_node *root);

/** identity.c, policy.c: one document; a read one is appended to the list. */
void load_identity(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);
void load_policy(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root);

/** server.c: the list behind `servers:`. */
void load_servers(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy *out);

/** object.c: the map behind `objects:`; the servers are there already. */
void load_objects(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy *out);

/** value.c: a value of the type and range of `r`; true: `*out` is set. */
bool load_value(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct lwm2m_resource *r, struct lwm2m_value *out);

/** check.c: findings about the set as a whole. `tried` are all policies in
 *  the order they are tried. */
void check_set(struct load *l, struct read_policy *const *tried);

#endif
