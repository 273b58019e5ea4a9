#include "image_room.h"

#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

PRINTF_LIKE(4, 5)
static int
fault(struct image_mint *m, int code, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	m->fault.code = code;
	snprintf(m->fault.remedy, sizeof(m->fault.remedy), "%s",
	    remedy ? remedy : "");
	va_start(ap, fmt);
	vsnprintf(m->fault.text, sizeof(m->fault.text), fmt, ap);
	va_end(ap);
	return code;
}

/** What is nobody's fault who wrote the list. */
static int
broken(struct image_mint *m, enum rc rc)
{
	m->fault.stops = true;
	if (rc == RC_MEMORY)
		return fault(m, EX_SOFTWARE,
		    "give the process more memory, or a higher RLIMIT_MEMLOCK",
		    "image: out of memory");
	return fault(m, rc_exit(rc), NULL, "image: %s", rc_name(rc));
}

static int
no_epoch(struct image_mint *m)
{
	const struct identity *id = m->recipe->identity;
	uint32_t epoch = m->recipe->account.epoch;
	struct quoted q;

	quote_str(&q, id->name);
	m->fault.stops = true;
	if (epoch != 0)
		return fault(m, EX_DATAERR,
		    "add it there first, or bootstrapd will not know the "
		    "device",
		    "identity %s (%s:%u) has no epoch %u that is accepted now",
		    q.text, id->place.file, id->place.line, (unsigned)epoch);
	return fault(m, EX_DATAERR, "add a newer one there",
	    "identity %s (%s:%u) has no epoch that is accepted now", q.text,
	    id->place.file, id->place.line);
}

static int
denied(struct image_mint *m, struct span endpoint, const char *detail)
{
	const struct identity *id = m->recipe->identity;
	struct quoted ep, name, glob;
	char remedy[1800];

	quote(&ep, endpoint);
	quote_str(&name, id->name);
	if (detail[0] && id->kind == IDENTITY_PSK)
		return fault(m, EX_NOPERM,
		    "add a newer epoch to the document and mint of that one; "
		    "see provisioning-tool audit list",
		    "%s by identity %s (%s:%u): %s", ep.text, name.text,
		    id->place.file, id->place.line, detail);
	if (detail[0])
		return fault(m, EX_DATAERR,
		    "see its certificate profile, and its authority",
		    "a certificate for %s by identity %s (%s:%u) would not do: "
		    "%s",
		    ep.text, name.text, id->place.file, id->place.line, detail);
	snprintf(remedy, sizeof(remedy),
	    "it admits %s; choose another --identity, or widen it",
	    quote_str(&glob, id->endpoint));
	return fault(m, EX_NOPERM, remedy,
	    "identity %s (%s:%u) does not admit %s", name.text, id->place.file,
	    id->place.line, ep.text);
}

/** Why there is no account. */
static int
not_minted(
    struct image_mint *m, struct span endpoint, enum rc rc, const char *detail)
{
	const struct hsm_error *err;
	struct quoted ep;

	if (rc == RC_DENIED)
		return denied(m, endpoint, detail);
	if (rc == RC_CONFIG)
		return no_epoch(m);
	if (rc == RC_TOO_LARGE)
		return fault(m, EX_DATAERR,
		    "shorten the endpoint or the template",
		    "the PSK identity of %s is longer than 128 bytes",
		    quote(&ep, endpoint));
	if (rc == RC_MEMORY || rc == RC_DB || !m->session)
		return broken(m, rc);
	err = hsm_session_error(m->session);
	if (!err->text[0])
		return broken(m, rc);
	m->fault.stops = true;
	return fault(m, token_exit(rc, false), err->remedy, "%s", err->text);
}

/** Why the format would not. */
static int
not_encoded(struct image_mint *m, enum rc rc, const char *why)
{
	if (rc != RC_TOO_LARGE && rc != RC_UNSUPPORTED)
		return broken(m, rc);
	return fault(m, EX_DATAERR, why ? why : "choose another format",
	    "%s cannot hold this account", m->recipe->format->name);
}

