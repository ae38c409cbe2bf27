import { Fault } from '../../../kernel/faults.ts'
import { sendBatch } from '../../../modules/messages/index.ts'
import type { Messages } from '../../../modules/messages/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { refuse, vendorError } from './errors.ts'
import { isObject } from '../json-object.ts'
import { refusalOf } from './mail-faults.ts'
import { readMail } from './mail-read.ts'
import type { MailRequest } from './mail-request.ts'
import { translateMail } from './mail-translate.ts'
import type { Placement } from './mail-translate.ts'
import { poolLane } from './pools.ts'

export interface MailServices {
  readonly messages: Messages
}

type Call = DoorCall<MailServices>

/** "The total message size should not exceed 30MB. This includes the message itself, headers, and the combined size of any attachments." */
const BODY_BYTES_MAX = 30 * 1024 * 1024

export const mailRoutes = doorRoutes<MailServices>([
  {
    method: 'POST',
    path: '/v3/mail/send',
    doorScope: 'mail.send',
    bodyBytesMax: BODY_BYTES_MAX,
    handle: send,
  },
])

async function send(call: Call): Promise<DoorAnswer> {
  if (!/^application\/json\b/i.test(call.header('content-type') ?? ''))
    throw new Fault('unsupported_media_type', { detail: 'The body is to be application/json.' })
  if (!isObject(call.body) || call.raw.length === 0) throw refuse(400, vendorError('Bad Request'))
  const read = readMail(call.body, Date.now())
  if ('errors' in read) throw refuse(400, ...read.errors)
  const { mail } = read
  const { isSandbox } = mail.settings
  const placement = placementOf(call, mail)
  try {
    const messages = translateMail(mail, placement)
    const { requestId } = await call.run(sendBatch, {
      messages,
      atomic: true,
      ...(isSandbox ? { dryRun: true } : {}),
    })
    if (requestId === null) return { status: 200 }
    return { status: 202, headers: { 'x-message-id': requestId } }
  } catch (error) {
    throw refusalOf(error, mail)
  }
}

function placementOf(call: Call, mail: MailRequest): Placement {
  const lane = laneOf(mail)
  const subaccount = call.header('on-behalf-of')
  return {
    ...(lane === undefined ? {} : { lane }),
    // Groups of the vendor are topics, known by their number.
    ...(mail.asm === undefined ? {} : { topic: String(mail.asm.groupId) }),
    ...(subaccount === undefined ? {} : { subaccount }),
  }
}

function laneOf({ ipPoolName, tracking, asm }: MailRequest): Placement['lane'] {
  // Who unsubscribes there leaves all such mail, which is what the lane of bulk mail means.
  const byDefault = tracking.subscription !== undefined && asm === undefined ? 'bulk' : undefined
  return ipPoolName === undefined ? byDefault : (poolLane(ipPoolName) ?? byDefault)
}
