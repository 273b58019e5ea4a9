#include "fleet.h"

#include "issue/kept.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	SETS_MAX = 32, /**< loaded; of others it is not known what changes */
	BYTES_MAX = 256 << 20, /**< of the files of all of them */
};

struct fleet_sets {
	pthread_mutex_t lock;
	struct ledger *ledger;
	uint64_t bytes;
	size_t count;
	struct {
		uint8_t digest[DIGEST_LEN];
		struct policy_set *set; /**< NULL: it is not kept */
	} sets[SETS_MAX];
};

enum rc
fleet_sets_open(const char *path, struct fleet_sets **out)
{
	struct fleet_sets *s = calloc(1, sizeof(*s));
	char why[256];
	enum rc rc = RC_MEMORY;

	*out = NULL;
	if (s && pthread_mutex_init(&s->lock, NULL) != 0) {
		free(s);
		return RC_MEMORY;
	}
	if (s)
		rc = ledger_open(
		    path, LEDGER_READ, &s->ledger, why, sizeof(why));
	if (rc != RC_OK)
		fleet_sets_close(s);
	else
		*out = s;
	return rc;
}

void
fleet_sets_close(struct fleet_sets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		policy_set_unref(s->sets[i].set);
	ledger_close(s->ledger);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void
remember(struct fleet_sets *s, const uint8_t digest[static DIGEST_LEN],
    struct policy_set *set)
{
	memcpy(s->sets[s->count].digest, digest, DIGEST_LEN);
	s->sets[s->count++].set = set;
}

enum rc
fleet_sets_add(struct fleet_sets *s, struct policy_set *set)
{
	if (s->count == SETS_MAX)
		return RC_MEMORY;
	remember(s, set->digest, policy_set_ref(set));
	return RC_OK;
}

/** What is wrong with an old one is no finding about the new one. */
static struct policy_set *
load(struct fleet_sets *s, const uint8_t digest[static DIGEST_LEN])
{
	struct diag *d = diag_new();
	struct policy_set *set = NULL;

	if (d && s->bytes < BYTES_MAX &&
	    issue_set_kept(s->ledger, digest, d, &set) == RC_OK)
		s->bytes += set->file_bytes;
	diag_free(d);
	return set;
}

const struct policy_set *
fleet_set(struct fleet_sets *s, const uint8_t digest[static DIGEST_LEN])
{
	const struct policy_set *set = NULL;
	size_t i = 0;

	pthread_mutex_lock(&s->lock);
	while (
	    i < s->count && memcmp(s->sets[i].digest, digest, DIGEST_LEN) != 0)
		i++;
	if (i == s->count && s->count < SETS_MAX)
		remember(s, digest, load(s, digest));
	if (i < s->count)
		set = s->sets[i].set;
	pthread_mutex_unlock(&s->lock);
	return set;
}
