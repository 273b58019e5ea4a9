#include "report.h"

#include "base/digest.h"
#include "base/event.h"
#include "base/text.h"
#include "coap/message.h"

enum { LINE_MAX_LEN = 2048, FIELDS_MAX = 12 };

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
failure(const struct device_wire *w)
{
	const struct device *d = w->device;

	if (w->dtls && !w->asked) {
		if (dtls_client_refused(w->dtls))
			return "not the server that it expects";
		return device_wire_alert(w) >= 0 ? "handshake refused"
						 : "no handshake";
	}
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
report_ending(FILE *out, const struct device_wire *w, bool good, uint64_t ms)
{
	struct field f[4];
	size_t n = 0;
	int alert = device_wire_alert(w);

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

/** A value as its SHA-256, which tells two apart and gives nothing away. */
struct seal {
	const char *name;
	struct span value;
	uint8_t digest[DIGEST_LEN];
};

static struct field
sealed(struct seal *seal)
{
	if (seal->value.len == 0)
		return F_TEXT(seal->name, "-");
	digest_of(seal->value, seal->digest);
	return F_BYTES(seal->name, span_of(seal->digest, DIGEST_LEN));
}

static size_t
server_fields(
    const struct held *s, uint16_t i, struct seal *server, struct field *f)
{
	struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SECURITY, i);
	uint64_t number;
	size_t n = 0;

	at.resource = SECURITY_SERVER_KEY;
	server->value = held_bytes(s, at);
	f[n++] = sealed(server);
	at.resource = SECURITY_CERTIFICATE_USAGE;
	if (held_unsigned(s, at, &number))
		f[n++] = F_INT("usage", number);
	at.resource = SECURITY_MATCHING_TYPE;
	if (held_unsigned(s, at, &number))
		f[n++] = F_INT("matching", number);
	at.resource = SECURITY_SNI;
	if (held_has(s, at))
		f[n++] = F_TEXT("sni", held_bytes(s, at));
	return n;
}

static void
print_security(FILE *out, const struct held *s, uint16_t i, bool show_keys)
{
	struct seal identity = {.name = "identity_sha256"};
	struct seal key = {.name = "key_sha256"};
	struct seal server = {.name = "server_sha256"};
	struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SECURITY, i);
	struct field f[FIELDS_MAX];
	bool bootstrap = false, pair;
	char head[32];
	int64_t mode = -1;
	uint16_t ssid;
	size_t n = 0;

	at.resource = SECURITY_URI;
	f[n++] = F_TEXT("uri", held_bytes(s, at));
	at.resource = SECURITY_MODE;
	(void)held_integer(s, at, &mode);
	pair = mode == MODE_RPK || mode == MODE_CERTIFICATE;
	f[n++] = F_TEXT("mode", mode_name(mode));
	at.resource = SECURITY_IDENTITY;
	identity.value = held_bytes(s, at);
	if (pair)
		f[n++] = sealed(&identity);
	else
		f[n++] = F_TEXT("identity",
		    identity.value.len ? identity.value : SPAN_LIT("-"));
	at.resource = SECURITY_SECRET_KEY;
	key.value = held_bytes(s, at);
	f[n++] = sealed(&key);
	if (key.value.len && show_keys)
		f[n++] = F_BYTES("key", key.value);
	if (pair)
		n += server_fields(s, i, &server, &f[n]);
	if (held_ssid(s, OBJECT_SECURITY, i, &ssid))
		f[n++] = F_INT("ssid", ssid);
	else
		f[n++] = F_TEXT("ssid", "-");
	at.resource = SECURITY_BOOTSTRAP;
	(void)held_boolean(s, at, &bootstrap);
	f[n++] = F_BOOL("bootstrap", bootstrap);
	snprintf(head, sizeof(head), "RESULT security/%u", i);
	print_line(out, head, f, n);
}

static void
print_server(FILE *out, const struct held *s, uint16_t i)
{
	struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SERVER, i);
	struct field f[FIELDS_MAX];
	int64_t lifetime;
	char head[32];
	uint16_t ssid;
	size_t n = 0;

	if (held_ssid(s, OBJECT_SERVER, i, &ssid))
		f[n++] = F_INT("ssid", ssid);
	at.resource = SERVER_LIFETIME;
	if (held_integer(s, at, &lifetime))
		f[n++] = F_INT("lifetime", lifetime);
	at.resource = SERVER_BINDING;
	f[n++] = F_TEXT("binding", held_bytes(s, at));
	snprintf(head, sizeof(head), "RESULT server/%u", i);
	print_line(out, head, f, n);
}

void
report_accounts(FILE *out, const struct held *s, bool show_keys)
{
	uint16_t i;

	for (i = 0; held_instance(s, OBJECT_SECURITY, &i); i++)
		print_security(out, s, i, show_keys);
	for (i = 0; held_instance(s, OBJECT_SERVER, &i); i++)
		print_server(out, s, i);
}
