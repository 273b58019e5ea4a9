/* Signalling messages: RFC 8323 section 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "coap/frame.h"
#include "coap/signalling.h"

static uint8_t bytes[512];

static struct coap_message
signal_of(const char *hex)
{
	struct coap_message m;
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	assert_int_equal(text_unhex(&w, span_str(hex)), RC_OK);
	assert_int_equal(coap_frame_decode(writer_span(&w), &m), RC_OK);
	return m;
}

static void
same(const struct coap_message *m, const char *hex)
{
	uint8_t is[512], text[1024];
	struct writer w, t;

	writer_init(&w, is, sizeof(is));
	coap_frame_encode(m, &w);
	assert_false(w.full);
	writer_init(&t, text, sizeof(text));
	text_hex(&t, writer_span(&w));
	writer_be(&t, 0, 1);
	assert_string_equal((const char *)text, hex);
}

static void
csm(void **state)
{
	static const struct {
		const char *hex;
		uint32_t message_max;
		bool block_wise, bert;
	} cases[] = {
	    {"00e1", 1152, false, false}, {"40e122200020", 8192, true, true},
	    {"30e1222000", 8192, false, false}, {"10e140", 1152, true, false},
	    {"40e122048020", 1152, true, false},
	    {"40e122048120", 1153, true, true},
	    {"10e120", 0, false, false}, /* nothing at all, then */
	    {"50e124ffffffff", 0xffffffff, false, false},
	    /* what is repeated counts once, what is elective is ignored */
	    {"60e12220000220"
	     "00",
		8192, false, false},
	    {"20e16100", 1152, false, false}, /* option 6, RFC 8974 */
	    {"50e1ff68656c6c", 1152, false, false}, /* with a payload */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct coap_capabilities c = coap_capabilities_base();
		struct coap_message m = signal_of(cases[i].hex);
		uint16_t bad;

		assert_int_equal(coap_csm_read(&m, &c, &bad), RC_OK);
		assert_int_equal(c.message_max, cases[i].message_max);
		assert_int_equal(c.block_wise, cases[i].block_wise);
		assert_int_equal(coap_capabilities_bert(c), cases[i].bert);
	}
}

static void
csm_is_cumulative(void **state)
{
	struct coap_capabilities c = coap_capabilities_base();
	struct coap_message m = signal_of("10e140");
	uint16_t bad;

	(void)state;
	assert_int_equal(coap_csm_read(&m, &c, &bad), RC_OK);
	m = signal_of("30e1222000");
	assert_int_equal(coap_csm_read(&m, &c, &bad), RC_OK);
	assert_true(coap_capabilities_bert(c));
	m = signal_of("00e1"); /* nothing new */
	assert_int_equal(coap_csm_read(&m, &c, &bad), RC_OK);
	assert_true(coap_capabilities_bert(c));
	/* 1152 takes BERT back, but not blocks. */
	m = signal_of("30e1220480");
	assert_int_equal(coap_csm_read(&m, &c, &bad), RC_OK);
	assert_true(c.block_wise);
	assert_false(coap_capabilities_bert(c));
}

static void
bad_csm(void **state)
{
	static const struct {
		const char *hex;
		enum rc rc;
		uint16_t bad;
	} cases[] = {
	    {"10e110", RC_UNSUPPORTED, 1},
	    {"40e122200030", RC_UNSUPPORTED, 5},
	    {"60e1250000002000", RC_MALFORMED, 2}, /* five bytes */
	    {"20e14101", RC_MALFORMED, 4}, /* not empty */
	    {"50e122200021"
	     "01",
		RC_MALFORMED, 4},
	    {"40e1e1fef000", RC_UNSUPPORTED, 65533},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct coap_capabilities c = coap_capabilities_base();
		struct coap_message m = signal_of(cases[i].hex);
		uint16_t bad = 0;

		assert_int_equal(coap_csm_read(&m, &c, &bad), cases[i].rc);
		assert_int_equal(bad, cases[i].bad);
		assert_int_equal(c.message_max, COAP_MESSAGE_BASE);
		assert_false(c.block_wise);
	}
}

static void
our_csm(void **state)
{
	uint8_t scratch[COAP_SIGNAL_SCRATCH];
	struct coap_message m;

	(void)state;
	coap_csm_make(&m, (struct coap_capabilities){8192, true}, scratch);
	same(&m, "40e122200020");
	coap_csm_make(&m, (struct coap_capabilities){1152, false}, scratch);
	same(&m, "30e1220480");
}

