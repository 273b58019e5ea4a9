#include "ledger/store.h"

static void
put_be(struct digest *d, uint64_t v, size_t width)
{
	struct writer w;
	uint8_t buf[8];

	writer_init(&w, buf, sizeof(buf));
	writer_be(&w, v, width);
	digest_put(d, writer_span(&w));
}

static void
put_counted(struct digest *d, struct span s)
{
	put_be(d, s.len, 4);
	digest_put(d, s);
}

void
chain_hash(const uint8_t previous[static DIGEST_LEN],
    const struct ledger_row *row, uint8_t out[static DIGEST_LEN])
{
	static const char label[] = "bootstrapd-ledger-1"; /* with its NUL */
	struct digest d;

	digest_init(&d);
	digest_put(&d, span_of(label, sizeof(label)));
	digest_put(&d, span_of(previous, DIGEST_LEN));
	put_be(&d, row->seq, 8);
	put_be(&d, (uint64_t)row->time_ms, 8);
	put_counted(&d, row->kind);
	put_counted(&d, row->session);
	put_counted(&d, row->endpoint);
	put_counted(&d, row->data);
	digest_final(&d, out);
}
