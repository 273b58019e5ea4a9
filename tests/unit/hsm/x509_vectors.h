/**
 * x509_vectors.h - certificates, requests and a revocation list made by the
 * openssl program, valid from VECTOR_NOW_S on for ten years. Their private keys
 * are gone.
 */
#ifndef TESTS_HSM_X509_VECTORS_H
#define TESTS_HSM_X509_VECTORS_H

#include "hsm/pem.h"

enum {
	VECTOR_NOW_S = 1795428000, /**< 2026-11-23T10:00:00Z */
	VECTOR_MAX = 1024, /**< bytes of the largest, as DER */
};

#define VECTOR_ENDPOINT "urn:dev:ops:0057F2-WM200-000017"

/* CN=root, O=Example: CA. */
static const char root_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhjCCASygAwIBAgIUT98OF0szD2MZHnGcyjXKz9QNlrQwCgYIKoZIzj0EAwIw\n"
    "ITEQMA4GA1UECgwHRXhhbXBsZTENMAsGA1UEAwwEcm9vdDAeFw0yNjExMjIwOTQx\n"
    "NDhaFw00NjExMTcwOTQxNDhaMCExEDAOBgNVBAoMB0V4YW1wbGUxDTALBgNVBAMM\n"
    "BHJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQoV7aXAa+/ntlQaPK7JNmW\n"
    "VDMR9ZLs/Nyf+pI42qRzgehyOsrU8p8V3KM+GzQFuSkDORTuBC1HU5diUxSTdCfM\n"
    "o0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU\n"
    "GII4+0GGSSeqsCkbQpHzCkOdKQUwCgYIKoZIzj0EAwIDSAAwRQIhAJMYHSFoJ2vP\n"
    "CrVmWDxnvuUp8wbzXAFszSD26nToOgl3AiAjfkSDQbxLyxYLnwQreG5G9VGl5ZA2\n"
    "Zq2F/jIDgixRBw==\n"
    "-----END CERTIFICATE-----\n";

/* CN=issuing: path length 0, permitted DNS lwm2m.example and
 * .iot.example, excluded bad.lwm2m.example and 10.0.0.0/8. */
static const char issuing_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIB/jCCAaWgAwIBAgIQSLyE52yn574/ke7sBXxhETAKBggqhkjOPQQDAjAhMRAw\n"
    "DgYDVQQKDAdFeGFtcGxlMQ0wCwYDVQQDDARyb290MB4XDTI2MTEyMjA5NDE0OFoX\n"
    "DTQwMDczMTA5NDE0OFowJDEQMA4GA1UECgwHRXhhbXBsZTEQMA4GA1UEAwwHaXNz\n"
    "dWluZzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABP6YAQQfG6w4n2rkD9kvka56\n"
    "dGk+L4pKTDnXyAVwfRwf0sd7tWyLBcfUQcohnRU4oUl8E571tODYZI/bAbF7qkuj\n"
    "gbswgbgwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0O\n"
    "BBYEFG3hpWcRcqkW/8qIu19/hQUeWsS9MB8GA1UdIwQYMBaAFBiCOPtBhkknqrAp\n"
    "G0KR8wpDnSkFMFIGA1UdHgEB/wRIMEagITAPgg1sd20ybS5leGFtcGxlMA6CDC5p\n"
    "b3QuZXhhbXBsZaEhMBOCEWJhZC5sd20ybS5leGFtcGxlMAqHCAoAAAD/AAAAMAoG\n"
    "CCqGSM49BAMCA0cAMEQCIAO1yuI6KDSM926qE2Z+j3AVLTBDmdrgn7OSvLOqoB46\n"
    "AiAFKP4a+ZiWPfieQylAwgosyVHuyJ1rW3XkKo5Qh0vv1Q==\n"
    "-----END CERTIFICATE-----\n";

