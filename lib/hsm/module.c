/*
 * The module's file: mapped once and never unmapped, because modules with
 * threads of their own do not survive it.
 */
#include "hsm/hsm_internal.h"

#include <dlfcn.h>

enum { MODULES_MAX = 4 };

/* One user a module: C_Finalize of one would end the other. */
static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER;
static void *modules[MODULES_MAX];

static enum rc
module_claim(void *module)
{
	int room = -1;

	pthread_mutex_lock(&modules_lock);
	for (int i = 0; i < MODULES_MAX; i++) {
		if (modules[i] == module) {
			room = -1;
			break;
		}
		if (!modules[i])
			room = i;
	}
	if (room >= 0)
		modules[room] = module;
	pthread_mutex_unlock(&modules_lock);
	return room >= 0 ? RC_OK : RC_CONFLICT;
}

void
module_unload(struct hsm *h)
{
	pthread_mutex_lock(&modules_lock);
	for (int i = 0; i < MODULES_MAX; i++)
		if (h->module && modules[i] == h->module)
			modules[i] = NULL;
	pthread_mutex_unlock(&modules_lock);
	h->module = NULL;
}

enum rc
module_load(struct hsm *h, struct hsm_error *err)
{
	const char *path = h->config->module;
	CK_C_GetFunctionList get_list;
	void *module, *symbol;
	CK_RV rv;

	if (!path || path[0] != '/') {
		hsm_error_text(err, 0, "module %s: not an absolute path",
		    path ? path : "(none)");
		hsm_error_remedy(err, "name the module's file in hsm.module");
		return RC_CONFIG;
	}
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!module) {
		hsm_error_text(err, 0, "module %s", dlerror());
		hsm_error_remedy(err,
		    "install the module, or correct "
		    "hsm.module");
		return RC_CONFIG;
	}
	symbol = dlsym(module, "C_GetFunctionList");
	if (!symbol) {
		hsm_error_text(err, 0, "module %s: not a PKCS#11 module", path);
		hsm_error_remedy(err, "correct hsm.module");
		return RC_CONFIG;
	}
	memcpy(&get_list, &symbol, sizeof(get_list));
	rv = get_list(&h->p11);
	if (rv != CKR_OK || !h->p11) {
		hsm_error_text(err, rv, "module %s: C_GetFunctionList: %s",
		    path, hsm_ckr_name(rv));
		hsm_error_remedy(err, "%s", hsm_ckr_remedy(rv));
		return RC_CONFIG;
	}
	if (module_claim(module)) {
		hsm_error_text(err, 0, "module %s: open already", path);
		hsm_error_remedy(err, "one token a module and process");
		return RC_CONFLICT;
	}
	h->module = module;
	return RC_OK;
}
