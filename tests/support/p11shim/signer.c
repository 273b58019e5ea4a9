#include "signer.h"

#include <pthread.h>
#include <string.h>

enum { SIGNERS_MAX = 128 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	unsigned long session; /* 0: a free entry */
	char label[LABEL_MAX + 1];
} signers[SIGNERS_MAX];

void
signer_put(unsigned long session, const char label[static LABEL_MAX + 1])
{
	size_t i = 0;

	pthread_mutex_lock(&lock);
	while (i < SIGNERS_MAX && signers[i].session != session &&
	    signers[i].session != 0)
		i++;
	if (i == SIGNERS_MAX)
		refuse("signer_put", "too many sessions");
	signers[i].session = session;
	memcpy(signers[i].label, label, LABEL_MAX + 1);
	pthread_mutex_unlock(&lock);
}

void
signer_get(unsigned long session, char label[static LABEL_MAX + 1])
{
	label[0] = '\0';
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < SIGNERS_MAX; i++)
		if (signers[i].session == session)
			memcpy(label, signers[i].label, LABEL_MAX + 1);
	pthread_mutex_unlock(&lock);
}
