/**
 * batch_signature.h - who has signed the MANIFEST of a batch.
 */
#ifndef TOOL_BATCH_SIGNATURE_H
#define TOOL_BATCH_SIGNATURE_H

#include "batch_manifest.h"
#include "issue/signers.h"

/** Those of a file of --signers. Zero is empty. */
struct batch_signers {
	struct arena *arena; /**< owned */
	struct signers signers;
};

/** Read the file at `path`. What is wrong has been said on stderr. EX_OK,
 *  EX_NOINPUT, EX_DATAERR, EX_SOFTWARE. */
MUST_CHECK int batch_signers_read(const char *path, struct batch_signers *out);
/** Harmless on zeros, and twice. */
void batch_signers_fini(struct batch_signers *s);

/**
 * Is `text`, as ssh-keygen -Y sign writes it, a signature of the manifest by one
 * of them at `now_s`? `why` is static text.
 * Errors: RC_DENIED (`why`), RC_MEMORY.
 */
MUST_CHECK enum rc batch_signature_verify(const struct batch_signers *s,
    const struct batch_manifest *m, struct span text, int64_t now_s,
    const char **why);

#endif
