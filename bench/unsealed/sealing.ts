/** Stands in for platform/sealing in the benchmark's "without" arm: values pass as they are. */
export const SEALED_OVERHEAD_BYTES = 0

export class SealedValueError extends Error {}

export function seal(_contentKey: unknown, _place: unknown, plaintext: Buffer): Buffer {
  return plaintext
}

export function createNonces(): () => void {
  return () => undefined
}

export function open(_keys: unknown, _place: unknown, value: Buffer): Buffer {
  return value
}

export function sealedKeyId(): string {
  return '00000000-0000-7000-8000-000000000000'
}
