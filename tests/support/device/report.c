#include "report.h"

#include "base/digest.h"
#include "base/event.h"
#include "base/text.h"
#include "coap/message.h"

enum { LINE_MAX_LEN = 2048, FIELDS_MAX = 10 };

static void
print_line(FILE *out, const char *head, const struct field *fields, size_t n)
{
	uint8_t text[LINE_MAX_LEN];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	event_print(&w, fields, n);
	fprintf(out, "%s %.*s\n", head, SPAN_FMT(writer_span(&w)));
}

static const char *
failure(const struct wire *w)
{
	const struct device *d = w->device;

	if (w->dtls && !dtls_client_established(w->dtls) && !w->asked)
		return wire_alert(w) >= 0 ? "handshake refused"
					  : "no handshake";
	if (w->broken)
		return "association lost";
	if (device_finish_code(d) != 0 && device_state(d) != DEVICE_DEAD)
		return device_inconsistency(d) ? device_inconsistency(d)
					       : "Finish refused";
	switch (device_state(d)) {
	case DEVICE_IDLE:
	case DEVICE_ASKING:
		return "no answer";
	case DEVICE_BOOTSTRAPPING:
		return "no Finish";
	case DEVICE_DEAD:
		return "died";
	case DEVICE_BOOTSTRAPPED:
	case DEVICE_FAILED:
		break;
	}
	return "refused";
}

void
report_ending(FILE *out, const struct wire *w, bool good, uint64_t ms)
{
	struct field f[4];
	size_t n = 0;
	int alert = wire_alert(w);

	if (!good)
		f[n++] = F_TEXT("reason", failure(w));
	if (!good && alert >= 0)
		f[n++] = F_INT("alert", alert);
	f[n++] = F_INT("ms", ms);
	f[n++] = F_INT("commands", device_commands(w->device));
	print_line(out, good ? "BOOTSTRAP success" : "BOOTSTRAP failure", f, n);
}

static const char *
mode_name(int64_t mode)
{
	static const char *const names[] = {
	    "psk", "rpk", "certificate", "nosec", "est"};

	return mode >= 0 && mode < 5 ? names[mode] : "?";
}

static void
print_security(FILE *out, const struct store *s, uint16_t i, bool show_keys)
{
	const struct lwm2m_path p = LWM2M_INSTANCE(OBJECT_SECURITY, i);
	struct lwm2m_path at = p;
	struct field f[FIELDS_MAX];
	uint8_t digest[DIGEST_LEN];
	bool bootstrap = false;
	struct span key;
	char head[32];
	int64_t mode = -1;
	uint16_t ssid;
	size_t n = 0;

	at.resource = SECURITY_URI;
	f[n++] = F_TEXT("uri", store_bytes(s, at));
	at.resource = SECURITY_MODE;
	(void)store_integer(s, at, &mode);
	f[n++] = F_TEXT("mode", mode_name(mode));
	at.resource = SECURITY_IDENTITY;
	f[n++] = F_TEXT("identity",
	    store_bytes(s, at).len ? store_bytes(s, at) : SPAN_LIT("-"));
	at.resource = SECURITY_SECRET_KEY;
	key = store_bytes(s, at);
	digest_of(key, digest);
	if (key.len)
		f[n++] = F_BYTES("key_sha256", span_of(digest, DIGEST_LEN));
	else
		f[n++] = F_TEXT("key_sha256", "-");
	if (key.len && show_keys)
		f[n++] = F_BYTES("key", key);
	if (store_ssid(s, OBJECT_SECURITY, i, &ssid))
		f[n++] = F_INT("ssid", ssid);
	else
		f[n++] = F_TEXT("ssid", "-");
	at.resource = SECURITY_BOOTSTRAP;
	(void)store_boolean(s, at, &bootstrap);
	f[n++] = F_BOOL("bootstrap", bootstrap);
	snprintf(head, sizeof(head), "RESULT security/%u", i);
	print_line(out, head, f, n);
}

static void
print_server(FILE *out, const struct store *s, uint16_t i)
{
	struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SERVER, i);
	struct field f[FIELDS_MAX];
	int64_t lifetime;
	char head[32];
	uint16_t ssid;
	size_t n = 0;

	if (store_ssid(s, OBJECT_SERVER, i, &ssid))
		f[n++] = F_INT("ssid", ssid);
	at.resource = SERVER_LIFETIME;
	if (store_integer(s, at, &lifetime))
		f[n++] = F_INT("lifetime", lifetime);
	at.resource = SERVER_BINDING;
	f[n++] = F_TEXT("binding", store_bytes(s, at));
	snprintf(head, sizeof(head), "RESULT server/%u", i);
	print_line(out, head, f, n);
}

void
report_accounts(FILE *out, const struct store *s, bool show_keys)
{
	uint16_t i;

	for (i = 0; store_instance(s, OBJECT_SECURITY, &i); i++)
		print_security(out, s, i, show_keys);
	for (i = 0; store_instance(s, OBJECT_SERVER, &i); i++)
		print_server(out, s, i);
}
