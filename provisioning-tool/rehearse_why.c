/* A rehearsal has failed: what did the device see of it, and what does that
 * mean? */
#include "device/device.h"
#include "hsm/cert.h"
#include "ledger/ledger.h"
#include "rehearse.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	ALERT_HANDSHAKE_FAILURE = 40,
	ALERT_EXPIRED = 45,
	ALERT_UNKNOWN_CA = 48,
};

/* TLS alerts (RFC 8446 section 6.2) as a device that boots gets them. */
static const struct {
	int number;
	const char *name, *means;
} alerts[] = {
    {10, "unexpected_message", "the two do not speak the same handshake"},
    {20, "bad_record_mac", "the keys of the two sides differ"},
    {40, "handshake_failure",
	"no version, suite or kind of credential that both sides have"},
    {42, "bad_certificate", "the certificate cannot be used"},
    {43, "unsupported_certificate", "a certificate of a kind it does not take"},
    {44, "certificate_revoked", "the certificate was revoked"},
    {45, "certificate_expired", "the certificate is not valid now"},
    {46, "certificate_unknown", "the certificate was not accepted"},
    {47, "illegal_parameter", "the two do not speak the same handshake"},
    {48, "unknown_ca", "no CA that the server trusts has signed it"},
    {49, "access_denied", "the server does not let it in"},
    {50, "decode_error", "a message that the server cannot read"},
    {51, "decrypt_error", "a signature or a key that is not right"},
    {70, "protocol_version", "no version that both sides have"},
    {71, "insufficient_security", "the server asks for stronger suites"},
    {80, "internal_error", "a fault of the server's, or it was refused there"},
    {112, "unrecognized_name", "the server has no certificate of that name"},
    {115, "unknown_psk_identity", "the server knows no such PSK identity"},
    {116, "certificate_required", "the server wants a certificate"},
};

static const char *
alert_name(int number, const char **means)
{
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		if (alerts[i].number != number)
			continue;
		*means = alerts[i].means;
		return alerts[i].name;
	}
	*means = "of no kind that is known";
	return "alert";
}

/* --- the way there -------------------------------------------------------------- */

static void
no_answer(const struct rehearse_end *e, struct rehearse_result *r)
{
	const char *to = e->way->text;

	if (e->error == ECONNREFUSED)
		rehearse_find(r, false, "unreachable",
		    "compare host and port with `listen:` of bootstrapd.yaml; "
		    "is the daemon up?",
		    "nobody listens at %s", to);
	else if (e->error != 0)
		rehearse_find(r, false, "unreachable",
		    "look at the address, and at the route to it",
		    "%s cannot be reached: %s", to, strerror(e->error));
	else
		rehearse_find(r, false, "no-answer",
		    "a firewall, another host or port in the URI, or a server "
		    "that is down",
		    "no answer at all from %s in %llu ms", to,
		    (unsigned long long)e->ms);
}

/* --- certificates ------------------------------------------------------------------ */

/* The dates of the device's certificate. True: they are the reason. */
static bool
look_at_dates(const struct rehearse_end *e, struct rehearse_result *r)
{
	char from[25], to[25], now[25];
	struct der_fault fault;
	struct cert cert;

	if (e->account->mode != MODE_CERTIFICATE ||
	    cert_parse(e->account->identity, &cert, &fault) != RC_OK)
		return false;
	ledger_time(e->now_s * 1000, now);
	ledger_time(cert.not_before_s * 1000, from);
	ledger_time(cert.not_after_s * 1000, to);
	if (e->now_s < cert.not_before_s)
		rehearse_find(r, false, "certificate-not-yet-valid",
		    "set the clock that is wrong; have the CA date "
		    "certificates back, devices often start without a clock",
		    "the device's certificate is valid from %s on, and the "
		    "clock here says %s",
		    from, now);
	else if (e->now_s > cert.not_after_s)
		rehearse_find(r, false, "certificate-expired",
		    "mint it again, with a certificate that lasts",
		    "the device's certificate was valid until %s, and the "
		    "clock here says %s",
		    to, now);
	else
		return false;
	return true;
}

