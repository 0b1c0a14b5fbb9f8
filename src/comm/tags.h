/* SPDX-License-Identifier: MIT */

/* Every message tag, in one list. */
#pragma once

typedef enum h2vi_tag { H2VI_TAG_EXCHANGE = 1, H2VI_TAG_BLOCK } h2vi_tag;
