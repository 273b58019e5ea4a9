#include "config_keys.h"

#include "config.h"
#include "rollout_words.h"

#include "base/secret.h"

enum {
	COUNT_MAX = 1000000,
	DEVICE_REQUESTS_MAX = 3600, /* one each second */
	HSM_SESSIONS_MAX = 64,
	/* From a Discover of a few accounts to what one secret can be. */
	ANSWER_MIN = 256,
	DAY_MS = 86400000,
};

#define TEXT .takes = TAKES_TEXT
#define TEXTS .takes = TAKES_TEXT | TAKES_LIST | TAKES_ALONE
#define NUMBER(from, to) .takes = TAKES_NUMBER, .min = (from), .max = (to)
#define TIME(from, to) .takes = TAKES_DURATION, .min = (from), .max = (to)

static const char *const automatic[] = {"auto", NULL};

static const struct yaml_key pin[] = {
    {"credential", TEXT},
    {"file", TEXT},
    {"env", TEXT},
    {.name = NULL},
};
const struct yaml_keys config_keys_pin = {"hsm.pin", pin};

static const struct yaml_key hsm[] = {
    {"module", TEXT},
    {"token", TEXT},
    {"pin", .takes = TAKES_MAP, .maps = {&config_keys_pin}},
    {"sessions", NUMBER(1, HSM_SESSIONS_MAX)},
    {"init_args", TEXT},
    {"network", .takes = TAKES_BOOL},
    {.name = NULL},
};
const struct yaml_keys config_keys_hsm = {"hsm", hsm};

static const struct yaml_key sni[] = {
    {"certificate", TEXT},
    {"key", TEXT},
    {.name = NULL},
};
const struct yaml_keys config_keys_sni = {"server.sni", sni};

static const struct yaml_key server[] = {
    {"uri", TEXT},
    {"certificate", TEXT},
    {"key", TEXT},
    {"trust", TEXTS, .most = SERVER_FILES_MAX},
    {"crl", TEXTS, .most = SERVER_FILES_MAX},
    {"sni", .takes = TAKES_MAP | TAKES_LIST, .maps = {&config_keys_sni},
	.most = SERVERS_MAX - 1},
    {.name = NULL},
};
const struct yaml_keys config_keys_server = {"server", server};

static const struct yaml_key metrics[] = {
    {"listen", TEXT},
    {.name = NULL},
};
const struct yaml_keys config_keys_metrics = {"metrics", metrics};

static const struct yaml_key user[] = {
    {"worker", TEXT},
    {"keeper", TEXT},
    {.name = NULL},
};
const struct yaml_keys config_keys_user = {"user", user};

static const struct yaml_key limits[] = {
    {"sessions", NUMBER(1, COUNT_MAX)},
    {"handshakes", NUMBER(1, COUNT_MAX)},
    {"handshakes_per_source", NUMBER(1, COUNT_MAX)},
    {"session_lifetime", TIME(1000, CONFIG_LIFETIME_MS_MAX)},
    {"handshake_timeout", TIME(1000, 600000)},
    {"idle_timeout", TIME(1000, DAY_MS)},
    {"drain", TIME(0, 600000)},
    {"keeper_wait", TIME(1000, 90000)},
    {"questions_per_second", NUMBER(1, COUNT_MAX)},
    {"connections", NUMBER(1, COUNT_MAX)},
    {"push_window", TIME(10000, CONFIG_PUSH_WINDOW_MS_MAX)},
    {"device_requests", NUMBER(0, DEVICE_REQUESTS_MAX)},
    {"answer", .takes = TAKES_SIZE, .min = ANSWER_MIN, .max = SECRET_MAX},
    {.name = NULL},
};
const struct yaml_keys config_keys_limits = {"limits", limits};

static const struct yaml_key rollout[] = {
    {"stages", TEXTS, .most = ROLLOUT_STAGES_MAX},
    {"success", TEXT},
    {"window", TIME(1, ROLLOUT_WINDOW_MAX_MS)},
    {"minimum", NUMBER(1, ROLLOUT_MINIMUM_MAX)},
    {.name = NULL},
};
const struct yaml_keys config_keys_rollout = {"policies.rollout", rollout};

static const struct yaml_key trust[] = {
    {"signers", TEXT},
    {"threshold", NUMBER(1, SIGNED_THRESHOLD_MAX)},
    {.name = NULL},
};
const struct yaml_keys config_keys_trust = {"policies.trust", trust};

static const struct yaml_key policies[] = {
    {"path", TEXT},
    {"trust", .takes = TAKES_MAP, .maps = {&config_keys_trust}},
    {"rollout", .takes = TAKES_MAP, .maps = {&config_keys_rollout}},
    {.name = NULL},
};
const struct yaml_keys config_keys_policies = {"policies", policies};

static const struct yaml_key top[] = {
    {"listen", .takes = TAKES_TEXT | TAKES_LIST, .most = LISTENERS_MAX},
    {"workers", .takes = TAKES_NUMBER | TAKES_WORD, .min = 1,
	.max = WORKERS_MAX, .words = automatic},
    {"hsm", .takes = TAKES_MAP, .maps = {&config_keys_hsm}},
    {"server", .takes = TAKES_MAP, .maps = {&config_keys_server}},
    {"policies", .takes = TAKES_TEXT | TAKES_MAP,
	.maps = {&config_keys_policies}},
    {"ledger", TEXT},
    {"control", TEXT},
    {"metrics", .takes = TAKES_MAP, .maps = {&config_keys_metrics}},
    {"user", .takes = TAKES_MAP, .maps = {&config_keys_user}},
    {"limits", .takes = TAKES_MAP, .maps = {&config_keys_limits}},
    {.name = NULL},
};
const struct yaml_keys config_keys = {"bootstrapd.yaml", top};
