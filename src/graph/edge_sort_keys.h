/* SPDX-License-Identifier: MIT */

/* Included once for each kind of key, an unsigned type `sort_key`, with NAMED(x) to tell
 * the functions apart; (void) before it tells clang-format that a call is no declaration.
 * A key is the row within the job's piece above the bits of the target: up to 51 bits where
 * blocks of many rows and blocks of many vertices meet. */

/* Two arrays to sort in: what is in the first goes to the second, then they are swapped. */
typedef struct NAMED(sorter) {
    sort_key *keys[2];
    float *weights[2]; /* NULL if unweighted */
} NAMED(sorter);

/* Copy a block's edges as keys of the job; `first` is their first row's key. */
static void NAMED(copy_keys)(const h2vi_sort_job *job, const h2vi_edge_block *block,
                             int64_t begin, int64_t length, sort_key first, sort_key *keys)
{
    const int to_bits = job->layout.gid_bits, from_bits = block->layout.gid_bits;
    const sort_key mask = (sort_key)(((uint64_t)1 << from_bits) - 1);
    const uint32_t *const low = block->low + begin;
    const uint16_t *const high = block->high ? block->high + begin : NULL;
    if (high) /* keys are wide */
        for (int64_t i = 0; i < length; i++) {
            const uint64_t key = (uint64_t)high[i] << 32 | low[i];
            keys[i] = first | (sort_key)(key >> from_bits << to_bits | (key & mask));
        }
    else
        for (int64_t i = 0; i < length; i++)
            keys[i] = first | (sort_key)(low[i] >> from_bits) << to_bits | (low[i] & mask);
}

/* Where keys and weights that come from the blocks go, or NULL to count their digits. */
typedef struct NAMED(sink) {
    sort_key *keys;
    float *weights; /* NULL if unweighted */
    division *by;   /* NULL: behind each other */
    int64_t count;
} NAMED(sink);

/* Take over some edges of a block, few enough for the cache. */
static void NAMED(take_some)(const h2vi_sort_job *job, const h2vi_edge_block *block,
                             int64_t begin, int64_t length, sort_key first,
                             NAMED(sink) * sink)
{
    sort_key keys[TAKEN];
    int64_t *const places = sink->by->places;
    const int shift = sink->by->shift;
    (void)NAMED(copy_keys)(job, block, begin, length, first, keys);
    if (!sink->keys) {
        for (int64_t i = 0; i < length; i++) places[keys[i] >> shift]++;
        return;
    }
    for (int64_t i = 0; i < length; i++) {
        const int64_t place = places[keys[i] >> shift]++;
        sink->keys[place] = keys[i];
        if (sink->weights) sink->weights[place] = block->weights[begin + i];
    }
}

static void NAMED(take)(const h2vi_sort_job *job, const h2vi_edge_block *block,
                        int64_t begin, int64_t length, sort_key first, NAMED(sink) * sink)
{
    for (int64_t at = 0; sink->by && at < length; at += TAKEN)
        (void)NAMED(take_some)(job, block, begin + at,
                               length - at < TAKEN ? length - at : TAKEN, first, sink);
    if (sink->by) return;
    (void)NAMED(copy_keys)(job, block, begin, length, first, sink->keys + sink->count);
    if (sink->weights)
        memcpy(sink->weights + sink->count, block->weights + begin,
               (size_t)length * sizeof *sink->weights);
    sink->count += length;
}

/* Take over the piece from all blocks, in the order of the text. */
static void NAMED(take_piece)(const h2vi_sort_job *job, NAMED(sink) sink)
{
    for (int64_t b = 0; b < job->num_blocks; b++) {
        const h2vi_edge_block *block = job->blocks[b];
        const int64_t first = h2vi_edge_block_piece(block, job->layout, job->piece);
        const int64_t end = h2vi_edge_block_piece(block, job->layout, job->piece + 1);
        prefetch_piece(job, b);
        for (int64_t piece = first; piece < end; piece++) {
            const int64_t begin = block->starts[piece];
            const sort_key row = (sort_key)(piece - first) << block->layout.row_bits;
            (void)NAMED(take)(job, block, begin, block->starts[piece + 1] - begin,
                              row << job->layout.gid_bits, &sink);
        }
    }
}

