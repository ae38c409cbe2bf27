import type { DoorCall } from '../door.ts'

export { collect, eachOf } from '../listing.ts'

/** The absolute address of a path of this door, as the client reaches it. */
export function urlOf(call: Pick<DoorCall<never>, 'header'>, path: string): string {
  const host = call.header('host') ?? 'localhost'
  const isLocal = /^(localhost|127\.|\[::1\])/.test(host)
  const prefix = host.startsWith('sendgrid.') ? '' : '/compat/sendgrid'
  return `${isLocal ? 'http' : 'https'}://${host}${prefix}${path}`
}

/** Whole seconds since 1970. */
export function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1_000)
}
