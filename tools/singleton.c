/* SPDX-License-Identifier: MIT */

/* Open MPI reads its parameters from the environment. */
#define _GNU_SOURCE
#include "singleton.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How what launchers say of a process begins. */
static const char *const launchers[] = {
    "OMPI_COMM_WORLD_", "PMIX_", "PMI_",  "SLURM_PROCID=",
    "FLUX_TASK_",       "PALS_", "ALPS_", "JSM_",
    "MPI_LOCALNRANKS="};
enum { NUM_LAUNCHERS = sizeof launchers / sizeof launchers[0] };

/* Whether no launcher gave this process a rank: mpirun, Slurm, PMI and PMIx (Hydra, Flux,
 * PALS, JSM) name it in the environment. */
static bool is_alone(void)
{
    for (char **variable = environ; variable && *variable; variable++)
        for (int i = 0; i < NUM_LAUNCHERS; i++)
            if (strncmp(*variable, launchers[i], strlen(launchers[i])) == 0) return false;
    return true;
}

/* Without the daemon, all processes of a user that are alone would share one directory for
 * their session, and remove it under each other. It serves shared memory alone, and that
 * only file pointers that are shared. */
void singleton_prepare(void)
{
    static const char *const settings[][2] = {
        {"OMPI_MCA_ess_singleton_isolated", "1"}, /* no daemon */
        {"OMPI_MCA_orte_create_session_dirs", "0"},
        {"OMPI_MCA_sharedfp", "^sm"},
        {"OMPI_MCA_pml", "ob1"}, /* messages by "btl", */
        {"OMPI_MCA_btl", "self"} /* and that to itself alone */
    };
    if (!is_alone()) return;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        (void)setenv(settings[i][0], settings[i][1], 0);
}
