/* The words of certificates: which are taken, which are not. */
#include "policy/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
	const char *text;
	bool good;
};

static void
check(word_check word, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *wrong = word(span_str(rows[i].text));

		if ((wrong == NULL) != rows[i].good)
			fail_msg("\"%s\": %s", rows[i].text,
			    wrong ? wrong : "taken");
	}
}

#define CHECK(word, rows) check(word, rows, sizeof(rows) / sizeof(rows[0]))
#define L63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-012345678"

static void
test_a_server_name(void **state)
{
	static const struct row rows[] = {
	    {"boot.example", true},
	    {"h", true},
	    {"xn--bcher-kva.example", true},
	    {"1.example", true},
	    {L63 ".example", true},
	    {L63 "9.example", false},
	    {L63 "." L63 "." L63 "." L63, false}, /* 255 */
	    {"", false},
	    {".", false},
	    {"a..b", false},
	    {".a", false},
	    {"a.", false},
	    {"-a.example", false},
	    {"a-.example", false},
	    {"a.example-", false},
	    {"a_b.example", false},
	    {"*.example", false},
	    {"a b", false},
	    {"{endpoint}.example", false},
	    {"b\xc3\xbc.example", false},
	    {"192.0.2.1", false},
	    {"::1", false},
	    {"[::1]", false},
	    {"2001:db8::1", false},
	    {"boot.example:5684", false},
	};

	(void)state;
	CHECK(word_sni, rows);
}

static void
test_an_attribute(void **state)
{
	static const struct row rows[] = {
	    {"{endpoint}", true},
	    {"Example Meters", true},
	    {"M\xc3\xbcller {endpoint}", true},
	    {L63 "{endpoint}9", true},
	    {L63 "{endpoint}98", false},
	    {"{endpoint}{endpoint}", false},
	    {"{Endpoint}", false},
	    {"a}", false},
	    {"", false},
	    {"a\nb", false},
	};

	(void)state;
	CHECK(word_subject, rows);
}

static void
test_a_country(void **state)
{
	static const struct row rows[] = {
	    {"DE", true},
	    {"de", false},
	    {"D", false},
	    {"DEU", false},
	    {"", false},
	    {"{}", false},
	};

	(void)state;
	CHECK(word_country, rows);
}

static void
test_a_uri_of_the_san(void **state)
{
	static const struct row rows[] = {
	    {"{endpoint}", true},
	    {"urn:dev:ops:{endpoint}", true},
	    {"urn:x", true},
	    {"coap://{endpoint}.example/%41?a=b#c", true},
	    {"{endpoint}{endpoint}", false},
	    {"x{endpoint}", false}, /* no scheme */
	    {":x", false},
	    {"urn", false},
	    {"urn:a b", false},
	    {"urn:\xc3\xbc", false},
	    {"urn:{model}:{batch}", true},
	    {"urn:{colour}", false},
	    {"", false},
	};

	(void)state;
	CHECK(word_san_uri, rows);
}

static void
test_a_host_name_of_the_san(void **state)
{
	static const struct row rows[] = {
	    {"{endpoint}", true},
	    {"{endpoint}.meters.example", true},
	    {"m-{endpoint}.example", true},
	    {"meter.example", true},
	    {"{endpoint}.{endpoint}", false},
	    {"{endpoint}-.example", false},
	    {"{model}.example", true},
	    {"{colour}.example", false},
	    {"{endpoint}.", false},
	    {"", false},
	};

	(void)state;
	CHECK(word_san_dns, rows);
}

static void
test_the_uri_of_a_key(void **state)
{
	static const struct row rows[] = {
	    {"pkcs11:object=ca", true},
	    {"pkcs11:object=ca%20x;id=%01%02", true},
	    {"pkcs11:type=private;object=ca", true},
	    {"pkcs11:", false},
	    {"pkcs11:object=", false},
	    {"pkcs11:id=%01", false},
	    {"pkcs11:object=ca;", false},
	    {"pkcs11:;object=ca", false},
	    {"pkcs11:object=ca;type=public", false},
	    {"pkcs11:token=t;object=ca", false},
	    {"pkcs11:object=ca?pin-value=1", false},
	    {"pkcs11:object=c a", false},
	    {"object=ca", false},
	    {"ca", false},
	    {"", false},
	};

	(void)state;
	CHECK(word_key_uri, rows);
}

static void
test_a_path(void **state)
{
	static const struct row rows[] = {
	    {"ca.pem", true},
	    {"../tls/ca 2026.pem", true},
	    {"/etc/ca.pem", true},
	    {"", false},
	    {"a\nb", false},
	    {"a\x7f", false},
	};

	(void)state;
	CHECK(word_path, rows);
}

static void
test_the_host_of_a_uri(void **state)
{
	static const struct {
		const char *uri, *host;
		bool address;
	} rows[] = {
	    {"coaps://eu.example:5684/x", "eu.example", false},
	    {"coaps://eu.example", "eu.example", false},
	    {"coaps://eu.example?x", "eu.example", false},
	    {"coaps://192.0.2.1", "192.0.2.1", true},
	    {"coaps://[2001:db8::1]:5684", "[2001:db8::1]", true},
	    {"coaps://192.0.2.1.example", "192.0.2.1.example", false},
	    {"coaps://[::1", "", false},
	    {"coaps:", "", false},
	    {"", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span host = word_host(span_str(rows[i].uri));

		if (!span_is(host, rows[i].host) ||
		    word_is_address(host) != rows[i].address)
			fail_msg("%s", rows[i].uri);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_server_name),
	    cmocka_unit_test(test_an_attribute),
	    cmocka_unit_test(test_a_country),
	    cmocka_unit_test(test_a_uri_of_the_san),
	    cmocka_unit_test(test_a_host_name_of_the_san),
	    cmocka_unit_test(test_the_uri_of_a_key),
	    cmocka_unit_test(test_a_path),
	    cmocka_unit_test(test_the_host_of_a_uri),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
