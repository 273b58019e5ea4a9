/**
 * fault.h - what the shim is asked to do, as its control file says (p11shim.c).
 */
#ifndef P11SHIM_FAULT_H
#define P11SHIM_FAULT_H

#include <stdbool.h>

#define FUNCTIONS(X) \
	X(C_Initialize) \
	X(C_Finalize) \
	X(C_GetInfo) \
	X(C_GetSlotList) \
	X(C_GetSlotInfo) \
	X(C_GetTokenInfo) \
	X(C_GetMechanismList) \
	X(C_GetMechanismInfo) \
	X(C_OpenSession) \
	X(C_CloseSession) \
	X(C_CloseAllSessions) \
	X(C_GetSessionInfo) \
	X(C_Login) \
	X(C_Logout) \
	X(C_CreateObject) \
	X(C_DestroyObject) \
	X(C_GetAttributeValue) \
	X(C_SetAttributeValue) \
	X(C_FindObjectsInit) \
	X(C_FindObjects) \
	X(C_FindObjectsFinal) \
	X(C_EncryptInit) \
	X(C_Encrypt) \
	X(C_DecryptInit) \
	X(C_Decrypt) \
	X(C_DigestInit) \
	X(C_DigestUpdate) \
	X(C_DigestKey) \
	X(C_DigestFinal) \
	X(C_SignInit) \
	X(C_Sign) \
	X(C_VerifyInit) \
	X(C_Verify) \
	X(C_GenerateKey) \
	X(C_GenerateKeyPair) \
	X(C_WrapKey) \
	X(C_UnwrapKey) \
	X(C_DeriveKey) \
	X(C_SeedRandom) \
	X(C_GenerateRandom)

#define AS_ENUM(name) F_##name,

enum function { FUNCTIONS(AS_ENUM) FUNCTION_COUNT };

extern const char *const function_names[FUNCTION_COUNT];

enum action {
	DO_RETURN,
	DO_CLOSE_ALL,
	DO_LOGOUT,
	DO_FINALIZE,
	DO_ABORT,
	DO_FLAGS,
	DO_EXTRACTABLE,
	DO_KEPT,
	DO_AFTER,
	DO_LENGTH,
	DO_HOLD,
	DO_WRONG,
};

enum { LABEL_MAX = 64 };

struct fault {
	enum function function;
	char label[LABEL_MAX + 1]; /* of the key that is used; "": of any */
	enum action action;
	unsigned long value; /* the CKR, flags, or bytes */
	long left; /* calls; -1: all */
	unsigned delay_ms;
	unsigned reading; /* of the control file that it stood in */
};

/** The next fault of that function, used with the key of that label (NULL: with
 *  none), if there is one. */
bool next_fault(enum function function, const char *label, struct fault *out);
/** Does it still stand there? Not once the control file was replaced. */
bool fault_lasts(const struct fault *f);
/** Is there a fault of one key? Then whoever calls must know which it is. */
bool faults_name_keys(void);

/** The control file, or the environment, is not as it must be: a test that asks
 *  for what is not there must not pass. */
__attribute__((noreturn)) void refuse(const char *what, const char *detail);

#endif
