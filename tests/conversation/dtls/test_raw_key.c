#include "pki.h"
int
main(void)
{
	return 0;
}
