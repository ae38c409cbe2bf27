import type { z } from 'zod'
import { path } from './setting-parsers.ts'
import { parseListenAddress, textValue } from './values.ts'
import type { ListenAddress } from './values.ts'

export type Mode = 'development' | 'production'

export interface Setting<T> {
  readonly name: `BULKHEAD_${string}`
  readonly description: string
  /** What the table shows where the default is not one plain text. */
  readonly defaultNote?: string
  /** The text used when the variable is unset; undefined leaves the value null. */
  readonly defaultText: string | ((mode: Mode) => string | undefined) | undefined
  readonly parser: z.ZodType<T, string>
  /** The value holds a secret: it is never repeated in an error. */
  readonly secret?: boolean
}

export const ADDRESS_HINT = 'write host:port, for example 127.0.0.1:8600 or [::1]:8600'

export function setting<T>(value: Setting<T>): Setting<T> {
  return value
}

export function listen(
  name: `BULKHEAD_${string}`,
  defaultText: string,
  description: string,
): Setting<ListenAddress> {
  return setting({ name, description, defaultText, parser: textValue(ADDRESS_HINT, parseListenAddress) })
}

export function file(name: `BULKHEAD_${string}`, description: string): Setting<string> {
  return setting({
    name,
    description,
    defaultText: undefined,
    parser: textValue('write the path of a file', path),
  })
}