/** What is public of the account, and not in its credential. */
static void
take_psk_identity(struct image_mint *m, const struct plan *plan)
{
	m->psk_identity = (struct span){0};
	if (m->recipe->identity->kind != IDENTITY_PSK)
		return;
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct lwm2m_entry *e = &plan->entries[i].entry;

		if (e->path.object != OBJECT_SECURITY ||
		    e->path.instance != m->recipe->account.instance ||
		    e->path.resource != SECURITY_IDENTITY ||
		    e->value.bytes.len > sizeof(m->room->psk_identity))
			continue;
		memcpy(m->room->psk_identity, e->value.bytes.p,
		    e->value.bytes.len);
		m->psk_identity =
		    span_of(m->room->psk_identity, e->value.bytes.len);
	}
}

/* --- the accounts of its policy ------------------------------------------- */

struct issue_servers *
mint_take_servers(struct image_mint *m)
{
	struct issue_servers *s = m->servers;

	m->servers = NULL;
	return s;
}

void
mint_servers_free(struct issue_servers *s)
{
	if (s)
		issue_servers_fini(s);
	free(s);
}

/** Why the policy gives the device none. */
static int
no_servers(struct image_mint *m, struct span endpoint, enum rc rc)
{
	const struct policy *p = m->recipe->servers;
	const char *detail = m->servers->decision.detail;
	const struct hsm_error *err;
	struct quoted ep;

	if (detail[0])
		return fault(m, rc == RC_DENIED ? EX_NOPERM : EX_DATAERR,
		    "see policy explain for this device, and `servers:` of the "
		    "image document",
		    "%s by the policy %s (%s:%u): %s", quote(&ep, endpoint),
		    p->name, p->place.file, p->place.line, detail);
	if (rc == RC_TOO_LARGE || rc == RC_CONFLICT)
		return fault(m, EX_DATAERR, "take some of it out of the policy",
		    "what the policy %s (%s:%u) gives %s is too much for an "
		    "image",
		    p->name, p->place.file, p->place.line,
		    quote(&ep, endpoint));
	err = m->session ? hsm_session_error(m->session) : NULL;
	if (rc == RC_MEMORY || rc == RC_DB || !err || !err->text[0])
		return broken(m, rc);
	m->fault.stops = true;
	return fault(m, token_exit(rc, false), err->remedy, "%s", err->text);
}

static int
take_servers(struct image_mint *m, struct span endpoint)
{
	const struct image_recipe *r = m->recipe;
	const struct issuer issuer = {
	    .hsm = m->session,
	    .store = m->store,
	    .rules = r->rules,
	    .now_s = time(NULL),
	};
	enum rc rc;

	/* what would be written without a key is no image */
	if (!m->session) {
		m->fault.stops = true;
		return fault(m, EX_UNAVAILABLE,
		    "make the image where the token is, or by an image "
		    "document without `servers:`",
		    "the keys of the policy %s (%s:%u) are made in the token",
		    r->servers->name, r->servers->place.file,
		    r->servers->place.line);
	}
	m->servers = calloc(1, sizeof(*m->servers));
	if (!m->servers)
		return broken(m, RC_MEMORY);
	rc = issue_servers(&issuer, r->servers, r->identity, endpoint,
	    r->account.instance, m->servers);
	return rc == RC_OK ? EX_OK : no_servers(m, endpoint, rc);
}

/* --- whose turn it is to ask the token ------------------------------------- */

static void
take_turn(struct image_mint *m)
{
	if (m->turn)
		pthread_mutex_lock(m->turn);
}

static void
end_turn(struct image_mint *m)
{
	if (m->turn)
		pthread_mutex_unlock(m->turn);
}

/** What the policy of `servers:` gives, where the document names one. */
static int
servers(struct image_mint *m, struct span endpoint)
{
	int code;

	if (!m->recipe->servers)
		return EX_OK;
	take_turn(m);
	code = take_servers(m, endpoint);
	end_turn(m);
	return code;
}

/* --- the image ------------------------------------------------------------ */

static int
by_path(const void *a, const void *b)
{
	const struct lwm2m_entry *x = a, *y = b;

	return path_compare(x->path, y->path);
}

/** The entries of the account's one Write, and of other accounts, in the chosen
 *  format. */
