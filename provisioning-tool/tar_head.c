#include "tar_head.h"

/** Where the fields lie. */
enum {
	NAME = 0,
	NAME_LEN = 100,
	MODE = 100,
	SIZE = 124,
	SIZE_LEN = 12,
	SUM = 148,
	SUM_LEN = 8,
	TYPE = 156,
	LINK = 157,
	MAGIC = 257,
	MAGIC_LEN = 8,
	PREFIX = 345,
	PREFIX_LEN = 155,
	REST = 500,
	ID_LEN = 8,
};

static enum rc
fault(const char **why, const char *text)
{
	*why = text;
	return RC_MALFORMED;
}

static bool
is_zero(const uint8_t *p, size_t len)
{
	while (len > 0 && *p == 0) {
		p++;
		len--;
	}
	return len == 0;
}

/** Octal digits, then a NUL or a space, then nothing but those. */
static bool
octal(const uint8_t *p, size_t len, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++)
		*out = *out << 3 | (uint64_t)(p[i] - '0');
	if (i == 0 || i == len)
		return false;
	for (; i < len; i++)
		if (p[i] != 0 && p[i] != ' ')
			return false;
	return true;
}

/** Text up to its field's end, or a NUL with nothing but NULs behind it. */
static bool
text(const uint8_t *p, size_t cap, size_t *len)
{
	const uint8_t *end = memchr(p, 0, cap);

	*len = end ? (size_t)(end - p) : cap;
	return is_zero(p + *len, cap - *len);
}

static uint64_t
sum_of(const uint8_t *block)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < TAR_BLOCK_LEN; i++)
		sum += i >= SUM && i < SUM + SUM_LEN ? ' ' : block[i];
	return sum;
}

static bool
take_name(const uint8_t *block, char *out)
{
	size_t name, prefix;

	if (!text(block + NAME, NAME_LEN, &name) || name == 0 ||
	    !text(block + PREFIX, PREFIX_LEN, &prefix))
		return false;
	if (prefix > 0) {
		memcpy(out, block + PREFIX, prefix);
		out[prefix++] = '/';
	}
	memcpy(out + prefix, block + NAME, name);
	out[prefix + name] = '\0';
	return true;
}

enum rc
tar_head_read(const uint8_t block[static TAR_BLOCK_LEN], struct tar_head *out,
    const char **why)
{
	uint64_t n;

	*out = (struct tar_head){0};
	if (is_zero(block, TAR_BLOCK_LEN))
		return RC_NOT_FOUND;
	/* GNU's own kind has other fields in the place of some */
	if (memcmp(block + MAGIC,
		"ustar\0"
		"00",
		MAGIC_LEN) != 0)
		return fault(why, "no head of a member (ustar) stands there");
	if (!octal(block + SUM, SUM_LEN, &n) || n != sum_of(block))
		return fault(why, "the checksum of a member's head is wrong");
	if (!octal(block + SIZE, SIZE_LEN, &out->size))
		return fault(why, "a member's size is no number");
	if (!octal(block + MODE, ID_LEN, &n))
		return fault(why, "a member's mode is no number");
	out->mode = (unsigned)(n & 07777);
	if (!take_name(block, out->name))
		return fault(why, "a member has no name, or bytes behind it");
	out->regular = block[TYPE] == '0' && block[LINK] == 0;
	if (!is_zero(block + REST, TAR_BLOCK_LEN - REST))
		return fault(why, "bytes behind a member's head");
	return RC_OK;
}

/** Octal digits and a NUL, in all of the field. */
static void
put_octal(uint8_t *p, size_t len, uint64_t n)
{
	p[--len] = 0;
	while (len > 0) {
		p[--len] = (uint8_t)('0' + (n & 7));
		n >>= 3;
	}
}

enum rc
tar_head_write(struct span folder, struct span base, uint64_t size,
    uint8_t out[static TAR_BLOCK_LEN])
{
	enum { OWNER = 108, GROUP = 116, TIME = 136, SIZE_BITS = 33 };

	if (base.len > TAR_BASE_MAX || folder.len > TAR_FOLDER_MAX ||
	    size >> SIZE_BITS)
		return RC_TOO_LARGE;
	if (base.len == 0 || memchr(base.p, 0, base.len) ||
	    (folder.len && memchr(folder.p, 0, folder.len)))
		return RC_MALFORMED;
	memset(out, 0, TAR_BLOCK_LEN);
	memcpy(out + NAME, base.p, base.len);
	if (folder.len)
		memcpy(out + PREFIX, folder.p, folder.len);
	put_octal(out + MODE, ID_LEN, 0600);
	put_octal(out + OWNER, ID_LEN, 0);
	put_octal(out + GROUP, ID_LEN, 0);
	put_octal(out + SIZE, SIZE_LEN, size);
	put_octal(out + TIME, SIZE_LEN, 0);
	out[TYPE] = '0';
	memcpy(out + MAGIC,
	    "ustar\0"
	    "00",
	    MAGIC_LEN);
	/* six digits, a NUL and a space, as it has always been */
	put_octal(out + SUM, SUM_LEN - 1, sum_of(out));
	out[SUM + SUM_LEN - 1] = ' ';
	return RC_OK;
}

size_t
tar_fill_len(uint64_t size)
{
	return (size_t)(-size & (TAR_BLOCK_LEN - 1));
}
