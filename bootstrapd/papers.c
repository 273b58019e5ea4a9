#include "papers.h"

#include <stdlib.h>

struct papers {
	struct papers_room *room;
	unsigned references;
	size_t peer_len, chain_len;
	uint8_t bytes[];
};

struct papers *
papers_new(struct papers_room *room, struct span peer, struct span chain)
{
	size_t len = peer.len + chain.len;
	struct papers *p;

	if (len > room->max - room->used)
		return NULL;
	p = malloc(sizeof(*p) + len);
	if (!p)
		return NULL;
	*p = (struct papers){room, 1, peer.len, chain.len};
	if (peer.len)
		memcpy(p->bytes, peer.p, peer.len);
	if (chain.len)
		memcpy(p->bytes + peer.len, chain.p, chain.len);
	room->used += len;
	return p;
}

struct papers *
papers_ref(struct papers *p)
{
	if (p)
		p->references++;
	return p;
}

void
papers_unref(struct papers *p)
{
	if (!p || --p->references > 0)
		return;
	p->room->used -= p->peer_len + p->chain_len;
	free(p);
}

struct span
papers_peer(const struct papers *p)
{
	return p ? span_of(p->bytes, p->peer_len) : (struct span){0};
}

struct span
papers_chain(const struct papers *p)
{
	return p ? span_of(p->bytes + p->peer_len, p->chain_len)
		 : (struct span){0};
}
