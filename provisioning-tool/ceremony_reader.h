/**
 * ceremony_reader.h - what the readers of a ceremony's file share.
 */
#ifndef TOOL_CEREMONY_READER_H
#define TOOL_CEREMONY_READER_H

#include "ceremony.h"

#include "policy/yaml.h"

struct creader {
	struct yaml_ctx yaml;
	struct ceremony *c;
	enum rc rc; /**< the first that went wrong */
};

/** Keep the first error. True when `rc` is RC_OK. */
bool creader_note(struct creader *r, enum rc rc);

/** Add a finding at `at`; PRINTF as yaml_error. */
PRINTF_LIKE(4, 5)
void creader_error(struct creader *r, const struct yaml_node *at,
    const char *code, const char *fmt, ...);

/** A text that must be there (`need`) or may be; NULL otherwise. */
const char *creader_text(
    struct creader *r, struct yaml_node *map, const char *key, bool need);
/** The same as a path, made to go from the ceremony's folder. */
const char *creader_path(
    struct creader *r, struct yaml_node *map, const char *key, bool need);
/** `on_missing: fail|generate` into `out`, if it is there. */
void creader_on_missing(struct creader *r, struct yaml_node *map, bool *out);

/** `token:` or `tokens:` of the file. */
void creader_tokens(struct creader *r, struct yaml_node *root);
/** Which token `map` names by `token:`. */
void creader_token_name(
    struct creader *r, struct yaml_node *map, size_t *index);

/** One item of `steps:`. */
void creader_step(struct creader *r, struct yaml_node *item);

/** Subject, names and terms of a certificate into `p`. */
void creader_profile(
    struct creader *r, struct yaml_node *map, struct cert_profile *p);

#endif
