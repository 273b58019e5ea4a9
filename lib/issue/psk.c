#include "issue/issue.h"

enum rc
issue_psk(struct hsm_session *hsm, const struct policy_set *set,
    struct span psk_identity, uint32_t first, unsigned attempt,
    struct secret *key, uint32_t *epoch)
{
	struct hsm_derivation d = {.purpose = HSM_PURPOSE_BOOTSTRAP};
	const struct identity *id;
	uint32_t order[POLICY_EPOCHS_MAX];
	size_t n = 0;

	id = identity_for_psk(set, psk_identity, &d.endpoint);
	if (!id)
		return RC_NOT_FOUND;
	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] == first)
			order[n++] = first;
	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] != first)
			order[n++] = id->epochs[i];
	if (n == 0)
		return RC_BUG;
	d.master = id->master;
	d.epoch = *epoch = order[attempt % n];
	return hsm_derive(hsm, &d, key);
}
