import type { DoorAnswer, DoorCall, DoorRoute } from '../door.ts'

const VERSIONS = ['1.0', '1.1', '1.2', '1.3', '1.4'] as const
const BASE = `/api/${VERSIONS[0]}/`

/** A call of the vendor by its name, such as `users/ping`: what is answered is what it returns. */
export function route<Services>(
  name: string,
  work: (call: DoorCall<Services>) => Promise<unknown>,
  options: Pick<DoorRoute<Services>, 'bodyBytesMax'> = {},
): DoorRoute<Services> {
  return {
    method: 'POST',
    path: `${BASE}${name}`,
    ...options,
    handle: async (call): Promise<DoorAnswer> => ({ status: 200, body: await work(call) }),
  }
}

/** The same call in every version of the API, with the name of its format and without. */
export function aliases(path: string): readonly string[] {
  const name = path.slice(BASE.length)
  return VERSIONS.flatMap((version) => [`/api/${version}/${name}`, `/api/${version}/${name}.json`]).filter(
    (other) => other !== path,
  )
}
