/* `bootstrapctl device` for machines: one object. */
#include "ctl_device.h"

#include <stdio.h>
#include <string.h>

/** The fields of a row that it has, as they are named there. */
static void
fields(struct json_out *j, const struct device_row *r, const char *const *names)
{
	for (; *names; names++) {
		struct device_field f = device_field(r, *names);

		if (f.len > 0)
			jout_text(j, *names, device_text(&f));
		else if (f.number >= 0)
			jout_int(j, *names, f.number);
	}
}

static void
begin_row(struct json_out *j, const struct device_row *r)
{
	char time[25];

	ledger_time(r->row.time_ms, time);
	jout_begin(j, NULL, '{');
	jout_int(j, "seq", (int64_t)r->row.seq);
	jout_str(j, "time", time);
}

static const char *const image[] = {
    "identity", "epoch", "fingerprint", "format", "serial", "policy_set", NULL};
static const char *const came[] = {"kind", "credential", "address", "transport",
    "identity", "identity_at", "epoch", "policy", "policy_at", "policy_set",
    "plan", "servers", "turn", "push", NULL};
static const char *const why[] = {
    "reason", "sentence", "remedy", "detail", NULL};
static const char *const ended[] = {"reason", "sentence", "remedy",
    "duration_ms", "step", "steps", "step_code", "format", "commands", NULL};
static const char *const mismatch[] = {
    "diagnosis", "sentence", "remedy", "address", "epoch", NULL};
static const char *const credential[] = {"kind", "purpose", "short_server_id",
    "source", "master", "collection", "ca", "profile", "epoch", "serial",
    "not_after", "fingerprint", "policy", "policy_set", NULL};

static void
attempts(struct json_out *j, const struct device_rows *d)
{
	jout_begin(j, "attempts", '[');
	for (size_t i = 0; i < d->count; i++) {
		const struct device_row *r = &d->rows[i], *end;
		bool refused = device_row_is(r, "bootstrap_refused");

		if (!refused && !device_row_is(r, "bootstrap_begin"))
			continue;
		begin_row(j, r);
		jout_str(j, "outcome", device_outcome(d, r));
		fields(j, r, came);
		end = refused ? NULL : device_ending(d, r);
		if (refused)
			fields(j, r, why);
		else if (end)
			fields(j, end, ended);
		jout_end(j, '}');
	}
	jout_end(j, ']');
}

/** Rows of one kind, under that name. */
static void
rows(struct json_out *j, const struct device_rows *d, const char *name,
    const char *kind, const char *const *first, const char *const *second)
{
	jout_begin(j, name, '[');
	for (size_t i = 0; i < d->count; i++) {
		if (!device_row_is(&d->rows[i], kind))
			continue;
		begin_row(j, &d->rows[i]);
		jout_bool(j, "proved", d->rows[i].row.endpoint.len > 0);
		fields(j, &d->rows[i], first);
		if (second)
			fields(j, &d->rows[i], second);
		jout_end(j, '}');
	}
	jout_end(j, ']');
}

static enum rc
credentials(struct json_out *j, const struct device_rows *d)
{
	enum rc rc = RC_OK;

	jout_begin(j, "credentials", '[');
	for (size_t i = 0; rc == RC_OK && i < d->count; i++) {
		const struct device_row *r = &d->rows[i];
		enum credential_state state;
		char revoked[25];

		if (!device_issues(r))
			continue;
		rc = device_credential(d, r, &state, revoked);
		if (rc != RC_OK)
			break;
		begin_row(j, r);
		jout_str(j, "state", credential_state_name(state));
		if (revoked[0])
			jout_str(j, "revoked", revoked);
		jout_bool(j, "image", device_row_is(r, "image_minted"));
		fields(j, r, credential);
		jout_end(j, '}');
	}
	jout_end(j, ']');
	return rc;
}

enum rc
device_json(const struct device_rows *d)
{
	const struct device_row *last = device_last(d);
	struct json_out j = {.f = stdout};
	struct device_past *p = NULL;
	enum rc rc;

	jout_begin(&j, NULL, '{');
	jout_text(&j, "endpoint", d->endpoint);
	jout_str(&j, "state", last ? device_outcome(d, last) : "minted");
	jout_bool(&j, "cut", d->cut);
	rows(&j, d, "images", "image_minted", image, NULL);
	attempts(&j, d);
	rows(&j, d, "handshakes_refused", "handshake_refused", came, why);
	rows(&j, d, "wrong_keys", "psk_mismatch", mismatch, NULL);
	rc = credentials(&j, d);
	if (rc == RC_OK)
		rc = device_past_new(d, &p);
	if (rc == RC_OK)
		rc = device_past_json(&j, p);
	device_past_free(p);
	jout_end(&j, '}');
	putchar('\n');
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}
