import { Fault, invalidField } from '../../kernel/faults.ts'
import { EgressError } from '../../platform/egress/index.ts'
import type { Egress } from '../../platform/egress/index.ts'
import { createFetchingShares, type FetchingBounds } from './fetching-shares.ts'
import type { SendRequest } from './send-request.ts'

const URLS_MAX = 10
/** Of all documents of a message: encoded, more would not fit into one. */
const DOCUMENTS_BYTES_MAX = 30 * 1024 * 1024
const TIMEOUT_MS = 10_000
/** In this process: what is fetched is in memory, and who serves it decides how long it takes. A workspace has a quarter. */
const BOUNDS: FetchingBounds = {
  atOnceMax: 16,
  atOnceOfOneMax: 4,
  bytesMax: 256 * 1024 * 1024,
  bytesOfOneMax: 64 * 1024 * 1024,
  // Three rounds of four are ten documents, also where each takes all its time.
  waitMsMax: 2 * TIMEOUT_MS,
}

type Attachments = NonNullable<SendRequest['attachments']>

/** Gives attachments that name a URL their content. Throws faults that name the attachment. */
export type FetchAttachments = (workspaceId: string, attachments: Attachments) => Promise<Attachments>

/**
 * Fetches attachments from where a message says, by the one way out: to public addresses only, over TLS, without following redirects.
 * `allowPlain` is for development.
 */
export function createAttachmentFetching(deps: {
  readonly egress: Pick<Egress, 'get'>
  readonly allowPlain: boolean
  readonly bounds?: Partial<FetchingBounds>
}): FetchAttachments {
  const shares = createFetchingShares({ ...BOUNDS, ...deps.bounds })

  /** The documents of one message: bounded together, and none is begun any more once one failed. */
  function fetchingFor(workspaceId: string) {
    let bytes = 0
    let refusal: Fault | undefined
    const refused = new AbortController()

    function refuse(fault: Fault): Fault {
      refusal ??= fault
      refused.abort()
      return refusal
    }

    function mayTake(more: number): boolean {
      if (refusal !== undefined) return false
      if (bytes + more > DOCUMENTS_BYTES_MAX) refuse(tooLarge())
      else if (!shares.hold(workspaceId, more)) refuse(tooMany())
      else bytes += more
      return refusal === undefined
    }

    async function contentAt(url: string, field: string): Promise<string> {
      if (!(await shares.enter(workspaceId, refused.signal))) throw refuse(tooMany())
      try {
        if (refusal !== undefined) throw refusal
        const document = await deps.egress.get({
          url,
          timeoutMs: TIMEOUT_MS,
          answerBytesMax: DOCUMENTS_BYTES_MAX,
          mayTake,
        })
        return document.toString('base64')
      } catch (error) {
        if (refusal !== undefined) throw refusal
        if (!(error instanceof EgressError)) throw error
        throw refuse(
          invalidField(field, `could not be fetched: ${error.message}`, 'Give its bytes as content.'),
        )
      } finally {
        shares.leave(workspaceId)
      }
    }

    return { contentAt, end: () => shares.giveBack(workspaceId, bytes) }
  }

  return async (workspaceId, attachments) => {
    const named = attachments.filter(({ url }) => url !== undefined).length
    if (named > URLS_MAX)
      throw invalidField(
        'attachments',
        `${named} name a URL; the most is ${URLS_MAX}`,
        'Give some as content.',
      )
    const urls = attachments.map(({ url }, position) =>
      url === undefined ? undefined : urlOf(url, fieldOf(position), deps.allowPlain),
    )
    const fetching = fetchingFor(workspaceId)
    const whole = attachments.map(async (attachment, position) => {
      const url = urls[position]
      if (url === undefined) return attachment
      const { url: _url, ...others } = attachment
      return { ...others, content: await fetching.contentAt(url, fieldOf(position)) }
    })
    // One that failed is answered at once; what still comes of the others counts until it is over.
    void Promise.allSettled(whole).then(fetching.end)
    return Promise.all(whole)
  }
}

const fieldOf = (position: number): string => `attachments[${position}].url`

function tooMany(): Fault {
  return new Fault('too_many_requests', {
    detail: 'Many attachments are being fetched; nothing of this message was accepted. Try again.',
    retryAfterSeconds: 1,
  })
}

function tooLarge(): Fault {
  return new Fault('too_large', {
    detail: `The attachments that are fetched are more than ${DOCUMENTS_BYTES_MAX} bytes together.`,
  })
}

function urlOf(text: string, field: string, allowPlain: boolean): string {
  const url = URL.parse(text)
  if (url === null) throw invalidField(field, 'is not a URL', 'Write https://example.com/file.pdf.')
  if (url.protocol !== 'https:' && !(allowPlain && url.protocol === 'http:'))
    throw invalidField(field, 'must begin with https://')
  if (url.username !== '' || url.password !== '') throw invalidField(field, 'holds a user name or password')
  return url.href
}
