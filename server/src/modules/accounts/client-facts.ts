import type { Client } from '../../platform/http/operation.ts'

/** What is kept of whoever asked, sealed, until the request is worked off. */
export interface ClientFacts {
  readonly userAgent: string
  readonly address: string
}

export function writeClient(client: Pick<Client, 'userAgent' | 'address'>): string {
  return JSON.stringify({ userAgent: client.userAgent, address: client.address })
}

/** An unknown device where there is nothing to read. */
export function readClient(text: string | undefined): ClientFacts {
  const parsed: unknown = text === undefined ? null : JSON.parse(text)
  const field = (name: string): string => {
    const value: unknown =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, name) : undefined
    return typeof value === 'string' ? value : ''
  }
  return { userAgent: field('userAgent'), address: field('address') }
}
