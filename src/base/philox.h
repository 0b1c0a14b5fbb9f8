/* SPDX-License-Identifier: MIT */

/* The numbers of Philox4x32-10 (random.h), for kernels that compute it in vectors. */
#pragma once

#define H2VI_PHILOX_M0 0xD2511F53U
#define H2VI_PHILOX_M1 0xCD9E8D57U
#define H2VI_PHILOX_W0 0x9E3779B9U
#define H2VI_PHILOX_W1 0xBB67AE85U
enum { H2VI_PHILOX_TURNS = 10 };
