/*
 * Accounts that can be written and were hardly meant so: how often a device
 * would register, how long it would try, where it would go twice.
 */
#include "policy/load.h"

#include "lwm2m/object.h"

#include <stdarg.h>

enum {
	MINUTE_S = 60,
	DAY_S = 86400,
	YEAR_S = 365 * DAY_S,
	PAUSE_MAX_S = 30 * DAY_S, /* between two attempts of one sequence */
};

PRINTF_LIKE(4, 5)
static void
say(const struct read_policy *d, const struct policy_server *s,
    const char *code, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(d->ctx.diag, DIAG_WARNING, s->file ? s->file : d->ctx.file,
	    s->line, 0, code, "the server %s: %s", s->name, text);
}

/* Registrations are what a fleet costs: LwM2M Core 6.2, an update before each
 * lifetime ends. */
static void
check_lifetime(const struct read_policy *d, const struct policy_server *s)
{
	bool queue = strchr(s->binding, 'Q') != NULL;

	if (s->lifetime_s < MINUTE_S)
		say(d, s, "policy-lifetime",
		    "a lifetime of %u s: every device registers anew at least "
		    "that often; a minute and more is usual%s",
		    s->lifetime_s,
		    queue ? ", and a device in queue mode sleeps for less"
			  : "");
	else if (s->lifetime_s > YEAR_S)
		say(d, s, "policy-lifetime",
		    "a lifetime of %u days: a device that is gone stays "
		    "registered for more than a year",
		    s->lifetime_s / DAY_S);
	if (s->max_period_s > (int64_t)s->lifetime_s)
		say(d, s, "policy-lifetime",
		    "max_period is longer than the lifetime: the registration "
		    "is updated more often than values are told");
}

/* -1: not written. */
static int64_t
number(const struct policy_server *s, uint16_t resource)
{
	for (size_t i = 0; i < s->server_entry_count; i++) {
		const struct lwm2m_entry *e = &s->server_entries[i];

		if (e->path.resource == resource &&
		    e->value.type == LWM2M_UNSIGNED)
			return (int64_t)(e->value.number & INT64_MAX);
	}
	return -1;
}

/* /1/x/17 and 18: the pause is doubled each time; the standard's defaults are
 * 5 and 60 s. */
static void
check_retries(const struct read_policy *d, const struct policy_server *s)
{
	int64_t count = number(s, SERVER_RETRY_COUNT);
	int64_t pause = number(s, SERVER_RETRY_TIMER);

	if (count < 0 && pause < 0)
		return;
	count = count < 0 ? 5 : count;
	pause = pause < 0 ? MINUTE_S : pause;
	if (pause == 0 && count > 1) {
		say(d, s, "policy-retry",
		    "a retry timer of 0 s: %lld attempts without a pause",
		    (long long)count);
		return;
	}
	for (int64_t i = 1; i < count && pause <= PAUSE_MAX_S; i++)
		pause *= 2;
	if (pause > PAUSE_MAX_S)
		say(d, s, "policy-retry",
		    "the pause between attempts doubles, and is longer than 30 "
		    "days before %lld of them are made",
		    (long long)count);
}

/* A device has one of them. */
static bool
are_of_one_pool(const struct policy *p, size_t i, size_t k)
{
	size_t n = 0;

	while (n + 1 < p->pool_count && p->pools[n + 1].first <= i)
		n++;
	return n < p->pool_count && k >= p->pools[n].first;
}

static void
check_uris(const struct read_policy *d)
{
	const struct policy *p = &d->value;

	for (size_t i = 1; i < p->server_count; i++)
		for (size_t k = 0; k < i; k++) {
			if (!p->servers[i].uri[0] ||
			    strcmp(p->servers[i].uri, p->servers[k].uri) != 0 ||
			    are_of_one_pool(p, i, k))
				continue;
			say(d, &p->servers[i], "policy-uri-twice",
			    "its URI is that of the server %s in line %u: one "
			    "server, two accounts",
			    p->servers[k].name, p->servers[k].line);
			break;
		}
}

/* Nothing tells where its account is, so an instance is chosen that may be it:
 * some clients then lose the way back here. */
static void
check_own_account(const struct read_policy *d)
{
	const struct policy_profile *device = &d->value.device;

	if (d->value.server_count > 0 && !device->discover &&
	    device->account_instance < 0)
		yaml_report(&d->ctx, DIAG_WARNING, d->root,
		    "policy-own-account",
		    "a Write may replace the account that leads back here: the "
		    "device (profile %s) answers no Discover, and nobody says "
		    "which instance of /0 that account is; say "
		    "`account_instance:` in `device:`",
		    device->name);
}

void
check_servers_usual(struct load *l)
{
	for (struct read_policy *d = l->policies; d; d = d->next) {
		if (d->value.refusal.kind != POLICY_GIVES)
			continue;
		for (size_t i = 0; i < d->value.server_count; i++) {
			check_lifetime(d, &d->value.servers[i]);
			check_retries(d, &d->value.servers[i]);
		}
		check_uris(d);
		check_own_account(d);
	}
}
