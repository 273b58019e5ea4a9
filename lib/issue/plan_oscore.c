/* The OSCORE context of a server account: `/21/x` (LwM2M OSCORE, RFC 8613). */
#include "issue/making.h"

#include "base/text.h"

enum {
	OSCORE_ID_MAX = 7, /**< bytes: of a 13-byte nonce (RFC 8613 3.3) */
	OSCORE_MASTER_SECRET = 0,
	OSCORE_SENDER_ID = 1,
	OSCORE_RECIPIENT_ID = 2,
};

/** The bytes of `hex`; NULL: of the endpoint, so that no two devices have the
 *  same. */
static enum rc
make_id(const char *hex, struct span endpoint, uint8_t *buf, struct span *out)
{
	uint8_t digest[DIGEST_LEN];
	struct writer w;

	writer_init(&w, buf, OSCORE_ID_MAX);
	if (!hex) {
		digest_of(endpoint, digest);
		writer_put(&w, span_of(digest, OSCORE_ID_MAX));
	} else if (text_unhex(&w, span_str(hex)) != RC_OK) {
		return RC_CONFIG;
	}
	*out = writer_span(&w);
	return w.full ? RC_CONFIG : RC_OK;
}

static enum rc
put_id(struct making *m, struct lwm2m_path at, uint16_t resource,
    const char *hex, struct span endpoint)
{
	uint8_t buf[OSCORE_ID_MAX];
	struct span id;

	if (make_id(hex, endpoint, buf, &id) != RC_OK)
		return making_impossible(m,
		    "an OSCORE ID is at most %d bytes in hex", OSCORE_ID_MAX);
	making_put(m, at, resource, LWM2M_VALUE_OPAQUE(id));
	return RC_OK;
}

/** The context's secret; the one of before, the second time. */
static enum rc
put_secret(struct making *m, struct lwm2m_path at,
    const struct policy_server *s, struct span endpoint)
{
	struct issue_credential *c;
	enum rc rc;

	if (m->correcting)
		return making_again(m, at, OSCORE_MASTER_SECRET);
	c = making_credential(m, s->short_server_id);
	if (!c)
		return RC_TOO_LARGE;
	c->oscore = true;
	rc = making_key(
	    m, at, OSCORE_MASTER_SECRET, &s->oscore.key, endpoint, c);
	m->out->credential_count += rc == RC_OK;
	return rc;
}

enum rc
making_oscore(
    struct making *m, const struct policy_server *s, struct span endpoint)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_OSCORE, 0);
	enum rc rc = put_secret(m, at, s, endpoint);

	if (rc == RC_OK)
		rc = put_id(
		    m, at, OSCORE_SENDER_ID, s->oscore.sender_id, endpoint);
	if (rc == RC_OK)
		rc = put_id(m, at, OSCORE_RECIPIENT_ID,
		    s->oscore.recipient_id ? s->oscore.recipient_id : "",
		    endpoint);
	return rc;
}
