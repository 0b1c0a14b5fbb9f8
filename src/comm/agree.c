/* SPDX-License-Identifier: MIT */

/* Fail locally, agree, return together: the one place where ranks learn of each other's
 * failures. Between two agreements a function either only computes or only communicates. */
#include "agree.h"

#include "fail.h"
#include "wait.h"

#include <string.h>

h2v_status h2v_agree(const h2v_world *world, h2v_status mine)
{
    /* The lowest failing rank speaks for all. MINLOC finds it in one reduction, which is
     * all that the path without errors costs. */
    struct {
        int is_ok, rank;
    } local = {mine == H2V_OK, world->rank}, lowest;
    h2vi_wait_begin("all ranks to agree");
    MPI_Allreduce(&local, &lowest, 1, MPI_2INT, MPI_MINLOC, world->comm);
    h2vi_wait_end();
    if (lowest.is_ok) return H2V_OK;

    /* What was agreed on before keeps the rank that it came from. */
    const int earlier = h2v_error_rank();
    int code_and_rank[2] = {(int)mine, earlier < 0 ? world->rank : earlier};
    char message[H2VI_MESSAGE_BYTES] = {0};
    strncpy(message, h2v_error_message(), sizeof message - 1);
    h2vi_wait_begin_from("the message of a failure", lowest.rank);
    MPI_Bcast(code_and_rank, 2, MPI_INT, lowest.rank, world->comm);
    MPI_Bcast(message, sizeof message, MPI_CHAR, lowest.rank, world->comm);
    h2vi_wait_end();
    h2vi_adopt_message(message, code_and_rank[1]);
    return (h2v_status)code_and_rank[0];
}

h2v_status h2vi_agree_patiently(const h2v_world *world, h2v_status mine, const char *what)
{
    /* Nobody works for rank 0 to wait for. */
    if (world->rank == 0) return h2v_agree(world, mine);
    h2vi_wait_begin_patiently(what);
    const h2v_status status = h2v_agree(world, mine);
    h2vi_wait_end();
    return status;
}
