/*
 * A Discover is answered in the style of what the profile shows of one: which
 * objects stand in it, whether beside their instances, and accounts with their
 * URIs.
 */
#include "cost/model_body.h"

#include "lwm2m/link.h"
#include "lwm2m/object.h"

#include <stdio.h>

enum { OBJECTS_MAX = 64 /* of one answer */ };

/* An answer while it is written. */
struct reply {
	const struct model *m;
	struct writer *w;
	struct span sample; /* the profile's */
	bool bare; /* objects stand beside their instances */
	bool uris; /* accounts with their URIs, one's own too */
	uint16_t objects[OBJECTS_MAX]; /* those that were told */
	size_t object_count;
	size_t start; /* of `w` */
};

/** Begin a link; before all but the first stands a comma. */
static void
separate(struct reply *r)
{
	if (r->w->len > r->start)
		writer_str(r->w, ",");
}

static void
put_ssid(struct reply *r, uint16_t object, uint16_t i)
{
	const struct lwm2m_value *ssid = shelf_get(&r->m->shelf,
	    LWM2M_RESOURCE(object, i,
		object == OBJECT_SECURITY ? SECURITY_SSID : SERVER_SSID));

	if (ssid)
		writer_fmt(r->w, ";ssid=%lld", (long long)ssid->integer);
}

static void
put_uri(struct reply *r, uint16_t i)
{
	const struct lwm2m_value *uri = shelf_get(
	    &r->m->shelf, LWM2M_RESOURCE(OBJECT_SECURITY, i, SECURITY_URI));

	if (!uri || !r->uris)
		return;
	writer_str(r->w, ";uri=\"");
	writer_put(r->w, uri->bytes);
	writer_str(r->w, "\"");
}

/** The link of the sample at `path`, raw, with what stands behind it. */
static bool
sampled(const struct reply *r, struct lwm2m_path path, struct span *raw)
{
	struct link_reader reader;
	struct lwm2m_link link;
	const uint8_t *begin;

	link_reader_init(&reader, r->sample);
	for (;;) {
		begin = reader.rest.p;
		if (!link_next(&reader, &link))
			return false;
		if (path_compare(link.path, path) == 0)
			break;
	}
	*raw = span_of(begin,
	    reader.rest.len ? (size_t)(reader.rest.p - begin) - 1
			    : (size_t)(r->sample.p + r->sample.len - begin));
	return true;
}

static void
put_instance(struct reply *r, uint16_t object, uint16_t i)
{
	bool own = object == OBJECT_SECURITY && i == r->m->account;
	struct span raw;

	separate(r);
	if (own && sampled(r, LWM2M_INSTANCE(object, i), &raw)) {
		writer_put(r->w, raw);
		return;
	}
	writer_fmt(r->w, "</%u/%u>", object, i);
	if (object <= OBJECT_SERVER && !own)
		put_ssid(r, object, i);
	if (object == OBJECT_SECURITY && !own)
		put_uri(r, i);
}

static void
put_bare(struct reply *r, uint16_t object)
{
	struct span raw;

	separate(r);
	if (sampled(r, LWM2M_OBJECT(object), &raw))
		writer_put(r->w, raw);
	else
		writer_fmt(r->w, "</%u>", object);
}

/** Each object once. */
static void
put_object(struct reply *r, uint16_t object)
{
	uint16_t i = 0;

	for (size_t n = 0; n < r->object_count; n++)
		if (r->objects[n] == object)
			return;
	if (r->object_count == OBJECTS_MAX)
		return;
	r->objects[r->object_count++] = object;
	if (r->bare || !shelf_instance(&r->m->shelf, object, &i))
		put_bare(r, object);
	for (i = 0; shelf_instance(&r->m->shelf, object, &i); i++)
		put_instance(r, object, i);
}

/** What a device has that its profile says nothing of. */
static struct span
usual(const struct model *m, char *room, size_t cap)
{
	unsigned version = m->device->version;
	int n;

	/* LwM2M 1.0 has it bare and in first place */
	n = version <= 10
	    ? snprintf(room, cap, "lwm2m=\"1.0\",</0/%u>,</1>,</2>,</3/0>",
		  m->account)
	    : snprintf(room, cap, "</>;lwm2m=1.%u,</0/%u>,</1>,</2>,</3/0>",
		  version - 10, m->account);
	return span_of(room, (size_t)n);
}

static struct span
sample_of(const struct model *m, char *room, size_t cap)
{
	if (m->device->discover_reply)
		return span_str(m->device->discover_reply);
	return usual(m, room, cap);
}

/** In what style it writes. */
static void
look_at(struct reply *r)
{
	struct link_reader reader;
	struct lwm2m_link link;
	uint16_t bare = LWM2M_ID_NONE;

	/* where the sample shows none at all, accounts with an ssid have one
	 * from 1.1 on (Core 1.1 6.1.7.3) */
	r->uris = r->m->device->version > 10;
	link_reader_init(&reader, r->sample);
	while (link_next(&reader, &link)) {
		if (path_depth(link.path) == 1)
			bare = link.path.object;
		else if (path_depth(link.path) == 2)
			r->bare |= link.path.object == bare;
	}
}

/** The version: all before the first link of an object. */
static void
put_version(struct reply *r)
{
	struct link_reader reader;
	struct lwm2m_link link;
	const uint8_t *end = r->sample.p;

	link_reader_init(&reader, r->sample);
	while (link_next(&reader, &link) && path_depth(link.path) == 0)
		end = reader.rest.p;
	if (end > r->sample.p)
		writer_put(r->w,
		    span_of(r->sample.p, (size_t)(end - r->sample.p) - 1));
}

void
model_discover(const struct model *m, struct lwm2m_path path, struct writer *w)
{
	char room[128];
	struct reply r = {.m = m, .w = w, .start = w->len};
	struct link_reader reader;
	struct lwm2m_link link;

	r.sample = sample_of(m, room, sizeof(room));
	look_at(&r);
	put_version(&r);
	link_reader_init(&reader, r.sample);
	while (link_next(&reader, &link))
		if (path_depth(link.path) > 0 &&
		    (path_depth(path) == 0 || link.path.object == path.object))
			put_object(&r, link.path.object);
	/* what was written beyond those */
	for (size_t i = 0; i < m->shelf.count; i++)
		if (path_within(m->shelf.entries[i].path, path))
			put_object(&r, m->shelf.entries[i].path.object);
}

enum rc
model_furnish(struct model *m)
{
	char room[128];
	struct link_reader reader;
	struct lwm2m_link link;
	enum rc rc = RC_OK;

	link_reader_init(&reader, sample_of(m, room, sizeof(room)));
	while (rc == RC_OK && link_next(&reader, &link)) {
		struct lwm2m_entry e = {
		    .path =
			LWM2M_RESOURCE(link.path.object, link.path.instance, 0),
		    .value = LWM2M_VALUE_OPAQUE(SPAN_LIT("")),
		};

		if (path_depth(link.path) != 2)
			continue;
		/* without an ssid it is its own */
		if (link.path.object == OBJECT_SECURITY && !link.has_ssid)
			m->account = link.path.instance;
		else if (link.has_ssid && link.path.object <= OBJECT_SERVER)
			e = (struct lwm2m_entry){
			    LWM2M_RESOURCE(link.path.object, link.path.instance,
				link.path.object == OBJECT_SECURITY
				    ? SECURITY_SSID
				    : SERVER_SSID),
			    LWM2M_VALUE_INTEGER(link.ssid)};
		rc = shelf_put(&m->shelf, &e);
	}
	return rc;
}
