#include "policy/file.h"
#include "policy/yaml.h"

void
yaml_unread(struct diag *d, const char *file, enum rc rc, const char *why)
{
	if (rc == RC_TOO_LARGE)
		diag_add(d, DIAG_ERROR, file, 0, 0, "yaml-limit",
		    "more than 1 MiB; split the file");
	else
		diag_add(d, DIAG_ERROR, file, 0, 0, "yaml-io",
		    "cannot be read: %s", why);
}

enum rc
yaml_load(struct arena *a, struct diag *d, const char *file,
    struct span *content, struct yaml_doc **docs)
{
	struct file_bytes bytes;
	struct span text = {0};
	const char *why;
	enum rc rc;

	*docs = NULL;
	rc = file_read(a, file, YAML_FILE_MAX, &bytes, &why);
	if (rc == RC_TOO_LARGE || rc == RC_IO)
		yaml_unread(d, file, rc, why);
	if (rc == RC_TOO_LARGE)
		rc = RC_CONFIG;
	if (rc == RC_OK)
		text = span_of(bytes.p, bytes.len);
	if (content)
		*content = text;
	return rc == RC_OK ? yaml_parse(a, d, file, text, docs) : rc;
}
