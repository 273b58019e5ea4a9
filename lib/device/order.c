#include "device/device_internal.h"

#include "device/consistency.h"
#include "lwm2m/format.h"

#include <stdlib.h>

static int
option_uint(const struct coap_message *m, uint16_t number)
{
	const struct coap_option *o = coap_find(m, number);
	uint32_t v;

	if (!o || !coap_uint_value(o->value, &v) || v > 0xffff)
		return COAP_FORMAT_NONE;
	return (int)v;
}

void
order_read(const struct talk_heard *h, struct order *out)
{
	const struct coap_message *m = &h->message;
	uint8_t text[64];
	struct writer w;

	*out = (struct order){
	    .method = m->code,
	    .path = LWM2M_ROOT,
	    .content_format = option_uint(m, COAP_CONTENT_FORMAT),
	    .accept = option_uint(m, COAP_ACCEPT),
	    .payload = h->body,
	};
	writer_init(&w, text, sizeof(text));
	for (size_t i = 0; i < m->option_count; i++) {
		if (m->options[i].number != COAP_URI_PATH)
			continue;
		writer_str(&w, "/");
		writer_put(&w, m->options[i].value);
	}
	if (w.len == 0)
		writer_str(&w, "/");
	out->bs = !w.full && span_is(writer_span(&w), "/bs");
	out->bad_path = !out->bs &&
	    (w.full || path_parse(writer_span(&w), &out->path) != RC_OK);
	writer_init(&w, out->path_text, sizeof(out->path_text) - 1);
	if (out->bs)
		writer_str(&w, "/bs");
	else if (out->bad_path)
		writer_str(&w, "/?");
	else
		path_print(&w, out->path);
	out->path_text[w.len] = '\0';
}

/* --- Write ---------------------------------------------------------------- */

static bool
accepts(const struct device_behaviour *b, int format)
{
	for (size_t i = 0; i < BEHAVIOUR_FORMATS_MAX && b->formats[i] >= 0; i++)
		if (b->formats[i] == format)
			return true;
	return false;
}

/** Leaves out what the client does not know; a code when it minds. */
static uint8_t
sort_out(const struct device_behaviour *b, struct lwm2m_entry *entries,
    size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		struct lwm2m_path p = entries[i].path;

		if (!resource_find(p.object, p.resource)) {
			if (b->unknown_resource)
				return b->unknown_resource;
			continue;
		}
		entries[kept++] = entries[i];
	}
	*count = kept;
	return 0;
}

/** A second Bootstrap-Server Account is refused at once. */
static bool
second_account(
    const struct device *d, const struct lwm2m_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct lwm2m_path p = entries[i].path;
		uint16_t mine;

		if (p.object == OBJECT_SECURITY &&
		    p.resource == SECURITY_BOOTSTRAP &&
		    entries[i].value.type == LWM2M_BOOLEAN &&
		    entries[i].value.boolean &&
		    held_account(&d->store, &mine) && mine != p.instance)
			return true;
	}
	return false;
}

static uint8_t
put_all(struct device *d, const struct lwm2m_entry *entries, size_t count)
{
	/* resources are replaced whole, with all their instances */
	for (size_t i = 0; i < count; i++)
		held_remove(&d->store,
		    LWM2M_RESOURCE(entries[i].path.object,
			entries[i].path.instance, entries[i].path.resource));
	for (size_t i = 0; i < count; i++)
		if (held_put(&d->store, &entries[i]) != RC_OK)
			return COAP_INTERNAL;
	return COAP_CHANGED;
}

static uint8_t
do_write(struct device *d, const struct order *o)
{
	const struct device_behaviour *b = &d->behaviour;
	struct lwm2m_entry entries[DEVICE_ENTRIES_MAX];
	struct secret scratch = {0};
	unsigned depth = path_depth(o->path);
	struct writer w;
	size_t count;
	uint8_t code;
	enum rc rc;

	if (depth == 0 || depth == 4 || (depth == 1 && b->no_object_write))
		return COAP_METHOD_NOT_ALLOWED;
	if (!accepts(b, o->content_format))
		return COAP_UNSUPPORTED_FORMAT;
	if (!object_find(o->path.object))
		return b->unknown_object;
	rc = secret_reserve(&scratch, DEVICE_SCRATCH_MAX);
	if (rc != RC_OK)
		return COAP_INTERNAL;
	writer_init(&w, scratch.bytes, scratch.cap);
	rc = lwm2m_decode(o->content_format, o->path, o->payload, &w, entries,
	    DEVICE_ENTRIES_MAX, &count);
	if (rc == RC_UNSUPPORTED)
		code = COAP_UNSUPPORTED_FORMAT;
	else if (rc != RC_OK)
		code = depth == 1 ? b->bad_payload_object : b->bad_payload;
	else if (second_account(d, entries, count))
		code = COAP_BAD_REQUEST;
	else
		code = sort_out(b, entries, &count);
	if (code == 0)
		code = put_all(d, entries, count);
	secret_fini(&scratch);
	return code;
}

