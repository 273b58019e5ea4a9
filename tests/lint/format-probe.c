/*
 * Never compiled: what the versions of clang-format disagree on, written as
 * the tree is. One that would change this file is not asked about the others.
 */
#define TEXT(name, v) \
	_Generic((v), struct span: text_, char *: str_, \
	    const char *: str_)(name, v)
#define BYTES(name, v) _Generic((v), struct span : bytes_)(name, v)
#define ENTRY(field) \
	{ \
#field, sizeof(((struct uri *)0)->field) - 1 \
	}
#define OWNER(item, member) \
	((struct known_session *)(void *)((uint8_t *)(item)-offsetof( \
	    struct known_session, member)))

PRINTF_LIKE(7, 8)
void add(struct diag *d, enum diag_level level, const char *file, unsigned line,
    unsigned column, const char *code, const char *fmt, ...);

PRINTF_LIKE(3, 0)
static void
line(char *buf, size_t cap, const char *fmt, va_list ap)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]);
	     i++)
		if (unprintable[i].first == cap)
			return;
}
