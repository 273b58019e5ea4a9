/* Does this wolfSSL have what bootstrapd cannot do without? Compiled, linked
 * and run by scripts/setup; says what is missing.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/random.h>

#include <stdio.h>
#include <sys/resource.h>

#ifndef WOLFSSL_STATIC_PSK
#error "lacks WOLFSSL_STATIC_PSK: no plain PSK cipher suites"
#endif
#ifndef WOLFSSL_DTLS13
#error "lacks WOLFSSL_DTLS13: no DTLS 1.3"
#endif
#ifndef HAVE_RPK
#error "lacks HAVE_RPK: no raw public keys"
#endif
#ifndef WOLFSSL_ALWAYS_VERIFY_CB
#error "lacks WOLFSSL_ALWAYS_VERIFY_CB: raw public keys would go unchecked"
#endif
#ifndef WOLFSSL_EXTRA_ALERTS
#error "lacks WOLFSSL_EXTRA_ALERTS: clients with unknown identities would hang"
#endif
#ifndef HAVE_PK_CALLBACKS
#error "lacks HAVE_PK_CALLBACKS: no private keys in an HSM"
#endif

static int
missing(const char *what)
{
	printf("lacks %s\n", what);
	return 1;
}

/* Workers run in a jail that cannot open files: the generator must be seeded
 * by getrandom(). No descriptor is left for anything else. */
static int
random_without_files(void)
{
	struct rlimit none = {0, 0};
	unsigned char buf[32];
	WC_RNG rng;

	if (setrlimit(RLIMIT_NOFILE, &none) != 0 || wc_InitRng(&rng) != 0)
		return 0;
	return wc_RNG_GenerateBlock(&rng, buf, sizeof(buf)) == 0 &&
	    wc_FreeRng(&rng) == 0;
}

int
main(void)
{
	static const char *const suites[] = {
	    "PSK-AES128-CCM8",
	    "PSK-AES128-CBC-SHA256",
	    "PSK-AES128-GCM-SHA256",
	    "ECDHE-ECDSA-AES128-CCM-8",
	};
	char rpk[] = {WOLFSSL_CERT_TYPE_RPK};
	WOLFSSL_CTX *ctx;
	size_t i;

	wolfSSL_Init();
	ctx = wolfSSL_CTX_new(wolfDTLS_server_method());
	if (!ctx)
		return missing("wolfDTLS_server_method()");
	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (wolfSSL_CTX_set_cipher_list(ctx, suites[i]) != 1)
			return missing(suites[i]);
	if (wolfSSL_CTX_set_client_cert_type(ctx, rpk, sizeof(rpk)) != 1)
		return missing("raw public keys");
	wolfSSL_CTX_free(ctx);
	ctx = wolfSSL_CTX_new(wolfDTLSv1_3_server_method());
	if (!ctx)
		return missing("wolfDTLSv1_3_server_method()");
	wolfSSL_CTX_free(ctx);
	if (!random_without_files())
		return missing("seeding by getrandom() without opening files");
	printf("%s\n", wolfSSL_lib_version());
	return 0;
}