/* --- Delete --------------------------------------------------------------- */

static void
delete_object(struct device *d, uint16_t object)
{
	uint16_t i = 0;

	for (; held_instance(&d->store, object, &i); i++)
		if (!held_protected(&d->store, object, i))
			held_remove(&d->store, LWM2M_INSTANCE(object, i));
}

static uint8_t
do_delete(struct device *d, const struct order *o)
{
	const struct device_behaviour *b = &d->behaviour;
	struct lwm2m_path p = o->path;

	if (path_depth(p) > 2)
		return COAP_BAD_REQUEST;
	if (path_depth(p) == 0) {
		if (b->delete_root)
			return b->delete_root;
		for (uint16_t object = 0; object <= OBJECT_OSCORE; object++)
			delete_object(d, object);
		return COAP_DELETED;
	}
	if (b->delete_absent && !held_has(&d->store, p))
		return b->delete_absent;
	if (path_depth(p) == 1) {
		delete_object(d, p.object);
		return COAP_DELETED;
	}
	if (held_protected(&d->store, p.object, p.instance)) {
		if (b->deletes_account)
			held_remove(&d->store, p);
		return b->delete_account ? b->delete_account : COAP_DELETED;
	}
	held_remove(&d->store, p);
	return COAP_DELETED;
}

/* --- Read ----------------------------------------------------------------- */

static void
do_read(const struct device *d, const struct order *o, struct deed *out)
{
	struct lwm2m_entry entries[DEVICE_ENTRIES_MAX];
	size_t count = 0;
	struct writer w;

	if (o->path.object != OBJECT_SERVER &&
	    o->path.object != OBJECT_ACCESS_CONTROL) {
		out->code = COAP_METHOD_NOT_ALLOWED;
		return;
	}
	if (path_depth(o->path) > 2) {
		out->code = COAP_BAD_REQUEST;
		return;
	}
	if (!format_writable(o->accept)) {
		out->code = COAP_NOT_ACCEPTABLE;
		return;
	}
	for (size_t i = 0; i < d->store.count; i++)
		if (path_within(d->store.values[i].entry.path, o->path) &&
		    count < DEVICE_ENTRIES_MAX)
			entries[count++] = d->store.values[i].entry;
	if (count == 0 && path_depth(o->path) == 2) {
		out->code = COAP_NOT_FOUND;
		return;
	}
	writer_init(&w, out->buf, sizeof(out->buf));
	if (count > 0 &&
	    lwm2m_encode(o->accept, o->path, entries, count, &w) != RC_OK) {
		out->code = COAP_INTERNAL;
		return;
	}
	out->code = COAP_CONTENT;
	out->content_format = o->accept;
	out->payload = writer_span(&w);
}

/* --- Finish --------------------------------------------------------------- */

static void
do_finish(struct device *d, struct deed *out)
{
	const char *why = device_inconsistency(d);

	out->code = COAP_CHANGED;
	if (!why || d->behaviour.finish_unchecked)
		return;
	out->code = COAP_NOT_ACCEPTABLE;
	out->payload = span_str(why);
}

const char *
device_inconsistency(const struct device *d)
{
	return consistency_fault(&d->store, d->behaviour.needs_empty_keys);
}

void
order_do(struct device *d, const struct order *o, struct deed *out)
{
	out->code = COAP_METHOD_NOT_ALLOWED;
	out->content_format = COAP_FORMAT_NONE;
	out->payload = (struct span){0};
	if (o->bad_path) {
		out->code = COAP_BAD_REQUEST;
		return;
	}
	if (o->bs) {
		if (o->method == COAP_POST)
			do_finish(d, out);
		return;
	}
	switch (o->method) {
	case COAP_GET:
		if (o->accept == FORMAT_LINK)
			discover_write(d, o->path, out);
		else
			do_read(d, o, out);
		break;
	case COAP_PUT:
		out->code = do_write(d, o);
		break;
	case COAP_DELETE:
		out->code = do_delete(d, o);
		break;
	default:
		break;
	}
}