/* CN=bs.lwm2m.example: serverAuth, DNS, two addresses, a URI. */
static const char server_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIB+TCCAaCgAwIBAgIQfzzutIBK6QHeISfH1sj6CDAKBggqhkjOPQQDAjAkMRAw\n"
    "DgYDVQQKDAdFeGFtcGxlMRAwDgYDVQQDDAdpc3N1aW5nMB4XDTI2MTEyMjA5NDE0\n"
    "OFoXDTM3MTEwNDA5NDE0OFowGzEZMBcGA1UEAwwQYnMubHdtMm0uZXhhbXBsZTBZ\n"
    "MBMGByqGSM49AgEGCCqGSM49AwEHA0IABF5TKLlPegGVfhOYTP/qbkwqq3XODl69\n"
    "lRjMPwg4Ku2YBo7NFZc6KWLuY0roM0V0yGelnK+m+agTPtYzIGh/35ajgbwwgbkw\n"
    "DgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoGCCsGAQUFBwMBMFIGA1UdEQRLMEmC\n"
    "EGJzLmx3bTJtLmV4YW1wbGWHBMAAAgGHECABDbgAAAAAAAAAAAAAAAGGHWNvYXBz\n"
    "Oi8vYnMubHdtMm0uZXhhbXBsZTo1Njg0MB0GA1UdDgQWBBT1r/wu6gB4TAH/Tdel\n"
    "J2OsI85CqDAfBgNVHSMEGDAWgBRt4aVnEXKpFv/KiLtff4UFHlrEvTAKBggqhkjO\n"
    "PQQDAgNHADBEAiARt4X+xWKyMHF+OxH/9YTMe3T3WuLVl4thIsXH8poOlwIgJ1Fy\n"
    "SLD0Dm8Bx8WfFgYRQSi/qdy5UvKZ8GY0V2VP4sg=\n"
    "-----END CERTIFICATE-----\n";

/* CN and URI urn:dev:ops:0057F2-WM200-000017: clientAuth. */
static const char device_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBjzCCATWgAwIBAgIQGSA1/dI4+OcclC+DAVfx5DAKBggqhkjOPQQDAjAkMRAw\n"
    "DgYDVQQKDAdFeGFtcGxlMRAwDgYDVQQDDAdpc3N1aW5nMB4XDTI2MTEyMjA5NTAx\n"
    "NVoXDTM3MTEwNDA5NTAxNVowKjEoMCYGA1UEAwwfdXJuOmRldjpvcHM6MDA1N0Yy\n"
    "LVdNMjAwLTAwMDAxNzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABO2/PJvajdBp\n"
    "kXgLRgXWkATCjvyHo1h/k1/b9O5BaNTPQZUdqOouQMdjclfeCLauk/BByPRtN8Ro\n"
    "gM9aGUQVZlCjQzBBMBMGA1UdJQQMMAoGCCsGAQUFBwMCMCoGA1UdEQQjMCGGH3Vy\n"
    "bjpkZXY6b3BzOjAwNTdGMi1XTTIwMC0wMDAwMTcwCgYIKoZIzj0EAwIDSAAwRQIg\n"
    "V6Yk6AHenU7JFbMl7L+DGTsWS8BqKe1nAlOXwipzAkoCIQDevZdEwckUvZ5b9xsO\n"
    "ifafKeO0el+avI0GPsTXB5usXA==\n"
    "-----END CERTIFICATE-----\n";

/* On another curve. */
static const char p384_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBVDCB3AIUH3lT6PIJ4EQim70AU6fJk6P7X5owCgYIKoZIzj0EAwIwDzENMAsG\n"
    "A1UEAwwEcDM4NDAeFw0yNjExMjIwOTQxNDhaFw0yNzAzMDIwOTQxNDhaMA8xDTAL\n"
    "BgNVBAMMBHAzODQwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAAQG73f8ESp/eZw6Zufs\n"
    "nW2WHyQOviAEIeBW60XTEf8l91ZKda9D2ryO2uuJZ7B0GG0gNB/ioG5PyK3AkYYn\n"
    "W7Vf57ad1Q5eezFdxIufs4mAPATYkdBmlmgyTAPOBpJYH0YwCgYIKoZIzj0EAwID\n"
    "ZwAwZAIwMZp3IHmlBUxy6uS3EGZnElqD9qIxVcbEZpfw0xof12Z7udnRagPa95ft\n"
    "+6/HyVtkAjA2YJcisBNNpXvZ7kWRpTOZSnyNJbGge/PxRk0fWNBxN4sMh+i6MA89\n"
    "WBm+PjZNYZI=\n"
    "-----END CERTIFICATE-----\n";

