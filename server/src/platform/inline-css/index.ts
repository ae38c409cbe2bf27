/**
 * Writing what style elements say into the elements that it is about, for mail programs that read no style elements. In processes that can be
 * killed: a document that the library cannot bear ends with its process, and takes nobody else's along.
 */
export { createStyleInliner, type StyleInliner } from './inliner.ts'
export { INLINE_LIMITS } from './limits.ts'
