/**
 * signer.h - the key that a session signs with, by its label.
 */
#ifndef P11SHIM_SIGNER_H
#define P11SHIM_SIGNER_H

#include "fault.h"

void signer_put(unsigned long session, const char label[static LABEL_MAX + 1]);
/** Empty: not known. */
void signer_get(unsigned long session, char label[static LABEL_MAX + 1]);

#endif