static void
server_refused(const struct rehearse_end *e, struct rehearse_result *r)
{
	static const char mend[] =
	    "compare server_certificate: of the identity document with what "
	    "the server shows; openssl s_client -dtls -showcerts shows it";
	struct quoted q;
	char now[25];

	ledger_time(e->now_s * 1000, now);
	switch (dtls_client_fault(e->wire->dtls)) {
	case DTLS_CLIENT_PIN:
		rehearse_find(r, false, "server-other", mend,
		    "the server shows another certificate than the one in "
		    "/0/%u/4",
		    e->account->instance);
		break;
	case DTLS_CLIENT_ANCHOR:
		rehearse_find(r, false, "server-untrusted", mend,
		    "the CA in /0/%u/4 has not signed what the server shows",
		    e->account->instance);
		break;
	case DTLS_CLIENT_NAME:
		rehearse_find(r, false, "server-name",
		    "give the server a certificate for the name that devices "
		    "go to, or them its name",
		    "the server's certificate is not for the host of %s",
		    quote(&q, e->account->uri));
		break;
	case DTLS_CLIENT_EARLY:
	case DTLS_CLIENT_LATE:
		rehearse_find(r, false, "server-dates",
		    "renew the server's certificate, or set the clock",
		    "the server's certificate is not valid now: the clock "
		    "here says %s",
		    now);
		break;
	case DTLS_CLIENT_GOOD:
	case DTLS_CLIENT_OTHER:
		rehearse_find(r, false, "server-refused", mend,
		    "the device does not take the server's certificate");
		break;
	}
}

static void
refused_by_alert(
    const struct rehearse_end *e, int alert, struct rehearse_result *r)
{
	const char *means, *name = alert_name(alert, &means);

	if (look_at_dates(e, r))
		return;
	if (e->account->mode == MODE_PSK && alert != ALERT_HANDSHAKE_FAILURE)
		rehearse_find(r, false, "wrong-key",
		    "the key of this image is not the one that the server "
		    "has for its identity: see the server's ledger, "
		    "bootstrapctl device says which mistake it was",
		    "the server ends the handshake with alert %d, %s: %s",
		    alert, name, means);
	else
		rehearse_find(r, false,
		    alert == ALERT_UNKNOWN_CA ? "certificate-untrusted"
					      : "handshake-alert",
		    "see the server's ledger: provisioning-tool audit list "
		    "--kind handshake_refused",
		    "the server ends the handshake with alert %d, %s: %s",
		    alert, name, means);
}

static void
broken_handshake(const struct rehearse_end *e, struct rehearse_result *r)
{
	int alert = device_wire_alert(e->wire);

	if (dtls_client_refused(e->wire->dtls)) {
		server_refused(e, r);
	} else if (alert >= 0) {
		refused_by_alert(e, alert, r);
	} else if (e->received == 0) {
		no_answer(e, r);
	} else if (look_at_dates(e, r)) {
		return;
	} else if (e->account->mode == MODE_PSK) {
		rehearse_find(r, false, "wrong-key",
		    "the key of this image is not the one that the server "
		    "has for its identity, or it knows no such identity: see "
		    "the server's ledger",
		    "the server answers, and not a word more comes after the "
		    "device has shown its key");
	} else {
		rehearse_find(r, false, "handshake-broken",
		    "see the server's log and ledger",
		    "the handshake has begun and was not finished");
	}
}

/* --- the bootstrap --------------------------------------------------------------------- */

static void
not_finished(const struct rehearse_end *e, struct rehearse_result *r)
{
	const struct device *d = e->wire->device;
	uint8_t finish = device_finish_code(d);
	const char *why = device_inconsistency(d);

	if (finish != 0 && finish != COAP_CHANGED) {
		rehearse_find(r, false, "finish-refused",
		    "mend the policy: provisioning-tool policy explain says "
		    "what it writes",
		    "the device refuses Finish: %s",
		    why ? why : coap_code_name(finish));
		return;
	}
	switch (device_state(d)) {
	case DEVICE_ASKING:
		if (!e->timed_out && e->wire->broken) {
			rehearse_find(r, false, "association-lost",
			    "see the server's log",
			    "the server ends the association before it has "
			    "answered the Bootstrap-Request");
			break;
		}
		rehearse_find(r, false, "request-unanswered",
		    "see the server's log: is its keeper up, its token there?",
		    "the Bootstrap-Request was not answered");
		break;
	case DEVICE_BOOTSTRAPPING:
		rehearse_find(r, false,
		    device_commands(d) ? "no-finish" : "no-commands",
		    "see the server's ledger for how it ended there",
		    "%u commands came, and no Finish; last: %s",
		    device_commands(d), e->last[0] ? e->last : "none");
		break;
	case DEVICE_FAILED:
		rehearse_find(r, false, "request-refused",
		    "see the server's ledger: provisioning-tool audit list "
		    "--kind bootstrap_refused",
		    "the server refuses: %s", e->last);
		break;
	case DEVICE_IDLE:
	case DEVICE_BOOTSTRAPPED:
	case DEVICE_DEAD:
		rehearse_find(r, false, "association-lost",
		    "see the server's log", "the association broke: %s",
		    e->last);
		break;
	}
}

void
rehearse_why(const struct rehearse_end *e, struct rehearse_result *r)
{
	bool shaken = !e->wire->dtls || dtls_client_established(e->wire->dtls);

	if (!shaken && !e->wire->asked)
		broken_handshake(e, r);
	else if (e->received == 0)
		no_answer(e, r);
	else
		not_finished(e, r);
}
