/* Keys of handshakes: which epoch's is it to be? */
#include "keeper_state.h"

#include "link.h"
#include "rollout_run.h"

enum {
	/** A worker repeats the question for so long (wait.c). */
	PSK_EXPIRES_MS = 4000,
};

static void
psk_unavailable(struct link *l, uint64_t ref)
{
	struct question a = {.kind = Q_PSK_ANSWER};

	a.psk_answer.ref = ref;
	a.psk_answer.status = PSK_UNAVAILABLE;
	(void)!link_send(l->fd, &a);
}

struct known_epoch {
	uint64_t seq;
	uint32_t epoch;
};

static enum rc
take_epoch(void *ctx, const struct ledger_row *row)
{
	struct known_epoch *known = ctx;
	int64_t epoch;

	/* a begin row over NoSec has none */
	if (row->seq > known->seq && ledger_field_int(row, "epoch", &epoch) &&
	    epoch > 0 && epoch <= UINT32_MAX)
		*known = (struct known_epoch){row->seq, (uint32_t)epoch};
	return RC_OK;
}

/** The epoch that the ledger knows of this device: of the key it was minted
 *  with last, or has proved since; 0: none. Asked only where there is a
 *  choice. */
static uint32_t
epoch_of_ledger(struct keeper *k, struct span identity)
{
	enum { ROWS_MAX = 4 };
	struct ledger_query q = {.limit = ROWS_MAX, .newest_first = true};
	const struct identity *id =
	    identity_for_psk(k->policies.set, identity, &q.endpoint);
	struct known_epoch known = {0};

	if (!id || id->epoch_count <= 1)
		return 0;
	q.kind = SPAN_LIT("bootstrap_begin");
	(void)!ledger_read(k->ledger, &q, take_epoch, &known);
	q.kind = SPAN_LIT("image_minted");
	(void)!ledger_read(k->ledger, &q, take_epoch, &known);
	return known.epoch;
}

/** Which epoch's key to offer, and after how many failures another one. */
static void
choose_epoch(struct keeper *k, const struct q_psk *q, struct job *j)
{
	j->first_epoch = epochs_known(&k->epochs, q->identity, &q->address);
	if (j->first_epoch != 0)
		return;
	j->attempt = epochs_failures(&k->epochs, q->identity, &q->address);
	j->first_epoch = epoch_of_ledger(k, q->identity);
	/* what is known is not given up for one handshake that failed: it may
	 * have been a stranger's */
	if (j->first_epoch != 0)
		j->attempt /= EPOCHS_PATIENCE;
}

void
psk_ask(struct link *l, const struct q_psk *q)
{
	struct keeper *k = l->keeper;
	struct job *j = NULL;
	size_t slot = SHARE_SLOTS;

	l->asked++;
	if (ask_crowd(l, &q->address, &slot))
		j = job_psk(l->worker, k->policies.rules, q);
	else
		slot = SHARE_SLOTS;
	if (j && ask_is_asked(k, &j->asker)) {
		/* asked again: the answer is on its way */
		crowd_leave(&k->sources, slot);
		job_free(j);
		return;
	}
	if (j) {
		j->crowd_slot = slot;
		rollout_enter(k, j);
		j->expires_ms = clock_now_ms() + PSK_EXPIRES_MS;
		choose_epoch(k, q, j);
		if (jobs_put(k->jobs, j)) {
			table_put(&k->asked, &j->item);
			return;
		}
	}
	crowd_leave(&k->sources, slot);
	psk_unavailable(l, q->ref);
}

void
psk_failed(struct keeper *k, const struct q_psk_failed *q)
{
	struct span endpoint;
	const struct identity *id =
	    identity_for_psk(k->policies.set, q->identity, &endpoint);

	if (id)
		epochs_failed(&k->epochs, q->identity, &q->address,
		    id->epoch_count, clock_now_ms());
}
