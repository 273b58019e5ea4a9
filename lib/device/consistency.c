#include "device/consistency.h"

#include "device/pair.h"

static struct lwm2m_path
at(uint16_t object, uint16_t instance, uint16_t resource)
{
	return LWM2M_RESOURCE(object, instance, resource);
}

static bool
is_secure(struct span uri)
{
	return span_starts(uri, SPAN_LIT("coaps://")) ||
	    span_starts(uri, SPAN_LIT("coaps+tcp://"));
}

static bool
is_plain(struct span uri)
{
	return span_starts(uri, SPAN_LIT("coap://")) ||
	    span_starts(uri, SPAN_LIT("coap+tcp://"));
}

static const char *
credentials_fault(const struct held *s, uint16_t i, int64_t mode)
{
	struct span identity = held_bytes(s, at(0, i, SECURITY_IDENTITY));
	struct span key = held_bytes(s, at(0, i, SECURITY_SECRET_KEY));
	struct span uri = held_bytes(s, at(0, i, SECURITY_URI));

	if (mode < MODE_PSK || mode > MODE_EST)
		return "a Security Mode that it does not support";
	if (!is_secure(uri) && !is_plain(uri))
		return "a Server URI without a scheme that it knows";
	if (is_secure(uri) != (mode != MODE_NOSEC))
		return "a Server URI whose scheme contradicts the mode";
	if (mode == MODE_PSK && (identity.len == 0 || key.len == 0))
		return "PSK without an identity or a key";
	if (mode == MODE_CERTIFICATE || mode == MODE_RPK)
		return pair_fault(s, i, mode);
	return NULL;
}

/** Is there an instance of `object` other than `self` with that ssid? */
static bool
another(const struct held *s, uint16_t object, uint16_t self, uint16_t ssid)
{
	uint16_t i = 0, other;

	for (; held_instance(s, object, &i); i++)
		if (i != self && held_ssid(s, object, i, &other) &&
		    other == ssid)
			return true;
	return false;
}

static const char *
security_fault(const struct held *s, uint16_t i, bool needs_empty_keys)
{
	bool bootstrap;
	int64_t mode;
	uint16_t ssid;

	if (held_bytes(s, at(0, i, SECURITY_URI)).len == 0)
		return "a Security instance without Server URI";
	if (!held_boolean(s, at(0, i, SECURITY_BOOTSTRAP), &bootstrap))
		return "a Security instance without Bootstrap-Server";
	if (!held_integer(s, at(0, i, SECURITY_MODE), &mode))
		return "a Security instance without Security Mode";
	if (bootstrap)
		return NULL;
	if (needs_empty_keys &&
	    (!held_has(s, at(0, i, SECURITY_IDENTITY)) ||
		!held_has(s, at(0, i, SECURITY_SERVER_KEY)) ||
		!held_has(s, at(0, i, SECURITY_SECRET_KEY))))
		return "a Security instance without resources 3, 4 and 5";
	if (!held_ssid(s, OBJECT_SECURITY, i, &ssid))
		return "a Security instance without Short Server ID";
	if (ssid == 0 || ssid == 0xffff)
		return "a Short Server ID out of range";
	if (another(s, OBJECT_SECURITY, i, ssid))
		return "two Security instances with one Short Server ID";
	if (!another(s, OBJECT_SERVER, LWM2M_ID_NONE, ssid))
		return "a Security instance without its Server instance";
	return credentials_fault(s, i, mode);
}

static const char *
server_fault(const struct held *s, uint16_t i)
{
	struct span binding = held_bytes(s, at(1, i, SERVER_BINDING));
	int64_t lifetime;
	uint16_t ssid;
	bool storing;

	if (!held_ssid(s, OBJECT_SERVER, i, &ssid))
		return "a Server instance without Short Server ID";
	if (!held_integer(s, at(1, i, SERVER_LIFETIME), &lifetime))
		return "a Server instance without Lifetime";
	if (lifetime < 0)
		return "a negative Lifetime";
	if (!held_boolean(s, at(1, i, SERVER_STORING), &storing))
		return "a Server instance without Notification Storing";
	if (binding.len == 0)
		return "a Server instance without Binding";
	for (size_t n = 0; n < binding.len; n++)
		if (!memchr("UMHTSNQ", binding.p[n], 7))
			return "an unknown Binding";
	if (another(s, OBJECT_SERVER, i, ssid))
		return "two Server instances with one Short Server ID";
	if (!another(s, OBJECT_SECURITY, LWM2M_ID_NONE, ssid))
		return "a Server instance without its Security instance";
	return NULL;
}

const char *
consistency_fault(const struct held *s, bool needs_empty_keys)
{
	const char *why = NULL;
	uint16_t i;

	if (held_accounts(s) > 1)
		return "two Bootstrap-Server Accounts";
	for (i = 0; !why && held_instance(s, OBJECT_SECURITY, &i); i++)
		why = security_fault(s, i, needs_empty_keys);
	for (i = 0; !why && held_instance(s, OBJECT_SERVER, &i); i++)
		why = server_fault(s, i);
	i = 0;
	if (!why && !held_instance(s, OBJECT_SERVER, &i))
		why = "no LwM2M server";
	return why;
}
