/* `bootstrapctl device`: all that the ledger knows of one device, told. */
#include "ctl_device.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_NO_DEVICE = 66 };

/** ` name value`, quoted where it is a text of others; nothing if there is
 *  none. */
static void
put_text(const struct device_row *r, const char *name, const char *before)
{
	struct device_field f = device_field(r, name);

	if (f.len == 0)
		return;
	fputs(before, stdout);
	ctl_put_quoted(device_text(&f));
}

/** Words that we have written ourselves, or hex: bare where that is all. */
static void
put_bare(const struct device_row *r, const char *name, const char *before,
    size_t most)
{
	struct device_field f = device_field(r, name);
	size_t len = f.len > most ? most : f.len;

	if (f.len == 0)
		return;
	fputs(before, stdout);
	for (size_t i = 0; i < f.len; i++)
		if (f.room[i] <= ' ' || f.room[i] >= 0x7f) {
			ctl_put_quoted(device_text(&f));
			return;
		}
	printf(
	    "%.*s%s", (int)len, (const char *)f.room, len < f.len ? ".." : "");
}

static void
put_number(const struct device_row *r, const char *name, const char *before)
{
	struct device_field f = device_field(r, name);

	if (f.number >= 0)
		printf("%s%lld", before, (long long)f.number);
}

static void
put_row(const struct device_row *r, const char *what)
{
	char time[25];

	ledger_time(r->row.time_ms, time);
	printf("%-11s %llu  %s  ", what, (unsigned long long)r->row.seq, time);
}

static const char behind[] = "\n            ";

/* --- each kind of row ----------------------------------------------------- */

static void
tell_image(const struct device_row *r)
{
	put_row(r, "image");
	put_text(r, "identity", "identity ");
	put_number(r, "epoch", ", epoch ");
	put_bare(r, "fingerprint", ", fingerprint ", 16);
	put_bare(r, "format", ", ", 40);
	putchar('\n');
}

/** Who came, by what, and under which policy. */
static void
tell_came(const struct device_row *r)
{
	put_bare(r, "kind", "by ", 20);
	put_text(r, "credential", " ");
	put_bare(r, "address", " from ", 80);
	put_bare(r, "transport", ", ", 20);
	fputs(behind, stdout);
	put_text(r, "identity", "identity ");
	put_text(r, "policy", ", policy ");
	put_text(r, "policy_at", " at ");
	fputs(behind, stdout);
	put_bare(r, "policy_set", "set ", 12);
	put_bare(r, "plan", ", plan ", 12);
	put_text(r, "servers", ", servers ");
	put_bare(r, "push", ", of push ", 12);
}

/** Why it ended so. */
static void
tell_why(const struct device_row *r)
{
	fputs(behind, stdout);
	put_bare(r, "reason", "", 60);
	put_text(r, "sentence", ": ");
	put_text(r, "detail", " ");
	fputs(behind, stdout);
	put_text(r, "remedy", "remedy: ");
}

static void
tell_attempt(const struct device_rows *d, const struct device_row *r)
{
	const struct device_row *end = device_ending(d, r);
	const char *outcome = device_outcome(d, r);

	put_row(r, "attempt");
	printf("%s, ", outcome);
	tell_came(r);
	if (end) {
		put_number(end, "duration_ms", ", ms ");
		put_number(end, "step", ", step ");
		put_number(end, "steps", " of ");
	}
	if (end && strcmp(outcome, "ok") != 0)
		tell_why(end);
	putchar('\n');
}

static void
tell_refusal(const struct device_row *r)
{
	put_row(
	    r, device_row_is(r, "handshake_refused") ? "handshake" : "attempt");
	fputs(r->row.endpoint.len ? "refused, " : "refused, so it claims, ",
	    stdout);
	tell_came(r);
	tell_why(r);
	putchar('\n');
}

static void
tell_mismatch(const struct device_row *r)
{
	put_row(r, "wrong key");
	put_bare(r, "diagnosis", "", 60);
	put_bare(r, "address", " from ", 80);
	put_text(r, "sentence", "\n            ");
	put_text(r, "remedy", "\n            remedy: ");
	putchar('\n');
}

static enum rc
tell_credential(const struct device_rows *d, const struct device_row *r)
{
	enum credential_state state;
	char revoked[25];
	enum rc rc = device_credential(d, r, &state, revoked);

	if (rc != RC_OK)
		return rc;
	put_row(r, "credential");
	fputs(credential_state_name(state), stdout);
	if (revoked[0])
		printf(" %s", revoked);
	if (device_row_is(r, "image_minted"))
		fputs(", of the image", stdout);
	put_bare(r, "kind", ", ", 20);
	put_bare(r, "purpose", " for ", 20);
	put_number(r, "short_server_id", " ");
	put_text(r, "master", ", master ");
	put_text(r, "collection", ", collection ");
	put_text(r, "ca", ", by ");
	put_number(r, "epoch", ", epoch ");
	put_bare(r, "serial", ", serial ", 40);
	put_bare(r, "not_after", ", until ", 40);
	put_bare(r, "fingerprint", ", fingerprint ", 16);
	putchar('\n');
	return RC_OK;
}

