/** As many as the native pool has room for. Here, and not beside what loads the pool: the command line's help needs it too. */
export const MAX_THREADS = 256;
