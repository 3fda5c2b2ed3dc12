/**
 * Seed of random tests. It is fixed, so that a run can be repeated and a change is judged on equal terms. To
 * look further, set FAST_CHECK_SEED to another whole number, and keep what it finds as an example.
 */
export const RANDOM_SEED = Number(process.env.FAST_CHECK_SEED) || 20_261_120;
