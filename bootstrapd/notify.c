#include "notify.h"

#include "base/span.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The length of the manager's address, 0: none that we can reach. */
static socklen_t
manager(struct sockaddr_un *sa)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len = name ? strlen(name) : 0;

	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	/* sd_notify(3): a path, or "@" and a name of the abstract space; there
	 * are managers over vsock, which are not for us */
	if (len < 2 || len > sizeof(sa->sun_path) - 1 ||
	    (name[0] != '/' && name[0] != '@'))
		return 0;
	memcpy(sa->sun_path, name, len);
	/* an abstract name is as long as the address says, without a NUL */
	if (name[0] == '@')
		sa->sun_path[0] = '\0';
	else
		len++;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static bool
tell(const char *text, size_t len)
{
	struct sockaddr_un sa;
	socklen_t sa_len = manager(&sa);
	ssize_t n;
	int fd;

	if (sa_len == 0)
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	n = sendto(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL,
	    (struct sockaddr *)&sa, sa_len);
	close(fd);
	return n >= 0;
}

bool
notify_state(const char *state)
{
	return tell(state, strnlen(state, NOTIFY_TEXT_MAX));
}

bool
notify_reloading(void)
{
	char text[64];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	return notify_state(text);
}

uint64_t
notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *whom = getenv("WATCHDOG_PID");
	uint64_t interval, pid;

	/* a child inherits the variables, but it is not the one watched */
	if (whom &&
	    (!span_decimal(span_str(whom), UINT32_MAX, &pid) ||
		pid != (uint64_t)getpid()))
		return 0;
	if (!usec || !span_decimal(span_str(usec), UINT64_MAX, &interval) ||
	    interval == 0)
		return 0;
	interval /= 2 * 1000;
	return interval ? interval : 1;
}
