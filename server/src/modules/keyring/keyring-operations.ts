import { cancelShred } from './operations/cancel-shred.ts'
import { getKeyring } from './operations/get-keyring.ts'
import { getRotation } from './operations/get-rotation.ts'
import { listShreds } from './operations/list-shreds.ts'
import { requestShred } from './operations/request-shred.ts'
import { rotateKeys } from './operations/rotate-keys.ts'

export const keyringOperations = [getKeyring, getRotation, rotateKeys, listShreds, requestShred, cancelShred]
