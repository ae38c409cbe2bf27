import type { Pkcs11Module } from './pkcs11-module.ts'

// CK_ULONG and pointers have eight bytes on every 64-bit Unix; structures are laid out by the C ABI (PKCS#11 v2.40 §2.1).
const WORD = 8

/** Constants of PKCS#11 v2.40 that the root uses. */
export const CK = {
  CKU_USER: 1,
  CKF_RW_SESSION: 2,
  CKF_SERIAL_SESSION: 4,
  CKO_SECRET_KEY: 4,
  CKK_AES: 0x1f,
  CKM_AES_KEY_GEN: 0x1080,
  CKM_AES_GCM: 0x1087,
  CKA_CLASS: 0,
  CKA_TOKEN: 1,
  CKA_PRIVATE: 2,
  CKA_LABEL: 3,
  CKA_KEY_TYPE: 0x100,
  CKA_ID: 0x102,
  CKA_SENSITIVE: 0x103,
  CKA_ENCRYPT: 0x104,
  CKA_DECRYPT: 0x105,
  CKA_WRAP: 0x106,
  CKA_UNWRAP: 0x107,
  CKA_VALUE_LEN: 0x161,
  CKA_EXTRACTABLE: 0x162,
} as const

/** A number or flag as an attribute's value. */
export function ulong(value: number): Buffer {
  const bytes = Buffer.alloc(WORD)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

export function bool(value: boolean): Buffer {
  return Buffer.of(value ? 1 : 0)
}

export function readUlong(bytes: Buffer, offset = 0): number {
  return Number(bytes.readBigUInt64LE(offset))
}

/** CK_ATTRIBUTE[]: type, pointer, length. */
export function attributes(
  module: Pkcs11Module,
  list: readonly (readonly [type: number, value: Buffer])[],
): Buffer {
  return words(list.flatMap(([type, value]) => [type, module.address(value), value.length]))
}

/** CK_MECHANISM without a parameter. */
export function mechanism(type: number): Buffer {
  return words([type, 0, 0])
}

/** CK_MECHANISM with CK_GCM_PARAMS. */
export function gcmMechanism(
  module: Pkcs11Module,
  options: { readonly nonce: Buffer; readonly additional: Buffer; readonly tagBytes: number },
): Buffer {
  const { nonce, additional, tagBytes } = options
  const parameters = words([
    module.address(nonce),
    nonce.length,
    nonce.length * 8,
    module.address(additional),
    additional.length,
    tagBytes * 8,
  ])
  return words([CK.CKM_AES_GCM, module.address(parameters), parameters.length])
}

/** CK_C_INITIALIZE_ARGS: the module may use the system's own locks (CKF_OS_LOCKING_OK). */
export function initializeArguments(): Buffer {
  return words([0, 0, 0, 0, 2, 0])
}

function words(values: readonly (number | bigint)[]): Buffer {
  const bytes = Buffer.alloc(values.length * WORD)
  values.forEach((value, at) => bytes.writeBigUInt64LE(BigInt(value), at * WORD))
  return bytes
}
