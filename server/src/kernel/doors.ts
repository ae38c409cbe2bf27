/** The vendors whose API a key may open instead of ours: see surfaces/compat. */
export const DOORS = ['sendgrid', 'resend', 'mandrill'] as const
export type DoorName = (typeof DOORS)[number]