static void
ping_and_pong(void **state)
{
	struct coap_message ping = signal_of("01e242"), pong;

	(void)state;
	assert_false(coap_custody(&ping));
	coap_pong_make(&pong, &ping, false);
	same(&pong, "01e342");
	ping = signal_of("18e2010203040506070820");
	assert_true(coap_custody(&ping));
	coap_pong_make(&pong, &ping, true);
	same(&pong, "18e3010203040506070820");
	ping = signal_of("20e22101"); /* a value: not the option it could be */
	assert_false(coap_custody(&ping));
}

static void
release(void **state)
{
	struct coap_message m = signal_of("00e4");
	struct coap_release r;
	uint8_t scratch[COAP_SIGNAL_SCRATCH], address[256] = {0};

	(void)state;
	coap_release_read(&m, &r);
	assert_int_equal(r.alternative.len, 0);
	assert_int_equal(r.hold_off_s, 0);
	assert_int_equal(r.diagnostic.len, 0);
	/* "a:5", then another; Hold-Off 300 s; "ok" */
	m = signal_of("d0"
		      "00"
		      "e4"
		      "23613a35"
		      "03623a36"
		      "22012c"
		      "ff6f");
	coap_release_read(&m, &r);
	assert_true(span_is(r.alternative, "a:5"));
	assert_int_equal(r.hold_off_s, 300);
	assert_true(span_is(r.diagnostic, "o"));
	/* An empty address and a Hold-Off of four bytes are not there. */
	m = signal_of("60e4202400000001");
	coap_release_read(&m, &r);
	assert_int_equal(r.alternative.len, 0);
	assert_int_equal(r.hold_off_s, 0);

	r = (struct coap_release){.hold_off_s = 300};
	assert_int_equal(coap_release_make(&m, &r, scratch), RC_OK);
	same(&m, "30e442012c");
	r = (struct coap_release){
	    .alternative = SPAN_LIT("b:6"), .diagnostic = SPAN_LIT("x")};
	assert_int_equal(coap_release_make(&m, &r, scratch), RC_OK);
	same(&m, "60e423623a36ff78");
	r = (struct coap_release){.hold_off_s = COAP_HOLD_OFF_MAX_S + 1};
	assert_int_equal(coap_release_make(&m, &r, scratch), RC_BUG);
	r = (struct coap_release){.alternative = span_of(address, 256)};
	assert_int_equal(coap_release_make(&m, &r, scratch), RC_BUG);
}

static void
abort_message(void **state)
{
	struct coap_message m = signal_of("00e5");
	uint8_t scratch[COAP_SIGNAL_SCRATCH];
	struct coap_abort a;

	(void)state;
	coap_abort_read(&m, &a);
	assert_int_equal(a.bad_csm_option, COAP_ABORT_NO_OPTION);
	m = signal_of("50e52101ff6e6f");
	coap_abort_read(&m, &a);
	assert_int_equal(a.bad_csm_option, 1);
	assert_true(span_is(a.diagnostic, "no"));
	m = signal_of("40e523010203"); /* three bytes: no option number */
	coap_abort_read(&m, &a);
	assert_int_equal(a.bad_csm_option, COAP_ABORT_NO_OPTION);

	a = (struct coap_abort){
	    .bad_csm_option = 5, .diagnostic = SPAN_LIT("no")};
	coap_abort_make(&m, &a, scratch);
	same(&m, "50e52105ff6e6f");
	a.bad_csm_option = COAP_ABORT_NO_OPTION;
	coap_abort_make(&m, &a, scratch);
	same(&m, "30e5ff6e6f");
}

static void
critical_options(void **state)
{
	struct coap_message m = signal_of("20e220"
					  "40");

	(void)state;
	assert_null(coap_signal_bad_option(&m));
	m = signal_of("20e22010");
	assert_non_null(coap_signal_bad_option(&m));
	assert_int_equal(coap_signal_bad_option(&m)->number, 3);
	m = signal_of("10e410");
	assert_int_equal(coap_signal_bad_option(&m)->number, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(csm),
	    cmocka_unit_test(csm_is_cumulative),
	    cmocka_unit_test(bad_csm),
	    cmocka_unit_test(our_csm),
	    cmocka_unit_test(ping_and_pong),
	    cmocka_unit_test(release),
	    cmocka_unit_test(abort_message),
	    cmocka_unit_test(critical_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
