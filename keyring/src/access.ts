/** Who may ask for what. The kind of a process follows from its token; a process cannot choose it. */
export const PROCESS_KINDS = ['api', 'smtp', 'sender', 'worker', 'staff', 'audit'] as const
export type ProcessKind = (typeof PROCESS_KINDS)[number]

export const OPERATIONS = [
  'health',
  'blind',
  'blindAddresses',
  'contentKey',
  'openContentKeys',
  'destroyContentKeys',
  'createDkimKey',
  'publicKeys',
  'sign',
  'sealSecret',
  'openSecret',
] as const
export type Operation = (typeof OPERATIONS)[number]

type Rule = 'allowed' | 'refused'

const NOTHING = {
  health: 'allowed',
  blind: 'refused',
  blindAddresses: 'refused',
  contentKey: 'refused',
  openContentKeys: 'refused',
  destroyContentKeys: 'refused',
  createDkimKey: 'refused',
  publicKeys: 'refused',
  sign: 'refused',
  sealSecret: 'refused',
  openSecret: 'refused',
} as const satisfies Record<Operation, Rule>

/** The access matrix: total, so that a new operation or process kind does not compile until somebody decides. */
export const ACCESS: Readonly<Record<ProcessKind, Readonly<Record<Operation, Rule>>>> = {
  api: {
    ...NOTHING,
    blind: 'allowed',
    blindAddresses: 'allowed',
    contentKey: 'allowed',
    openContentKeys: 'allowed',
    createDkimKey: 'allowed',
    publicKeys: 'allowed',
    sealSecret: 'allowed',
  },
  smtp: { ...NOTHING, blind: 'allowed', blindAddresses: 'allowed', contentKey: 'allowed' },
  sender: {
    ...NOTHING,
    blind: 'allowed',
    blindAddresses: 'allowed',
    openContentKeys: 'allowed',
    destroyContentKeys: 'allowed',
    sign: 'allowed',
  },
  worker: {
    ...NOTHING,
    blind: 'allowed',
    blindAddresses: 'allowed',
    openContentKeys: 'allowed',
    destroyContentKeys: 'allowed',
    openSecret: 'allowed',
  },
  staff: NOTHING,
  audit: NOTHING,
}

export function isProcessKind(value: unknown): value is ProcessKind {
  return PROCESS_KINDS.some((kind) => kind === value)
}

export function isOperation(value: unknown): value is Operation {
  return OPERATIONS.some((operation) => operation === value)
}
