/**
 * image.h - the server accounts of a factory image: what a policy gives the
 * device, decided as the daemon decides it and minted by the same code, so that
 * keys that are derived or kept are byte for byte those which the device is
 * given when it bootstraps by that policy. Certificates are made anew each time.
 *
 * Of the plan only the Writes count: no Discover, no `clean:`, nothing that
 * becomes of the Bootstrap-Server Account, no correction.
 */
#ifndef ISSUE_IMAGE_H
#define ISSUE_IMAGE_H

#include "issue/issue.h"

/** Zero is "none". Not to be copied. */
struct issue_servers {
	/** Sorted by path, of instances that were chosen; values are borrowed
	 *  from `plan`. Owned. */
	struct lwm2m_entry *entries;
	size_t entry_count;
	struct plan plan; /**< owned; holds keys */
	/** Policy, credentials and sealed keys, for issue_servers_record. `reason`
	 *  and `detail` after an error. */
	struct issue_decision decision;
};

/** Wipes; harmless on zeros, and twice. */
void issue_servers_fini(struct issue_servers *s);

/**
 * Decide and mint what `policy` gives the device `endpoint` (borrowed as long
 * as `out` is used) of `id`, beside its Bootstrap-Server Account in /0/`own`,
 * whose instances are left alone. In the factory it is not known where a device
 * will come from: `match.network`, `match.issuer` and `match.san` are taken to
 * hold. `out` is zero before.
 * Errors: RC_DENIED (`out->decision.detail`: the policy is not for the device,
 * or another one that is tried before takes it, or it gives nothing: full, no
 * server; a key was revoked, a certificate would not do), RC_CONFLICT (no
 * instance is free), and those of issue_plan.
 */
MUST_CHECK enum rc issue_servers(const struct issuer *i,
    const struct policy *policy, const struct identity *id,
    struct span endpoint, uint16_t own, struct issue_servers *out);

/**
 * Append what the accounts have to say to the open group of `l`: sealed keys to
 * the store, one credential_issued a credential, without a session. Beside the
 * row image_minted. `again`: those rows stand already, of the same image; then
 * only what is new each time, certificates.
 * Errors: as issue_record.
 */
MUST_CHECK enum rc issue_servers_record(struct ledger *l,
    const struct issue_rules *rules, const struct issue_servers *s, bool again);

#endif
