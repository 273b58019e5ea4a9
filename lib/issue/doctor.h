/**
 * doctor.h - which wrong key did the device use? A PSK handshake has failed at
 * Finished; its evidence (base/evidence.h) opens under the key that the device
 * has. What is known to go wrong between factory and handshake is tried on it:
 *
 *   - the right key in another form: its hex or base64 taken for bytes, cut,
 *     turned round, filled up (doctor_form.h);
 *   - another key: of an epoch before or after, of the endpoint written
 *     otherwise, of the device's account at a server, of another master, the
 *     master itself;
 *   - no key at all: zeros, erased flash, its own name.
 *
 * The first that opens is the diagnosis. A key that is none of these opens
 * nothing, so that a diagnosis is never a guess.
 *
 * It goes in steps, one key of the token each, so that whoever has better to
 * ask of the token can come between. No key ever leaves a struct secret.
 */
#ifndef ISSUE_DOCTOR_H
#define ISSUE_DOCTOR_H

#include "hsm/psk_test.h"
#include "issue/doctor_form.h"
#include "policy/match.h"

/** Where keys come from: the token, or in tests a master in memory. */
struct doctor_keys {
	/** As hsm_derive. */
	enum rc (*derive)(
	    void *ctx, const struct hsm_derivation *d, struct secret *key);
	/** As hsm_master_premaster. */
	enum rc (*premaster)(void *ctx, const char *master,
	    uint8_t digest[static PSK_TEST_PREMASTER_LEN]);
	void *ctx;
};

/** Those of the token. `s` is borrowed as long as they are. */
struct doctor_keys doctor_keys_of(struct hsm_session *s);

enum doctor_verdict {
	DOCTOR_UNKNOWN, /**< none of them: the device has some other key */
	DOCTOR_RIGHT, /**< the key of an accepted epoch: no mistake */
	DOCTOR_MISTAKE,
};

struct doctor_result {
	enum doctor_verdict verdict;
	char code[FORM_CODE_MAX]; /**< "hex-ascii": stable, for machines */
	char sentence[FORM_SENTENCE_MAX];
	const char *remedy; /**< static */
	/** Only who has had a key of the device, or of this server, can have
	 *  made this handshake: the device itself, to all appearances. */
	bool proves;
	uint32_t epoch; /**< of the key that it was made from; 0: none */
	unsigned tried; /**< keys */
};

struct doctor;

/**
 * Begin, by what is accepted at `now_s`. `set` and `psk_identity` are borrowed
 * as long as the doctor is; `evidence` is copied. Owned. Errors: RC_NOT_FOUND (no document knows the
 * identity), RC_MALFORMED and RC_UNSUPPORTED (evidence), RC_MEMORY.
 */
MUST_CHECK enum rc doctor_new(const struct policy_set *set,
    struct span psk_identity, struct span evidence, int64_t now_s,
    struct doctor **out);
void doctor_free(struct doctor *d);

/** Try the next key. RC_AGAIN: there are more. Errors: RC_TOKEN (it may be
 *  asked again), RC_MEMORY. */
MUST_CHECK enum rc doctor_step(
    struct doctor *d, const struct doctor_keys *keys);

/** After doctor_step() has returned RC_OK. Borrowed until doctor_free. */
const struct doctor_result *doctor_result(const struct doctor *d);

#endif
