/**
 * verb_options.h - tables of options: the words they are written in, and the
 * groups that verbs of several files have. A file verbs_*.c holds the groups of
 * a family of verbs, and verbs.c the verbs.
 */
#ifndef TOOL_VERB_OPTIONS_H
#define TOOL_VERB_OPTIONS_H

#include "options.h"

#define TEXT(long, where, what, text) \
	.name = (long), .kind = OPTION_TEXT, .value = (what), .help = (text), \
	.offset = offsetof(struct options, where)
#define FILE_NAME(long, where, what, text) \
	.name = (long), .kind = OPTION_FILE, .value = (what), .help = (text), \
	.offset = offsetof(struct options, where)
#define NUMBER(long, where, lo, hi, text) \
	.name = (long), .kind = OPTION_NUMBER, .value = "N", .help = (text), \
	.offset = offsetof(struct options, where), .min = (lo), .max = (hi)

#define LEDGER(text) FILE_NAME("ledger", ledger, "FILE", (text))

#define OUTPUT(kinds, help_text) \
	.name = "format", .kind = OPTION_CHOICE, .value = "FORMAT", \
	.help = (help_text), .offset = offsetof(struct options, format), \
	.choices = (kinds), .preset = "text"

/*
 * What every verb that mints can be told: in the tables of their own options,
 * each of some specs.
 */
#define MINT_DOCUMENT \
	{FILE_NAME("policies", policies, "PATH", \
	    "folder or file with the documents")}, \
	{ \
		TEXT("image", image, "NAME", \
		    "the image document, which says all that is not given " \
		    "here") \
	}
#define MINT_WITHOUT_DOCUMENT \
	{TEXT("identity", identity, "NAME", \
	    "without --image: the identity document to mint by")}, \
	{ \
		TEXT("uri", uri, "URI", \
		    "without --image: the bootstrap server, " \
		    "coaps://HOST:PORT") \
	}
#define MINT_FORMAT \
	{ \
		.name = "format", .kind = OPTION_CHOICE, .value = "FORMAT", \
		.help = "of the images; `image formats` lists them", \
		.offset = offsetof(struct options, format), \
		.choices = image_format_names \
	}
#define MINT_ACCOUNT \
	{NUMBER("instance", instance, 0, 65534, \
	     "of the Security object; default 1"), \
	    .absent = -1}, \
	{ \
		.name = "hold-off", .kind = OPTION_SECONDS, .value = "TIME", \
		.help = "Client Hold Off; default 10s", \
		.offset = offsetof(struct options, hold_off_s), \
		.max = 31536000, .absent = -1 \
	}

/** Forms of output, for OUTPUT. */
extern const char *const verb_text_json[];
extern const char *const verb_text_json_sarif[];
extern const char *const verb_text_json_csv[];

extern const struct option_group verb_config; /**< -c FILE */
extern const struct option_group verb_token; /**< where the HSM is */

/* verbs_batch.c */
extern const struct option_group image_batch_options;

/* verbs_image.c */
extern const struct option_group image_build_options;
extern const struct option_group image_geometry_options;
extern const struct option_group image_formats_options;

/* verbs_reissue.c */
extern const struct option_group image_reissue_options;
extern const struct option_group image_keys_options;
/* verbs_inspect.c */
extern const struct option_group image_inspect_options;
extern const struct option_group image_verify_options;

/* verbs_label.c */
extern const struct option_group image_label_options;
extern const struct option_group image_look_options; /**< how they look */

/* verbs_rehearse.c */
extern const struct option_group image_rehearse_options;

/* verbs_station.c */
extern const struct option_group audit_merge_options;
extern const struct option_group image_buffer_fill_options;
extern const struct option_group image_buffer_show_options;
extern const struct option_group image_buffer_release_options;

/* verbs_order.c */
extern const struct option_group order_sign_options;
extern const struct option_group order_show_options;
extern const struct option_group order_flashed_options;
extern const struct option_group order_scrapped_options;
extern const struct option_group audit_reconcile_options;
extern const struct option_group order_use_options; /**< of who mints */

#endif
