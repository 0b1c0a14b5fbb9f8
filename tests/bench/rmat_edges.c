/* SPDX-License-Identifier: MIT */

/* rmat SCALE FACTOR SEED: the edges of an R-MAT graph (rmat.h), one "u v" a line, each once
 * with u < v. Vertices without edges do not appear. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "rmat.h"

static int print_edges(const h2vi_csr *csr)
{
    for (int64_t v = 0; v < csr->num_vertices; v++)
        for (int64_t i = csr->offsets[v]; i < csr->offsets[v + 1]; i++)
            if (v < csr->targets[i] && printf("%" PRId64 " %u\n", v, csr->targets[i]) < 0)
                return 1;
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fprintf(stderr, "usage: rmat SCALE FACTOR SEED > edges.txt\n");
        return 2;
    }
    const rmat what = {(int)strtol(argv[1], NULL, 10), (int)strtol(argv[2], NULL, 10),
                       strtoull(argv[3], NULL, 10)};
    h2vi_csr csr = {0};
    if (what.scale < 1 || what.scale > 31 || what.factor < 1) {
        (void)fprintf(stderr, "rmat: scales are 1 to 31, factors 1 or more\n");
        return 2;
    }
    if (rmat_generate(&what, &csr) != H2V_OK) {
        (void)fprintf(stderr, "rmat: %s\n", h2v_error_message());
        return 1;
    }
    const int failed = print_edges(&csr);
    h2vi_csr_clear(&csr);
    return failed;
}
