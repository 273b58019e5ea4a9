#include "steer.h"

#include <sys/socket.h>

enum {
	/** No record with a Connection ID is shorter under DTLS 1.3: one byte,
	 *  it, a sequence number, a tag; nor, with its header, under 1.2. */
	SHORTEST = DTLS_CID_AT + DTLS_CID_LEN + 2,
	CLASSIC_24 = 0xffffff, /**< of the first four bytes: all but one */
	/** The two words of the filter's memory that are used. */
	AT = 0, /**< where the Connection ID stands */
	HASH = 1,
};

static void
put(struct steer_program *p, unsigned code, uint32_t k)
{
	if (p->len < STEER_PROGRAM_MAX)
		p->code[p->len++] =
		    (struct sock_filter){.code = (uint16_t)code, .k = k};
}

/** Go on `yes` or `no` instructions behind the next one. */
static void
put_jump(struct steer_program *p, unsigned code, uint32_t k, unsigned yes,
    unsigned no)
{
	put(p, BPF_JMP | code | BPF_K, k);
	p->code[p->len - 1].jt = (uint8_t)yes;
	p->code[p->len - 1].jf = (uint8_t)no;
}

/** X: where the Connection ID stands. What has none returns from here. */
static void
find(struct steer_program *p)
{
	put(p, BPF_LD | BPF_W | BPF_LEN, 0);
	put_jump(p, BPF_JGE, SHORTEST, 1, 0);
	put(p, BPF_RET | BPF_K, STEER_ANY);
	put(p, BPF_LD | BPF_B | BPF_ABS, 0);
	put_jump(p, BPF_JEQ, DTLS_CID_TYPE, 0, 2);
	put(p, BPF_LDX | BPF_W | BPF_IMM, DTLS_CID_AT);
	put(p, BPF_JMP | BPF_JA, 4);
	put(p, BPF_ALU | BPF_AND | BPF_K, DTLS_CID_13_MASK);
	put_jump(p, BPF_JEQ, DTLS_CID_13, 1, 0);
	put(p, BPF_RET | BPF_K, STEER_ANY);
	put(p, BPF_LDX | BPF_W | BPF_IMM, DTLS_CID_13_AT);
}

/** A: dtls_cid_worker() of it, in the same order. */
static void
unmask(struct steer_program *p, const struct dtls_cid_key *key)
{
	put(p, BPF_STX, AT);
	put(p, BPF_LD | BPF_W | BPF_IND, 4);
	put(p, BPF_ALU | BPF_XOR | BPF_K, key->add);
	put(p, BPF_ALU | BPF_MUL | BPF_K, key->first);
	put(p, BPF_ST, HASH);
	put(p, BPF_ALU | BPF_RSH | BPF_K, DTLS_CID_SHIFT);
	put(p, BPF_MISC | BPF_TAX, 0);
	put(p, BPF_LD | BPF_W | BPF_MEM, HASH);
	put(p, BPF_ALU | BPF_XOR | BPF_X, 0);
	put(p, BPF_ST, HASH);
	put(p, BPF_LDX | BPF_W | BPF_MEM, AT);
	put(p, BPF_LD | BPF_W | BPF_IND, 0);
	put(p, BPF_ALU | BPF_AND | BPF_K, CLASSIC_24);
	put(p, BPF_MISC | BPF_TAX, 0);
	put(p, BPF_LD | BPF_W | BPF_MEM, HASH);
	put(p, BPF_ALU | BPF_XOR | BPF_X, 0);
	put(p, BPF_ALU | BPF_MUL | BPF_K, key->second);
	put(p, BPF_ALU | BPF_RSH | BPF_K, 24);
	put(p, BPF_ST, HASH);
	put(p, BPF_LDX | BPF_W | BPF_MEM, AT);
	put(p, BPF_LD | BPF_B | BPF_IND, 0);
	put(p, BPF_LDX | BPF_W | BPF_MEM, HASH);
	put(p, BPF_ALU | BPF_XOR | BPF_X, 0);
}

void
steer_write(const struct dtls_cid_key *key, struct steer_program *out)
{
	*out = (struct steer_program){0};
	find(out);
	unmask(out, key);
	put(out, BPF_RET | BPF_A, 0);
}

enum rc
steer_attach(int fd, const struct dtls_cid_key *key)
{
	struct steer_program p;
	struct sock_fprog program = {.filter = p.code};

	steer_write(key, &p);
	program.len = p.len;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
		   sizeof(program)) == 0
	    ? RC_OK
	    : RC_IO;
}