/* Sort by insertion, for very few. */
static void NAMED(sort_few)(const NAMED(sorter) * s, int64_t count)
{
    sort_key *keys = s->keys[0];
    float *weights = s->weights[0];
    for (int64_t i = 1; i < count; i++) {
        const sort_key key = keys[i];
        const float weight = weights ? weights[i] : 0;
        int64_t j = i;
        for (; j > 0 && keys[j - 1] > key; j--) {
            keys[j] = keys[j - 1];
            if (weights) weights[j] = weights[j - 1];
        }
        keys[j] = key;
        if (weights) weights[j] = weight;
    }
}

/* One pass. Nothing is done where all keys agree. */
static void NAMED(sort_pass)(NAMED(sorter) * s, int64_t count, pass *by)
{
    const int shift = by->shift;
    const uint64_t mask = by->mask;
    const sort_key *keys = s->keys[0];
    sort_key *sorted = s->keys[1];
    uint32_t *starts = by->counts;
    if (starts[keys[0] >> shift & mask] == count) return;
    (void)place_digits(by);
    if (s->weights[0])
        for (int64_t i = 0; i < count; i++) {
            const uint32_t place = starts[keys[i] >> shift & mask]++;
            sorted[place] = keys[i];
            s->weights[1][place] = s->weights[0][i];
        }
    else
        for (int64_t i = 0; i < count; i++)
            sorted[starts[keys[i] >> shift & mask]++] = keys[i];
    *s = (NAMED(sorter)){.keys = {s->keys[1], s->keys[0]},
                         .weights = {s->weights[1], s->weights[0]}};
}

static bool NAMED(is_sorted)(const sort_key *keys, int64_t count)
{
    for (int64_t i = 1; i < count; i++)
        if (keys[i - 1] > keys[i]) return false;
    return true;
}

/* Inlined where `num_passes` is a constant. */
static inline void NAMED(count_some)(const sort_key *keys, int64_t count, int num_passes,
                                     pass *passes)
{
    for (int64_t i = 0; i < count; i++)
        for (int p = 0; p < num_passes; p++)
            passes[p].counts[keys[i] >> passes[p].shift & passes[p].mask]++;
}

static void NAMED(count_keys)(const sort_key *keys, int64_t count, int num_passes,
                              pass *passes)
{
    if (num_passes == 1)
        (void)NAMED(count_some)(keys, count, 1, passes);
    else if (num_passes == 2)
        (void)NAMED(count_some)(keys, count, 2, passes);
    else if (num_passes == 3)
        (void)NAMED(count_some)(keys, count, 3, passes);
    else
        (void)NAMED(count_some)(keys, count, num_passes, passes);
}

/* By the low bits, from these up; keys end in the first array. */
static void NAMED(sort)(NAMED(sorter) * s, int64_t count, int num_bits)
{
    if (count <= FEW) {
        (void)NAMED(sort_few)(s, count);
        return;
    }
    if (NAMED(is_sorted)(s->keys[0], count)) return;
    pass passes[MAX_PASSES];
    const int num_passes = plan_passes(count, num_bits, passes);
    (void)NAMED(count_keys)(s->keys[0], count, num_passes, passes);
    for (int p = 0; p < num_passes; p++) NAMED(sort_pass)(s, count, &passes[p]);
}

/* Write out each key once. `keys` may be where targets go: what is written has been read.
 */
static void NAMED(write_keys)(h2vi_sort_job *job, const sort_key *keys, int64_t count)
{
    const int gid_bits = job->layout.gid_bits;
    const sort_key mask = (sort_key)(((uint64_t)1 << gid_bits) - 1);
    uint32_t *const targets = job->targets;
    sort_key key = keys[0];
    int64_t used = job->num_distinct, row_start = used;
    for (int64_t i = 1; i < count; i++) {
        const sort_key next = keys[i];
        targets[used] = (uint32_t)(key & mask);
        used += key != next;
        if (key >> gid_bits != next >> gid_bits) {
            job->row_lengths[key >> gid_bits] += used - row_start;
            row_start = used;
        }
        key = next;
    }
    targets[used++] = (uint32_t)(key & mask);
    job->row_lengths[key >> gid_bits] += used - row_start;
    job->num_distinct = used;
}

