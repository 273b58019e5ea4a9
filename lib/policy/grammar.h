/**
 * grammar.h - the tables of a policies folder: every map that a document may
 * have, with its keys, the words and ranges of these, and the limits that
 * readers and schema share. How a key is added: keys.h.
 */
#ifndef POLICY_GRAMMAR_H
#define POLICY_GRAMMAR_H

#include "policy/keys.h"

enum {
	GRAMMAR_ORDER_MAX = 1000000, /**< and as much below 0 */
	GRAMMAR_SSID_MAX = 65534, /**< 0 and 65535 name no server, Core E.2 */
	/** /0 and /1 hold Integers of up to 64 bits, but clients keep seconds
	 *  in 32 with a sign. */
	GRAMMAR_SECONDS_MAX = INT32_MAX,
	GRAMMAR_RANDOM_MIN = 16, /**< bytes of a random key */
	GRAMMAR_RANDOM_MAX = 64,
	GRAMMAR_RETRY_MIN_S = 60,
	GRAMMAR_RETRY_MAX_S = 86400, /**< the longest that a worker puts off */
	GRAMMAR_VALIDITY_MIN_S = 60,
	/** Longer than any CA lives: `forever` is for more. */
	GRAMMAR_VALIDITY_MAX_Y = 100,
	GRAMMAR_BACKDATE_MAX_S = 365 * 86400,
	GRAMMAR_USES_MAX = 16, /**< fragments in one place */
	GRAMMAR_INCLUDES_MAX = 1000, /**< files, behind one `include:` */
	GRAMMAR_PATTERNS_MAX = 1000, /**< behind `match.endpoint` */
	GRAMMAR_VALUES_MAX = 8, /**< instances of a resource, by a list */
	GRAMMAR_INSTANCE_MAX = 65534, /**< of an object */
	GRAMMAR_KEY_MAX = 65535, /**< bytes of /0/x/3, 4 and 5 */
	GRAMMAR_IMAGE_HOLD_OFF_MAX_S = 365 * 86400,
	GRAMMAR_LABEL_TEXTS_MAX = 8, /**< lines of text on one label */
	GRAMMAR_DPI_MIN = 72,
	GRAMMAR_DPI_MAX = 2400,
	/** A block that is smaller has no room in a message, RFC 7959. */
	GRAMMAR_MESSAGE_MIN = 64,
	GRAMMAR_MESSAGE_MAX = 65535, /**< plans have 16 bits for it */
};

/* Documents. */
extern const struct yaml_keys grammar_identity, grammar_policy,
    grammar_authority, grammar_certificate_profile, grammar_profile,
    grammar_devices, grammar_fragment, grammar_include, grammar_override,
    grammar_image;

/** Of an image. The keys of `options:` are those of the option group "Format
 *  options" of `image build`, by the same names and ranges. */
extern const struct yaml_keys grammar_image_serial, grammar_image_options,
    grammar_image_label;

/** Names of image formats; of those that ihex and uf2 carry, and of those that
 *  a raw partition carries; levels of QR codes. */
extern const char *const grammar_image_formats[],
    *const grammar_image_carried[], *const grammar_image_payloads[],
					*const grammar_label_levels[];

/* Of an override. */
extern const struct yaml_keys grammar_override_match, grammar_override_server,
    grammar_override_device;

/* Of an identity. */
extern const struct yaml_keys grammar_psk, grammar_epoch, grammar_certificate,
    grammar_table, grammar_nosec;

/* Of a policy. */
extern const struct yaml_keys grammar_match, grammar_pattern, grammar_issuer,
    grammar_device, grammar_correction, grammar_budget, grammar_quarantine,
    grammar_rotation, grammar_hand_over;

/* Of a server. */
extern const struct yaml_keys grammar_server, grammar_registration,
    grammar_retry, grammar_security, grammar_key, grammar_oscore,
    grammar_trigger, grammar_authorization;

/** A pool, and a server in one: its keys and those that only such have, which
 *  the reader refuses elsewhere with better words. */
extern const struct yaml_keys grammar_pool, grammar_member;

/** `server:` of a fragment. */
extern const struct yaml_keys grammar_piece;

/* Of several. */
extern const struct yaml_keys grammar_issue, grammar_server_key,
    grammar_raw_key, grammar_instance_of, grammar_subject, grammar_file;

/* Words, NULL-ended. Where they stand for numbers, in the order of these. */
extern const char *const grammar_verifies[],
    *const grammar_failures[],
	*const grammar_credentials[],
	    *const grammar_orders[],
		*const grammar_places[],
		    *const grammar_changes[],
			*const grammar_usages[],
			    *const grammar_matchings[],
				*const grammar_methods[],
				    *const grammar_letters[],
					*const grammar_notifications[],
					    *const grammar_link_objects[];
/** As enum server_mode. */
extern const char *const grammar_modes[];
/** As enum policy_allocate, policy_reprovision. */
extern const char *const grammar_allocates[];
extern const char *const grammar_agains[];
/** As enum write_level. */
extern const char *const grammar_levels[];
extern const char *const grammar_versions[], *const grammar_formats[],
						 *const grammar_blocks[],
						     *const grammar_unknowns[],
							 *const grammar_zeros[];
extern const char *const grammar_extended_usages[], *const grammar_key_usages[];

#endif