/* A request for the device: its URI as extension. */
static const char device_csr[] =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIIBIjCByQIBADAqMSgwJgYDVQQDDB91cm46ZGV2Om9wczowMDU3RjItV00yMDAt\n"
    "MDAwMDE3MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7b88m9qN0GmReAtGBdaQ\n"
    "BMKO/IejWH+TX9v07kFo1M9BlR2o6i5Ax2NyV94Itq6T8EHI9G03xGiAz1oZRBVm\n"
    "UKA9MDsGCSqGSIb3DQEJDjEuMCwwKgYDVR0RBCMwIYYfdXJuOmRldjpvcHM6MDA1\n"
    "N0YyLVdNMjAwLTAwMDAxNzAKBggqhkjOPQQDAgNIADBFAiBdvDGQwadXaZr/RdIg\n"
    "ALN1h1z9T/vb+won3FVPHYxfzAIhAJh53hVRD1Xhghthbh2WcwdjassXDo2dC1kq\n"
    "nkz4VO/+\n"
    "-----END CERTIFICATE REQUEST-----\n";

/* A request on another curve. */
static const char p384_csr[] =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIIBBjCBjgIBADAPMQ0wCwYDVQQDDARwMzg0MHYwEAYHKoZIzj0CAQYFK4EEACID\n"
    "YgAEBu93/BEqf3mcOmbn7J1tlh8kDr4gBCHgVutF0xH/JfdWSnWvQ9q8jtrriWew\n"
    "dBhtIDQf4qBuT8itwJGGJ1u1X+e2ndUOXnsxXcSLn7OJgDwE2JHQZpZoMkwDzgaS\n"
    "WB9GoAAwCgYIKoZIzj0EAwIDZwAwZAIwAIpuQEp75w35Do4iTG20S6kr0DkCaEBt\n"
    "UUtsCJ5jnsIHOQX3T/EbXfXkyupl364MAjBTRTM82xgCDAZ9GfuE328PafHQVcQb\n"
    "yCHabxUIkCUQfOXoUbj3WCJZWfcenYRfM34=\n"
    "-----END CERTIFICATE REQUEST-----\n";

/* Of CN=issuing: the device, keyCompromise. */
static const char issuing_crl[] =
    "-----BEGIN X509 CRL-----\n"
    "MIIBEDCBtwIBATAKBggqhkjOPQQDAjAkMRAwDgYDVQQKDAdFeGFtcGxlMRAwDgYD\n"
    "VQQDDAdpc3N1aW5nFw0yNjExMjIwOTQxNDlaFw0zNzExMDQwOTQxNDlaMDEwLwIQ\n"
    "GSA1/dI4+OcclC+DAVfx5BcNMjYxMTIyMDk0MTQ5WjAMMAoGA1UdFQQDCgEBoC8w\n"
    "LTAfBgNVHSMEGDAWgBRt4aVnEXKpFv/KiLtff4UFHlrEvTAKBgNVHRQEAwIBATAK\n"
    "BggqhkjOPQQDAgNIADBFAiEAyzw1cAnL/Tcg5VSQKzGmgkjB4y+NGV9IJXvWZy2h\n"
    "jkMCIF4Eq4mTDznsXtJBeRiH2GXQDHnEO3BPN3GgZ1dYukGA\n"
    "-----END X509 CRL-----\n";

/** A vector as DER, in the caller's VECTOR_MAX bytes; empty when it cannot. */
static inline struct span
vector(const char *pem, const char *label, uint8_t der[static VECTOR_MAX])
{
	struct span rest = span_str(pem);
	struct writer w;

	writer_init(&w, der, VECTOR_MAX);
	if (pem_next(&rest, label, &w))
		return span_of(NULL, 0);
	return writer_span(&w);
}

#endif
