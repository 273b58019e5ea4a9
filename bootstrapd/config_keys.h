/**
 * config_keys.h - the tables of bootstrapd.yaml: every map, its keys, their
 * ranges. How a key is added: policy/keys.h; and bootstrapd.yaml(5).
 */
#ifndef BOOTSTRAPD_CONFIG_KEYS_H
#define BOOTSTRAPD_CONFIG_KEYS_H

#include "policy/keys.h"

extern const struct yaml_keys config_keys, config_keys_hsm, config_keys_pin,
    config_keys_server, config_keys_sni, config_keys_metrics, config_keys_user,
    config_keys_limits, config_keys_policies, config_keys_rollout,
    config_keys_trust;

#endif
