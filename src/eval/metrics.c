/* SPDX-License-Identifier: MIT */

/* One merge of the two sorted lists, from the highest score down, one distinct score
 * (threshold) at a time. ROC-AUC is the share of (positive, negative) pairs in the right
 * order, a tie counting half (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747),
 * counted in integers. Average precision is the sum over thresholds of the step in recall
 * times the precision there, without interpolation. */
#include "metrics.h"

#include <stdlib.h>

static int compare_descending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

void h2vi_sort_scores(int64_t num_scores, double *scores)
{
    qsort(scores, (size_t)num_scores, sizeof *scores, compare_descending);
}

/* How many of the scores from `begin` on equal the threshold. */
static int64_t count_at(int64_t num_scores, const double *scores, int64_t begin,
                        double threshold)
{
    int64_t end = begin;
    while (end < num_scores && scores[end] >= threshold) end++;
    return end - begin;
}

h2vi_link_metrics h2vi_measure_links(int64_t num_positives, const double *positives,
                                     int64_t num_negatives, const double *negatives)
{
    uint64_t half_wins = 0; /* two for a pair in the right order, one for a tie */
    double average_precision = 0.0;
    int64_t p = 0, n = 0; /* scored above the threshold */
    while (p < num_positives) {
        double threshold = positives[p];
        if (n < num_negatives && negatives[n] > threshold) threshold = negatives[n];
        const int64_t num_p = count_at(num_positives, positives, p, threshold);
        const int64_t num_n = count_at(num_negatives, negatives, n, threshold);
        const int64_t num_below = num_negatives - n - num_n;
        half_wins += (uint64_t)num_p * (uint64_t)(2 * num_below + num_n);
        p += num_p;
        n += num_n;
        average_precision +=
            (double)num_p / (double)num_positives * ((double)p / (double)(p + n));
    }
    const double num_pairs = (double)num_positives * (double)num_negatives;
    return (h2vi_link_metrics){(double)half_wins / 2.0 / num_pairs, average_precision};
}