/* --- all of it ------------------------------------------------------------ */

static void
tell_state(const struct device_rows *d)
{
	const struct device_row *last = device_last(d);
	char time[25];

	fputs("endpoint    ", stdout);
	ctl_put_quoted(d->endpoint);
	fputs("\nstate       ", stdout);
	if (last) {
		ledger_time(last->row.time_ms, time);
		printf("%s, as of %s\n", device_outcome(d, last), time);
	} else {
		puts("it has not come yet");
	}
	if (d->cut)
		printf("            (the last %d rows; `bootstrapctl events "
		       "ENDPOINT` has all)\n",
		    DEVICE_ROWS_MAX);
}

static enum rc
tell_rows(const struct device_rows *d)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < d->count; i++) {
		const struct device_row *r = &d->rows[i];

		if (device_row_is(r, "image_minted"))
			tell_image(r);
		else if (device_row_is(r, "bootstrap_begin"))
			tell_attempt(d, r);
		else if (device_row_is(r, "bootstrap_refused") ||
		    device_row_is(r, "handshake_refused"))
			tell_refusal(r);
		else if (device_row_is(r, "psk_mismatch"))
			tell_mismatch(r);
	}
	for (size_t i = 0; rc == RC_OK && i < d->count; i++)
		if (device_issues(&d->rows[i]))
			rc = tell_credential(d, &d->rows[i]);
	return rc;
}

static enum rc
tell(const struct device_rows *d)
{
	struct device_past *p = NULL;
	enum rc rc;

	tell_state(d);
	rc = tell_rows(d);
	if (rc == RC_OK)
		rc = device_past_new(d, &p);
	if (rc == RC_OK)
		rc = device_past_tell(p);
	device_past_free(p);
	/* minted, and not here yet */
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static void
csv_field(const struct device_row *r, const char *name, bool last)
{
	struct device_field f =
	    r ? device_field(r, name) : (struct device_field){.number = -1};

	if (f.len > 0)
		ctl_put_csv(device_text(&f));
	else if (f.number >= 0)
		printf("%lld", (long long)f.number);
	fputs(last ? "\r\n" : ",", stdout);
}

/** A line an attempt. */
static void
csv(const struct device_rows *d)
{
	static const char *const of_begin[] = {"kind", "credential", "address",
	    "identity", "policy", "policy_at", "policy_set", "plan", "servers"};
	static const char *const of_end[] = {
	    "reason", "sentence", "remedy", "duration_ms"};

	fputs("seq,time,endpoint,outcome,kind,credential,address,identity,"
	      "policy,policy_at,policy_set,plan,servers,reason,sentence,"
	      "remedy,duration_ms\r\n",
	    stdout);
	for (size_t i = 0; i < d->count; i++) {
		const struct device_row *r = &d->rows[i];
		bool refused = device_row_is(r, "bootstrap_refused");
		char time[25];

		if (!refused && !device_row_is(r, "bootstrap_begin"))
			continue;
		ledger_time(r->row.time_ms, time);
		printf("%llu,%s,", (unsigned long long)r->row.seq, time);
		ctl_put_csv(r->row.endpoint);
		printf(",%s,", device_outcome(d, r));
		for (size_t n = 0; n < sizeof(of_begin) / sizeof(*of_begin);
		     n++)
			csv_field(r, of_begin[n], false);
		for (size_t n = 0; n < 4; n++)
			csv_field(refused ? r : device_ending(d, r), of_end[n],
			    n == 3);
	}
}

static int
no_device(struct span endpoint)
{
	fflush(stdout);
	fputs("bootstrapctl: the ledger knows no device ", stderr);
	put_quoted(stderr, endpoint);
	fputs("\n  remedy: bootstrapctl devices lists them\n", stderr);
	return EXIT_NO_DEVICE;
}

int
ctl_device(const struct ctl *ctl)
{
	struct device_rows d = {0};
	struct ledger *l = NULL;
	int code = ctl_open_ledger(ctl, &l);
	enum rc rc;

	if (code)
		return code;
	rc = device_rows_read(l, span_str(ctl->argument), &d);
	if (rc == RC_OK && d.count == 0) {
		code = no_device(d.endpoint);
	} else if (rc == RC_OK) {
		if (ctl->format == FORMAT_CSV)
			csv(&d);
		else if (ctl->format == FORMAT_JSON)
			rc = device_json(&d);
		else
			rc = tell(&d);
	}
	device_rows_fini(&d);
	ledger_close(l);
	if (rc == RC_OK)
		return code;
	fprintf(stderr, "bootstrapctl: %s\n", rc_name(rc));
	return rc_exit(rc);
}
