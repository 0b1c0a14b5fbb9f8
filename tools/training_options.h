/* SPDX-License-Identifier: MIT */

/* Choices that embed and partition share. */
#pragma once

static const char *const method_names[] = {"deepwalk", "node2vec", 0};
static const char *const partitioner_names[] = {"metis", "hash", 0};
