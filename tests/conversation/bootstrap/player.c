#include "cable.h"
#include "stage_internal.h"

#include "describe.h"

#include <stdlib.h>

enum { QUIET_MAX_MS = 900000 /* no conversation lasts longer */ };

static const char bootstrap_uri[] = "coaps://bs.lwm2m.example:5684";

/**
 * Sees what the device sees. Finish must never follow a Write that was
 * refused and not done since.
 */
static void
watch(void *ctx, bool sent, struct span datagram)
{
	struct coap_message m;
	uint8_t text[1024];
	struct writer w;

	(void)ctx;
	if (stage.secure) {
		writer_init(&w, text, sizeof(text));
		describe_datagram(&w, datagram, false);
		stage_note(
		    "%c %.*s\n", sent ? 'D' : 'S', SPAN_FMT(writer_span(&w)));
	}
	if (coap_decode(datagram, &m) != RC_OK)
		return;
	if (!sent && coap_is_request(m.code)) {
		stage.last_method = m.code;
		stage.last_was_finish = m.code == COAP_POST;
		if (stage.last_was_finish && stage.write_refused)
			fail_msg("Finish after a refused Write");
	}
	if (!sent || !coap_is_response(m.code))
		return;
	if (stage.last_method == COAP_PUT)
		stage.write_refused = coap_class(m.code) != 2;
}

static void
make_device(const struct device_behaviour *b, struct span endpoint,
    const struct secret *key, struct span identity)
{
	struct device_config config = {
	    .endpoint = endpoint,
	    .behaviour = b ? *b : behaviour_conforming,
	    .seed = 4711,
	};

	player_fini();
	stage.device = device_new(&config);
	assert_non_null(stage.device);
	assert_int_equal(
	    device_equip_account(stage.device, bootstrap_uri, identity, key),
	    RC_OK);
	assert_int_equal(
	    device_wire_init(&stage.wire, stage.device, identity, key, NULL),
	    RC_OK);
	stage.wire.tap = watch;
}

void
plug(const struct device_behaviour *b)
{
	stage.secure = false;
	make_device(b, SPAN_LIT("dev-1"), NULL, SPAN_LIT(""));
}

void
plug_stream(const struct device_behaviour *b, size_t window)
{
	stage.secure = false;
	make_device(b, SPAN_LIT("dev-1"), NULL, SPAN_LIT(""));
	assert_int_equal(device_wire_stream(&stage.wire), RC_OK);
	stage.stream = true;
	cable_call(&stage.address, window);
}

void
plug_secure(
    const struct device_behaviour *b, const char *identity, bool right_key)
{
	struct secret key = {0};
	uint8_t bytes[WISH_KEY_LEN];

	wish_key(right_key ? 0 : 7, bytes);
	assert_int_equal(
	    secret_set(&key, span_of(bytes, sizeof(bytes))), RC_OK);
	stage.secure = true;
	make_device(b, span_str(identity), &key, span_str(identity));
	secret_fini(&key);
}

void
player_fini(void)
{
	device_wire_fini(&stage.wire);
	device_free(stage.device);
	stage.device = NULL;
}

/** What has come on the cable, and what the device has to say there. */
static bool
stream_work(void)
{
	uint8_t buf[STAGE_DATAGRAM_MAX];
	struct writer w;
	bool any = false;
	size_t len;

	while ((len = cable_hear(buf, sizeof(buf))) > 0) {
		any = true;
		device_wire_receive(
		    &stage.wire, span_of(buf, len), stage.now_ms);
	}
	if (device_wire_deadline(&stage.wire) <= stage.now_ms) {
		any = true;
		device_wire_tick(&stage.wire, stage.now_ms);
	}
	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (device_wire_output(&stage.wire, &w) != RC_OK)
			return any;
		any = true;
		cable_say(writer_span(&w));
	}
}

void
unplug(void)
{
	player_fini();
}

bool
player_work(void)
{
	uint8_t buf[STAGE_DATAGRAM_MAX];
	struct flying f;
	struct writer w;
	bool any = false;

	if (!stage.device)
		return false;
	if (stage.stream)
		return stream_work();
	while (air_take(false, &f)) {
		any = true;
		if (address_equal(&f.address, &stage.address))
			device_wire_receive(
			    &stage.wire, span_of(f.bytes, f.len), stage.now_ms);
	}
	if (device_wire_deadline(&stage.wire) <= stage.now_ms) {
		any = true;
		device_wire_tick(&stage.wire, stage.now_ms);
	}
	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (device_wire_output(&stage.wire, &w) != RC_OK)
			return any;
		any = true;
		air_send(true, &stage.address, writer_span(&w));
	}
}

uint64_t
player_deadline(void)
{
	/* before it asks, a DTLS client is due at once */
	if (!stage.device || device_state(stage.device) == DEVICE_DEAD ||
	    (stage.wire.dtls && !stage.wire.asked && stage.sent == 0))
		return TIME_NEVER;
	return device_wire_deadline(&stage.wire);
}

void
ask_again(void)
{
	device_wire_start(&stage.wire, stage.now_ms);
}

void
boot_up(void)
{
	ask_again();
	play_on();
}

/** Nothing is under way: what is left are memories that fade. */
static bool
is_over(void)
{
	return stage.worker.boots.count == 0 && stage.flying_count == 0 &&
	    keeper_deadline() == TIME_NEVER && player_deadline() == TIME_NEVER;
}

void
play_on(void)
{
	uint64_t end = stage.now_ms + QUIET_MAX_MS;

	stage_settle();
	while (!is_over()) {
		uint64_t at = stage_deadline();

		if (at > end)
			fail_msg("it never ends");
		if (at > stage.now_ms)
			stage.now_ms = at;
		stage_settle();
	}
}

void
lose(unsigned n)
{
	stage.lose_down += n;
}

void
lose_up(unsigned n)
{
	stage.lose_up += n;
}

int
last_outcome(void)
{
	if (stage.verdict_count == 0)
		return OUTCOME_UNKNOWN + 1;
	return (int)stage.verdicts[stage.verdict_count - 1].verdict.outcome;
}

void
check_sane(void)
{
	bool finished = device_finish_code(stage.device) == COAP_CHANGED;
	const struct held *s = device_store(stage.device);
	uint16_t account;

	for (size_t i = 0; i < stage.verdict_count; i++)
		stage.verdicts[i].told = true;
	if (last_outcome() == OUTCOME_OK)
		assert_true(finished);
	if (finished)
		assert_int_not_equal(last_outcome(), OUTCOME_FAILED);
	assert_int_equal(stage.worker.boots.count, 0);
	assert_int_equal(held_accounts(s), 1);
	assert_true(held_account(s, &account));
	assert_true(
	    span_is(held_bytes(s, LWM2M_RESOURCE(0, account, SECURITY_URI)),
		bootstrap_uri));
}
