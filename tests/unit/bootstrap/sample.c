#include "sample.h"

#include "lwm2m/format.h"
#include "lwm2m/object.h"

const struct sample sample_usual = {
    .flags = PLAN_CLEAN_ON_FAILURE,
    .max_message = 500,
    .block_size = 1024,
    .version = 11,
    .own = LWM2M_ID_NONE,
    .format = FORMAT_SENML_CBOR,
    .format_count = 2,
    .delete_flags = PLAN_STRICT,
    .clean = {OBJECT_SECURITY, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
    .account = 1,
    .ssid = 101,
    .security = {OBJECT_SECURITY, 0, LWM2M_ID_NONE, LWM2M_ID_NONE},
    .uri = "coaps://eu1.lwm2m.example:5684",
    .mode = MODE_PSK,
    .key = "sixteen bytes!!!",
    .label = "psk fleet-2026 epoch 1",
    .key_resource = SECURITY_SECRET_KEY,
    .real = 20.48,
    .number = 49320,
    .link = 21,
    .time = 1700000000,
    .resolve = 1,
    .resolve_object = OBJECT_SERVER,
    .last = PLAN_FINISH,
    .verify = true,
};

static void
put(struct plan_builder *b, struct lwm2m_path at, uint16_t resource,
    struct lwm2m_value v)
{
	struct lwm2m_entry e = {
	    LWM2M_RESOURCE(at.object, at.instance, resource), v};

	plan_put(b, &e);
}

static void
put_other(struct plan_builder *b, const struct sample *s)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(4711, 3);

	plan_step(b, PLAN_WRITE, 0, 0, at);
	put(b, at, 1,
	    (struct lwm2m_value){.type = LWM2M_FLOAT, .real = s->real});
	put(b, at, 2, LWM2M_VALUE_UNSIGNED(s->number));
	put(b, at, 3,
	    (struct lwm2m_value){.type = LWM2M_OBJLNK, .link = {s->link, 0}});
	put(b, at, 4,
	    (struct lwm2m_value){.type = LWM2M_TIME, .integer = s->time});
	plan_put_instance_of(b,
	    &(struct lwm2m_entry){
		LWM2M_RESOURCE(4711, 3, 6), LWM2M_VALUE_INTEGER(0)},
	    s->resolve, s->resolve_object);
	put(b, at, 5,
	    (struct lwm2m_value){
		.type = LWM2M_CORELNK, .bytes = SPAN_LIT("</3/0>")});
}

enum rc
sample_build(const struct sample *s, struct secret *out, uint8_t *digest)
{
	struct secret key = {0};
	struct plan_builder b;

	assert_int_equal(secret_set(&key, span_str(s->key)), RC_OK);
	plan_begin(&b,
	    &(struct plan_head){
		.flags = s->flags,
		.max_message = s->max_message,
		.block_size = s->block_size,
		.version = s->version,
		.own = s->own,
		.formats = {s->format, FORMAT_TLV},
		.format_count = s->format_count,
		.ssids = {s->ssid, 7},
		.account_count = 2,
	    });
	plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	plan_step(&b, PLAN_DELETE, s->delete_flags, 0, s->clean);
	plan_step(&b, PLAN_WRITE, 0, s->account, s->security);
	put(&b, s->security, SECURITY_URI,
	    LWM2M_VALUE_STRING(span_str(s->uri)));
	put(&b, s->security, SECURITY_BOOTSTRAP,
	    LWM2M_VALUE_BOOLEAN(s->bootstrap));
	put(&b, s->security, SECURITY_MODE, LWM2M_VALUE_INTEGER(s->mode));
	plan_put_secret(&b,
	    LWM2M_RESOURCE(
		s->security.object, s->security.instance, s->key_resource),
	    &key, s->label);
	put_other(&b, s);
	if (s->verify)
		plan_step(&b, PLAN_VERIFY, 0, 0, LWM2M_ROOT);
	plan_step(&b, s->last, 0, 0, LWM2M_ROOT);
	secret_fini(&key);
	return plan_end(&b, out, digest);
}

void
sample_plan(const struct sample *s, struct plan *out)
{
	struct secret bytes = {0};

	assert_int_equal(sample_build(s, &bytes, NULL), RC_OK);
	assert_int_equal(plan_decode(&bytes, out), RC_OK);
}
