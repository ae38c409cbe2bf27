import { pathToFileURL } from 'node:url'
import { join } from 'node:path'

/** The URL by which preload.ts is loaded into the product's processes; null where there is nothing for it to do. */
export function preloadUrl(wanted: {
  readonly port?: number
  readonly profile?: string | undefined
}): string | null {
  if (wanted.port === undefined && wanted.profile === undefined) return null
  const url = pathToFileURL(join(import.meta.dirname, 'preload.ts'))
  if (wanted.port !== undefined) url.searchParams.set('port', String(wanted.port))
  if (wanted.profile !== undefined) url.searchParams.set('profile', wanted.profile)
  return url.href
}
