/* policy codes: the table of what findings can be. */
#include "rows.h"
#include "tool.h"
#include "verbs.h"

#include "policy/code.h"

#include <stdio.h>
#include <string.h>

int
policy_codes(const struct options *o)
{
	bool json = strcmp(o->format, "json") == 0;
	bool csv = strcmp(o->format, "csv") == 0;
	const struct code *c;

	for (size_t i = 0; (c = code_at(i)); i++) {
		const struct field fields[] = {
		    F_TEXT("code", c->name),
		    F_TEXT("level", code_level_name(c->level)),
		    F_TEXT("sentence", c->sentence),
		    F_TEXT("remedy", c->remedy),
		};

		if (csv && i == 0)
			rows_csv_names(fields, CODE_COUNT(fields));
		if (csv)
			rows_csv(fields, CODE_COUNT(fields));
		else if (json)
			rows_json(fields, CODE_COUNT(fields));
		else
			printf("%s (%s)\n    %s\n    %s\n", c->name,
			    code_level_name(c->level), c->sentence, c->remedy);
	}
	return EX_OK;
}
