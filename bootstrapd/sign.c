/* Signatures by this server's keys, for handshakes that wait for one. */
#include "keeper_state.h"

#include "link.h"

enum {
	/** A worker repeats the question for so long (wait.c). */
	SIGN_EXPIRES_MS = 4000,
};

void
sign_keys_replace(struct keeper *k, const struct server_files *f)
{
	struct sign_key *keys = k->sign_keys;
	size_t before = k->files ? k->files->cert_count : 0;

	/* handshakes that are under way go on with what they began with */
	if (before)
		memmove(keys + f->cert_count, keys, before * sizeof(*keys));
	for (size_t i = 0; i < f->cert_count; i++)
		keys[i] =
		    (struct sign_key){f->certs[i].number, f->certs[i].key};
	k->sign_key_count = f->cert_count + before;
}

static const struct hsm_ec_ref *
find(const struct keeper *k, uint32_t number)
{
	for (size_t i = 0; i < k->sign_key_count; i++)
		if (k->sign_keys[i].number == number)
			return &k->sign_keys[i].ref;
	return NULL;
}

static void
unavailable(struct link *l, uint64_t ref)
{
	struct question a = {.kind = Q_SIGN_ANSWER};

	a.sign_answer.ref = ref;
	(void)!link_send(l->fd, &a);
}

void
sign_ask(struct link *l, const struct q_sign *q)
{
	struct keeper *k = l->keeper;
	const struct hsm_ec_ref *key = find(k, q->key);
	const struct asker asker = {JOB_SIGN, q->ref, l->worker};
	struct job *j = NULL;
	size_t slot;

	if (ask_is_asked(k, &asker))
		return;
	if (!key || !ask_crowd(l, &q->address, &slot)) {
		unavailable(l, q->ref);
		return;
	}
	j = job_sign(l->worker, key, q);
	if (j) {
		j->crowd_slot = slot;
		j->expires_ms = clock_now_ms() + SIGN_EXPIRES_MS;
	}
	if (j && jobs_put(k->jobs, j)) {
		table_put(&k->asked, &j->item);
		return;
	}
	crowd_leave(&k->sources, slot);
	unavailable(l, q->ref);
}

void
sign_answer(struct keeper *k, struct job *j)
{
	struct question a = {.kind = Q_SIGN_ANSWER};
	struct link *l = &k->links[j->worker];

	crowd_leave(&k->sources, j->crowd_slot);
	if (j->given_up)
		return;
	table_remove(&k->asked, &j->item);
	a.sign_answer.ref = j->asker.ref;
	a.sign_answer.known = j->rc == RC_OK;
	if (a.sign_answer.known) {
		memcpy(a.sign_answer.signature, j->signature,
		    sizeof(a.sign_answer.signature));
		l->signatures++;
	}
	(void)!link_send(l->fd, &a);
}
