import type { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import type { apiOperations } from '../../src/surfaces/api/registry.ts'
import type { Answer } from './api-fixture.ts'

type AnyOperation = (typeof apiOperations)[number]

/** The document with every object closed: clients must bear fields that come later, but today there are none. */
export function closed(schema: unknown): Record<string, unknown> {
  const close = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(close)
    if (typeof part !== 'object' || part === null) return part
    const all = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, close(value)]))
    return all['type'] === 'object' && all['properties'] !== undefined
      ? { additionalProperties: false, ...all }
      : all
  }
  return close(schema) as Record<string, unknown>
}

/** Checks an answer against the closed OpenAPI document. */
export function checkAnswer(ajv: Ajv2020, operation: AnyOperation, answer: Answer): void {
  const type = answer.headers.get('content-type')
  switch (operation.kind) {
    case 'json': {
      const place = [
        'paths',
        operation.path,
        operation.method.toLowerCase(),
        'responses',
        String(operation.status),
      ]
      const pointer = [...place, 'content', 'application/json', 'schema']
        .map((part) => encodeURIComponent(part.replaceAll('/', '~1')))
        .join('/')
      expect(type, operation.id).toBe('application/json; charset=utf-8')
      const isValid = ajv.validate({ $ref: `api#/${pointer}` }, answer.body)
      expect([isValid, ajv.errorsText()], operation.id).toEqual([true, 'No errors'])
      break
    }
    case 'empty':
      expect(answer.text, operation.id).toBe('')
      break
    case 'bytes':
      expect(type, operation.id).toBe(operation.produces)
      expect(answer.headers.get('x-content-type-options'), operation.id).toBe('nosniff')
      break
    case 'stream':
      expect(type, operation.id).toBe('text/event-stream; charset=utf-8')
      break
  }
}
