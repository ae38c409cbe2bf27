/**
 * Doors: other vendors' APIs, so that programs written for them work after a change of one URL.
 *
 * Each door stands under `/compat/<vendor>` and on a host of its own, `<vendor>.<host of the installation>`. Invariants: a door only
 * translates: all it can do is run operations of ours, which check scopes, containment and limits as under /v1; it takes only keys made for
 * it; everything it answers, errors and unknown paths too, has the vendor's shape.
 */
import type { FastifyInstance } from 'fastify'
import { DOORS } from '../../kernel/doors.ts'
import type { Door } from './door.ts'
import { isAddress } from '../../platform/networks/index.ts'
import { mandrillDoor } from './mandrill/door.ts'
import type { MandrillServices } from './mandrill/door.ts'
import { mountDoor, prefixOf } from './mount.ts'
import type { MountDependencies } from './mount.ts'
import { resendDoor } from './resend/door.ts'
import type { ResendServices } from './resend/door.ts'
import { sendgridDoor } from './sendgrid/door.ts'
import type { SendGridServices } from './sendgrid/door.ts'

export { submissionTranslations, submissionWords } from './submission/index.ts'

export type DoorServices = SendGridServices & ResendServices & MandrillServices
export type DoorsDependencies = MountDependencies<DoorServices>

/** All doors. */
export const doors: readonly Door<DoorServices>[] = [sendgridDoor, resendDoor, mandrillDoor]

/** Adds every door to a server. */
export function addDoors(app: FastifyInstance, deps: DoorsDependencies): void {
  for (const door of doors) mountDoor(app, door, deps)
}

/**
 * Where a request for a door's own host leads: `sendgrid.mail.example.com/v3/…` is `/compat/sendgrid/v3/…` of `mail.example.com`. For clients
 * that let a host be set and no path.
 */
export function createDoorHosts(publicUrl: string): (host: string | undefined, url: string) => string {
  const base = new URL(publicUrl).hostname
  const prefixes = new Map<string, string>(
    isAddress(base.replaceAll(/[[\]]/g, ''))
      ? []
      : DOORS.map((name) => [`${name}.${base}`, prefixOf({ name })] as const),
  )
  return (host, url) => {
    const prefix = prefixes.get((host ?? '').toLowerCase().replace(/:\d{1,5}$/, ''))
    return prefix === undefined || !url.startsWith('/') ? url : `${prefix}${url}`
  }
}
