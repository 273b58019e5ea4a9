/* Public calls on a session, and the pool they are taken from. */
#include "hsm/hsm_internal.h"

void
session_mark_dead(struct hsm_session *s)
{
	s->broken = true;
	s->hsm->dead_generation = s->hsm->generation;
}

enum rc
session_fail(struct hsm_session *s, CK_RV rv, const char *call)
{
	enum ckr_class class = hsm_ckr_class(rv);

	hsm_error_text(&s->error, rv, "%s on token %s: %s (0x%lx)", call,
	    s->hsm->name, hsm_ckr_name(rv), rv);
	hsm_error_remedy(&s->error, "%s", hsm_ckr_remedy(rv));
	/* A key that cannot do this will not learn it by a restart. */
	if (class == CKR_CLASS_KEY || class == CKR_CLASS_TEMPLATE) {
		s->broken = true;
		return RC_UNSUPPORTED;
	}
	session_mark_dead(s);
	return RC_TOKEN;
}

enum rc
session_enter(struct hsm_session *s)
{
	struct hsm *h = s->hsm;
	enum rc rc = RC_OK;

	hsm_error_clear(&s->error);
	pthread_rwlock_rdlock(&h->epoch_lock);
	if (!h->up) {
		pthread_mutex_lock(&h->lock);
		s->error = h->failure;
		pthread_mutex_unlock(&h->lock);
		rc = RC_TOKEN;
	} else {
		CK_RV rv = session_ready(s);

		if (rv != CKR_OK)
			rc = session_fail(s, rv, "C_OpenSession");
	}
	return rc ? session_leave(s, rc) : RC_OK;
}

enum rc
session_leave(struct hsm_session *s, enum rc rc)
{
	pthread_rwlock_unlock(&s->hsm->epoch_lock);
	return rc;
}

enum rc
session_run(struct hsm_session *s, session_fn fn, void *arg)
{
	for (bool again = false;; again = true) {
		const char *call = "the module";
		CK_RV rv = fn(s, arg, &call);

		if (rv == CKR_OK) {
			hsm_error_clear(&s->error);
			return RC_OK;
		}
		if (!again && session_revive(s, rv))
			continue;
		if (s->error.text[0]) {
			session_mark_dead(s);
			return RC_TOKEN;
		}
		return session_fail(s, rv, call);
	}
}

/* A session that is open before one that is not. Under hsm.lock. */
static struct hsm_session *
pool_free(struct hsm *h)
{
	struct hsm_session *closed = NULL;
	unsigned used = 0;

	for (unsigned i = 0; i < h->config->sessions; i++) {
		struct hsm_session *s = &h->sessions[i];

		if (!s->busy && s->open)
			return s;
		if (s->busy)
			used++;
		else if (!closed)
			closed = s;
	}
	return used < h->limit ? closed : NULL;
}

/* The token has fewer sessions than we thought. False: not even one. */
static bool
pool_shrink(struct hsm *h, struct hsm_session *s)
{
	unsigned open = 0;

	pthread_mutex_lock(&h->lock);
	s->busy = false;
	for (unsigned i = 0; i < h->config->sessions; i++)
		if (h->sessions[i].open)
			open++;
	if (open)
		h->limit = open;
	pthread_mutex_unlock(&h->lock);
	return open > 0;
}

enum rc
hsm_session_take(struct hsm *h, struct hsm_session **out, struct hsm_error *err)
{
	struct hsm_session *s;
	unsigned long ckr;
	enum rc rc;

	do {
		pthread_mutex_lock(&h->lock);
		while ((s = pool_free(h)) == NULL)
			pthread_cond_wait(&h->given, &h->lock);
		s->busy = true;
		pthread_mutex_unlock(&h->lock);

		rc = session_enter(s);
		if (!rc) {
			*out = s;
			return session_leave(s, RC_OK);
		}
		ckr = s->error.ckr;
		if (err)
			*err = s->error;
	} while (ckr == CKR_SESSION_COUNT && pool_shrink(h, s));
	hsm_session_give(s);
	return rc;
}

void
hsm_session_give(struct hsm_session *s)
{
	struct hsm *h;

	if (!s)
		return;
	h = s->hsm;
	pthread_rwlock_rdlock(&h->epoch_lock);
	pthread_mutex_lock(&h->lock);
	if (s->broken)
		session_close(s);
	s->busy = false;
	pthread_cond_signal(&h->given);
	pthread_mutex_unlock(&h->lock);
	pthread_rwlock_unlock(&h->epoch_lock);
}

const struct hsm_error *
hsm_session_error(const struct hsm_session *s)
{
	return &s->error;
}
