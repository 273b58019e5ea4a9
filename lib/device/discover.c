#include "device/device_internal.h"

#include "lwm2m/format.h"

/* What a device of ours knows, with or without instances. */
static const uint16_t objects[] = {OBJECT_SECURITY, OBJECT_SERVER,
    OBJECT_ACCESS_CONTROL, OBJECT_DEVICE, OBJECT_OSCORE};

enum { AWA_FORMAT = 65535 };

static bool
lists_bare_objects(enum discover_style s)
{
	return s == DISCOVER_ANJAY || s == DISCOVER_ANJAY_10 ||
	    s == DISCOVER_LESHAN;
}

static void
write_version(struct writer *w, enum discover_style s)
{
	switch (s) {
	case DISCOVER_10:
	case DISCOVER_ANJAY_10:
		writer_str(w, "lwm2m=\"1.0\"");
		break;
	case DISCOVER_ZEPHYR:
		writer_str(w, "lwm2m=\"1.1\"");
		break;
	case DISCOVER_LESHAN:
		writer_str(w, "</>;lwm2m=1.0");
		break;
	case DISCOVER_STANDARD:
	case DISCOVER_ANJAY:
	case DISCOVER_NO_SSID:
	case DISCOVER_NOT_FOUND:
	case DISCOVER_AWA:
		writer_str(w, "</>;lwm2m=1.1");
		break;
	}
}

static bool
shows_uri(enum discover_style s, bool has_ssid)
{
	if (s == DISCOVER_ANJAY || s == DISCOVER_LESHAN)
		return true;
	return s == DISCOVER_STANDARD && has_ssid;
}

static void
write_instance(const struct device *d, struct writer *w, uint16_t object,
    uint16_t instance)
{
	enum discover_style s = d->behaviour.discover;
	uint16_t ssid;
	bool has_ssid = object <= OBJECT_SERVER && s != DISCOVER_NO_SSID &&
	    held_ssid(&d->store, object, instance, &ssid);

	writer_fmt(w, ",</%u/%u>", object, instance);
	if (object == OBJECT_SECURITY && held_protected(&d->store, 0, instance))
		has_ssid = false;
	if (has_ssid)
		writer_fmt(w, ";ssid=%u", ssid);
	if (object == OBJECT_SECURITY && shows_uri(s, has_ssid)) {
		struct span uri = held_bytes(
		    &d->store, LWM2M_RESOURCE(object, instance, SECURITY_URI));

		writer_str(w, ";uri=\"");
		writer_put(w, uri);
		writer_str(w, "\"");
	}
}

static void
write_object(const struct device *d, struct writer *w, uint16_t object)
{
	enum discover_style s = d->behaviour.discover;
	uint16_t i = 0;
	bool any = held_instance(&d->store, object, &i);

	/* without ssid, as in LwM2M 1.1; who has no OSCORE does not know it */
	if (!any && object == OBJECT_OSCORE)
		return;
	if (!any || lists_bare_objects(s))
		writer_fmt(w, ",</%u>%s", object,
		    s == DISCOVER_LESHAN && object == 0 ? ";ver=1.2" : "");
	for (; held_instance(&d->store, object, &i); i++)
		write_instance(d, w, object, i);
	/* an empty slot that was there from the start */
	if (s == DISCOVER_ZEPHYR && object == OBJECT_SECURITY &&
	    !held_has(&d->store, LWM2M_INSTANCE(object, 1)))
		writer_str(w, ",</0/1>;ssid=0");
}

void
discover_write(const struct device *d, struct lwm2m_path path, struct deed *out)
{
	enum discover_style s = d->behaviour.discover;
	bool known = path_depth(path) == 0;
	struct writer w;

	if (path_depth(path) > 1) {
		out->code = COAP_BAD_REQUEST;
		return;
	}
	if (s == DISCOVER_NOT_FOUND || (s == DISCOVER_AWA && known)) {
		out->code =
		    s == DISCOVER_AWA ? COAP_BAD_REQUEST : COAP_NOT_FOUND;
		return;
	}
	out->code = COAP_CONTENT;
	out->content_format = FORMAT_LINK;
	if (s == DISCOVER_AWA) {
		out->content_format = AWA_FORMAT;
		return;
	}
	writer_init(&w, out->buf, sizeof(out->buf));
	write_version(&w, s);
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (path_depth(path) == 1 && path.object != objects[i])
			continue;
		known = true;
		write_object(d, &w, objects[i]);
	}
	if (!known)
		out->code = COAP_NOT_FOUND;
	else
		out->payload = writer_span(&w);
}
