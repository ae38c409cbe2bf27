/**
 * The roots of all keys: where they are (`file`, PKCS#11, Vault Transit, AWS KMS), how they wrap, and which of them may be used. Every
 * wrapped value is bound to its place by the provider itself.
 */
export { readKnownRoots } from './known-roots.ts'
export { openRoots } from './open-roots.ts'
export { parsePreviousRoots, parseRootSetting } from './root-setting.ts'
export type { RootSetting } from './root-setting.ts'