static int
encode(struct image_mint *m, struct span endpoint, const struct plan *plan)
{
	const struct image_recipe *r = m->recipe;
	const size_t more = m->servers ? m->servers->entry_count : 0;
	struct image image = {
	    .endpoint = endpoint,
	    .entries = m->room->entries,
	    .entry_count = plan->entry_count + more,
	};
	struct image_writing writing = {.geometry = &r->geometry};
	struct writer w;
	enum rc rc;

	if (image.entry_count > PLAN_ENTRIES_MAX)
		return more ? no_servers(m, endpoint, RC_TOO_LARGE)
			    : broken(m, RC_BUG);
	for (size_t i = 0; i < plan->entry_count; i++)
		m->room->entries[i] = plan->entries[i].entry;
	take_psk_identity(m, plan);
	if (more) {
		memcpy(m->room->entries + plan->entry_count,
		    m->servers->entries, more * sizeof(*m->servers->entries));
		qsort(m->room->entries, image.entry_count,
		    sizeof(*m->room->entries), by_path);
	}
	writer_init(&w, m->image.bytes, m->image.cap);
	writer_init(
	    &writing.scratch, m->room->scratch.bytes, m->room->scratch.cap);
	rc = r->format->write(&image, &writing, &w);
	if (rc != RC_OK)
		return not_encoded(m, rc, writing.why);
	m->image.len = w.len;
	return image_check(m, &image);
}

static enum rc
account(struct image_mint *m, struct span endpoint, struct secret *plan,
    char *detail)
{
	const struct image_recipe *r = m->recipe;
	const struct issuer issuer = {
	    .hsm = m->session,
	    .store = m->store,
	    .rules = r->rules,
	    .now_s = time(NULL),
	};

	if (m->account)
		return m->account(m->account_ctx, r, &issuer, endpoint, plan,
		    &m->credential, detail);
	return issue_account(&issuer, r->identity, endpoint, &r->account, plan,
	    &m->credential, detail);
}

/** Is the endpoint one that the firmware can have? */
static bool
has_room(struct image_mint *m, struct span endpoint)
{
	const struct image_recipe *r = m->recipe;
	struct quoted ep;

	if (endpoint.len <= r->endpoint_max)
		return true;
	(void)fault(m, EX_DATAERR,
	    "shorten it, or widen `endpoint_max:` if the firmware has room",
	    "the endpoint %s has %zu bytes, and the image document %s allows "
	    "%zu",
	    quote(&ep, endpoint), endpoint.len, r->document ? r->document : "-",
	    r->endpoint_max);
	return false;
}

static int
take_account(struct image_mint *m, struct span endpoint, struct secret *plan)
{
	char detail[200] = "";
	enum rc rc;

	m->fault.code = EX_OK;
	m->fault.stops = false;
	if (!has_room(m, endpoint))
		return m->fault.code;
	rc = account(m, endpoint, plan, detail);
	if (rc == RC_OK)
		return EX_OK;
	secret_fini(plan);
	return m->fault.code != EX_OK ? m->fault.code
				      : not_minted(m, endpoint, rc, detail);
}

int
mint_account(struct image_mint *m, struct span endpoint, struct secret *plan)
{
	int code;

	take_turn(m);
	code = take_account(m, endpoint, plan);
	end_turn(m);
	return code;
}

int
mint_one(struct image_mint *m, struct span endpoint)
{
	struct secret bytes = {0};
	struct plan plan = {0};
	enum rc rc = image_room_make(m);

	m->image.len = 0;
	mint_servers_free(mint_take_servers(m));
	if (rc != RC_OK)
		return broken(m, rc);
	if (mint_account(m, endpoint, &bytes) != EX_OK)
		return m->fault.code;
	rc = plan_decode(&bytes, &plan);
	if (rc != RC_OK)
		(void)broken(m, rc);
	else if (servers(m, endpoint) == EX_OK)
		(void)encode(m, endpoint, &plan);
	plan_fini(&plan);
	secret_fini(&bytes);
	if (m->fault.code == EX_OK)
		digest_of(secret_expose(&m->image), m->sha256);
	else
		m->image.len = 0;
	return m->fault.code;
}

void
mint_end(struct image_mint *m)
{
	secret_fini(&m->image);
	mint_servers_free(mint_take_servers(m));
	image_room_free(m->room);
	m->room = NULL;
}

int
image_fault_say(const struct image_fault *f)
{
	return tool_error(f->code, f->remedy, "%s", f->text);
}
