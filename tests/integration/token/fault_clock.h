/**
 * fault_clock.h - time as the test would have it: lib/hsm sleeps and reads the
 * clock through the linker's --wrap, so that no back-off takes any time and
 * each of them is seen. Thread-safe.
 */
#ifndef TESTS_TOKEN_FAULT_CLOCK_H
#define TESTS_TOKEN_FAULT_CLOCK_H

#include <stdint.h>

/** All that was slept since the last clock_reset. */
uint64_t clock_slept_ms(void);
void clock_reset(void);
/** Let time pass. */
void clock_advance(uint64_t ms);

#endif
