#include "fault_ops_parts.h"

static const struct fault_ops_part *const parts[] = {
    &fault_ops_secret, &fault_ops_sign};

const struct fault_op *
fault_op_at(size_t i)
{
	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
		if (i < parts[p]->count)
			return &parts[p]->list[i];
		i -= parts[p]->count;
	}
	return NULL;
}

enum rc
fault_op_run(
    const struct fault_op *op, struct hsm_session *s, struct hsm_error *err)
{
	enum rc rc;

	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
		parts[p]->begin();
	memset(err, 0, sizeof(*err));
	rc = op->run(s, err);
	if (rc && !err->text[0])
		*err = *hsm_session_error(s);
	return rc;
}

bool
fault_op_right_anyway(struct hsm_session *s)
{
	(void)s;
	return true;
}

void
fault_ops_prepare(struct hsm_session *s)
{
	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
		parts[p]->prepare(s);
}

void
fault_ops_fini(void)
{
	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
		parts[p]->fini();
}
