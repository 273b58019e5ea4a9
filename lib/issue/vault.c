#include "issue/vault.h"

#include <stdio.h>

enum {
	RECORD_MAX = 4 * 2 + LEDGER_COLLECTION_MAX + 4 + 2 * LEDGER_NAME_MAX,
};

_Static_assert(
    (int)RECORD_MAX <= (int)SEAL_RECORD_MAX, "every place has its seal");

static bool
in_range(struct span s, size_t max)
{
	return s.len > 0 && s.len <= max;
}

static void
put_counted(struct writer *w, struct span s)
{
	writer_be(w, s.len, 2);
	writer_put(w, s);
}

/* Empty, which is no place to seal.h, when a part is out of range. */
static struct span
put_record(struct writer *w, const struct issue_vault_item *item)
{
	if (!in_range(item->collection, LEDGER_COLLECTION_MAX) ||
	    !in_range(item->name, LEDGER_NAME_MAX) || item->epoch == 0 ||
	    !in_range(item->endpoint, LEDGER_NAME_MAX))
		return (struct span){0};
	put_counted(w, item->collection);
	put_counted(w, item->name);
	writer_be(w, 4, 2);
	writer_be(w, item->epoch, 4);
	put_counted(w, item->endpoint);
	return writer_span(w);
}

static struct seal_place
place_of(const struct issue_vault_item *item, struct writer *record)
{
	return (struct seal_place){
	    .master = item->master,
	    .version = 1,
	    .table = "secret",
	    .column = "sealed",
	    .record = put_record(record, item),
	};
}

enum rc
issue_vault_seal(struct hsm_session *s, const struct issue_vault_item *item,
    const struct secret *secret, struct writer *out)
{
	uint8_t record[RECORD_MAX];
	struct seal_place place;
	struct writer w;

	writer_init(&w, record, sizeof(record));
	place = place_of(item, &w);
	return seal_close(s, &place, secret, out);
}

enum rc
issue_vault_open(struct hsm_session *s, const struct ledger_secret *stored,
    struct secret *out)
{
	char master[HSM_LABEL_MAX + 1] = "";
	const struct issue_vault_item item = {
	    .collection = stored->collection,
	    .name = stored->name,
	    .endpoint = stored->endpoint,
	    .epoch = stored->epoch,
	    .master = master,
	};
	uint8_t record[RECORD_MAX];
	struct seal_place place;
	struct writer w;

	/* What is no label stays "", which is none either. */
	if (in_range(stored->master, HSM_LABEL_MAX) &&
	    !memchr(stored->master.p, 0, stored->master.len))
		memcpy(master, stored->master.p, stored->master.len);
	writer_init(&w, record, sizeof(record));
	place = place_of(&item, &w);
	return seal_open(s, &place, stored->sealed, out);
}

void
issue_vault_random(uint16_t short_server_id, bool oscore,
    char out[static LEDGER_COLLECTION_MAX + 1])
{
	snprintf(out, LEDGER_COLLECTION_MAX + 1, "random/%u%s", short_server_id,
	    oscore ? "/oscore" : "");
}
