#include "dtls/internal.h"

#include "base/digest.h"

#include <netinet/in.h>

/*
 * Connection IDs: an association is found by the one that it was given, and
 * follows its peer to another address (RFC 9146 6).
 *
 * Only for a record that wolfSSL has opened, within its replay window, and
 * under DTLS 1.2 only for one that is newer than all before it: a late or a
 * replayed copy moves nothing. Under DTLS 1.3 the sequence number is encrypted
 * and wolfSSL does not tell it, so that a record which was held back on the way
 * can move the association until its peer's next one moves it back, as the
 * faster copy of a record always can.
 *
 * Whether the peer is reached there need not be asked beforehand: all that is
 * sent is what answers it, and then one request at a time, confirmable, with a
 * token of 64 random bits.
 */

#if DTLS_HAVE_CID
static unsigned int
socket_address(const struct address *a, struct sockaddr_in6 *out)
{
	*out = (struct sockaddr_in6){0};
	return (unsigned int)address_to(
	    a, AF_INET6, (struct sockaddr *)(void *)out);
}

/* It is nobody else's address; or it is, and then nothing changes for the
 * other one: this one needs none to be found. */
static void
move(struct conn *c, const struct address *to)
{
	struct dtls *d = c->d;

	output_flush(&d->out);
	table_remove(&d->established, &c->by_address);
	c->address = *to;
	address_key(to, c->address_key);
	if (!conn_find(&d->established, to))
		table_put(&d->established, &c->by_address);
	d->counters.moved++;
	c->tell_moved = true;
	event_ready(c);
}
#endif

bool
move_offered(const struct peek_hello *hello, bool is_13)
{
#if DTLS_HAVE_CID
	/* A longer one wolfSSL takes, and then fails to send it; and where the
	 * MAC is below the cipher it finds wrong what it and others have made
	 * (5.9.2; RFC 9146 5.1). */
	return hello->takes_cid &&
	    hello->cid.len <= (size_t)wolfSSL_dtls_cid_max_size() &&
	    (is_13 || hello->encrypt_then_mac ||
		!context_chooses_cbc(hello->suites));
#else
	(void)hello;
	(void)is_13;
	return false;
#endif
}

void
move_name(struct conn *c)
{
	struct dtls *d = c->d;

	if (!c->takes_cid || c->has_cid)
		return;
	do
		dtls_cid_make(&d->config.cid_key, d->config.worker, c->cid);
	while (conn_by_cid(d, span_of(c->cid, sizeof(c->cid))));
	c->by_cid.key = span_of(c->cid, sizeof(c->cid));
	c->has_cid = true;
	table_put(&d->by_cid, &c->by_cid);
}

bool
move_negotiate(struct conn *c)
{
	move_name(c);
#if DTLS_HAVE_CID
	if (c->has_cid)
		return wolfSSL_dtls_cid_use(c->ssl) == WOLFSSL_SUCCESS &&
		    wolfSSL_dtls_cid_set(c->ssl, c->cid, sizeof(c->cid)) ==
		    WOLFSSL_SUCCESS;
#endif
	return true;
}

struct conn *
conn_by_cid(const struct dtls *d, struct span cid)
{
	struct table_item *i = table_get(&d->by_cid, cid);

	if (!i)
		return NULL;
	return (
	    struct conn *)(void *)((char *)i - offsetof(struct conn, by_cid));
}

bool
move_begin(
    struct conn *c, const struct peek_record *r, const struct address *from)
{
	bool moves = r->cid.len > 0 && !address_equal(from, &c->address) &&
	    (c->is_13 || r->seq >= c->next_seq);
#if DTLS_HAVE_CID
	struct sockaddr_in6 peer;
	unsigned int len = socket_address(moves ? from : &c->address, &peer);

	/* Always, so that nothing of a record that has not opened is left for
	 * the next one. */
	if (c->has_cid &&
	    wolfSSL_dtls_set_pending_peer(c->ssl, &peer, len) !=
		WOLFSSL_SUCCESS)
		return false;
#endif
	c->from = moves ? from : NULL;
	return true;
}

void
move_follow(struct conn *c)
{
#if DTLS_HAVE_CID
	struct sockaddr_in6 wanted;
	const struct address *to = c->from;
	const void *peer = NULL;
	unsigned int len = 0, wanted_len;

	if (!to)
		return;
	wanted_len = socket_address(to, &wanted);
	if (wolfSSL_dtls_get0_peer(c->ssl, &peer, &len) != WOLFSSL_SUCCESS ||
	    len != wanted_len || memcmp(peer, &wanted, len) != 0)
		return;
	c->from = NULL;
	move(c, to);
#else
	(void)c;
#endif
}

void
move_end(struct conn *c, const struct peek_record *r, bool opened)
{
	move_follow(c);
	c->from = NULL;
	if (opened && r->seq >= c->next_seq)
		c->next_seq = r->seq + 1;
}
