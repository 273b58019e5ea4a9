/**
 * seal_vectors.h - a sealed secret made by a program that shares no code with
 * this one (Python 3.11 and its cryptography package):
 *
 *   part = lambda b: struct.pack(">H", len(b)) + b
 *   record = b"urn:dev:ops:0057F2-WM200-000017"
 *   context = b"lwm2m-bs/dek\0" + struct.pack(">I", 1) + part(record)
 *   dek = hmac.new(bytes(range(32)), context, "sha256").digest()
 *   aad = part(b"secrets") + part(record) + part(b"key") + struct.pack(">I", 1)
 *   nonce = bytes(range(0xa0, 0xac))
 *   b"\1" + nonce + AESGCM(dek).encrypt(nonce,
 *       b"0123456789abcdef0123456789abcdef", aad)
 */
#ifndef TESTS_HSM_SEAL_VECTORS_H
#define TESTS_HSM_SEAL_VECTORS_H

#include "hsm/seal.h"

#define SEAL_VECTOR_SECRET "0123456789abcdef0123456789abcdef"

static const struct seal_place seal_vector_place = {
    .master = "seal-vector",
    .version = 1,
    .table = "secrets",
    .column = "key",
    .record = {(const uint8_t *)"urn:dev:ops:0057F2-WM200-000017", 31},
};

static const char seal_vector_context[] =
    "6c776d326d2d62732f64656b00"
    "00000001"
    "001f"
    "75726e3a6465763a6f70733a3030353746322d574d3230302d303030303137";

static const char seal_vector_aad[] =
    "000773656372657473"
    "001f"
    "75726e3a6465763a6f70733a3030353746322d574d3230302d303030303137"
    "00036b6579"
    "00000001";

static const char seal_vector_sealed[] =
    "01a0a1a2a3a4a5a6a7a8a9aaab"
    "bbf750449706cdaf653fb3160952a41baddee1cafa7ef9096edb4cc186ae7ec5"
    "4292bd32bf9806bbe3bb88321f38045e";

#endif
