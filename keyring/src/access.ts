/** Who may ask for what. The kind of a process follows from its token; a process cannot choose it. */
export const PROCESS_KINDS = ['api', 'smtp', 'sender', 'worker', 'staff', 'audit'] as const
export type ProcessKind = (typeof PROCESS_KINDS)[number]

export const OPERATIONS = [
  'health',
  'status',
  'blind',
  'blindAddresses',
  'pepper',
  'referenceKey',
  'contentKey',
  'openContentKeys',
  'destroyContentKeys',
  'createDkimKey',
  'destroyDkimKey',
  'publicKeys',
  'sign',
  'sealSecret',
  'openSecret',
  'resealSecret',
  'verifyTotp',
  'auditKey',
  'signCheckpoint',
  'attestUnwraps',
  'rotate',
  'rotation',
  'requestShred',
  'cancelShred',
  'shreds',
] as const
export type Operation = (typeof OPERATIONS)[number]

/** Operations that concern the keyring itself and the audit log; none of them opens anything of a workspace. */
export type UpkeepOperation = Extract<
  Operation,
  | 'health'
  | 'status'
  | 'auditKey'
  | 'signCheckpoint'
  | 'attestUnwraps'
  | 'rotate'
  | 'rotation'
  | 'requestShred'
  | 'cancelShred'
  | 'shreds'
>

type Rule = 'allowed' | 'refused'

const NOTHING = {
  health: 'allowed',
  status: 'refused',
  blind: 'refused',
  blindAddresses: 'refused',
  pepper: 'refused',
  referenceKey: 'refused',
  contentKey: 'refused',
  openContentKeys: 'refused',
  destroyContentKeys: 'refused',
  createDkimKey: 'refused',
  destroyDkimKey: 'refused',
  publicKeys: 'refused',
  sign: 'refused',
  sealSecret: 'refused',
  openSecret: 'refused',
  resealSecret: 'refused',
  verifyTotp: 'refused',
  auditKey: 'refused',
  signCheckpoint: 'refused',
  attestUnwraps: 'refused',
  rotate: 'refused',
  rotation: 'refused',
  requestShred: 'refused',
  cancelShred: 'refused',
  shreds: 'refused',
} as const satisfies Record<Operation, Rule>

/** The access matrix: total, so that a new operation or process kind does not compile until somebody decides. */
export const ACCESS: Readonly<Record<ProcessKind, Readonly<Record<Operation, Rule>>>> = {
  api: {
    ...NOTHING,
    status: 'allowed',
    blind: 'allowed',
    blindAddresses: 'allowed',
    pepper: 'allowed',
    referenceKey: 'allowed',
    contentKey: 'allowed',
    openContentKeys: 'allowed',
    createDkimKey: 'allowed',
    destroyDkimKey: 'allowed',
    publicKeys: 'allowed',
    sealSecret: 'allowed',
    resealSecret: 'allowed',
    verifyTotp: 'allowed',
    auditKey: 'allowed',
    // For the operator's key, which only the api knows: it destroys nothing that cannot be cancelled for days.
    rotate: 'allowed',
    rotation: 'allowed',
    requestShred: 'allowed',
    cancelShred: 'allowed',
    shreds: 'allowed',
  },
  smtp: {
    ...NOTHING,
    blind: 'allowed',
    blindAddresses: 'allowed',
    pepper: 'allowed',
    referenceKey: 'allowed',
    contentKey: 'allowed',
  },
  sender: {
    ...NOTHING,
    blind: 'allowed',
    blindAddresses: 'allowed',
    referenceKey: 'allowed',
    openContentKeys: 'allowed',
    destroyContentKeys: 'allowed',
    sign: 'allowed',
  },
  worker: {
    ...NOTHING,
    blind: 'allowed',
    blindAddresses: 'allowed',
    referenceKey: 'allowed',
    openContentKeys: 'allowed',
    destroyContentKeys: 'allowed',
    openSecret: 'allowed',
  },
  staff: { ...NOTHING, pepper: 'allowed' },
  audit: { ...NOTHING, auditKey: 'allowed', signCheckpoint: 'allowed', attestUnwraps: 'allowed' },
}

/** What an operation is stopped by where it is contained; only `sign`, whose keys tell the workspace, is judged key by key. */
export const CAPABILITIES = {
  contentKey: { any: ['send'] },
  openContentKeys: { any: ['read'], sender: ['deliver'], worker: ['webhook'] },
  sign: { any: ['deliver'] },
  openSecret: { any: ['webhook'] },
  sealSecret: { any: ['write', 'sender-change', 'credential'] },
  resealSecret: { any: ['write', 'sender-change', 'credential'] },
  createDkimKey: { any: ['write', 'sender-change', 'credential'] },
} as const satisfies Partial<
  Record<Operation, { any: readonly string[] } & Partial<Record<ProcessKind, readonly string[]>>>
>

/** The capabilities that an operation needs when this kind of process asks. */
export function capabilitiesOf(
  operation: keyof typeof CAPABILITIES,
  process: ProcessKind,
): readonly string[] {
  const needed: { any: readonly string[] } & Partial<Record<ProcessKind, readonly string[]>> =
    CAPABILITIES[operation]
  return needed[process] ?? needed.any
}

export function isProcessKind(value: unknown): value is ProcessKind {
  return PROCESS_KINDS.some((kind) => kind === value)
}

export function isOperation(value: unknown): value is Operation {
  return OPERATIONS.some((operation) => operation === value)
}
