import type { Http } from '../constellation/http.ts'

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>
}

const PAGES_MAX = 60
const isStream = (path: string): boolean => path.endsWith('/stream')

/**
 * Everything that a key can read: every GET of the OpenAPI document, lists page by page, and behind each list the routes of its
 * items. A route that is added later is walked without anybody thinking of it.
 */
export async function readEverything(
  http: Http,
  key: string,
  each: (path: string, text: string, status: number) => void,
): Promise<number> {
  const document: Document = (await http.call('GET', '/v1/openapi.json')).body
  const paths = Object.entries(document.paths)
    .filter(([, methods]) => methods['get'] !== undefined)
    .map(([path]) => path)
  let requests = 0
  const get = async (path: string) => {
    requests += 1
    const answer = await http.call('GET', path, { key })
    each(path, answer.text, answer.status)
    return answer
  }
  const idsOf = new Map<string, readonly string[]>()
  for (const path of paths.filter((item) => !item.includes('{') && !isStream(item))) {
    const ids: string[] = []
    let cursor: string | null = null
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const query: string = cursor === null ? '' : `?limit=100&cursor=${encodeURIComponent(cursor)}`
      const { body } = await get(`${path}${query}`)
      for (const item of Array.isArray(body?.data) ? body.data : [])
        if (typeof item?.id === 'string') ids.push(item.id)
      cursor = typeof body?.nextCursor === 'string' ? body.nextCursor : null
      if (cursor === null) break
    }
    idsOf.set(path, ids)
  }
  for (const path of paths.filter((item) => item.includes('{'))) {
    const list = path.slice(0, path.indexOf('/{'))
    for (const id of idsOf.get(list) ?? [`none_${'0'.repeat(26)}`]) {
      await get(path.replace(/\{\w+\}/, id).replaceAll(/\{\w+\}/g, '0'))
    }
  }
  return requests
}
