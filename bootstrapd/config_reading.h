/**
 * config_reading.h - what the files that read bootstrapd.yaml share: config.c
 * (the whole), config_listen.c, config_policies.c, config_server.c, config_user.c. Nobody else includes it.
 */
#ifndef BOOTSTRAPD_CONFIG_READING_H
#define BOOTSTRAPD_CONFIG_READING_H

#include "config.h"
#include "config_keys.h"

/** What a reader of one section needs. */
struct reading {
	struct yaml_ctx yaml;
	struct config *config;
	struct yaml_node *root;
	enum rc rc; /**< RC_CONFIG once anything was found */
};

/** Keep the first fault. */
void reading_note(struct reading *r, enum rc rc);

/** A path relative to the configuration's own folder. */
const char *reading_resolve(struct reading *r, const char *path);
/** The path under `key`; NULL when it is absent, or none. `need`: that it is
 *  absent is a finding. */
const char *reading_path(
    struct reading *r, struct yaml_node *map, const char *key, bool need);

void reading_listen(struct reading *r);
void reading_server(struct reading *r);
void reading_users(struct reading *r);
/** `policies:`: the path, or a map of it and what is said about sets. */
void reading_policies(struct reading *r);

#endif
