/**
 * The links in mail: `/t/o/…` (opened), `/t/c/…` (clicked), `/u/…` (unsubscribe), `/t/ask` (may a proxy get a certificate for this host).
 *
 * They are on the API's listener. On a link domain they are all there is: nothing of the API or the console answers under a customer's
 * name. None of them reads a cookie, and no GET changes what mail somebody gets.
 */
export { addLinks } from './links-door.ts'
export type { LinksDoorDependencies } from './links-door.ts'
