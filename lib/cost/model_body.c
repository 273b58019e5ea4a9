#include "cost/model_body.h"

#include "lwm2m/object.h"

/* What any device knows, with or without instances. */
static const uint16_t objects[] = {
    OBJECT_SECURITY, OBJECT_SERVER, OBJECT_ACCESS_CONTROL, OBJECT_DEVICE};

static void
put_version(const struct model *m, struct writer *w)
{
	/* LwM2M 1.0 has it bare and in first place */
	if (m->device->version <= 10)
		writer_str(w, "lwm2m=\"1.0\"");
	else
		writer_fmt(w, "</>;lwm2m=1.%u", m->device->version - 10);
}

static void
put_ssid(const struct model *m, struct writer *w, uint16_t object, uint16_t i)
{
	const struct lwm2m_value *ssid = shelf_get(&m->shelf,
	    LWM2M_RESOURCE(object, i,
		object == OBJECT_SECURITY ? SECURITY_SSID : SERVER_SSID));

	if (ssid)
		writer_fmt(w, ";ssid=%lld", (long long)ssid->integer);
}

static void
put_uri(const struct model *m, struct writer *w, uint16_t i)
{
	const struct lwm2m_value *uri = shelf_get(
	    &m->shelf, LWM2M_RESOURCE(OBJECT_SECURITY, i, SECURITY_URI));

	if (!uri || m->device->version <= 10)
		return;
	writer_str(w, ";uri=\"");
	writer_put(w, uri->bytes);
	writer_str(w, "\"");
}

static void
put_instance(
    const struct model *m, struct writer *w, uint16_t object, uint16_t i)
{
	writer_fmt(w, ",</%u/%u>", object, i);
	if (object == OBJECT_SECURITY && i == m->account)
		return; /* its own: neither (Core 1.1 6.1.7.3) */
	if (object <= OBJECT_SERVER)
		put_ssid(m, w, object, i);
	if (object == OBJECT_SECURITY)
		put_uri(m, w, i);
}

static void
put_object(const struct model *m, struct writer *w, uint16_t object)
{
	bool any = false;

	for (uint16_t i = 0; shelf_instance(&m->shelf, object, &i); i++) {
		put_instance(m, w, object, i);
		any = true;
	}
	if (!any)
		writer_fmt(w, ",</%u>", object);
}

void
model_discover(const struct model *m, struct lwm2m_path path, struct writer *w)
{
	size_t n = sizeof(objects) / sizeof(objects[0]);

	put_version(m, w);
	for (size_t i = 0; i < n; i++)
		if (path_depth(path) == 0 || path.object == objects[i])
			put_object(m, w, objects[i]);
	/* what a policy has written beyond those */
	for (size_t i = 0; i < m->shelf.count; i++) {
		struct lwm2m_path at = m->shelf.entries[i].path;
		bool known =
		    i > 0 && m->shelf.entries[i - 1].path.object == at.object;

		for (size_t o = 0; o < n; o++)
			known |= at.object == objects[o];
		if (!known && (path_depth(path) == 0 || path_within(at, path)))
			put_object(m, w, at.object);
	}
}
