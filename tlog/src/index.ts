/** Transparency logs in the C2SP formats: Merkle trees, tiles, signed notes, checkpoints, witnesses. Imports nothing but node:crypto. */
export {}
