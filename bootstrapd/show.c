/* A worker's certificates, and whom it believes: as the keeper says. */
#include "worker_state.h"

#include "base/digest.h"

#include <stdlib.h>

/** DTLS from now on: who has come meanwhile waits in the sockets. */
static void
serve(struct worker *w)
{
	if (w->serving)
		return;
	w->serving = true;
	for (size_t i = 0; i < w->listener_count; i++) {
		struct listener *l = &w->listeners[i];

		if (l->dtls && listener_watch(l) != RC_OK)
			loop_stop(w->loop);
	}
}

static enum rc
set_all(struct worker *w, const struct dtls_credentials *c)
{
	struct dtls_fault fault = {"", 0};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < w->listener_count; i++)
		if (w->listeners[i].dtls)
			rc = dtls_set_credentials(
			    w->listeners[i].dtls, c, &fault);
	if (rc != RC_OK)
		LOG(LOG_ERROR, "credentials_unusable",
		    F_INT("worker", w->index), F_TEXT("what", fault.what),
		    F_INT("index", fault.index), F_TEXT("error", rc_name(rc)),
		    F_TEXT("remedy",
			"the ones before stay in force; `bootstrapd check` "
			"looks at the files"));
	return rc;
}

static enum rc
set_shown(struct worker *w, const struct shown *s)
{
	struct dtls_server_credential servers[SERVERS_MAX] = {0};
	const struct dtls_credentials c = {
	    .servers = servers,
	    .server_count = s->server_count,
	    .trust = &s->trust,
	    .trust_count = s->trust.len > 0,
	    .crls = &s->crls,
	    .crl_count = s->crls.len > 0,
	    .raw_keys =
		(const uint8_t(*)[DTLS_DIGEST_LEN])(uintptr_t)s->raw_keys.p,
	    .raw_key_count = s->raw_keys.len / DTLS_DIGEST_LEN,
	};

	for (size_t i = 0; i < s->server_count; i++) {
		servers[i].chain = s->servers[i].chain;
		servers[i].public_key = s->servers[i].public_key;
		servers[i].key = s->servers[i].key;
	}
	return set_all(w, s->server_count ? &c : NULL);
}

static enum rc
take(struct worker *w, struct span bytes)
{
	uint8_t digest[DIGEST_LEN];
	struct shown s;
	enum rc rc;

	digest_of(bytes, digest);
	/* a keeper that was replaced says again what is known */
	if (w->serving && memcmp(digest, w->shown, sizeof(digest)) == 0)
		return RC_OK;
	rc = shown_get(bytes, &s);
	if (rc == RC_OK)
		rc = set_shown(w, &s);
	if (rc == RC_OK)
		memcpy(w->shown, digest, sizeof(digest));
	return rc;
}

void
show_take(struct worker *w, const struct q_credentials *q, int fd)
{
	uint8_t *bytes = NULL;
	enum rc rc = fd < 0 ? RC_MALFORMED : shown_read(fd, q->len, &bytes);

	if (rc == RC_OK)
		rc = take(w, span_of(bytes, (size_t)q->len));
	free(bytes);
	if (rc == RC_OK)
		LOG(LOG_INFO, "credentials", F_INT("worker", w->index),
		    F_INT("generation", q->generation));
	else
		LOG(LOG_ERROR, "credentials_refused", F_INT("worker", w->index),
		    F_INT("generation", q->generation),
		    F_TEXT("error", rc_name(rc)));
	/* pre-shared keys work without any */
	serve(w);
}
