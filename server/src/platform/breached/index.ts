/**
 * Lists of breached passwords, offline and by ranges: the format of the file, look-ups in it, making it from the lists of Have I Been
 * Pwned. Nothing here sees a password; everything works on SHA-1, which is what those lists hold.
 */
export { openBreachedFile } from './breached-file.ts'
export type { BreachedFile } from './breached-file.ts'
export { BreachedFileError, keyOf } from './format.ts'
export type { BreachedHeader } from './format.ts'
export { importBreached } from './import.ts'
export type { ImportProgress, ImportResult } from './import.ts'
export { describeProgress, grouped } from './progress.ts'
export { createRangeClient } from './range-client.ts'
export type { RangeClient } from './range-client.ts'
export { SHIPPED_FILE } from './shipped.ts'
export { verifyBreachedFile } from './verify.ts'
