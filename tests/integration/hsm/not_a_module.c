/* A shared object without C_GetFunctionList. */
int not_a_module(void);

int
not_a_module(void)
{
	return 0;
}
