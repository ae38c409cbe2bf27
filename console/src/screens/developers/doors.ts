import { CHOICES } from '@bulkhead/sdk'

/** Other vendors whose API a key can open, as the server lists them. */
export const DOORS = CHOICES['apiKeys.create'].door
export type Door = (typeof DOORS)[number]

export const DOOR_NAMES: Readonly<Record<Door, string>> = {
  sendgrid: 'SendGrid',
  resend: 'Resend',
  mandrill: 'Mandrill',
}

/** What a key of a door begins with. */
export const DOOR_KEYS: Readonly<Record<Door, string>> = {
  sendgrid: 'SG.',
  resend: 're_',
  mandrill: 'md-',
}

/** Where clients of a vendor find its door. Mandrill's take the version as a part of it. */
export function doorUrl(origin: string, door: Door): string {
  return `${origin}/compat/${door}${door === 'mandrill' ? '/api/1.0' : ''}`
}

/** The user name with which programs of a vendor log in over SMTP; the key is the password. */
export const DOOR_USERS: Readonly<Record<Door, string>> = {
  sendgrid: 'apikey',
  resend: 'resend',
  mandrill: 'any',
}
