/* The bootstrap cases of the OMA Enabler Test Specification (spec/ets.md),
 * with the virtual device as the client. */
#include "stage.h"

#include "dtls/client.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
holds_bytes(struct lwm2m_path path, const char *text)
{
	assert_true(
	    span_is(held_bytes(device_store(stage.device), path), text));
}

static void
holds_integer(struct lwm2m_path path, int64_t n)
{
	int64_t is = -1;

	assert_true(held_integer(device_store(stage.device), path, &is));
	assert_int_equal(is, n);
}

/* 1.1-int-0 Client Initiated Bootstrap: PUT /0, PUT /1, GET /, Finish; the
 * account of the Bootstrap-Server is in /0/1 (C.13). */
static void
int_0_client_initiated_bootstrap(void **state)
{
	(void)state;
	stage.keeper.wish.clean_count = 0;
	stage.keeper.wish.verify = true;
	plug(NULL);
	boot_up();
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 </>;lwm2m=1.1,</0/1>,</1>,</2>,</3/0>\n"
	      "S CON PUT /0/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 </>;lwm2m=1.1,</0/0>;ssid=101;"
	      "uri=\"coaps://eu1.lwm2m.example:5684\",</0/1>,"
	      "</1/0>;ssid=101,</2>,</3/0>\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 4/5 2.04");
	assert_int_equal(device_state(stage.device), DEVICE_BOOTSTRAPPED);
	holds_bytes(LWM2M_RESOURCE(0, 0, SECURITY_URI),
	    "coaps://eu1.lwm2m.example:5684");
	holds_bytes(LWM2M_RESOURCE(0, 0, SECURITY_IDENTITY), "dev-1-1");
	holds_integer(LWM2M_RESOURCE(0, 0, SECURITY_SSID), 101);
	holds_integer(LWM2M_RESOURCE(1, 0, SERVER_SSID), 101);
	holds_integer(LWM2M_RESOURCE(1, 0, SERVER_LIFETIME), 86400);
	check_sane();
}

/** A server that knows the identity and key which the device was given: the
 *  DTLS part of case 1.1-int-401. */
static void
registers(void)
{
	const struct held *s = device_store(stage.device);
	const struct address there = stage.address;
	struct secret held = {0}, issued = {0};
	uint8_t key[WISH_KEY_LEN], buf[2048], plain[64];
	struct dtls_client *client;
	struct dtls *server;
	struct writer w, data;
	struct dtls_event ev;
	struct address to;
	bool heard = false;

	wish_key(1, key);
	assert_int_equal(secret_set(&issued, span_of(key, sizeof(key))), 0);
	assert_int_equal(
	    secret_set(&held,
		held_bytes(s, LWM2M_RESOURCE(0, 0, SECURITY_SECRET_KEY))),
	    RC_OK);
	assert_int_equal(dtls_new(&dtls_config_default, &server), RC_OK);
	assert_int_equal(
	    dtls_client_new(
		held_bytes(s, LWM2M_RESOURCE(0, 0, SECURITY_IDENTITY)), &held,
		NULL, &client),
	    RC_OK);
	assert_int_equal(dtls_client_tick(client, stage.now_ms), RC_OK);
	for (unsigned i = 0; i < 16 && !heard; i++) {
		writer_init(&w, buf, sizeof(buf));
		while (dtls_client_output(client, &w) == RC_OK) {
			dtls_receive(
			    server, &there, writer_span(&w), stage.now_ms);
			w.len = 0;
		}
		while (dtls_event(server, &ev)) {
			if (ev.kind == DTLS_EVENT_PSK_WANTED)
				assert_int_equal(
				    dtls_psk_answer(server, ev.conn, &issued, 0,
					stage.now_ms),
				    RC_OK);
			heard |= ev.kind == DTLS_EVENT_DATA &&
			    span_is(ev.data, "POST /rd");
		}
		while (dtls_output(server, &to, &w) == RC_OK) {
			writer_init(&data, plain, sizeof(plain));
			assert_int_equal(
			    dtls_client_receive(
				client, writer_span(&w), &data, stage.now_ms),
			    RC_OK);
			w.len = 0;
		}
		if (dtls_client_established(client))
			assert_int_equal(
			    dtls_client_send(client, SPAN_LIT("POST /rd")),
			    RC_OK);
	}
	assert_true(heard);
	dtls_client_free(client);
	dtls_free(server);
	secret_fini(&held);
	secret_fini(&issued);
}

/* 1.1-int-1 Full (PSK): over PSK, then on to the LwM2M server with the key
 * that was handed out. */
static void
int_1_client_initiated_bootstrap_full_psk(void **state)
{
	(void)state;
	stage.keeper.wish.clean_count = 0;
	plug_secure(NULL, "dev-1", true);
	boot_up();
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 </>;lwm2m=1.1,</0/1>,</1>,</2>,</3/0>\n"
	      "S CON PUT /0/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 3/4 2.04");
	check_sane();
	registers();
}

/* 1.1-int-4 Bootstrap Delete: both Deletes 2.02, the Bootstrap-Server Account
 * is as it was, /1 is gone; then the writes and Finish. */
static void
int_4_bootstrap_delete(void **state)
{
	(void)state;
	plug(NULL);
	boot_up();
	verdict("ok ok 5/6 2.04");
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 </>;lwm2m=1.1,</0/1>,</1>,</2>,</3/0>\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 2.02\n"
	      "S CON PUT /0/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	check_sane();
	/* again, and now there is something to delete */
	ask_again();
	play_on();
	verdict("ok ok 5/6 2.04");
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 </>;lwm2m=1.1,</0/0>;ssid=101;"
	      "uri=\"coaps://eu1.lwm2m.example:5684\",</0/1>,"
	      "</1/0>;ssid=101,</2>,</3/0>\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 2.02\n"
	      "S CON PUT /0/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	check_sane();
}

/* 1.1-int-9 Configuration Consistency: only /1/0/5 is written; Finish 4.06. */
static void
int_9_configuration_consistency(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.servers = 0;
	stage.keeper.wish.only_disable_timeout = true;
	plug(NULL);
	boot_up();
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 4.06\n");
	verdict("failed finish-refused 1/2 4.06");
	assert_int_equal(device_state(stage.device), DEVICE_FAILED);
	check_sane();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(int_0_client_initiated_bootstrap),
	    PLAY(int_1_client_initiated_bootstrap_full_psk),
	    PLAY(int_4_bootstrap_delete),
	    PLAY(int_9_configuration_consistency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