/* The same with the sums of the weights, as doubles in the order of the text. */
static void NAMED(write_sums)(h2vi_sort_job *job, const sort_key *keys,
                              const float *weights, int64_t count)
{
    const int gid_bits = job->layout.gid_bits;
    const sort_key mask = (sort_key)(((uint64_t)1 << gid_bits) - 1);
    int64_t used = job->num_distinct;
    for (int64_t i = 0; i < count; used++) {
        const sort_key key = keys[i];
        double sum = 0;
        for (; i < count && keys[i] == key; i++) sum += (double)weights[i];
        job->targets[used] = (uint32_t)(key & mask);
        job->weights[used] = (float)sum;
        job->row_lengths[key >> gid_bits]++;
        if (!isfinite(job->weights[used]) && !job->has_overflow) {
            const uint64_t first_row = (uint64_t)job->piece << job->layout.row_bits;
            job->has_overflow = true;
            job->overflow = (h2vi_edge){.source = (uint32_t)(first_row + (key >> gid_bits)),
                                        .target = job->targets[used]};
        }
    }
    job->num_distinct = used;
}

/* Sort what agrees above its low bits, and write it behind what was written before. */
static void NAMED(sort_leaf)(h2vi_sort_job *job, NAMED(sorter) s, int64_t count,
                             int num_bits)
{
    if (count == 0) return;
    (void)NAMED(sort)(&s, count, num_bits);
    if (s.weights[0])
        (void)NAMED(write_sums)(job, s.keys[0], s.weights[0], count);
    else
        (void)NAMED(write_keys)(job, s.keys[0], count);
}

/* Divide by the high bits, so that most leaves fit the cache. */
static h2v_status NAMED(sort_many)(h2vi_sort_job *job, h2vi_sort_scratch *scratch,
                                   int num_bits)
{
    const bool is_wide = sizeof(sort_key) > sizeof *job->targets;
    const int rest = num_bits > TOP_DIGIT ? num_bits - TOP_DIGIT : 0;
    division high = {.shift = rest, .num_digits = 1 << (num_bits - rest)};
    (void)NAMED(take_piece)(job, (NAMED(sink)){.by = &high});
    const int64_t longest = place_divided(&high);
    if (longest > UINT32_MAX)
        return h2v_fail(H2V_ERR_DATA, "A few vertices have more than 2^32 edges");
    const h2v_status status =
        enlarge(scratch, longest, is_wide ? job->count : 0, job->weights);
    if (status != H2V_OK) return status;
    sort_key *const keys = is_wide ? scratch->divided : (void *)job->targets;
    (void)NAMED(take_piece)(
        job, (NAMED(sink)){.keys = keys, .weights = job->weights, .by = &high});
    int64_t begin = 0;
    for (int digit = 0; digit < high.num_digits; digit++) {
        const int64_t end = high.places[digit]; /* they have moved on to the ends */
        const NAMED(sorter) leaf = {
            .keys = {keys + begin, scratch->keys},
            .weights = {job->weights ? job->weights + begin : NULL, scratch->weights}};
        (void)NAMED(sort_leaf)(job, leaf, end - begin, rest);
        begin = end;
    }
    return H2V_OK;
}

static h2v_status NAMED(sort_piece)(h2vi_sort_job *job, h2vi_sort_scratch *scratch)
{
    const bool is_wide = sizeof(sort_key) > sizeof *job->targets;
    const int num_bits = job->layout.row_bits + job->layout.gid_bits;
    if (job->count > LEAF) return NAMED(sort_many)(job, scratch, num_bits);
    const h2v_status status =
        enlarge(scratch, job->count, is_wide ? LEAF : 0, job->weights);
    if (status != H2V_OK) return status;
    const NAMED(sorter)
        s = {.keys = {is_wide ? scratch->divided : (void *)job->targets, scratch->keys},
             .weights = {job->weights, scratch->weights}};
    (void)NAMED(take_piece)(job, (NAMED(sink)){.keys = s.keys[0], .weights = s.weights[0]});
    (void)NAMED(sort_leaf)(job, s, job->count, num_bits);
    return H2V_OK;
}
