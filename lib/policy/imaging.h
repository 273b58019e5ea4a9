/**
 * imaging.h - image documents while a set is made: what their reader, their
 * checks and image.c share. Within this module.
 */
#ifndef POLICY_IMAGING_H
#define POLICY_IMAGING_H

#include "policy/image.h"
#include "policy/load.h"

enum {
	IMAGING_VALUE_MAX = 512, /**< bytes of an option, of a label's text */
};

/** An image document, with its tree for findings about the whole set. */
struct read_image {
	struct policy_image value;
	struct yaml_ctx ctx;
	struct yaml_node *root;
	/* NULL: not said, or there is a finding */
	struct yaml_node *identity; /**< the name there */
	struct yaml_node *servers; /**< likewise */
	struct yaml_node *uri, *epoch, *max;
	struct yaml_node *pattern, *endpoint; /**< of `serial:` */
	struct read_image *next;
};

/** What stands before and behind {serial}; false: it is not there. */
bool imaging_template(struct span text, struct span *front, struct span *back);

#endif
