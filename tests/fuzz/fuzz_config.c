/*
 * bootstrapd.yaml, byte for byte. A configuration comes out exactly when
 * nothing is wrong, and what it says is within what config.h promises.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_findings(const struct diag *d, const char *file)
{
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);

		must(strcmp(f->file, file) == 0 || f->file[0] == '\0');
		must(f->code && f->text && f->text[0]);
		must(strlen(f->text) < 2048 && !strchr(f->text, '\n'));
	}
}

static void
check_limits(const struct config *c)
{
	must(c->sessions_max >= 1 && c->sessions_max <= 1000000);
	must(c->handshakes_max >= 1 && c->handshakes_max <= 1000000);
	must(c->handshakes_per_source >= 1);
	must(c->connections_max >= 1 && c->questions_per_s >= 1);
	must(c->session_lifetime_ms >= 1000);
	must(c->session_lifetime_ms <= CONFIG_LIFETIME_MS_MAX);
	must(c->handshake_ms >= 1000 && c->handshake_ms <= 600000);
	must(c->idle_ms >= 1000 && c->drain_ms <= 600000);
	must(c->keeper_wait_ms >= 1000 && c->keeper_wait_ms <= 90000);
	must(c->push_window_ms <= CONFIG_PUSH_WINDOW_MS_MAX);
	must(c->device_requests <= 3600);
	must(c->answer_max >= 256 && c->answer_max <= 65536);
}

static void
check_config(const struct config *c)
{
	must(c->listen_count >= 1 && c->listen_count <= LISTENERS_MAX);
	must(c->workers >= 1 && c->workers <= WORKERS_MAX);
	must(c->hsm.module && c->hsm.token && c->hsm.pin);
	must(c->hsm.sessions >= 1 && c->hsm.sessions <= 64);
	must(c->policies && c->ledger);
	must(c->server_count <= SERVERS_MAX);
	must(c->trust_count <= SERVER_FILES_MAX);
	must(c->crl_count <= SERVER_FILES_MAX);
	must(!c->server_uri || strlen(c->server_uri) <= 255);
	for (size_t i = 0; i < c->server_count; i++)
		must(c->servers[i].certificate != NULL);
	check_limits(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag *d = diag_new();
	struct config *c = NULL;
	char file[64];
	enum rc rc;
	int fd;

	must(d != NULL);
	fd = memfd_create("bootstrapd.yaml", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	rc = config_load(file, d, &c);
	must(rc == RC_OK || rc == RC_CONFIG);
	must((rc == RC_OK) == (c != NULL));
	must((rc == RC_OK) == (diag_count(d, DIAG_ERROR) == 0));
	check_findings(d, file);
	if (c)
		check_config(c);
	config_free(c);
	diag_free(d);
	close(fd);
	return 0;
}
