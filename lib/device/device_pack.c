/*
 * The Bootstrap-Pack (LwM2M Core 1.2, 6.1.7.2): asked for with GET /bspack,
 * fetched block by block, taken whole or not at all. Every object in it loses
 * what it had, but for the Bootstrap-Server Account and /3/0.
 */
#include "device/device_internal.h"

#include "device/consistency.h"
#include "lwm2m/format.h"

#include <stdio.h>
#include <stdlib.h>

/** What is decoded of one pack. */
struct unpacked {
	struct lwm2m_entry entries[DEVICE_ENTRIES_MAX];
	size_t count;
};

void
pack_begin(struct device *d)
{
	struct pack_fetch *p = &d->pack;

	secret_fini(&p->body);
	*p = (struct pack_fetch){0};
	if (secret_reserve(&p->body, TALK_BODY_MAX) == RC_OK)
		writer_init(&p->gather.body, p->body.bytes, TALK_BODY_MAX);
	if (d->behaviour.pack_block)
		p->ask = (struct coap_block){
		    .szx = coap_szx_for(d->behaviour.pack_block)};
	p->asks_block = d->behaviour.pack_block != 0;
}

void
pack_fini(struct device *d)
{
	secret_fini(&d->pack.body);
}

/** The next of `object` that stands in the pack, from `*instance` on. */
static bool
in_pack(const struct unpacked *u, uint16_t object, uint16_t instance)
{
	for (size_t i = 0; i < u->count; i++)
		if (u->entries[i].path.object == object &&
		    u->entries[i].path.instance == instance)
			return true;
	return false;
}

/** It may not write over what no Delete would take away. */
static bool
collides(const struct device *d, const struct unpacked *u)
{
	uint16_t i = 0;

	for (; held_instance(&d->store, OBJECT_SECURITY, &i); i++)
		if (held_protected(&d->store, OBJECT_SECURITY, i) &&
		    in_pack(u, OBJECT_SECURITY, i))
			return true;
	return false;
}

static void
empty_object(struct device *d, uint16_t object)
{
	uint16_t i = 0;

	for (; held_instance(&d->store, object, &i); i++)
		if (!held_protected(&d->store, object, i))
			held_remove(&d->store, LWM2M_INSTANCE(object, i));
}

/** NULL: it was taken. */
static const char *
take_all(struct device *d, const struct unpacked *u)
{
	if (u->count == 0)
		return "an empty pack";
	if (collides(d, u))
		return "the pack writes over the Bootstrap-Server Account";
	for (size_t i = 0; i < u->count; i++)
		if (i == 0 ||
		    u->entries[i].path.object != u->entries[i - 1].path.object)
			empty_object(d, u->entries[i].path.object);
	for (size_t i = 0; i < u->count; i++) {
		struct lwm2m_path p = u->entries[i].path;

		if (!resource_find(p.object, p.resource))
			continue;
		if (held_put(&d->store, &u->entries[i]) != RC_OK)
			return "out of memory";
	}
	return device_inconsistency(d);
}

static const char *
unpack(struct device *d, int format)
{
	struct unpacked *u = calloc(1, sizeof(*u));
	struct secret scratch = {0};
	const char *why = "out of memory";
	struct writer w;

	if (u && secret_reserve(&scratch, DEVICE_SCRATCH_MAX) == RC_OK) {
		writer_init(&w, scratch.bytes, DEVICE_SCRATCH_MAX);
		if (lwm2m_decode(format, LWM2M_ROOT,
			writer_span(&d->pack.gather.body), &w, u->entries,
			DEVICE_ENTRIES_MAX, &u->count) == RC_OK)
			why = take_all(d, u);
		else
			why = "the pack cannot be read";
	}
	secret_fini(&scratch);
	if (u)
		secret_wipe(u, sizeof(*u));
	free(u);
	return why;
}

static int
format_of(const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_CONTENT_FORMAT);
	uint32_t v;

	if (!o || !coap_uint_value(o->value, &v) || v > 0xffff)
		return COAP_FORMAT_NONE;
	return (int)v;
}

enum pack_step
pack_response(struct device *d, const struct coap_message *m)
{
	struct pack_fetch *p = &d->pack;
	char text[DEVICE_TEXT_MAX];
	const char *why = NULL;

	if (m->code != COAP_CONTENT)
		return PACK_NONE;
	if (p->gather.started || coap_find(m, COAP_BLOCK2)) {
		switch (block_receive_answer(&p->gather, m, &why)) {
		case BLOCK_MORE:
			p->ask = block_receive_next(&p->gather);
			p->asks_block = true;
			return PACK_MORE;
		case BLOCK_BROKEN:
			break;
		case BLOCK_DONE:
			break;
		}
	} else {
		writer_put(&p->gather.body, m->payload);
		if (p->gather.body.full)
			why = "it does not fit";
	}
	p->format = format_of(m);
	if (!why)
		why = unpack(d, p->format);
	snprintf(text, sizeof(text), "   pack %s %zu B in %u blocks  %s",
	    format_name(p->format), p->gather.body.len, p->gather.blocks,
	    why ? why : "taken");
	device_note(d, text);
	return why ? PACK_NONE : PACK_TAKEN;
}

void
pack_account_links(const struct device *d, struct writer *w)
{
	uint16_t i;

	writer_str(w, "acc=");
	if (held_account(&d->store, &i))
		writer_fmt(w, "</0/%u>", i);
}
