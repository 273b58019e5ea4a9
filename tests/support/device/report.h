/**
 * report.h - what a device says when all is over: how it ended and what it
 * holds, in lines that scripts read as well:
 *
 *     BOOTSTRAP success ms=412 commands=6
 *     RESULT security/0 uri=coaps://... mode=psk identity=dev-1
 *         key_sha256=... ssid=101 bootstrap=false        (one line)
 *     RESULT server/0 ssid=101 lifetime=86400 binding=U
 *
 * In mode rpk and certificate, in place of `identity`, and behind the key:
 *
 *         identity_sha256=... key_sha256=... server_sha256=...
 *         usage=2 matching=0 sni=...                     (where they are there)
 */
#ifndef DEVICE_REPORT_H
#define DEVICE_REPORT_H

#include "device/wire.h"

#include <stdio.h>

void report_ending(
    FILE *out, const struct device_wire *w, bool good, uint64_t ms);

/** Keys and certificates stand there as SHA-256; with `show_keys` in hex too, for tests. */
void report_accounts(FILE *out, const struct held *s, bool show_keys);

#endif
