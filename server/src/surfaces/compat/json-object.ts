export type JsonObject = Readonly<Record<string, unknown>>

/** Whether something parsed is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
