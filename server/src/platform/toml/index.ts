/**
 * TOML files of the operator: text to plain values with bounds, and the line on which a key stands.
 * Invariants: size and depth are bounded; keys such as `__proto__` are refused; nothing is thrown for what a file holds.
 */
export { parseToml } from './toml.ts'
export type { TomlFile, TomlRead } from './toml.ts'
export { readTextFile } from './text-file.ts'
export type { TextFile } from './text-file.ts'
