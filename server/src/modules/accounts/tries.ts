import { Fault } from '../../kernel/faults.ts'
import type { Client } from '../../platform/http/operation.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { Limiter } from '../../security/limits/index.ts'

/** 30 at once from one client, one a minute after that: an office that signs up together fits. */
const PER_CLIENT = { capacity: 30, refillPerSecond: 1 / 60 }

/** Takes one of the tries that a client has at a door that makes people. Throws `too_many_requests` where none is left. */
export async function takeTry(
  limiter: Pick<Limiter, 'take'>,
  bucket: 'first-run' | 'sign-up',
  client: Client,
): Promise<void> {
  const tries = await limiter.take({ bucket, key: clientKeyOf(client.address), ...PER_CLIENT })
  if (!tries.allowed)
    throw new Fault('too_many_requests', {
      detail: 'Too many requests come from your network; wait a little.',
      retryAfterSeconds: tries.retryAfterSeconds,
    })
}
