/* SPDX-License-Identifier: MIT */

/* A process that no launcher started ("singleton" in MPI's words). Open MPI gives it a
 * daemon of its own, for processes that it might spawn, and looks at every network that it
 * might speak over: a third of a second and more, before `--help`. We spawn none and speak
 * to none.
 */
#pragma once

/* Before MPI_Init: what Open MPI need not do if this process is alone. What the user has
 * set stays; other MPI libraries do not know these names. */
void singleton_prepare(void);
