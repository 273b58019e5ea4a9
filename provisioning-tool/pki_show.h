/**
 * pki_show.h - certificates, lists, requests and signing keys as JSON, an
 * object a line on standard output.
 */
#ifndef TOOL_PKI_SHOW_H
#define TOOL_PKI_SHOW_H

#include "hsm/crl.h"
#include "hsm/csr.h"

void show_certificate_json(const char *file, const struct cert *c);
void show_list_json(const char *file, const struct crl *c);
void show_request_json(const char *file, const struct csr *c);
void show_key_json(const struct hsm_ec_key *k);

#endif
