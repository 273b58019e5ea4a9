/**
 * vectors.h - known answers for keys derived from a master.
 *
 * Made once, by two programs that share no code with this one, which agreed:
 *
 *   context = b"lwm2m-bs/psk\0" + struct.pack(">BBHIH", 1, purpose,
 *       short_server_id, epoch, len(endpoint)) + endpoint
 *   hmac.new(key, context, "sha256").hexdigest()          Python 3.11
 *   openssl dgst -sha256 -mac HMAC -macopt hexkey:40..5f  OpenSSL 3.0
 *
 * The key is the 32 bytes 40 41 .. 5f.
 */
#ifndef TESTS_HSM_VECTORS_H
#define TESTS_HSM_VECTORS_H

#include "hsm/hsm.h"

struct derivation_vector {
	enum hsm_purpose purpose;
	uint16_t short_server_id;
	uint32_t epoch;
	struct span endpoint;
	const char *context; /* hex */
	const char *key; /* hex */
};

static const struct derivation_vector derivation_vectors[] = {
    {HSM_PURPOSE_SERVER, 101, 1,
	{(const uint8_t *)"urn:dev:ops:0057F2-WM200-0001", 29},
	"6c776d326d2d62732f70736b00" /* lwm2m-bs/psk */
	"01"
	"02"
	"0065"
	"00000001"
	"001d"
	"75726e3a6465763a6f70733a3030353746322d574d3230302d30303031",
	"ee4ce63dab2723c3aeb7593179b5842e1f528a309be5b3ccf271219fc9ffdf73"},
    {HSM_PURPOSE_BOOTSTRAP, 0, 1,
	{(const uint8_t *)"urn:dev:ops:0057F2-WM200-0001", 29},
	"6c776d326d2d62732f70736b00"
	"01"
	"01"
	"0000"
	"00000001"
	"001d"
	"75726e3a6465763a6f70733a3030353746322d574d3230302d30303031",
	"41072494d5656cda094b7ab46ef8687d84f6e04a0d5eeea43e683daa39d8533b"},
    /* the ends of the ranges */
    {HSM_PURPOSE_SERVER, 65534, 0xffffffff, {(const uint8_t *)"x", 1},
	"6c776d326d2d62732f70736b00"
	"01"
	"02"
	"fffe"
	"ffffffff"
	"0001"
	"78",
	"a347943f7a2e9999038333078c1ee556bcf8e6ba78df1634b9141d44ef052c30"},
    /* any bytes are an endpoint */
    {HSM_PURPOSE_SERVER, 101, 2, {(const uint8_t *)"z\xc3\xa4hler-\0-7", 11},
	"6c776d326d2d62732f70736b00"
	"01"
	"02"
	"0065"
	"00000002"
	"000b"
	"7ac3a4686c65722d002d37",
	"a0f5175f0bc1ff8f19772661f90b04e659ffd432a8ea8dec1899edd0e09d4cc6"},
};

enum {
	DERIVATION_VECTORS =
	    sizeof(derivation_vectors) / sizeof(derivation_vectors[0]),
};

/** hmac.new(key, b"lwm2m-bs/kcv", "sha256").hexdigest()[:8] */
static const char kcv_vector[] = "c8fee204";

static inline void
vector_master(uint8_t key[static 32])
{
	for (uint8_t i = 0; i < 32; i++)
		key[i] = (uint8_t)(0x40 + i);
}

#endif
